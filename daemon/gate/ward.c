/* The one connection of a gate. */
#include "daemon/gate/ward.h"

#include "daemon/gate/gate.h"
#include "daemon/gate/stranger.h"
#include "daemon/ipc/control.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	bool was_taken;
	bool is_told; /* how it ended */
	int socket; /* -1: it is a stranger now, or was never there */
	int leash;
	struct event pulled;
	char listener[CIDR_TEXT_SIZE];
	struct claim claim; /* of a proxy, that the porter read */
} ward = { .socket = -1, .leash = -1 };

static uint8_t room[IPC_ROOM];

/* A porter that died pulls no leash; its time ends a stranger, too. */
static void
on_pulled(evutil_socket_t fd, short what, void *arg)
{
	struct gate *gate = arg;
	struct ipc_message message;
	enum sp_status status =
	    ipc_receive(fd, IPC_ROLE_GATE, IPC_ROLE_GATE, room, &message);

	(void)what;
	if (status == SP_ERR_AGAIN)
		return;
	event_del(&ward.pulled);
	if (status != SP_OK || message.type != IPC_DISMISS ||
	    message.body.len != 1)
		return;
	if (ward.socket >= 0)
		event_base_loopbreak(gate->base);
	else
		crowd_dismiss(gate->crowd,
		    message.body.data[0] == CROWD_TIME_IS_UP ? CROWD_TIME_IS_UP
							     : CROWD_IS_FULL);
}

/* A porter that is gone counts no more. */
static void
say(enum conduct_kind kind)
{
	const uint8_t body = (uint8_t)kind;

	if (ward.leash >= 0 &&
	    ipc_send(ward.leash, IPC_OUTCOME, view_of(&body, 1), NULL, 0) !=
		SP_OK)
		ward.is_told = true;
}

void
ward_tell(enum conduct_kind kind)
{
	if (!ward.is_told)
		say(kind);
	ward.is_told = true;
}

void
ward_end(void)
{
	ward_tell(CONDUCT_NONE);
}

enum sp_status
ward_take(struct gate *gate, struct ipc_message *message)
{
	struct control_connection connection;
	enum sp_status status =
	    control_connection_decode(message->body, &connection);

	if (status == SP_OK && ward.was_taken)
		status = SP_ERR_REPEATED_MESSAGE;
	if (status == SP_OK &&
	    !view_to_string(
		connection.listener, ward.listener, sizeof ward.listener))
		status = SP_ERR_FORMAT;
	if (status != SP_OK)
		return status;
	ward.was_taken = true;
	ward.claim = connection.claim;
	ward.socket = message->fds[0];
	ward.leash = message->fds[1];
	message->fds[0] = message->fds[1] = -1;
	gate->connections = connection.number - 1;
	event_assign(&ward.pulled, gate->base, ward.leash, EV_READ | EV_PERSIST,
	    on_pulled, gate);
	event_add(&ward.pulled, NULL);
	say(CONDUCT_NONE); /* that there is a gate that may crash */
	return SP_OK;
}

/* Who he is by the socket, or by his proxy's word; false: gone already. */
static bool
find_peer(int socket, struct cidr_endpoint *peer)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof from;
	const struct claim_endpoint *claimed = &ward.claim.peer;

	if (!ward.claim.is_made)
		return getpeername(socket, (struct sockaddr *)&from, &len) ==
		    0 &&
		    cidr_of_sockaddr((struct sockaddr *)&from, peer);
	memcpy(peer->address.bytes, claimed->address, sizeof claimed->address);
	peer->port = claimed->port;
	return true;
}

void
ward_welcome(struct gate *gate)
{
	struct arrival arrival = {
		.listener = ward.listener,
		.claim = ward.claim,
	};
	int socket = ward.socket;

	if (socket < 0)
		return;
	ward.socket = -1;
	gate->is_retiring = true; /* it ends with this stranger */
	if (find_peer(socket, &arrival.peer))
		stranger_welcome(gate, socket, &arrival);
	else
		close(socket);
	gate_stranger_left(gate);
}
