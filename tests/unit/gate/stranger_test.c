/*
 * Strangers, without a process around them: the test is the keyholder and
 * the login. What these leave behind a leak checker finds.
 */
#include "daemon/gate/stranger.h"

#include "daemon/gate/gate.h"
#include "daemon/ipc/authentication.h"
#include "daemon/ipc/signing.h"
#include "lib/crypto/digest.h"
#include "lib/transport/exchange.h"
#include "lib/wire/buffer.h"
#include "tests/unit/pump/duo.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	struct duo duo; /* the client's side alone */
	struct gate gate;
	int keyholder;
	int login;
	int talk; /* -1 before a login was asked for */
	int stranger; /* his socket, as login has it */
	unsigned signatures;
	unsigned requests;
	size_t export_len; /* of the connection handed over; 0: none */
	bool is_deaf; /* the login says nothing */
	bool is_asking; /* it asks before it lets in */
	bool wants_change; /* it wants another password first */
	unsigned responses; /* to what was asked */
	unsigned aborts;
	bool is_left; /* by the last stranger */
};

static struct scene *scene; /* of the running test */
static uint8_t room[IPC_ROOM];
static const struct cidr_endpoint peer = { .port = 1 };
static const uint8_t link_secret[COOKIE_KEY_LEN] = { 1 };

void
gate_stranger_left(struct gate *gate)
{
	scene->is_left = crowd_count(gate->crowd) == 0;
}

static const struct neighbour_owner login_owner = { 0 };

static void
give_keyholder(struct scene *s)
{
	int pair[2];

	assert_true(ipc_pair(pair));
	s->keyholder = pair[0];
	assert_int_equal(notary_replace(s->gate.notary, pair[1],
			     view_of(link_secret, sizeof link_secret)),
	    SP_OK);
}

static void
give_keys(struct scene *s)
{
	struct control_host_keys keys = { .count = 1, .listener_count = 1 };
	struct buffer body;

	keys.keys[0].algorithm = view_of_string("ssh-ed25519");
	keys.keys[0].listeners = 1;
	keys.listeners[0] = view_of_string("127.0.0.1:22");
	keys.keys[0].blob = sp_key_blob(s->duo.key);
	buffer_init(&body, 1024);
	assert_int_equal(control_host_keys_encode(&keys, &body), SP_OK);
	assert_int_equal(
	    notary_set_keys(s->gate.notary, buffer_view(&body)), SP_OK);
	buffer_clear(&body);
}

static void
init(struct scene *s, uint64_t login_time)
{
	const struct crowd_limits limits = {
		.max = 10,
		.max_per_origin = 10,
		.time = login_time,
		.memory = SIZE_MAX,
	};
	const struct arrival arrival = {
		.listener = "127.0.0.1:22",
		.peer = peer,
	};
	int pair[2], socket;

	*s = (struct scene){ .talk = -1, .stranger = -1 };
	scene = s;
	socket = duo_init_client(&s->duo);
	s->gate.base = s->duo.base;
	s->gate.crypto = s->duo.crypto;
	s->gate.settings = (struct gate_settings){
		.version = "Test",
		.methods = "publickey",
		.crypto = { .kex = "curve25519-sha256",
		    .cipher = "aes256-gcm@openssh.com" },
		.max_tries = 3,
	};
	s->gate.crowd = crowd_new(s->gate.base, &limits, stranger_remove);
	s->gate.budget = budget_new(1);
	s->gate.notary = notary_new(s->gate.base);
	s->gate.login =
	    neighbour_new(s->gate.base, IPC_ROLE_LOGIN, &login_owner, NULL);
	assert_true(ipc_pair(pair));
	s->login = pair[0];
	neighbour_replace(s->gate.login, pair[1]);
	give_keys(s);
	give_keyholder(s);
	stranger_welcome(&s->gate, socket, &arrival);
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
clear(struct scene *s)
{
	assert_int_equal(crowd_count(s->gate.crowd), 0);
	crowd_free(s->gate.crowd);
	budget_free(s->gate.budget);
	notary_free(s->gate.notary);
	neighbour_free(s->gate.login);
	shut(&s->keyholder);
	shut(&s->login);
	shut(&s->talk);
	shut(&s->stranger);
	duo_clear(&s->duo);
}

/* ---- as the keyholder ---- */

static void
sign(struct scene *s, struct sp_view request_body)
{
	uint8_t hash[DIGEST_MAX], signature[SP_SIGNATURE_MAX];
	struct signing_request request;
	struct signing_reply reply;
	struct buffer body;
	size_t hash_len, len;

	assert_int_equal(signing_request_decode(request_body, &request), SP_OK);
	request.exchange.host_key = sp_key_blob(s->duo.key);
	assert_int_equal(
	    exchange_hash(s->duo.crypto, &request.exchange, hash, &hash_len),
	    SP_OK);
	assert_int_equal(sp_key_sign(s->duo.key, "ssh-ed25519",
			     view_of(hash, hash_len), signature, &len),
	    SP_OK);
	reply.id = request.id;
	reply.signature = view_of(signature, len);
	reply.ticket = view_of_string("a ticket");
	buffer_init(&body, 4096);
	assert_int_equal(signing_reply_encode(&reply, &body), SP_OK);
	assert_int_equal(
	    ipc_send(s->keyholder, IPC_SIGNED, buffer_view(&body), NULL, 0),
	    SP_OK);
	buffer_clear(&body);
	s->signatures++;
}

static void
serve_keyholder(struct scene *s)
{
	struct ipc_message message;

	while (ipc_receive(s->keyholder, IPC_ROLE_GATE, IPC_ROLE_KEYHOLDER,
		   room, &message) == SP_OK)
		sign(s, message.body);
}

/* ---- as login ---- */

static void
ask_client(struct scene *s)
{
	static const struct authentication_prompts prompts = {
		.name = { (const uint8_t *)"Gate", 4 },
		.count = 1,
		.prompts = { { { (const uint8_t *)"Word: ", 6 }, false } },
	};
	struct buffer body;

	buffer_init(&body, IPC_BODY_MAX);
	assert_int_equal(authentication_prompts_encode(&prompts, &body), SP_OK);
	assert_int_equal(
	    ipc_send(s->talk, IPC_AUTH_PROMPT, buffer_view(&body), NULL, 0),
	    SP_OK);
	buffer_clear(&body);
}

static void
ask_for_change(struct scene *s)
{
	const struct authentication_change change = {
		.prompt = view_of_string("Too old."),
	};
	struct buffer body;

	buffer_init(&body, IPC_BODY_MAX);
	assert_int_equal(authentication_change_encode(&change, &body), SP_OK);
	assert_int_equal(
	    ipc_send(s->talk, IPC_AUTH_CHANGE, buffer_view(&body), NULL, 0),
	    SP_OK);
	buffer_clear(&body);
}

static void
accept_request(struct scene *s)
{
	s->requests++;
	if (s->is_asking) {
		ask_client(s);
		return;
	}
	if (s->wants_change) {
		ask_for_change(s);
		return;
	}
	if (!s->is_deaf)
		assert_int_equal(ipc_send(s->talk, IPC_AUTH_ACCEPTED,
				     view_of(NULL, 0), NULL, 0),
		    SP_OK);
}

static void
take_responses(struct scene *s, struct sp_view body)
{
	struct authentication_responses responses;

	assert_int_equal(
	    authentication_responses_decode(body, &responses), SP_OK);
	assert_true(responses.is_complete);
	assert_int_equal(responses.count, 1);
	assert_true(view_equal_string(responses.responses[0], "sesame"));
	s->responses++;
	/* Once more, and then it will do. */
	if (s->responses == 1) {
		ask_client(s);
		return;
	}
	s->is_asking = false;
	accept_request(s);
}

static void
take_request(struct scene *s, struct sp_view body)
{
	struct authentication_request request;

	assert_int_equal(authentication_request_decode(body, &request), SP_OK);
	assert_true(view_equal_string(request.method, "password"));
	assert_true(view_equal_string(request.password, "open"));
	if (s->wants_change) {
		assert_true(request.is_change);
		assert_true(view_equal_string(request.new_password, "sesame"));
	}
	s->is_asking = s->wants_change = false;
	accept_request(s);
}

static void
take_message(struct scene *s, const struct ipc_message *message)
{
	if (message->type == IPC_AUTH_RESPONSE) {
		take_responses(s, message->body);
	} else if (message->type == IPC_AUTH_ABORTED) {
		s->aborts++;
	} else if (message->type == IPC_AUTH_REQUEST) {
		take_request(s, message->body);
	} else {
		assert_int_equal(message->type, IPC_EXPORT);
		s->export_len = message->body.len;
	}
}

static void
serve_login(struct scene *s)
{
	bool is_open = s->is_asking || s->wants_change;

	struct authentication_spawn spawn;
	struct ipc_message message;

	if (s->talk < 0 &&
	    ipc_receive(s->login, IPC_ROLE_GATE, IPC_ROLE_LOGIN, room,
		&message) == SP_OK) {
		assert_int_equal(
		    authentication_spawn_decode(message.body, &spawn), SP_OK);
		assert_true(view_equal_string(spawn.ticket, "a ticket"));
		assert_true(view_equal_string(spawn.request.user, "alice"));
		s->stranger = message.fds[0];
		s->talk = message.fds[1];
		accept_request(s);
	}
	if (s->talk >= 0 &&
	    ipc_receive(s->talk, IPC_ROLE_GATE,
		is_open ? IPC_ROLE_LOGIN : IPC_ROLE_SESSION, room,
		&message) == SP_OK)
		take_message(s, &message);
}

/* One round of everybody; not long. */
static void
go_on(struct scene *s)
{
	serve_keyholder(s);
	serve_login(s);
	duo_wait(&s->duo, 2);
}

static void
run_until(struct scene *s, const bool *done)
{
	for (int i = 0; i < 500 && !*done; i++)
		go_on(s);
	assert_true(*done);
}

/* ---- the tests ---- */

static void
who_is_accepted_is_handed_over_and_forgotten(void **state)
{
	struct scene s;

	(void)state;
	init(&s, 60000);
	run_until(&s, &s.is_left);
	go_on(&s);
	assert_int_equal(s.signatures, 1);
	assert_int_equal(s.requests, 1);
	assert_true(s.export_len > 0);
	assert_false(s.duo.sides[SP_CLIENT].is_over);
	clear(&s);
}

/* After so many rounds, whatever phase that is. */
static void
who_leaves_in_any_phase_leaves_nothing(void **state)
{
	(void)state;
	for (int rounds = 0; rounds < 12; rounds++) {
		struct scene s;

		init(&s, 60000);
		s.is_deaf = true;
		for (int i = 0; i < rounds; i++)
			go_on(&s);
		pump_free(s.duo.sides[SP_CLIENT].pump);
		s.duo.sides[SP_CLIENT].pump = NULL;
		run_until(&s, &s.is_left);
		assert_int_equal(s.export_len, 0);
		clear(&s);
	}
}

static void
who_takes_too_long_in_any_phase_is_told_so(void **state)
{
	(void)state;
	for (unsigned time = 1; time < 40; time += 6) {
		struct scene s;

		init(&s, time);
		s.is_deaf = true;
		run_until(&s, &s.is_left);
		run_until(&s, &s.duo.sides[SP_CLIENT].is_over);
		clear(&s);
	}
}

static void
a_new_keyholder_signs_what_the_old_one_did_not(void **state)
{
	struct scene s;

	(void)state;
	init(&s, 60000);
	duo_wait(&s.duo, 20);
	shut(&s.keyholder);
	duo_wait(&s.duo, 20);
	give_keyholder(&s);
	run_until(&s, &s.is_left);
	go_on(&s);
	assert_true(s.export_len > 0);
	clear(&s);
}

static void
a_login_that_dies_takes_its_stranger_with_it(void **state)
{
	struct scene s;

	(void)state;
	init(&s, 60000);
	s.is_deaf = true;
	for (int i = 0; i < 500 && s.requests == 0; i++)
		go_on(&s);
	shut(&s.talk);
	run_until(&s, &s.is_left);
	run_until(&s, &s.duo.sides[SP_CLIENT].is_over);
	assert_int_equal(s.duo.sides[SP_CLIENT].closed, SP_ERR_DISCONNECTED);
	clear(&s);
}

/* He is told to go on only when his source's debt is paid. */
static void
who_has_overdrawn_waits_and_is_served_then(void **state)
{
	const uint64_t start = pump_now();
	struct scene s;

	(void)state;
	init(&s, 60000);
	assert_int_equal(budget_take(s.gate.budget, &peer.address,
			     BUDGET_BURST_US + 200000 / BUDGET_SHARE, start),
	    0);
	run_until(&s, &s.is_left);
	go_on(&s);
	assert_in_range(pump_now() - start, 195, 2000);
	assert_true(s.export_len > 0);
	clear(&s);
}

static void
waiting_counts_in_the_time_to_log_in(void **state)
{
	struct scene s;

	(void)state;
	init(&s, 50);
	assert_int_equal(
	    budget_take(s.gate.budget, &peer.address, UINT32_MAX, pump_now()),
	    0);
	run_until(&s, &s.is_left);
	run_until(&s, &s.duo.sides[SP_CLIENT].is_over);
	assert_int_equal(s.signatures, 0);
	clear(&s);
}

static void
others_are_not_charged_for_it(void **state)
{
	const struct cidr_address other = { .bytes = { 0x20, 1 } };
	const uint64_t start = pump_now();
	struct scene s;

	(void)state;
	init(&s, 60000);
	assert_int_equal(
	    budget_take(s.gate.budget, &other, UINT32_MAX, start), 0);
	run_until(&s, &s.is_left);
	go_on(&s);
	assert_true(s.export_len > 0);
	clear(&s);
}

static bool
rekey_without_end(
    struct duo *duo, enum sp_role side, const struct sp_event *event)
{
	if (event->kind == SP_EVENT_KEX_DONE)
		assert_int_equal(sp_engine_rekey(duo_engine(duo, side)), SP_OK);
	return event->kind == SP_EVENT_AUTH_READY;
}

static void
who_rekeys_without_end_before_a_login_is_told_to_go(void **state)
{
	struct scene s;

	(void)state;
	init(&s, 60000);
	s.is_deaf = true;
	s.duo.hook = rekey_without_end;
	run_until(&s, &s.is_left);
	run_until(&s, &s.duo.sides[SP_CLIENT].is_over);
	assert_int_equal(s.signatures, 8);
	assert_int_equal(s.duo.sides[SP_CLIENT].closed, SP_ERR_DISCONNECTED);
	clear(&s);
}

/* ---- prompts and passwords ---- */

static bool
ask_to_be_asked(struct duo *duo, const struct sp_event *event)
{
	if (event->kind != SP_EVENT_AUTH_READY)
		return false;
	assert_int_equal(sp_auth_keyboard_interactive(
			     duo_engine(duo, SP_CLIENT), "alice", ""),
	    SP_OK);
	return true;
}

static bool
answer_prompts(struct duo *duo, enum sp_role side, const struct sp_event *event)
{
	static const struct sp_view answer = { (const uint8_t *)"sesame", 6 };
	struct sp_view prompts = event->u.auth_prompt.prompts;
	struct sp_prompt prompt;

	if (event->kind != SP_EVENT_AUTH_PROMPT)
		return ask_to_be_asked(duo, event);
	assert_true(view_equal_string(event->u.auth_prompt.name, "Gate"));
	assert_int_equal(event->u.auth_prompt.count, 1);
	assert_true(sp_auth_next_prompt(&prompts, &prompt));
	assert_true(view_equal_string(prompt.text, "Word: "));
	assert_false(prompt.echo);
	assert_int_equal(
	    sp_auth_respond(duo_engine(duo, side), event->token, &answer, 1),
	    SP_OK);
	return true;
}

static void
what_a_login_asks_the_client_answers(void **state)
{
	struct scene s;

	(void)state;
	init(&s, 60000);
	s.is_asking = true;
	s.duo.hook = answer_prompts;
	run_until(&s, &s.is_left);
	go_on(&s);
	assert_int_equal(s.responses, 2);
	assert_int_equal(s.aborts, 0);
	assert_true(s.export_len > 0);
	clear(&s);
}

static bool
ask_for_something_else(
    struct duo *duo, enum sp_role side, const struct sp_event *event)
{
	static const struct sp_view password = { (const uint8_t *)"open", 4 };

	if (event->kind != SP_EVENT_AUTH_PROMPT)
		return ask_to_be_asked(duo, event);
	assert_int_equal(
	    sp_auth_password(duo_engine(duo, side), "alice", password, NULL),
	    SP_OK);
	return true;
}

static void
a_login_is_told_of_another_request_in_place_of_an_answer(void **state)
{
	struct scene s;

	(void)state;
	init(&s, 60000);
	s.is_asking = true;
	s.duo.hook = ask_for_something_else;
	run_until(&s, &s.is_left);
	go_on(&s);
	assert_int_equal(s.responses, 0);
	assert_int_equal(s.aborts, 1);
	assert_int_equal(s.requests, 2);
	assert_true(s.export_len > 0);
	clear(&s);
}

static bool
change_password(
    struct duo *duo, enum sp_role side, const struct sp_event *event)
{
	static const struct sp_view old = { (const uint8_t *)"open", 4 };
	static const struct sp_view fresh = { (const uint8_t *)"sesame", 6 };
	bool is_asked = event->kind == SP_EVENT_AUTH_CHANGE_PASSWORD;

	if (!is_asked && event->kind != SP_EVENT_AUTH_READY)
		return false;
	if (is_asked)
		assert_true(view_equal_string(
		    event->u.auth_change_password.prompt, "Too old."));
	assert_int_equal(sp_auth_password(duo_engine(duo, side), "alice", old,
			     is_asked ? &fresh : NULL),
	    SP_OK);
	return true;
}

static void
a_password_that_is_too_old_is_asked_for_anew(void **state)
{
	struct scene s;

	(void)state;
	init(&s, 60000);
	s.wants_change = true;
	s.duo.hook = change_password;
	run_until(&s, &s.is_left);
	go_on(&s);
	assert_int_equal(s.requests, 2);
	assert_true(s.export_len > 0);
	clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_accepted_is_handed_over_and_forgotten),
		cmocka_unit_test(who_leaves_in_any_phase_leaves_nothing),
		cmocka_unit_test(who_takes_too_long_in_any_phase_is_told_so),
		cmocka_unit_test(
		    a_new_keyholder_signs_what_the_old_one_did_not),
		cmocka_unit_test(a_login_that_dies_takes_its_stranger_with_it),
		cmocka_unit_test(who_has_overdrawn_waits_and_is_served_then),
		cmocka_unit_test(waiting_counts_in_the_time_to_log_in),
		cmocka_unit_test(others_are_not_charged_for_it),
		cmocka_unit_test(
		    who_rekeys_without_end_before_a_login_is_told_to_go),
		cmocka_unit_test(what_a_login_asks_the_client_answers),
		cmocka_unit_test(
		    a_login_is_told_of_another_request_in_place_of_an_answer),
		cmocka_unit_test(a_password_that_is_too_old_is_asked_for_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
