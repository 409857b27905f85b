/* Asking the keyholder for signatures, one at a time. */
#include "daemon/session/signer.h"

#include "daemon/ipc/ipc.h"
#include "daemon/ipc/signing.h"
#include "lib/pump/pump.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

struct signer {
	struct pump *pump;
	int socket;
	struct event *readable;
	uint64_t last_id;
	sp_token token; /* of the open question; 0: there is none */
};

static void on_readable(evutil_socket_t, short, void *);

/* Without a keyholder. */
static void
go_without(struct signer *s)
{
	if (s->readable != NULL)
		event_free(s->readable);
	if (s->socket >= 0)
		close(s->socket);
	s->readable = NULL;
	s->socket = -1;
	sp_engine_allow_rekey(pump_engine(s->pump), false);
}

struct signer *
signer_new(struct pump *pump, int socket)
{
	struct signer *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->pump = pump;
	s->socket = socket;
	if (socket >= 0)
		s->readable = event_new(pump_base(pump), socket,
		    EV_READ | EV_PERSIST, on_readable, s);
	if (s->readable == NULL || event_add(s->readable, NULL) != 0)
		go_without(s);
	return s;
}

void
signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	if (s->readable != NULL)
		event_free(s->readable);
	if (s->socket >= 0)
		close(s->socket);
	free(s);
}

/* The connection ends, and the peer is told why. */
static void
refuse(struct signer *s, sp_token token)
{
	/* Fails only where the connection has ended by itself. */
	if (sp_exchange_refuse(pump_engine(s->pump), token) != SP_OK)
		return;
}

static enum sp_status
encode(struct signer *s, const struct sp_event *event, struct buffer *body)
{
	struct signing_request request = {
		.id = ++s->last_id,
		.host_key_algorithm = event->u.sign_exchange.host_key_algorithm,
		.exchange = exchange_of_event(event),
	};

	return signing_request_encode(&request, body);
}

void
signer_ask(struct signer *s, const struct sp_event *event)
{
	enum sp_status status = SP_ERR_EOF;
	struct buffer body;

	s->token = event->token;
	buffer_init(&body, IPC_BODY_MAX);
	if (s->socket >= 0)
		status = encode(s, event, &body);
	if (status == SP_OK)
		status =
		    ipc_send(s->socket, IPC_SIGN, buffer_view(&body), NULL, 0);
	buffer_clear(&body); /* the shared secret was in it */
	if (status == SP_OK)
		return;
	s->token = 0;
	refuse(s, event->token);
}

static void
take_reply(struct signer *s, const struct ipc_message *message)
{
	struct signing_reply reply;
	sp_token token = s->token;

	if (token == 0)
		return;
	if (message->type != IPC_SIGNED ||
	    signing_reply_decode(message->body, &reply) != SP_OK ||
	    reply.id != s->last_id) {
		s->token = 0;
		refuse(s, token);
		return;
	}
	s->token = 0;
	if (sp_exchange_signed(pump_engine(s->pump), token, reply.signature) !=
	    SP_OK)
		refuse(s, token);
}

static void
read_socket(void *arg)
{
	struct signer *s = arg;
	uint8_t *room = ipc_room_new();
	struct ipc_message message;
	enum sp_status status = SP_ERR_MEMORY;
	sp_token token = s->token;

	if (room != NULL)
		status = ipc_receive(s->socket, IPC_ROLE_KEYHOLDER,
		    IPC_ROLE_SESSION, room, &message);
	if (status == SP_OK) {
		take_reply(s, &message);
	} else if (status != SP_ERR_AGAIN) {
		go_without(s);
		s->token = 0;
		if (token != 0)
			refuse(s, token);
	}
	ipc_room_free(room);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct signer *s = arg;

	(void)fd;
	(void)what;
	pump_turn(s->pump, read_socket, s);
}
