/* The state of the transport, and sending for all layers. */
#include "lib/transport/transport.h"

#include "lib/transport/disconnect.h"
#include "lib/transport/identification.h"
#include "lib/transport/kex.h"
#include "lib/transport/keys.h"
#include "lib/transport/packet.h"
#include "lib/transport/zlibstream.h"
#include "lib/wire/status.h"

#include <assert.h>

static const uint64_t default_rekey_bytes = UINT64_C(1) << 30;
static const uint64_t default_rekey_ms = UINT64_C(3600) * 1000;

static enum sp_status
copy_host_keys(struct transport *t, const struct sp_engine_config *config)
{
	struct writer w;

	writer_init(&w, &t->host_keys);
	for (size_t i = 0; i < config->host_key_count; i++) {
		writer_cstring(&w, config->host_keys[i].algorithm);
		writer_string(&w, config->host_keys[i].blob);
	}
	return writer_finish(&w);
}

/*
 * Neither so small that the exchange itself, or the time it takes, makes
 * the next one due.
 */
static void
set_rekey_limits(struct transport *t, const struct sp_engine_config *config)
{
	t->rekey_bytes = config->rekey_bytes;
	t->rekey_ms = config->rekey_ms;
	if (t->rekey_bytes == 0)
		t->rekey_bytes = default_rekey_bytes;
	if (t->rekey_bytes < LIMIT_REKEY_BYTES)
		t->rekey_bytes = LIMIT_REKEY_BYTES;
	if (t->rekey_ms == 0)
		t->rekey_ms = default_rekey_ms;
	if (t->rekey_ms < LIMIT_REKEY_MS)
		t->rekey_ms = LIMIT_REKEY_MS;
}

enum sp_status
transport_init(struct transport *t, const struct sp_engine_config *config)
{
	enum sp_status status;

	*t = (struct transport){
		.role = config->role,
		.crypto = config->crypto,
		.read_size = LIMIT_READ_STRANGER,
		.padding_used = sizeof t->padding,
		.now = config->now_ms,
		.asks_for_exchanges = config->asks_for_exchanges,
		.groups = config->groups,
		.group_count = config->group_count,
	};
	set_rekey_limits(t, config);
	if (config->first_cookie != NULL) {
		memcpy(t->first_cookie, config->first_cookie, KEX_COOKIE_LEN);
		t->has_first_cookie = true;
	}
	buffer_init(&t->in, LIMIT_PACKET_TRUSTED + CIPHER_TAG_MAX + LIMIT_READ);
	buffer_init(&t->out, LIMIT_OUTPUT);
	buffer_init(&t->held, LIMIT_HELD);
	buffer_init(&t->host_keys, 16 * LIMIT_KEY_BLOB);
	buffer_init(&t->session_id, DIGEST_MAX);
	buffer_init(&t->first_host_key, LIMIT_KEY_BLOB);
	buffer_init(&t->sig_algs, LIMIT_SIG_ALGS);
	status = negotiation_offer_init(&t->offer, config);
	if (status == SP_OK)
		status = identification_set(t, config->software);
	if (status == SP_OK)
		status = copy_host_keys(t, config);
	return status;
}

void
transport_clear(struct transport *t)
{
	negotiation_offer_clear(&t->offer);
	buffer_clear(&t->host_keys);
	buffer_clear(&t->in);
	buffer_clear(&t->out);
	buffer_clear(&t->held);
	buffer_clear(&t->session_id);
	buffer_clear(&t->first_host_key);
	buffer_clear(&t->sig_algs);
	cipher_free(t->rx.cipher);
	cipher_free(t->tx.cipher);
	zlibstream_free(t->rx.zlib);
	zlibstream_free(t->tx.zlib);
	kex_free(t->kex);
}

enum sp_status
transport_start(struct transport *t)
{
	enum sp_status status = identification_send(t);

	return status == SP_OK ? kex_start(t) : status;
}

static enum message_phase
phase_of_exchange(const struct transport *t)
{
	bool awaits_newkeys = t->kex->method_is_over;

	if (!t->first_kex_done)
		return awaits_newkeys ? PHASE_FIRST_NEWKEYS : PHASE_FIRST_KEX;
	if (t->is_trusted)
		return awaits_newkeys ? PHASE_USER_RENEWKEYS : PHASE_USER_REKEX;
	return awaits_newkeys ? PHASE_RENEWKEYS : PHASE_REKEX;
}

enum message_phase
transport_phase(const struct transport *t)
{
	if (t->kex != NULL && buffer_len(&t->kex->peer_init) > 0)
		return phase_of_exchange(t);
	if (!t->first_kex_done)
		return PHASE_FIRST_KEXINIT;
	if (t->is_trusted)
		return PHASE_CONNECTION;
	return t->service[0] == '\0' ? PHASE_SERVICE : PHASE_USERAUTH;
}

enum message_family
transport_kex_family(const struct transport *t)
{
	if (t->kex == NULL || t->negotiated.method == NULL)
		return FAMILY_NONE;
	return t->negotiated.method->family;
}

bool
transport_is_exchanging(const struct transport *t)
{
	return t->kex != NULL && buffer_len(&t->kex->our_init) > 0 &&
	    !t->kex->sent_newkeys;
}

/* RFC 4253 7.1: between KEXINIT and NEWKEYS only 1 to 49, bar 5 and 6. */
static bool
must_wait(const struct transport *t, enum message_number number)
{
	if (!transport_is_exchanging(t))
		return false;
	return number >= 50 || number == SSH_MSG_SERVICE_REQUEST ||
	    number == SSH_MSG_SERVICE_ACCEPT || number == SSH_MSG_EXT_INFO;
}

void
transport_begin(
    struct transport *t, struct writer *w, enum message_number number)
{
	t->is_holding = must_wait(t, number);
	if (t->is_holding) {
		writer_init(w, &t->held);
		t->packet_mark = writer_begin_string(w);
	} else {
		writer_init(w, &t->out);
		w->status = packet_begin(t);
	}
	writer_u8(w, (uint8_t)number);
}

/*
 * What waits is sealed all at once, and the shortest answer is several
 * times as long then: that is what counts, and not what it takes now.
 */
static enum sp_status
hold(struct transport *t, struct writer *w)
{
	size_t len, sealed;

	writer_end_string(w, t->packet_mark);
	len = buffer_len(&t->held) - t->packet_mark - 4;
	if (w->status == SP_OK && len > PACKET_PAYLOAD_MAX)
		w->status = SP_ERR_LIMIT;
	if (w->status == SP_OK) {
		sealed = packet_size(t, len);
		if (sealed > LIMIT_HELD - t->held_sealed)
			w->status = SP_ERR_LIMIT;
		else
			t->held_sealed += sealed;
	}
	if (w->status != SP_OK)
		buffer_truncate(&t->held, t->packet_mark);
	return w->status;
}

enum sp_status
transport_end(struct transport *t, struct writer *w)
{
	enum sp_status status = w->status;

	if (t->is_holding)
		return hold(t, w);
	if (status == SP_OK)
		status = packet_end(t);
	if (status != SP_OK)
		packet_cancel(t);
	return status;
}

/* New keys may come with longer tags: it must fit all the same. */
static enum sp_status
seal_held(struct transport *t, struct sp_view payload)
{
	size_t sealed = packet_size(t, payload.len);
	struct writer w;

	if (sealed > LIMIT_HELD - t->held_sealed)
		return SP_ERR_LIMIT;
	t->held_sealed += sealed;
	transport_begin(t, &w, payload.data[0]);
	writer_bytes(&w, view_of(payload.data + 1, payload.len - 1));
	return transport_end(t, &w);
}

enum sp_status
transport_flush_held(struct transport *t)
{
	enum sp_status status = SP_OK;
	struct reader r;

	t->held_sealed = 0;
	reader_init(&r, buffer_view(&t->held));
	while (status == SP_OK && r.left > 0) {
		struct sp_view payload = reader_string(&r);

		assert(!r.failed);
		status = seal_held(t, payload);
	}
	buffer_clear(&t->held);
	t->held_sealed = 0;
	if (status == SP_OK && t->compresses_later) {
		t->compresses_later = false;
		status = keys_compress(t, CIPHER_SEAL, &t->tx.zlib);
		if (status != SP_OK)
			transport_close(t, status, 0, "");
	}
	return status;
}

enum sp_status
transport_trust(struct transport *t)
{
	enum sp_status status;

	t->is_trusted = true;
	/* Then it begins with the new keys, behind the SUCCESS. */
	t->compresses_later =
	    t->role == SP_SERVER && transport_is_exchanging(t);
	if (t->compresses_later)
		return SP_OK;
	status = keys_compress(t, CIPHER_SEAL, &t->tx.zlib);
	if (status == SP_OK)
		status = keys_compress(t, CIPHER_OPEN, &t->rx.zlib);
	t->rx.awaits_stream = t->rx.zlib != NULL;
	/* No farewell: the peer would take it for a compressed one. */
	if (status != SP_OK)
		transport_close(t, status, 0, "");
	return SP_OK;
}

sp_token
transport_new_token(struct transport *t)
{
	return ++t->last_token;
}

void
transport_ask(struct transport *t, struct sp_event *event)
{
	assert(t->question == 0);
	t->question = transport_new_token(t);
	t->question_kind = event->kind;
	event->token = t->question;
}

enum sp_status
transport_answered(struct transport *t, enum sp_event_kind kind, sp_token token)
{
	if (token == 0 || token != t->question || t->question_kind != kind ||
	    t->is_closed)
		return SP_ERR_STALE_TOKEN;
	t->question = 0;
	return SP_OK;
}

void
transport_close(struct transport *t, enum sp_status status, uint32_t reason,
    const char *description)
{
	struct sp_event *event;

	if (t->is_closed)
		return;
	/* Best effort: without memory there is no farewell. */
	if (reason != 0 && disconnect_send(t, reason, description) != SP_OK)
		reason = 0;
	t->is_closed = true;
	t->question = 0;
	event = event_push(&t->events, SP_EVENT_CLOSED);
	event->u.closed.status = status;
	event->u.closed.reason = reason;
	/* Never the caller's own, which may be gone when this is read. */
	event->u.closed.description = view_of_string(sp_status_text(status));
}

void
transport_abandon(struct transport *t)
{
	t->is_closed = true;
	t->question = 0;
	buffer_clear(&t->out);
	buffer_clear(&t->in);
	t->opened = 0;
	cipher_free(t->rx.cipher);
	cipher_free(t->tx.cipher);
	zlibstream_free(t->rx.zlib);
	zlibstream_free(t->tx.zlib);
	t->rx.cipher = NULL;
	t->tx.cipher = NULL;
	t->rx.zlib = NULL;
	t->tx.zlib = NULL;
}

void
transport_fail(struct transport *t, enum sp_status status)
{
	transport_close(
	    t, status, status_reason(status), sp_status_text(status));
}
