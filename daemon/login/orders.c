/* The supervisor's orders, one by one. */
#include "daemon/login/orders.h"

#include "daemon/ipc/ticket.h"
#include "daemon/log/shortage.h"

#include <openssl/crypto.h>
#include <unistd.h>

enum { HOST_KEYS_MAX = 65536 };

void
orders_init(struct orders *orders, int control, struct guest_things *things,
    struct gatelinks *gates, struct daybook *daybook,
    struct servicelinks *services, struct reputation *reputation)
{
	*orders = (struct orders){
		.control = control,
		.things = things,
		.gates = gates,
		.daybook = daybook,
		.services = services,
		.reputation = reputation,
	};
	buffer_init(&orders->host_keys, HOST_KEYS_MAX);
}

/* Whoever waits in line here is better off with the next. */
static void
lose_order(struct orders *orders, enum ipc_type type)
{
	orders->has_lost = true;
	shortage_of_order(orders->control, IPC_ROLE_LOGIN, type);
}

static void
take_host_keys(struct orders *orders, struct sp_view body)
{
	struct control_host_keys keys;

	buffer_clear(&orders->host_keys);
	orders->things->host_keys.count = 0;
	if (buffer_append(&orders->host_keys, body) == SP_ERR_MEMORY)
		lose_order(orders, IPC_HOST_KEYS);
	else if (control_host_keys_decode(
		     buffer_view(&orders->host_keys), &keys) == SP_OK)
		orders->things->host_keys = keys;
}

static void
take_keyholder(struct orders *orders, int socket)
{
	if (orders->things->keyholder >= 0)
		close(orders->things->keyholder);
	orders->things->keyholder = socket;
}

static void
take_identities(struct orders *orders, int folder)
{
	if (orders->things->identities >= 0)
		close(orders->things->identities);
	orders->things->identities = orders->wants_identities ? folder : -1;
	if (!orders->wants_identities)
		close(folder);
}

static void
take_peer(struct orders *orders, struct ipc_message *message)
{
	struct control_peer peer;

	if (control_peer_decode(message->body, &peer) != SP_OK)
		ipc_close_fds(message);
	else if (peer.role == IPC_ROLE_GATE)
		gatelink_add(orders->gates, &peer, message->fds[0]);
	else if (peer.role == IPC_ROLE_KEYHOLDER)
		take_keyholder(orders, message->fds[0]);
	else if (peer.role == IPC_ROLE_LEDGER)
		reputation_set_ledger(orders->reputation, message->fds[0]);
	else if (peer.role == IPC_ROLE_SERVICE)
		servicelink_add(orders->services, orders->things->auths,
		    peer.id, message->fds[0]);
	else
		ipc_close_fds(message);
}

/* The table of messages lets no other types through. */
static void
follow(struct orders *orders, struct ipc_message *message)
{
	if (message->type == IPC_TICKET_KEY &&
	    message->body.len == TICKET_KEY_LEN) {
		/* Without memory the key is empty and opens no ticket. */
		if (secret_copy(&orders->ticket_key, message->body) != SP_OK) {
			secret_clear(&orders->ticket_key);
			lose_order(orders, IPC_TICKET_KEY);
		}
	} else if (message->type == IPC_DAYBOOK) {
		/* Without one no ticket is good. */
		if (!daybook_open(orders->daybook, message->fds[0])) {
			ipc_close_fds(message);
			lose_order(orders, IPC_DAYBOOK);
		}
	} else if (message->type == IPC_ARREARS) {
		/* Without them all that happens is told. */
		if (!arrears_open(
			&orders->reputation->arrears, message->fds[0], false))
			ipc_close_fds(message);
	} else if (message->type == IPC_IDENTITIES) {
		take_identities(orders, message->fds[0]);
	} else if (message->type == IPC_HOST_KEYS) {
		take_host_keys(orders, message->body);
	} else if (message->type == IPC_PEER) {
		take_peer(orders, message);
	} else if (message->type == IPC_RETIRE) {
		orders->is_retired = true;
	}
}

void
orders_follow(struct orders *orders, uint8_t room[IPC_ROOM])
{
	struct ipc_message message;
	enum sp_status status;

	for (;;) {
		status = ipc_receive(orders->control, IPC_ROLE_SUPERVISOR,
		    IPC_ROLE_LOGIN, room, &message);
		if (status == SP_ERR_DESCRIPTORS)
			lose_order(orders, message.type);
		else if (status != SP_OK)
			break;
		else
			follow(orders, &message);
		OPENSSL_cleanse(room, message.body.len + 8);
	}
	if (status == SP_ERR_AGAIN)
		return;
	close(orders->control);
	orders->control = -1;
	orders->is_retired = true;
}
