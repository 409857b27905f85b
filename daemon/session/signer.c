/* Asking the keyholder for signatures: an exchange and a proof at a time. */
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
	uint64_t exchange_id;
	sp_token token; /* of the open question; 0: there is none */
	uint64_t proof_id;
	signer_answer *proved; /* who waits for a proof; NULL: nobody */
	void *arg;
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
		.id = s->exchange_id,
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
	s->exchange_id = ++s->last_id;
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

bool
signer_is_there(const struct signer *s)
{
	return s->socket >= 0;
}

bool
signer_prove(struct signer *s, const struct sp_host_key *key,
    signer_answer *proved, void *arg)
{
	struct signing_proof proof = {
		.algorithm = view_of_string(key->algorithm),
		.host_key = key->blob,
	};
	enum sp_status status;
	struct buffer body;

	if (s->socket < 0 || s->proved != NULL)
		return false;
	s->proof_id = proof.id = ++s->last_id;
	buffer_init(&body, IPC_BODY_MAX);
	status = signing_proof_encode(&proof, &body);
	if (status == SP_OK)
		status =
		    ipc_send(s->socket, IPC_PROVE, buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	if (status != SP_OK)
		return false;
	s->proved = proved;
	s->arg = arg;
	return true;
}

/* Who waited may ask for the next from inside. */
static void
answer_proof(struct signer *s, struct sp_view signature)
{
	signer_answer *proved = s->proved;

	s->proved = NULL;
	if (proved != NULL)
		proved(s->arg, signature);
}

/* Without a signature the connection ends. */
static void
answer_exchange(struct signer *s, struct sp_view signature)
{
	sp_token token = s->token;

	s->token = 0;
	if (token == 0)
		return;
	if (signature.len == 0 ||
	    sp_exchange_signed(pump_engine(s->pump), token, signature) != SP_OK)
		refuse(s, token);
}

/* False when it makes no sense. An empty signature was refused. */
static bool
read_reply(
    const struct ipc_message *message, uint64_t *id, struct sp_view *signature)
{
	struct signing_refusal refusal;
	struct signing_reply reply;

	*signature = view_of(NULL, 0);
	if (message->type == IPC_SIGNED &&
	    signing_reply_decode(message->body, &reply) == SP_OK) {
		*id = reply.id;
		*signature = reply.signature;
		return true;
	}
	if (message->type == IPC_SIGN_REFUSED &&
	    signing_refusal_decode(message->body, &refusal) == SP_OK) {
		*id = refusal.id;
		return true;
	}
	return false;
}

static void
lose_keyholder(struct signer *s)
{
	go_without(s);
	answer_proof(s, view_of(NULL, 0));
	answer_exchange(s, view_of(NULL, 0));
}

static void
take_reply(struct signer *s, const struct ipc_message *message)
{
	struct sp_view signature;
	uint64_t id;

	if (!read_reply(message, &id, &signature))
		lose_keyholder(s);
	else if (id == s->proof_id)
		answer_proof(s, signature);
	else if (id == s->exchange_id)
		answer_exchange(s, signature);
}

static void
read_socket(void *arg)
{
	struct signer *s = arg;
	uint8_t *room = ipc_room_new();
	struct ipc_message message;
	enum sp_status status = SP_ERR_MEMORY;

	if (room != NULL)
		status = ipc_receive(s->socket, IPC_ROLE_KEYHOLDER,
		    IPC_ROLE_SESSION, room, &message);
	if (status == SP_OK)
		take_reply(s, &message);
	else if (status != SP_ERR_AGAIN)
		lose_keyholder(s);
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
