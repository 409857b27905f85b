/*
 * Requests of a channel and of the connection, and the greeting in front
 * of it, by owners who include public headers and nothing else.
 */
#include "tests/pair/pair.h"

#include <sallyport/connection.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Checks what arrives while the event's views are there. */
typedef void check_request(const struct sp_request *);

struct heard {
	check_request *check;
	enum sp_request_kind kind;
	enum sp_global_kind global;
	struct sp_tcpip_forward forward;
	sp_token tokens[4];
	unsigned count;
	uint32_t port; /* of a reply; 0: it had none */
	bool successes[8];
	unsigned replies;
};

static bool
hear(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct heard *h = p->arg;
	struct sp_request request;
	struct sp_global global;

	(void)side;
	switch (event->kind) {
	case SP_EVENT_CHANNEL_REQUEST:
		assert_int_equal(sp_request_read(event, &request), SP_OK);
		h->kind = request.kind;
		if (h->check != NULL)
			h->check(&request);
		return false;
	case SP_EVENT_GLOBAL_REQUEST:
		assert_int_equal(sp_global_read(event, &global), SP_OK);
		h->global = global.kind;
		h->forward = global.u.forward;
		if (event->token != 0)
			h->tokens[h->count++] = event->token;
		return true;
	case SP_EVENT_GLOBAL_REPLY:
		h->successes[h->replies++] = event->u.global_reply.success;
		if (sp_forward_port_read(event, &h->port) != SP_OK)
			h->port = 0;
		return true;
	default:
		return false;
	}
}

static uint32_t
log_in(struct pair *p, struct heard *h)
{
	uint32_t channel;

	*h = (struct heard){ .count = 0 };
	pair_init(p);
	pair_start(p);
	pair_login(p);
	channel = pair_open_session(p);
	p->hook = hear;
	p->arg = h;
	return channel;
}

/* ---- of a channel ---- */

static void
check_pty(const struct sp_request *request)
{
	const struct sp_pty_request *pty = &request->u.pty;
	struct sp_view modes = pty->modes;
	struct sp_terminal_mode mode;

	assert_true(sp_view_is(pty->term, "xterm"));
	assert_int_equal(pty->size.columns, 80);
	assert_int_equal(pty->size.rows, 24);
	assert_int_equal(pty->size.width, 640);
	assert_int_equal(pty->size.height, 480);
	assert_true(sp_terminal_modes_next(&modes, &mode));
	assert_string_equal(sp_terminal_mode_name(mode.opcode), "IUTF8");
	assert_int_equal(mode.value, 1);
	assert_true(sp_terminal_modes_next(&modes, &mode));
	assert_string_equal(sp_terminal_mode_name(mode.opcode), "VSUSP");
	assert_int_equal(mode.value, SP_TERMINAL_NO_CHARACTER);
	assert_false(sp_terminal_modes_next(&modes, &mode));
}

static void
a_terminal_is_asked_for_with_its_modes_by_name(void **state)
{
	const struct sp_terminal_mode modes[] = {
		{ sp_terminal_mode_opcode("IUTF8"), 1 },
		{ sp_terminal_mode_opcode("VSUSP"), SP_TERMINAL_NO_CHARACTER },
	};
	struct sp_request request = { .kind = SP_REQUEST_PTY };
	uint8_t room[SP_TERMINAL_MODES_SIZE];
	struct heard h;
	uint32_t channel;
	struct pair p;

	(void)state;
	channel = log_in(&p, &h);
	request.u.pty.term = sp_text("xterm");
	request.u.pty.size = (struct sp_window_size){ 80, 24, 640, 480 };
	request.u.pty.modes.data = room;
	assert_int_equal(sp_terminal_modes_write(modes, 2, room, sizeof room,
			     &request.u.pty.modes.len),
	    SP_OK);
	h.check = check_pty;
	assert_int_equal(
	    sp_request_send(p.client, channel, &request, true), SP_OK);
	pair_run(&p);
	assert_int_equal(h.kind, SP_REQUEST_PTY);
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CHANNEL_REPLY], 1);
	pair_clear(&p);
}

static void
check_killed(const struct sp_request *request)
{
	const struct sp_exit_signal *killed = &request->u.exit_signal;

	assert_int_equal(request->kind, SP_REQUEST_EXIT_SIGNAL);
	assert_true(sp_view_is(killed->name, "SEGV"));
	assert_true(killed->core_dumped);
	assert_true(sp_view_is(killed->message, "oh"));
}

static void
a_client_learns_how_a_program_ended(void **state)
{
	struct sp_request request = { .kind = SP_REQUEST_EXIT_SIGNAL };
	struct heard h;
	uint32_t channel;
	struct pair p;

	(void)state;
	channel = log_in(&p, &h);
	request.u.exit_signal.name = sp_text("SEGV");
	request.u.exit_signal.core_dumped = true;
	request.u.exit_signal.message = sp_text("oh");
	h.check = check_killed;
	assert_int_equal(
	    sp_request_send(p.server, channel, &request, false), SP_OK);
	pair_run(&p);
	assert_int_equal(h.kind, SP_REQUEST_EXIT_SIGNAL);
	pair_clear(&p);
}

static void
what_has_no_reply_is_not_sent_where_one_is_wanted(void **state)
{
	static const enum sp_request_kind kinds[] = { SP_REQUEST_WINDOW_CHANGE,
		SP_REQUEST_SIGNAL, SP_REQUEST_XON_XOFF, SP_REQUEST_EXIT_STATUS,
		SP_REQUEST_EXIT_SIGNAL, SP_REQUEST_EOW };
	struct heard h;
	uint32_t channel;
	struct pair p;

	(void)state;
	channel = log_in(&p, &h);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct sp_request request = { .kind = kinds[i] };

		assert_int_equal(
		    sp_request_send(p.client, channel, &request, true),
		    SP_ERR_ARGUMENT);
		assert_int_equal(
		    sp_request_send(p.client, channel, &request, false), SP_OK);
		pair_run(&p);
		assert_int_equal(h.kind, kinds[i]);
	}
	assert_int_equal(p.count[SP_CLIENT][SP_EVENT_CLOSED], 0);
	pair_clear(&p);
}

/* ---- of the connection ---- */

static void
ask_forward(struct pair *p, enum sp_global_kind kind, uint32_t port)
{
	struct sp_global request = { .kind = kind };

	request.u.forward.port = port;
	assert_int_equal(sp_global_send(p->client, &request, true), SP_OK);
	pair_run(p);
}

static void
a_server_chooses_a_port_where_none_is_named(void **state)
{
	struct heard h;
	struct pair p;

	(void)state;
	log_in(&p, &h);
	ask_forward(&p, SP_GLOBAL_TCPIP_FORWARD, 0);
	assert_int_equal(h.global, SP_GLOBAL_TCPIP_FORWARD);
	assert_int_equal(h.forward.port, 0);
	assert_int_equal(sp_forward_port_answer(p.server, h.tokens[0], 65536),
	    SP_ERR_ARGUMENT);
	assert_int_equal(
	    sp_forward_port_answer(p.server, h.tokens[0], 40000), SP_OK);
	pair_run(&p);
	assert_true(h.successes[0]);
	assert_int_equal(h.port, 40000);

	ask_forward(&p, SP_GLOBAL_CANCEL_TCPIP_FORWARD, 40000);
	assert_int_equal(h.global, SP_GLOBAL_CANCEL_TCPIP_FORWARD);
	assert_int_equal(
	    sp_forward_port_answer(p.server, h.tokens[1], 0), SP_OK);
	pair_run(&p);
	assert_true(h.successes[1]);
	assert_int_equal(h.port, 0);
	pair_clear(&p);
}

static void
replies_come_in_the_order_of_the_requests(void **state)
{
	const struct sp_view nothing = { NULL, 0 };
	struct heard h;
	struct pair p;

	(void)state;
	log_in(&p, &h);
	for (uint32_t port = 1; port <= 3; port++)
		ask_forward(&p, SP_GLOBAL_TCPIP_FORWARD, port);
	assert_int_equal(h.count, 3);
	for (int i = 2; i >= 0; i--) {
		assert_int_equal(h.replies, 0);
		assert_int_equal(
		    sp_global_answer(p.server, h.tokens[i], i != 1, nothing),
		    SP_OK);
		pair_run(&p);
	}
	assert_int_equal(h.replies, 3);
	assert_true(h.successes[0] && !h.successes[1] && h.successes[2]);
	pair_clear(&p);
}

static void
each_side_asks_whether_the_other_lives(void **state)
{
	const struct sp_global request = { .kind = SP_GLOBAL_KEEPALIVE };
	const struct sp_view nothing = { NULL, 0 };
	struct heard h;
	struct pair p;

	(void)state;
	log_in(&p, &h);
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		enum sp_role other = side == SP_CLIENT ? SP_SERVER : SP_CLIENT;

		assert_int_equal(
		    sp_global_send(
			pair_engine(&p, (enum sp_role)side), &request, true),
		    SP_OK);
		pair_run(&p);
		assert_int_equal(h.global, SP_GLOBAL_KEEPALIVE);
		assert_int_equal(sp_global_answer(pair_engine(&p, other),
				     h.tokens[h.count - 1], false, nothing),
		    SP_OK);
		pair_run(&p);
	}
	assert_int_equal(h.replies, 2);
	pair_clear(&p);
}

static void
what_is_no_list_of_keys_is_not_sent(void **state)
{
	struct sp_global request = { .kind = SP_GLOBAL_HOSTKEYS };
	struct heard h;
	struct pair p;

	(void)state;
	log_in(&p, &h);
	request.u.host_keys = sp_text("no list");
	assert_int_equal(
	    sp_global_send(p.server, &request, false), SP_ERR_ARGUMENT);
	request.u.host_keys.len = 0;
	assert_int_equal(
	    sp_global_send(p.server, &request, true), SP_ERR_ARGUMENT);
	assert_int_equal(sp_global_send(p.server, &request, false), SP_OK);
	pair_run(&p);
	assert_int_equal(h.global, SP_GLOBAL_HOSTKEYS);
	pair_clear(&p);
}

/* ---- in front of it all ---- */

static bool
identify(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	bool *is_seen = p->arg;

	if (side != SP_CLIENT || event->kind != SP_EVENT_IDENTIFIED)
		return false;
	assert_true(sp_view_is(event->u.identified.protocol, "2.0"));
	assert_true(sp_view_is(event->u.identified.software, "soft_1.0"));
	assert_true(sp_view_is(event->u.identified.comments, "and more"));
	*is_seen = true;
	return false;
}

static void
a_greeting_is_passed_over_in_whatever_pieces(void **state)
{
	(void)state;
	for (size_t chunk = 0; chunk < 3; chunk++) {
		bool is_seen = false;
		struct pair p;

		pair_init(&p);
		p.config[SP_SERVER].greeting = "Authorised use only.\n\nReally";
		p.config[SP_SERVER].software = "soft_1.0 and more";
		p.chunk = chunk;
		p.hook = identify;
		p.arg = &is_seen;
		pair_start(&p);
		pair_login(&p);
		assert_true(is_seen);
		pair_clear(&p);
	}
}

static void
a_greeting_that_cannot_be_sent_is_refused(void **state)
{
	struct sp_engine *engine = NULL;
	struct pair p;

	(void)state;
	pair_init(&p);
	p.config[SP_SERVER].greeting = "SSH-2.0-other";
	assert_int_equal(
	    sp_engine_new(&p.config[SP_SERVER], &engine), SP_ERR_ARGUMENT);
	p.config[SP_CLIENT].greeting = "hello";
	assert_int_equal(
	    sp_engine_new(&p.config[SP_CLIENT], &engine), SP_ERR_ARGUMENT);
	assert_null(engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_terminal_is_asked_for_with_its_modes_by_name),
		cmocka_unit_test(a_client_learns_how_a_program_ended),
		cmocka_unit_test(
		    what_has_no_reply_is_not_sent_where_one_is_wanted),
		cmocka_unit_test(a_server_chooses_a_port_where_none_is_named),
		cmocka_unit_test(replies_come_in_the_order_of_the_requests),
		cmocka_unit_test(each_side_asks_whether_the_other_lives),
		cmocka_unit_test(what_is_no_list_of_keys_is_not_sent),
		cmocka_unit_test(a_greeting_is_passed_over_in_whatever_pieces),
		cmocka_unit_test(a_greeting_that_cannot_be_sent_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
