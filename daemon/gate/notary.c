/*
 * Requests are numbered in the order they are sent, and kept in it until
 * they are answered: a keyholder answers nearly in order, so the one an
 * answer is for is found at the front. The last bit of a number says whether
 * the signature is a slow one.
 */
#include "daemon/gate/notary.h"

#include "daemon/ipc/signing.h"
#include "lib/pubkey/pubkey.h"
#include "lib/wire/buffer.h"

#include <stdlib.h>

enum {
	NOTARY_ALGORITHM_SIZE = 64,
	NOTARY_BODY_MAX = 122880, /* the row of SIGN */
	/*
	 * What the keyholder has not answered yet it works off in the order
	 * it came; more waits here, where sources take turns. Slow ones are
	 * counted apart, and are fewer than it would take.
	 */
	NOTARY_QUICK_MAX = 8,
	NOTARY_SLOW_MAX = 4,
};

struct notary {
	struct neighbour *keyholder;
	uint64_t last_id;
	uint64_t last_serial;
	uint8_t link[COOKIE_KEY_LEN]; /* shared with the keyholder */
	TAILQ_HEAD(, notary_request) asked; /* by id */
	/* Not answered, cancelled or not; the second is of slow ones. */
	unsigned open[2];
	struct buffer keys_body; /* what the keys below borrow from */
	struct control_host_keys keys;
	char algorithms[CONTROL_HOST_KEYS_MAX][NOTARY_ALGORITHM_SIZE];
};

static void on_message(void *, struct ipc_message *);

static const struct neighbour_owner keyholder_owner = {
	.message = on_message,
};

struct notary *
notary_new(struct event_base *base)
{
	struct notary *n = calloc(1, sizeof *n);

	if (n == NULL)
		return NULL;
	TAILQ_INIT(&n->asked);
	buffer_init(&n->keys_body, NOTARY_BODY_MAX);
	n->keyholder =
	    neighbour_new(base, IPC_ROLE_KEYHOLDER, &keyholder_owner, n);
	if (n->keyholder == NULL) {
		free(n);
		return NULL;
	}
	return n;
}

void
notary_free(struct notary *n)
{
	if (n == NULL)
		return;
	neighbour_free(n->keyholder);
	buffer_clear(&n->keys_body);
	free(n);
}

/* ---- the keys ---- */

/* Nothing is changed before all of them are known to be good. */
static enum sp_status
check_keys(struct sp_view body, struct control_host_keys *keys)
{
	char name[NOTARY_ALGORITHM_SIZE];
	enum sp_status status = control_host_keys_decode(body, keys);

	if (status != SP_OK)
		return status;
	for (size_t i = 0; i < keys->count; i++) {
		if (!view_to_string(keys->keys[i].algorithm, name, sizeof name))
			return SP_ERR_FORMAT;
	}
	return keys->count > 0 ? SP_OK : SP_ERR_ARGUMENT;
}

enum sp_status
notary_set_keys(struct notary *n, struct sp_view body)
{
	struct control_host_keys got;
	struct buffer copy;
	enum sp_status status;

	buffer_init(&copy, NOTARY_BODY_MAX);
	status = buffer_append(&copy, body);
	if (status == SP_OK)
		status = check_keys(buffer_view(&copy), &got);
	if (status != SP_OK) {
		buffer_clear(&copy);
		return status;
	}
	buffer_clear(&n->keys_body);
	n->keys_body = copy;
	n->keys = got;
	for (size_t i = 0; i < got.count; i++)
		view_to_string(got.keys[i].algorithm, n->algorithms[i],
		    sizeof n->algorithms[i]);
	return SP_OK;
}

size_t
notary_keys(const struct notary *n, const char *listener,
    struct sp_host_key keys[CONTROL_HOST_KEYS_MAX])
{
	uint64_t of = control_host_keys_of(&n->keys, view_of_string(listener));
	size_t count = 0;

	for (size_t i = 0; i < n->keys.count; i++) {
		if ((n->keys.keys[i].listeners & of) == 0)
			continue;
		keys[count].algorithm = n->algorithms[i];
		keys[count++].blob = n->keys.keys[i].blob;
	}
	return count;
}

/* ---- requests ---- */

static void
forget(struct notary_request *request)
{
	struct notary *n = request->notary;

	if (n == NULL)
		return;
	request->notary = NULL;
	neighbour_cancel(n->keyholder, &request->errand);
	if (request->is_asked)
		TAILQ_REMOVE(&n->asked, request, link);
	request->is_asked = false;
}

static enum sp_status
encode(const struct notary_request *request, uint64_t id, struct buffer *body)
{
	const struct sp_event *e = request->question;
	const struct signing_request signing = {
		.id = id,
		.serial = request->serial,
		.listener = view_of_string(request->listener),
		.host_key_algorithm = e->u.sign_exchange.host_key_algorithm,
		.exchange = exchange_of_event(e),
	};

	return signing_request_encode(&signing, body);
}

static enum errand_outcome
send_request(struct errand *errand, int socket)
{
	struct notary_request *request =
	    (struct notary_request *)((char *)errand -
		offsetof(struct notary_request, errand));
	struct notary *n = request->notary;
	bool is_slow = errand->is_slow;
	uint64_t id = (n->last_id | 1) + 1 + is_slow;
	enum sp_status status;
	struct buffer body;

	if (n->open[is_slow] == (is_slow ? NOTARY_SLOW_MAX : NOTARY_QUICK_MAX))
		return ERRAND_HELD;
	buffer_init(&body, NOTARY_BODY_MAX);
	status = encode(request, id, &body);
	if (status == SP_OK)
		status =
		    ipc_send(socket, IPC_SIGN, buffer_view(&body), NULL, 0);
	buffer_clear(&body); /* holds the shared secret: wiped */
	if (status == SP_OK) {
		n->last_id = id;
		request->id = id;
		request->is_asked = true;
		n->open[is_slow]++;
		TAILQ_INSERT_TAIL(&n->asked, request, link);
	} else if (neighbour_outcome(status) == ERRAND_DONE) {
		forget(request);
		request->answer(request, view_of(NULL, 0), view_of(NULL, 0));
	}
	return neighbour_outcome(status);
}

void
notary_ask(struct notary *n, struct notary_request *request)
{
	request->notary = n;
	request->errand.send = send_request;
	request->errand.is_slow = pubkey_is_slow(
	    request->question->u.sign_exchange.host_key_algorithm);
	request->errand.place.source = request->source;
	neighbour_send(n->keyholder, &request->errand);
}

bool
notary_is_asked(const struct notary_request *request)
{
	return request->notary != NULL;
}

void
notary_cancel(struct notary *n, struct notary_request *request)
{
	(void)n;
	forget(request);
}

enum sp_status
notary_replace(struct notary *n, int socket, struct sp_view link)
{
	struct notary_request *request;

	if (link.len != sizeof n->link)
		return SP_ERR_FORMAT;
	memcpy(n->link, link.data, sizeof n->link);
	n->open[false] = n->open[true] = 0;
	while ((request = TAILQ_FIRST(&n->asked)) != NULL) {
		forget(request);
		notary_ask(n, request);
	}
	neighbour_replace(n->keyholder, socket);
	return SP_OK;
}

bool
notary_is_there(const struct notary *n)
{
	return neighbour_is_there(n->keyholder);
}

enum sp_status
notary_make_cookie(struct notary *n, const struct sp_crypto *crypto,
    uint64_t *serial, uint8_t cookie[COOKIE_LEN])
{
	*serial = ++n->last_serial;
	return cookie_make(
	    crypto, view_of(n->link, sizeof n->link), *serial, cookie);
}

/* ---- answers ---- */

/* One that is not found was cancelled. */
static void
answer(struct notary *n, uint64_t id, struct sp_view signature,
    struct sp_view ticket)
{
	struct notary_request *request;

	TAILQ_FOREACH(request, &n->asked, link)
	{
		if (request->id < id)
			continue;
		if (request->id == id) {
			forget(request);
			request->answer(request, signature, ticket);
		}
		return;
	}
}

static void
on_message(void *arg, struct ipc_message *message)
{
	struct notary *n = arg;
	struct signing_reply reply = { 0 };
	struct signing_refusal refusal;
	enum sp_status status = SP_ERR_UNEXPECTED_MESSAGE;

	if (message->type == IPC_SIGNED) {
		status = signing_reply_decode(message->body, &reply);
	} else if (message->type == IPC_SIGN_REFUSED) {
		status = signing_refusal_decode(message->body, &refusal);
		if (status == SP_OK)
			reply.id = refusal.id;
	}
	ipc_close_fds(message);
	if (status != SP_OK) {
		neighbour_hang_up(n->keyholder, sp_status_text(status));
		return;
	}
	if (n->open[reply.id & 1] > 0)
		n->open[reply.id & 1]--;
	answer(n, reply.id, reply.signature, reply.ticket);
	neighbour_go_on(n->keyholder);
}
