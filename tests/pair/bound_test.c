/*
 * What a stranger can make a server hold whose peer is a string of bytes:
 * never more than lib/limits.h says. greed_test.c has the other phases.
 */
#include "lib/transport/packet.h"
#include "lib/wire/writer.h"
#include "tests/unit/alloc_meter.h"

#include <sallyport/engine.h>
#include <sallyport/key.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 100000 };

static struct sp_crypto *crypto;
static struct sp_key *host_key;

struct stranger {
	struct sp_engine *engine;
	size_t before; /* allocated without it */
	enum sp_status end;
	bool is_closed;
	sp_token question; /* SIGN_EXCHANGE, left open */
};

static void
meet(struct stranger *s)
{
	struct sp_host_key offered = { "ssh-ed25519", sp_key_blob(host_key) };
	struct sp_engine_config config = {
		.role = SP_SERVER,
		.crypto = crypto,
		.host_keys = &offered,
		.host_key_count = 1,
		.now_ms = 1,
	};

	*s = (struct stranger){ .before = alloc_meter_now() };
	alloc_meter_forget_peak();
	assert_int_equal(sp_engine_new(&config, &s->engine), SP_OK);
}

static void
part(struct stranger *s)
{
	sp_engine_free(s->engine);
	assert_int_equal(alloc_meter_now(), s->before);
}

static size_t
held(const struct stranger *s)
{
	return alloc_meter_now() - s->before;
}

static size_t
held_at_most(const struct stranger *s)
{
	return alloc_meter_peak() - s->before;
}

static void
take_events(struct stranger *s)
{
	struct sp_event event;

	while (sp_engine_next_event(s->engine, &event)) {
		if (event.kind == SP_EVENT_SIGN_EXCHANGE)
			s->question = event.token;
		if (event.kind == SP_EVENT_CLOSED) {
			s->is_closed = true;
			s->end = event.u.closed.status;
		}
	}
}

/* Sends as much as is taken; what was not is left in v. */
static void
send_bytes(struct stranger *s, struct sp_view *v)
{
	while (v->len > 0) {
		uint8_t *room;
		size_t len = sp_engine_input_room(s->engine, &room);

		if (len == 0)
			return;
		if (len > v->len)
			len = v->len;
		memcpy(room, v->data, len);
		sp_engine_input(s->engine, len);
		*v = view_of(v->data + len, v->len - len);
		take_events(s);
	}
}

static void
send_text(struct stranger *s, const char *text)
{
	struct sp_view v = view_of_string(text);

	send_bytes(s, &v);
	assert_int_equal(v.len, 0);
}

/* A packet in clear, with as little padding as there may be. */
static void
write_packet(struct writer *w, struct sp_view payload)
{
	size_t padding = 8 - (5 + payload.len) % 8;

	if (padding < 4)
		padding += 8;
	writer_u32(w, (uint32_t)(1 + payload.len + padding));
	writer_u8(w, (uint8_t)padding);
	writer_bytes(w, payload);
	writer_bytes(w, view_of("0123456789abcdef", padding));
	assert_int_equal(w->status, SP_OK);
}

static void
send_packet(struct stranger *s, struct sp_view payload)
{
	struct buffer b;
	struct sp_view v;
	struct writer w;

	buffer_init(&b, LIMIT_PACKET + 64);
	writer_init(&w, &b);
	write_packet(&w, payload);
	v = buffer_view(&b);
	send_bytes(s, &v);
	assert_true(v.len == 0 || s->is_closed);
	buffer_clear(&b);
}

/* So large a KEXINIT that it is just taken. */
static void
send_kexinit(struct stranger *s, size_t len)
{
	static const char *const rest[] = { "ssh-ed25519",
		"aes256-gcm@openssh.com", "aes256-gcm@openssh.com", "x", "x",
		"none", "none", "", "" };
	const uint8_t cookie[16] = { 0 };
	struct buffer b;
	struct writer w;
	size_t mark;

	buffer_init(&b, LIMIT_PACKET);
	writer_init(&w, &b);
	writer_u8(&w, 20);
	writer_bytes(&w, view_of(cookie, sizeof cookie));
	mark = writer_begin_string(&w);
	writer_bytes(&w, view_of_string("curve25519-sha256"));
	while (buffer_len(&b) + 118 < len)
		writer_bytes(&w, view_of(",x", 2));
	writer_end_string(&w, mark);
	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
		writer_cstring(&w, rest[i]);
	writer_bool(&w, false);
	writer_u32(&w, 0);
	assert_int_equal(w.status, SP_OK);
	send_packet(s, buffer_view(&b));
	buffer_clear(&b);
}

static void
who_says_nothing_costs_little(void **state)
{
	struct stranger s;

	(void)state;
	meet(&s);
	assert_true(held(&s) <= LIMIT_MEMORY_UNKNOWN);
	sp_engine_output_sent(s.engine, sp_engine_output(s.engine).len);
	sp_engine_relax(s.engine);
	print_message("silent: %zu bytes\n", held(&s));
	assert_true(held(&s) <= LIMIT_MEMORY_UNKNOWN);
	send_text(&s, "SSH-2.0-x\r\n");
	take_events(&s);
	sp_engine_relax(s.engine);
	print_message("identified: %zu bytes\n", held(&s));
	assert_true(held(&s) <= LIMIT_MEMORY_UNKNOWN);
	part(&s);
}

static void
a_hundred_thousand_ignores_in_an_exchange_cost_nothing(void **state)
{
	static uint8_t ignore[300] = { 2, 0, 0, 1, 0x27 };
	struct stranger s;
	size_t before;

	(void)state;
	meet(&s);
	send_text(&s, "SSH-2.0-x\r\n");
	send_kexinit(&s, 1000);
	before = held(&s);
	for (int i = 0; i < MANY; i++)
		send_packet(&s, view_of(ignore, sizeof ignore));
	assert_false(s.is_closed);
	assert_true(held(&s) <= before + 8192);
	part(&s);
}

static void
nor_does_one_byte_at_a_time(void **state)
{
	static uint8_t ignore[LIMIT_PACKET - 24] = { 2, 0, 0, 0x88, 0x9b };
	struct buffer b;
	struct stranger s;
	struct writer w;

	(void)state;
	buffer_init(&b, LIMIT_PACKET + 64);
	writer_init(&w, &b);
	write_packet(&w, view_of(ignore, sizeof ignore));
	meet(&s);
	send_text(&s, "SSH-2.0-x\r\n");
	for (size_t i = 0; i < buffer_len(&b); i++) {
		struct sp_view v = view_of(b.data + i, 1);

		send_bytes(&s, &v);
		assert_int_equal(v.len, 0);
	}
	assert_false(s.is_closed);
	print_message(
	    "one large packet: at most %zu bytes\n", held_at_most(&s));
	assert_true(held_at_most(&s) <= LIMIT_MEMORY_EXCHANGE);
	part(&s);
	buffer_clear(&b);
}

static void
an_unknown_message_in_an_exchange_ends_it(void **state)
{
	struct stranger s;

	(void)state;
	meet(&s);
	send_text(&s, "SSH-2.0-x\r\n");
	send_kexinit(&s, 1000);
	send_packet(&s, view_of("\xbf", 1));
	assert_true(s.is_closed);
	assert_int_equal(s.end, SP_ERR_UNEXPECTED_MESSAGE);
	part(&s);
}

/* The largest of all that it may send, and then as much as is read. */
static void
the_greediest_stranger_holds_so_much_and_no_more(void **state)
{
	static const uint8_t value[37] = { 30, 0, 0, 0, 32, 9 };
	static uint8_t flood[1 << 20];
	struct sp_view v = view_of(flood, sizeof flood);
	struct stranger s;

	(void)state;
	meet(&s);
	send_text(&s, "SSH-2.0-x\r\n");
	send_kexinit(&s, LIMIT_KEXINIT);
	assert_false(s.is_closed);
	send_packet(&s, view_of(value, sizeof value));
	assert_int_not_equal(s.question, 0);
	/* Its question stops the reading: the rest stays in the socket. */
	send_bytes(&s, &v);
	assert_int_equal(v.len, sizeof flood);
	print_message("waiting for a signature: %zu bytes, at most %zu\n",
	    held(&s), held_at_most(&s));
	assert_true(held_at_most(&s) <= LIMIT_MEMORY_EXCHANGE);
	part(&s);
}

static void
a_value_as_large_as_a_packet_is_not_kept(void **state)
{
	static uint8_t init[30005] = { 30, 0, 0, 0x75, 0x30 };
	struct stranger s;

	(void)state;
	meet(&s);
	send_text(&s, "SSH-2.0-x\r\n");
	send_kexinit(&s, LIMIT_KEXINIT);
	send_packet(&s, view_of(init, sizeof init));
	assert_true(s.is_closed);
	assert_int_equal(s.end, SP_ERR_KEX_VALUE);
	print_message("a large value: at most %zu bytes\n", held_at_most(&s));
	assert_true(held_at_most(&s) <= LIMIT_MEMORY_EXCHANGE);
	part(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_says_nothing_costs_little),
		cmocka_unit_test(
		    a_hundred_thousand_ignores_in_an_exchange_cost_nothing),
		cmocka_unit_test(nor_does_one_byte_at_a_time),
		cmocka_unit_test(an_unknown_message_in_an_exchange_ends_it),
		cmocka_unit_test(
		    the_greediest_stranger_holds_so_much_and_no_more),
		cmocka_unit_test(a_value_as_large_as_a_packet_is_not_kept),
	};
	int failed = 1;

	alloc_meter_install();
	crypto = sp_crypto_new();
	if (crypto != NULL &&
	    sp_key_generate(crypto, "ssh-ed25519", &host_key) == SP_OK)
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_key_free(host_key);
	sp_crypto_free(crypto);
	return failed;
}
