/*
 * The engine: packets in their order through the table of messages to the
 * layer that knows them. The one file that sees all layers.
 */
#include "lib/engine.h"

#include "lib/crypto/crypto.h"
#include "lib/transport/compression.h"
#include "lib/transport/disconnect.h"
#include "lib/transport/extinfo.h"
#include "lib/transport/groupexchange.h"
#include "lib/transport/identification.h"
#include "lib/transport/kex.h"
#include "lib/transport/kexvalue.h"
#include "lib/transport/notice.h"
#include "lib/transport/packet.h"
#include "lib/transport/ping.h"
#include "lib/transport/service.h"
#include "lib/transport/zlibstream.h"
#include "lib/userauth/keyboard.h"
#include "lib/userauth/password.h"
#include "lib/userauth/publickey.h"

#include <stdlib.h>

typedef enum sp_status transport_handler(struct transport *, struct reader *);
typedef enum sp_status userauth_handler(struct userauth *, struct reader *);

static transport_handler *const transport_handlers[MESSAGE_ROWS] = {
#define TRANSPORT(number, name, family, sender, phases, once, handler) \
	[MESSAGE_ROW_##name] = handler,
#define USERAUTH(...)
#define CONNECTION(...)
#include "lib/message.def"
#undef TRANSPORT
#undef USERAUTH
#undef CONNECTION
};

static userauth_handler *const userauth_handlers[MESSAGE_ROWS] = {
#define TRANSPORT(...)
#define USERAUTH(number, name, family, sender, phases, once, handler) \
	[MESSAGE_ROW_##name] = handler,
#define CONNECTION(...)
#include "lib/message.def"
#undef TRANSPORT
#undef USERAUTH
#undef CONNECTION
};

enum sp_status
engine_alloc(const struct sp_engine_config *config, struct sp_engine **engine)
{
	struct sp_engine *e;
	enum sp_status status;

	if (config->role == SP_SERVER && config->host_key_count == 0)
		return SP_ERR_ARGUMENT;
	if (config->first_cookie != NULL && config->first_cookie[0] >= 128)
		return SP_ERR_ARGUMENT;
	e = calloc(1, sizeof *e);
	if (e == NULL)
		return SP_ERR_MEMORY;
	e->max_channels = config->max_channels;
	e->window_initial = config->window_initial;
	e->window_max = config->window_max;
	status = transport_init(&e->transport, config);
	userauth_init(&e->userauth, &e->transport, config->max_tries);
	if (status != SP_OK) {
		sp_engine_free(e);
		return status;
	}
	*engine = e;
	return SP_OK;
}

enum sp_status
sp_engine_new(const struct sp_engine_config *config, struct sp_engine **engine)
{
	struct sp_engine *e;
	enum sp_status status = engine_alloc(config, &e);

	if (status != SP_OK)
		return status;
	if (config->greeting != NULL)
		status = identification_greet(&e->transport, config->greeting);
	if (status == SP_OK)
		status = transport_start(&e->transport);
	if (status != SP_OK) {
		sp_engine_free(e);
		return status;
	}
	*engine = e;
	return SP_OK;
}

void
sp_engine_free(struct sp_engine *e)
{
	if (e == NULL)
		return;
	if (e->connection != NULL)
		e->connection_ops->free(e->connection);
	userauth_clear(&e->userauth);
	transport_clear(&e->transport);
	OPENSSL_cleanse(e, sizeof *e);
	free(e);
}

enum sp_status
engine_settle(struct sp_engine *e, enum sp_status status)
{
	if (status == SP_OK)
		return SP_OK;
	transport_fail(&e->transport, status);
	return SP_OK;
}

/* ---- bytes ---- */

/*
 * What must be answered or sent before another packet is opened. Channels'
 * data does not count, which is bounded elsewhere: two sides that send in
 * bulk and read nothing until that is gone would wait for each other.
 */
static bool
is_blocked(const struct sp_engine *e)
{
	const struct transport *t = &e->transport;
	size_t max =
	    t->is_trusted ? LIMIT_OUTPUT_WAITING : LIMIT_OUTPUT_STRANGER;

	return t->question != 0 || e->waits_for_accept ||
	    t->out_answers > max ||
	    (e->connection != NULL &&
		!e->connection_ops->can_receive(e->connection));
}

/* Before the input moves: the view of a data event may point into it. */
static void
settle_data(struct sp_engine *e)
{
	if (e->connection != NULL)
		(void)engine_settle(
		    e, e->connection_ops->settle(e->connection));
}

/*
 * How much input may wait unopened: a read's worth, or the packet at its
 * front where that is known to be longer.
 */
static size_t
input_max(const struct transport *t)
{
	size_t packet = packet_wanted(t);

	return packet > t->read_size ? packet : t->read_size;
}

size_t
sp_engine_input_room(struct sp_engine *e, uint8_t **room)
{
	struct transport *t = &e->transport;
	size_t unopened = buffer_len(&t->in) - t->opened;
	size_t max = input_max(t);

	/* An event not handed out yet may have a view of the input. */
	if (t->is_closed || t->peer_is_done || t->events.count > 0 ||
	    is_blocked(e) || unopened >= max)
		return 0;
	settle_data(e);
	buffer_consume(&t->in, t->opened);
	t->opened = 0;
	if (buffer_room(&t->in, max - unopened, room) != SP_OK) {
		transport_fail(t, SP_ERR_MEMORY);
		return 0;
	}
	t->offered = max - unopened;
	return t->offered;
}

void
sp_engine_input(struct sp_engine *e, size_t len)
{
	struct transport *t = &e->transport;

	buffer_grew(&t->in, len);
	/* A full read: there is more where it came from. */
	if (t->is_trusted && len == t->offered && t->read_size < LIMIT_READ)
		t->read_size *= 2;
}

void
sp_engine_input_eof(struct sp_engine *e)
{
	e->transport.peer_is_done = true;
}

struct sp_view
sp_engine_output(struct sp_engine *e)
{
	return buffer_view(&e->transport.out);
}

void
sp_engine_output_sent(struct sp_engine *e, size_t len)
{
	struct transport *t = &e->transport;

	buffer_consume(&t->out, len);
	/* As if answers left before data: never too many are counted. */
	t->out_answers -= len < t->out_answers ? len : t->out_answers;
}

/* ---- time ---- */

void
sp_engine_set_time(struct sp_engine *e, uint64_t now_ms)
{
	e->transport.now = now_ms;
}

uint64_t
sp_engine_deadline(const struct sp_engine *e)
{
	const struct transport *t = &e->transport;

	if (t->is_closed)
		return 0;
	if (t->kex != NULL)
		return kex_deadline(t);
	return kex_may_start(t) && !is_blocked(e) ? t->rekey_at : 0;
}

void
sp_engine_relax(struct sp_engine *e)
{
	struct transport *t = &e->transport;

	settle_data(e);
	/* An event's view or a question may still point into the input. */
	if (t->question == 0 && t->events.count == 0) {
		buffer_consume(&t->in, t->opened);
		t->opened = 0;
		if (t->rx.zlib != NULL)
			zlibstream_relax(t->rx.zlib);
		buffer_relax(&t->in);
		t->read_size = LIMIT_READ_STRANGER;
	}
	if (t->tx.zlib != NULL)
		zlibstream_relax(t->tx.zlib);
	buffer_relax(&t->out);
	if (e->connection != NULL)
		e->connection_ops->relax(e->connection);
}

/* ---- packets and events ---- */

static enum message_sender
peer_of(const struct transport *t)
{
	return t->role == SP_CLIENT ? MESSAGE_FROM_SERVER : MESSAGE_FROM_CLIENT;
}

/* RFC 4253 12: what a key exchange method may use. */
static bool
is_of_kex(uint8_t number)
{
	return number >= 30 && number <= 49;
}

/*
 * A number without a row: of a method that is not under way it is out of
 * place, any other is answered (RFC 4253 11.4).
 */
static enum sp_status
receive_unknown(struct transport *t, uint8_t number)
{
	enum message_phase phase = transport_phase(t);
	bool is_method = is_of_kex(number) || (number >= 60 && number <= 79);

	if (is_method || number == 0 ||
	    (phase & (PHASE_SERVICE | PHASE_USERAUTH | PHASE_CONNECTION)) == 0)
		return SP_ERR_UNEXPECTED_MESSAGE;
	return notice_send_unimplemented(t, t->rx.sequence - 1);
}

/* Whether the table lets the peer send this message now. */
static enum sp_status
check_row(struct sp_engine *e, const struct message *row)
{
	const struct transport *t = &e->transport;
	bool is_first_kex =
	    !t->first_kex_done && transport_phase(t) != PHASE_FIRST_KEXINIT;

	if ((row->sender & peer_of(t)) == 0 ||
	    (row->phases & transport_phase(t)) == 0)
		return SP_ERR_UNEXPECTED_MESSAGE;
	if (t->is_strict && is_first_kex && (row->phases & PHASE_STRICT) == 0)
		return SP_ERR_STRICT_KEX;
	if (row->once && e->seen[message_index(row)])
		return SP_ERR_REPEATED_MESSAGE;
	e->seen[message_index(row)] = true;
	return SP_OK;
}

static enum sp_status
handle(struct sp_engine *e, const struct message *row, struct reader *r)
{
	switch (row->layer) {
	case LAYER_TRANSPORT:
		return transport_handlers[message_index(row)](&e->transport, r);
	case LAYER_USERAUTH:
		return userauth_handlers[message_index(row)](&e->userauth, r);
	case LAYER_CONNECTION:
		/* A client's owner may want no more than to log in. */
		if (e->connection == NULL)
			return SP_ERR_UNEXPECTED_MESSAGE;
		return e->connection_ops->receive(e->connection, row, r);
	}
	return SP_ERR_INTERNAL;
}

static enum sp_status
receive(struct sp_engine *e, struct sp_view payload)
{
	struct transport *t = &e->transport;
	const struct message *row;
	enum sp_status status;
	struct reader r;
	uint8_t number;

	reader_init(&r, payload);
	number = reader_u8(&r);
	if (t->kex != NULL && t->kex->ignores_next && is_of_kex(number)) {
		t->kex->ignores_next = false;
		return SP_OK;
	}
	row = message_find(
	    number, peer_of(t), transport_kex_family(t), e->userauth.family);
	if (row == NULL)
		return receive_unknown(t, number);
	status = check_row(e, row);
	return status == SP_OK ? handle(e, row, &r) : status;
}

/* The client's next step once keys are in use for the first time. */
static enum sp_status
go_on(struct sp_engine *e)
{
	struct transport *t = &e->transport;

	if (t->role == SP_CLIENT && transport_phase(t) == PHASE_SERVICE &&
	    !e->seen[MESSAGE_ROW_SERVICE_REQUEST]) {
		e->seen[MESSAGE_ROW_SERVICE_REQUEST] = true;
		return service_send_request(t);
	}
	return kex_start_if_due(t);
}

/* One identification or packet; SP_ERR_AGAIN when there is none. */
static enum sp_status
step(struct sp_engine *e)
{
	struct transport *t = &e->transport;
	enum sp_status status;
	struct sp_view payload;

	if (kex_deadline(t) != 0 && t->now >= kex_deadline(t))
		return SP_ERR_TIMEOUT;
	if (is_blocked(e))
		return SP_ERR_AGAIN;
	status = go_on(e);
	if (status != SP_OK)
		return status;
	if (t->peer_identification[0] == '\0')
		return identification_receive(t);
	status = packet_open(t, &payload);
	return status == SP_OK ? receive(e, payload) : status;
}

/*
 * Once an end of input has nothing left in front of it. A question that
 * stops all reading has nothing behind it that is worth the wait: who asks
 * to be let in and hangs up is gone.
 */
static void
end_of_input(struct sp_engine *e)
{
	struct transport *t = &e->transport;

	if (!t->is_closed && (t->question != 0 || !is_blocked(e)))
		transport_fail(t, SP_ERR_EOF);
}

bool
sp_engine_next_event(struct sp_engine *e, struct sp_event *event)
{
	struct transport *t = &e->transport;
	enum sp_status status = SP_OK;

	settle_data(e);
	while (!event_pop(&t->events, event)) {
		if (t->is_closed)
			return false;
		if (e->connection != NULL &&
		    e->connection_ops->raise(e->connection))
			continue;
		status = step(e);
		if (status == SP_ERR_AGAIN && t->peer_is_done)
			end_of_input(e);
		if (status == SP_ERR_AGAIN && t->events.count == 0)
			return false;
		if (status != SP_OK && status != SP_ERR_AGAIN)
			transport_fail(t, status);
	}
	return true;
}

/* ---- the transport's calls ---- */

enum sp_status
sp_exchange_begin(struct sp_engine *e, sp_token token)
{
	enum sp_status status =
	    transport_answered(&e->transport, SP_EVENT_EXCHANGE, token);

	if (status != SP_OK)
		return status;
	return engine_settle(e, SP_OK);
}

enum sp_status
sp_exchange_signed(
    struct sp_engine *e, sp_token token, struct sp_view signature)
{
	struct transport *t = &e->transport;
	enum sp_status status;

	status = transport_answered(t, SP_EVENT_SIGN_EXCHANGE, token);
	if (status != SP_OK)
		return status;
	return engine_settle(e, kexvalue_signed(t, signature));
}

enum sp_status
sp_exchange_refuse(struct sp_engine *e, sp_token token)
{
	enum sp_status status =
	    transport_answered(&e->transport, SP_EVENT_SIGN_EXCHANGE, token);

	if (status != SP_OK)
		return status;
	return engine_settle(e, SP_ERR_NO_HOST_KEY);
}

enum sp_status
sp_host_key_answer(struct sp_engine *e, sp_token token, bool accept)
{
	struct transport *t = &e->transport;
	enum sp_status status;

	status = transport_answered(t, SP_EVENT_HOST_KEY, token);
	if (status != SP_OK)
		return status;
	return engine_settle(
	    e, accept ? kex_send_newkeys(t) : SP_ERR_HOST_KEY_REFUSED);
}

/*
 * From SUCCESS on other servers than ours take all that comes for compressed:
 * what the client says between its request and the answer might cross it.
 */
static bool
must_be_silent(const struct sp_engine *e)
{
	const struct transport *t = &e->transport;

	return t->role == SP_CLIENT &&
	    e->userauth.awaiting == USERAUTH_ANSWER &&
	    t->negotiated.compression_to_server->is_zlib;
}

enum sp_status
sp_engine_rekey(struct sp_engine *e)
{
	struct transport *t = &e->transport;

	if (!t->first_kex_done || t->is_closed || must_be_silent(e))
		return SP_ERR_STATE;
	return engine_settle(e, kex_start(t));
}

void
sp_engine_allow_rekey(struct sp_engine *e, bool allowed)
{
	e->transport.starts_no_kex = !allowed;
}

enum sp_status
sp_engine_ping(struct sp_engine *e, struct sp_view data)
{
	struct transport *t = &e->transport;
	enum sp_status status;

	if (t->is_closed)
		return SP_ERR_STATE;
	status = ping_send(t, data);
	if (status == SP_ERR_STATE || status == SP_ERR_LIMIT)
		return status;
	return engine_settle(e, status);
}

void
sp_engine_disconnect(
    struct sp_engine *e, uint32_t reason, const char *description)
{
	transport_close(
	    &e->transport, SP_ERR_BY_APPLICATION, reason, description);
}

struct sp_view
sp_engine_session_id(const struct sp_engine *e)
{
	return buffer_view(&e->transport.session_id);
}

struct sp_view
sp_engine_server_sig_algs(const struct sp_engine *e)
{
	return buffer_view(&e->transport.sig_algs);
}

struct sp_view
sp_engine_host_key_algorithm(const struct sp_engine *e)
{
	return view_of_string(e->transport.negotiated.host_key);
}
