/* Packets that no engine would send, under keys that it would use. */
#include "tests/pair/forger.h"

#include "lib/engine.h"
#include "lib/transport/kex.h"
#include "lib/transport/packet.h"
#include "lib/transport/zlibstream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum sp_role
forger_other(enum sp_role role)
{
	return role == SP_CLIENT ? SP_SERVER : SP_CLIENT;
}

struct transport *
forger_transport(struct pair *p, enum sp_role role)
{
	return &pair_engine(p, role)->transport;
}

void
forger_send(struct pair *p, enum sp_role from, struct sp_view payload)
{
	struct transport *t = forger_transport(p, from);
	struct writer w;

	writer_init(&w, &t->out);
	assert_int_equal(packet_begin(t), SP_OK);
	writer_bytes(&w, payload);
	assert_int_equal(w.status, SP_OK);
	assert_int_equal(packet_end(t), SP_OK);
}

static void
write_item(struct writer *w, char kind, va_list *items)
{
	static const uint8_t filler[2 * LIMIT_PACKET];

	switch (kind) {
	case 'b':
		writer_u8(w, (uint8_t)va_arg(*items, int));
		break;
	case 'u':
		writer_u32(w, va_arg(*items, uint32_t));
		break;
	case 's':
		writer_cstring(w, va_arg(*items, const char *));
		break;
	case 'd':
		writer_string(w, view_of(filler, va_arg(*items, size_t)));
		break;
	default:
		fail();
	}
}

void
forger_say(struct pair *p, enum sp_role from, const char *format, ...)
{
	struct buffer payload;
	struct writer w;
	va_list items;

	buffer_init(&payload, LIMIT_PACKET);
	writer_init(&w, &payload);
	va_start(items, format);
	for (; *format != '\0'; format++)
		write_item(&w, *format, &items);
	va_end(items);
	assert_int_equal(w.status, SP_OK);
	forger_send(p, from, buffer_view(&payload));
	buffer_clear(&payload);
}

/* Of a packet whose payload nothing compresses, any more. */
static size_t
size_as_it_is(struct transport *t, size_t payload_len)
{
	struct zlibstream *zlib = t->tx.zlib;
	size_t size;

	t->tx.zlib = NULL;
	size = packet_size(t, payload_len);
	t->tx.zlib = zlib;
	return size;
}

void
forger_send_padded(
    struct pair *p, enum sp_role from, uint8_t padding, struct sp_view payload)
{
	struct transport *t = forger_transport(p, from);
	size_t size = size_as_it_is(t, payload.len);
	size_t tag = t->tx.cipher == NULL ? 0 : cipher_tag_len(t->tx.cipher);
	uint32_t length = (uint32_t)(size - 4 - tag);
	uint8_t *packet;

	assert_int_equal(buffer_room(&t->out, size, &packet), SP_OK);
	memset(packet, 0, size);
	writer_put_u32(packet, length);
	packet[4] = padding;
	memcpy(packet + PACKET_HEADER, payload.data, payload.len);
	if (t->tx.cipher != NULL)
		assert_int_equal(
		    cipher_seal(t->tx.cipher, t->tx.sequence, packet, length),
		    SP_OK);
	t->tx.sequence++;
	buffer_grew(&t->out, size);
}

void
forger_send_ignore(struct pair *p, enum sp_role from)
{
	forger_say(p, from, "bs", SSH_MSG_IGNORE, "");
}

void
forger_send_long(struct pair *p, enum sp_role from, size_t len)
{
	static uint8_t payload[LIMIT_PACKET_TRUSTED] = { SSH_MSG_IGNORE };

	assert_true(len <= sizeof payload);
	forger_send_large(p, from, view_of(payload, len));
}

void
forger_send_large(struct pair *p, enum sp_role from, struct sp_view payload)
{
	struct transport *t = forger_transport(p, from);
	size_t tag = t->tx.cipher == NULL ? 0 : cipher_tag_len(t->tx.cipher);
	size_t whole;

	if (t->tx.zlib != NULL)
		assert_int_equal(
		    zlibstream_run(t->tx.zlib, payload, &payload), SP_OK);
	whole = size_as_it_is(t, payload.len);
	forger_send_padded(p, from,
	    (uint8_t)(whole - PACKET_HEADER - payload.len - tag), payload);
}

void
forger_send_clear(struct pair *p, enum sp_role from, uint32_t length,
    uint8_t padding, struct sp_view rest)
{
	struct writer w;

	writer_init(&w, &forger_transport(p, from)->out);
	writer_u32(&w, length);
	writer_u8(&w, padding);
	writer_bytes(&w, rest);
	assert_int_equal(w.status, SP_OK);
}

void
forger_deliver(struct pair *p, enum sp_role victim)
{
	enum sp_role from = forger_other(victim);

	while (buffer_len(&forger_transport(p, from)->out) > 0 &&
	    p->count[victim][SP_EVENT_CLOSED] == 0) {
		size_t before = buffer_len(&forger_transport(p, from)->out);

		pair_move(p, from);
		if (buffer_len(&forger_transport(p, from)->out) == before)
			return;
	}
}

void
forger_take_output(struct pair *p, enum sp_role victim)
{
	struct sp_engine *e = pair_engine(p, victim);

	sp_engine_output_sent(e, sp_engine_output(e).len);
}

bool
forger_receive(struct pair *p, enum sp_role victim, struct sp_view *payload)
{
	struct transport *t = forger_transport(p, forger_other(victim));
	struct sp_view out = sp_engine_output(pair_engine(p, victim));
	enum sp_status status;

	assert_int_equal(buffer_append(&t->in, out), SP_OK);
	sp_engine_output_sent(pair_engine(p, victim), out.len);
	status = packet_open(t, payload);
	assert_true(status == SP_OK || status == SP_ERR_AGAIN);
	return status == SP_OK;
}

/* ---- KEXINIT ---- */

void
forger_write_kexinit(struct pair *p, enum sp_role from,
    const struct forger_kexinit *wish, struct buffer *out)
{
	struct negotiation_offer offer = forger_transport(p, from)->offer;
	const uint8_t cookie[16] = { 0 };
	struct writer w;

	if (wish->kex != NULL)
		offer.kex = (char *)(uintptr_t)wish->kex;
	if (wish->host_key != NULL)
		offer.host_key = (char *)(uintptr_t)wish->host_key;
	writer_init(&w, out);
	writer_u8(&w, SSH_MSG_KEXINIT);
	negotiation_write(&w, &offer, from, wish->has_markers, cookie);
	assert_int_equal(w.status, SP_OK);
	/* In front of it is only the reserved uint32. */
	out->data[out->end - 5] = wish->guess_follows;
}

void
forger_unsend_kexinit(struct pair *p, enum sp_role from)
{
	struct transport *t = forger_transport(p, from);

	kex_free(t->kex);
	t->kex = NULL;
	buffer_truncate(&t->out, strlen(t->our_identification) + 2);
	t->tx.sequence = 0;
	t->tx.packets = 0;
}

void
forger_send_kexinit(
    struct pair *p, enum sp_role from, const struct forger_kexinit *wish)
{
	struct transport *t = forger_transport(p, from);
	struct buffer *payload;

	/* Has it made as always, and puts another in its place. */
	if (t->kex == NULL) {
		size_t len = buffer_len(&t->out);
		struct zlibstream *zlib = t->tx.zlib;

		/* Nor has it been compressed. */
		t->tx.zlib = NULL;
		assert_int_equal(kex_start(t), SP_OK);
		t->tx.zlib = zlib;
		buffer_truncate(&t->out, len);
		t->tx.sequence--;
		t->tx.packets--;
	}
	payload = &t->kex->our_init;
	buffer_clear(payload);
	forger_write_kexinit(p, from, wish, payload);
	forger_send(p, from, buffer_view(payload));
}

/* ---- to a phase ---- */

/*
 * Where the attacker stops of its own: at a question it leaves open, or
 * before the first request of a login.
 */
struct stop {
	enum sp_role victim;
	enum sp_event_kind kind;
	bool is_strict;
};

/* The reply without the NEWKEYS that goes with it. */
static void
reply_only(struct pair *p, const struct sp_event *event)
{
	struct transport *t = forger_transport(p, SP_SERVER);
	const struct kex_method *method = t->negotiated.method;
	uint8_t signature[SP_SIGNATURE_MAX];
	struct writer w;
	size_t len;

	assert_int_equal(sp_key_sign(p->host_key, "ssh-ed25519",
			     event->u.sign_exchange.hash, signature, &len),
	    SP_OK);
	transport_begin(t, &w,
	    method->family == FAMILY_GEX ? SSH_MSG_KEX_DH_GEX_REPLY
					 : SSH_MSG_KEX_ECDH_REPLY);
	writer_string(&w, buffer_view(&t->kex->host_key));
	kexmethod_write_value(&w, method, buffer_view(&t->kex->server_value));
	writer_string(&w, view_of(signature, len));
	assert_int_equal(transport_end(t, &w), SP_OK);
}

/* What the victim has asked on the way stays without an answer. */
static bool
is_left_open(const struct sp_event *event)
{
	return event->kind == SP_EVENT_CHANNEL_OPEN ||
	    event->kind == SP_EVENT_CHANNEL_REQUEST ||
	    event->kind == SP_EVENT_GLOBAL_REQUEST;
}

static bool
stop_there(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	const struct stop *stop = p->arg;

	if (side == stop->victim)
		return false;
	/* Before any NEWKEYS there is a question; it read the markers. */
	if (!stop->is_strict)
		forger_transport(p, side)->is_strict = false;
	if (is_left_open(event))
		return true;
	if (event->kind != stop->kind)
		return false;
	if (event->kind == SP_EVENT_SIGN_EXCHANGE)
		reply_only(p, event);
	return true;
}

static void
run_to(struct pair *p, struct stop stop)
{
	p->hook = stop_there;
	p->arg = &stop;
	pair_run(p);
	p->hook = NULL;
	p->arg = NULL;
}

/* Up to where the attacker would send NEWKEYS. */
static void
run_to_newkeys(struct pair *p, struct stop stop)
{
	stop.kind = stop.victim == SP_SERVER ? SP_EVENT_HOST_KEY
					     : SP_EVENT_SIGN_EXCHANGE;
	run_to(p, stop);
}

static void
run_to_request(struct pair *p, struct stop stop)
{
	stop.kind = stop.victim == SP_SERVER ? SP_EVENT_AUTH_READY
					     : SP_EVENT_AUTH_REQUEST;
	run_to(p, stop);
}

static void
send_newkeys(struct pair *p, enum sp_role victim)
{
	struct transport *t = forger_transport(p, forger_other(victim));

	t->peer_takes_ext_info = false;
	assert_int_equal(kex_send_newkeys(t), SP_OK);
	forger_deliver(p, victim);
}

static void
start_plain(struct pair *p, enum sp_role victim, bool is_strict)
{
	enum sp_role from = forger_other(victim);

	pair_start(p);
	if (is_strict)
		return;
	forger_unsend_kexinit(p, from);
	forger_send_kexinit(
	    p, from, &(struct forger_kexinit){ .has_markers = false });
}

static void
begin_rekey(struct pair *p, enum sp_role victim)
{
	assert_int_equal(
	    sp_engine_rekey(pair_engine(p, forger_other(victim))), SP_OK);
	forger_deliver(p, victim);
}

/* A question of the attacker's own would keep it from going on. */
static void
run_to_rekey(struct pair *p, struct stop stop)
{
	run_to_request(p, stop);
	forger_transport(p, forger_other(stop.victim))->question = 0;
	begin_rekey(p, stop.victim);
}

static void
run_to_user_rekey(struct pair *p, struct stop stop)
{
	run_to(p, stop);
	begin_rekey(p, stop.victim);
}

void
forger_bring(struct pair *p, enum sp_role victim, enum message_phase phase,
    bool is_strict)
{
	/* Nothing is closed on the way, so it stops nowhere else. */
	struct stop stop = { victim, SP_EVENT_CLOSED, is_strict };

	if (p->client == NULL)
		start_plain(p, victim, is_strict);
	switch (phase) {
	case PHASE_FIRST_KEXINIT:
		forger_unsend_kexinit(p, forger_other(victim));
		forger_deliver(p, victim);
		break;
	case PHASE_FIRST_KEX:
		forger_deliver(p, victim);
		break;
	case PHASE_FIRST_NEWKEYS:
		run_to_newkeys(p, stop);
		break;
	case PHASE_SERVICE:
		run_to_newkeys(p, stop);
		send_newkeys(p, victim);
		break;
	case PHASE_USERAUTH:
		run_to_request(p, stop);
		break;
	case PHASE_CONNECTION:
		run_to(p, stop);
		break;
	case PHASE_REKEX:
		run_to_rekey(p, stop);
		break;
	case PHASE_RENEWKEYS:
		run_to_rekey(p, stop);
		run_to_newkeys(p, stop);
		break;
	case PHASE_USER_REKEX:
		run_to_user_rekey(p, stop);
		break;
	case PHASE_USER_RENEWKEYS:
		run_to_user_rekey(p, stop);
		run_to_newkeys(p, stop);
		break;
	case PHASE_STRICT: /* not one, but said of some */
		fail();
	}
	assert_int_equal(transport_phase(forger_transport(p, victim)), phase);
	assert_int_equal(forger_transport(p, victim)->is_strict,
	    is_strict && phase != PHASE_FIRST_KEXINIT);
}

void
forger_begin(struct pair *p, enum sp_role victim, enum message_phase phase,
    bool is_strict)
{
	pair_init(p);
	forger_bring(p, victim, phase, is_strict);
}
