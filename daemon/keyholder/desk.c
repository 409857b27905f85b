/* Where requests come in, and how each is answered. */
#include "daemon/keyholder/desk.h"

#include "daemon/ipc/cookie.h"
#include "daemon/ipc/ticket.h"
#include "daemon/keyholder/peer.h"
#include "daemon/keyholder/proving.h"
#include "daemon/keyholder/serials.h"
#include "daemon/log/log.h"
#include "daemon/log/shortage.h"

#include <event2/event.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct desk {
	const struct desk_given *given;
	int control; /* -1 once we retired */
	struct event *orders;
	bool has_lost_worker;
	struct secret ticket_key;
	struct peer_company peers;
	struct repetition session_refused;
	uint8_t room[IPC_ROOM];
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- sessions ---- */

/* It can do without: it starts no exchange for new keys. */
static void
refuse_session(struct desk *desk, int socket, const char *reason)
{
	uint64_t left_out;

	close(socket);
	if (!repetition_allows(&desk->session_refused, now_ms(), &left_out))
		return;
	log_event(EVENT_PEER_REFUSED,
	    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(IPC_ROLE_SESSION)),
		log_text(FIELD_REASON, reason),
		log_number(FIELD_COUNT, left_out + 1)));
}

static void
take_session(struct desk *desk, struct sp_view body, int socket)
{
	struct signing_session session;
	struct peer *peer;

	if (signing_session_decode(body, &session) != SP_OK) {
		refuse_session(desk, socket, "malformed message");
		return;
	}
	if (desk->peers.sessions >= desk->given->sessions_max) {
		refuse_session(desk, socket, "too many sessions");
		return;
	}
	peer = peer_enter(&desk->peers, IPC_ROLE_SESSION, 0, socket);
	if (peer == NULL || session.session_id.len == 0)
		return;
	memcpy(
	    peer->session_id, session.session_id.data, session.session_id.len);
	peer->session_id_len = session.session_id.len;
	/* Without a name it has no key. */
	view_to_string(session.listener, peer->listener, sizeof peer->listener);
}

/* ---- requests ---- */

static struct desk *
desk_of(const struct peer *peer)
{
	return peer->company->arg;
}

/* A gate can be refused as often as it likes. */
static void
log_refusal(struct peer *peer, enum sp_status status)
{
	struct log_field fields[4] = {
		log_text(FIELD_ROLE, ipc_role_name(peer->role)),
		log_number(FIELD_PEER, peer->id),
		log_text(FIELD_REASON, sp_status_text(status)),
	};
	size_t count = 3;
	uint64_t left_out;

	if (!repetition_allows(&peer->refused, now_ms(), &left_out))
		return;
	if (left_out > 0)
		fields[count++] = log_number(FIELD_COUNT, left_out);
	log_event(EVENT_SIGNING_REFUSED, fields, count);
}

static void
refuse_signing(struct peer *peer, uint64_t id, enum sp_status status)
{
	const struct signing_refusal refusal = { .id = id, .status = status };
	struct buffer *answer = &peer->company->answer;

	log_refusal(peer, status);
	buffer_truncate(answer, 0); /* half a SIGNED may be there */
	if (signing_refusal_encode(&refusal, answer) != SP_OK)
		peer_leave(peer);
	else
		peer_answer(peer, IPC_SIGN_REFUSED);
}

static void
tell(struct peer *peer, uint64_t id, enum sp_status status)
{
	if (status == SP_OK)
		peer_answer(peer, IPC_SIGNED);
	else
		refuse_signing(peer, id, status);
}

/* Takes what a request came to: has it signed, here or by the worker. */
static void
finish(struct peer *peer, struct signature *signature, enum sp_status status)
{
	struct desk *desk = desk_of(peer);
	uint64_t id = signature->id;
	bool is_slow = status == SP_OK && vault_key_is_slow(signature->key);

	if (is_slow)
		status = workshop_order(
		    desk->peers.workshop, &peer->customer, signature);
	else if (status == SP_OK)
		status = signature_make(signature, &desk->peers.answer);
	signature_clear(signature);
	if (is_slow && status == SP_OK)
		peer_go_on(peer);
	else
		tell(peer, id, status);
}

/* By the worker. */
static void
on_made(void *arg, struct workshop_customer *customer,
    const struct signature *what, struct sp_view signature)
{
	struct desk *desk = arg;
	struct peer *peer =
	    (struct peer *)((char *)customer - offsetof(struct peer, customer));
	enum sp_status status = SP_ERR_CRYPTO;

	if (signature.len > 0)
		status = signature_answer(what, signature, &desk->peers.answer);
	tell(peer, what->id, status);
}

/* Half a keyholder would say yes to some and no to others: it ends. */
static void
on_lost(void *arg)
{
	struct desk *desk = arg;

	desk->has_lost_worker = true;
	event_base_loopbreak(desk->given->base);
}

static const struct workshop_owner workshop_owner = {
	.made = on_made,
	.lost = on_lost,
};

static void
serve_sign(struct peer *peer, struct sp_view body)
{
	const struct desk *desk = desk_of(peer);
	const struct signature_means means = {
		.vault = desk->given->vault,
		.ticket_key = secret_view(&desk->ticket_key),
		.ticket_life = desk->given->ticket_life,
	};
	const struct signature_asker asker = {
		.is_gate = peer->role == IPC_ROLE_GATE,
		.gate = peer->id,
		.listener = view_of_string(peer->listener),
		.link = secret_view(&peer->link),
		.serials = peer->serials,
	};
	struct signing_request request;
	struct signature signature;
	enum sp_status status;

	if (signing_request_decode(body, &request) != SP_OK) {
		peer_refuse(peer, "malformed request");
		return;
	}
	signature_init(&signature, request.id);
	status = signature_take(&signature, &means, &asker, &request, now_ms());
	finish(peer, &signature, status);
}

static void
serve_proof(struct peer *peer, struct sp_view body)
{
	const struct signing_session session = {
		.session_id = view_of(peer->session_id, peer->session_id_len),
		.listener = view_of_string(peer->listener),
	};
	struct signing_proof proof;
	struct signature signature;
	enum sp_status status;

	if (signing_proof_decode(body, &proof) != SP_OK) {
		peer_refuse(peer, "malformed request");
		return;
	}
	signature_init(&signature, proof.id);
	status = proving_take(
	    &signature, desk_of(peer)->given->vault, &session, &proof);
	finish(peer, &signature, status);
}

/* Leaves a session's next request where it is for as long as it must wait. */
static bool
must_rest(struct peer *peer)
{
	uint64_t wait;

	if (peer->role != IPC_ROLE_SESSION)
		return false;
	wait = throttle_take(&peer->throttle, now_ms());
	if (wait == 0)
		return false;
	peer_rest(peer, wait);
	return true;
}

static void
on_request(void *arg, struct peer *peer)
{
	struct desk *desk = arg;
	struct ipc_message message;
	enum sp_status status;

	if (must_rest(peer))
		return;
	status = ipc_receive(
	    peer->socket, peer->role, IPC_ROLE_KEYHOLDER, desk->room, &message);
	if (status == SP_ERR_AGAIN)
		return;
	if (status == SP_ERR_DESCRIPTORS) {
		/* That session sees the end of its socket. */
		shortage_log(peer->role, peer->id, message.type);
	} else if (status == SP_ERR_UNEXPECTED_MESSAGE) {
		peer_refuse(peer, "a message that may not be sent");
	} else if (status != SP_OK) {
		peer_leave(peer);
	} else if (message.type == IPC_SIGN) {
		serve_sign(peer, message.body);
		/* The shared secret of an exchange was in it. */
		OPENSSL_cleanse(desk->room, message.body.len + 8);
	} else if (message.type == IPC_PROVE) {
		serve_proof(peer, message.body);
	} else if (message.type == IPC_SESSION_KEYS) {
		take_session(desk, message.body, message.fds[0]);
	} else {
		ipc_close_fds(&message);
		peer_refuse(peer, "a message that is not served");
	}
}

/* ---- the supervisor ---- */

static void
on_swept(void *arg)
{
	struct desk *desk = arg;

	if (desk->control < 0 && LIST_EMPTY(&desk->peers.present))
		event_base_loopbreak(desk->given->base);
}

static const struct peer_owner peer_owner = {
	.readable = on_request,
	.swept = on_swept,
};

static void
retire(struct desk *desk)
{
	event_del(desk->orders);
	close(desk->control);
	desk->control = -1;
	peer_company_sweep(&desk->peers);
}

static bool
give_link(struct peer *peer, struct sp_view link)
{
	peer->serials = calloc(1, sizeof *peer->serials);
	return peer->serials != NULL && link.len == COOKIE_KEY_LEN &&
	    secret_copy(&peer->link, link) == SP_OK;
}

/* Whose sessions need this one's socket still: it does not end for it. */
static void
lose_order(const struct desk *desk, enum ipc_type type)
{
	shortage_of_order(desk->control, IPC_ROLE_KEYHOLDER, type);
}

static void
take_peer(struct desk *desk, struct ipc_message *message)
{
	struct control_peer peer;
	struct peer *entered;

	if (control_peer_decode(message->body, &peer) != SP_OK ||
	    (peer.role != IPC_ROLE_GATE && peer.role != IPC_ROLE_LOGIN)) {
		ipc_close_fds(message);
		return;
	}
	entered = peer_enter(&desk->peers, peer.role, peer.id, message->fds[0]);
	if (entered == NULL) {
		lose_order(desk, IPC_PEER);
	} else if (peer.role == IPC_ROLE_GATE &&
	    !give_link(entered, peer.link)) {
		peer_refuse(entered, "no secret to know its exchanges by");
		lose_order(desk, IPC_PEER);
	}
	OPENSSL_cleanse(desk->room, message->body.len + 8);
}

static void
take_order(struct desk *desk, struct ipc_message *message)
{
	if (message->type == IPC_PEER) {
		take_peer(desk, message);
	} else if (message->type == IPC_RETIRE) {
		retire(desk);
	} else if (message->type == IPC_TICKET_KEY &&
	    message->body.len == TICKET_KEY_LEN) {
		/* Without memory there is no key, and so no ticket. */
		if (secret_copy(&desk->ticket_key, message->body) != SP_OK) {
			secret_clear(&desk->ticket_key);
			lose_order(desk, IPC_TICKET_KEY);
		}
		OPENSSL_cleanse(desk->room, message->body.len + 8);
	}
}

static void
orders_readable(int socket, short what, void *arg)
{
	struct desk *desk = arg;
	struct ipc_message message;
	enum sp_status status;

	(void)what;
	status = ipc_receive(socket, IPC_ROLE_SUPERVISOR, IPC_ROLE_KEYHOLDER,
	    desk->room, &message);
	if (status == SP_OK)
		take_order(desk, &message);
	else if (status == SP_ERR_DESCRIPTORS)
		lose_order(desk, message.type);
	else if (status != SP_ERR_AGAIN)
		retire(desk); /* sessions need us still */
}

static bool
announce(const struct desk *desk)
{
	struct control_host_keys list;
	struct buffer body;
	bool done;

	buffer_init(&body, 65536);
	done = vault_list(desk->given->vault, &list) &&
	    control_host_keys_encode(&list, &body) == SP_OK &&
	    ipc_send(desk->control, IPC_HOST_KEYS, buffer_view(&body), NULL,
		0) == SP_OK &&
	    ipc_send(desk->control, IPC_READY, view_of(NULL, 0), NULL, 0) ==
		SP_OK;
	buffer_clear(&body);
	return done;
}

static bool
open_workshop(struct desk *desk)
{
	if (desk->given->worker < 0)
		return true;
	desk->peers.workshop = workshop_new(
	    desk->given->base, desk->given->worker, &workshop_owner, desk);
	return desk->peers.workshop != NULL;
}

static bool
open_desk(struct desk *desk)
{
	struct event_base *base = desk->given->base;

	desk->control = desk->given->control;
	if (event_base_priority_init(base, PEER_PRIORITIES) != 0 ||
	    !peer_company_open(&desk->peers, base, &peer_owner, desk) ||
	    !open_workshop(desk))
		return false;
	desk->orders = event_new(
	    base, desk->control, EV_READ | EV_PERSIST, orders_readable, desk);
	return desk->orders != NULL &&
	    event_priority_set(desk->orders, PEER_FIRST) == 0 &&
	    event_add(desk->orders, NULL) == 0 && announce(desk);
}

enum desk_end
desk_serve(const struct desk_given *given)
{
	struct desk *desk = calloc(1, sizeof *desk);
	enum desk_end end = DESK_BROKEN;

	if (desk == NULL)
		return DESK_BROKEN;
	desk->given = given;
	if (open_desk(desk) && event_base_dispatch(given->base) >= 0)
		end = desk->has_lost_worker ? DESK_LOST_WORKER : DESK_RETIRED;
	peer_company_close(&desk->peers);
	workshop_free(desk->peers.workshop); /* once all have left */
	if (desk->orders != NULL)
		event_free(desk->orders);
	secret_clear(&desk->ticket_key);
	free(desk);
	return end;
}
