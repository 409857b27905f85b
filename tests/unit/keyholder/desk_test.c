/*
 * The desk, and peers of every kind: honest, out of turn, greedy, and gone.
 */
#include "daemon/keyholder/throttle.h"
#include "lib/pubkey/hostproof.h"
#include "tests/unit/keyholder/deskhouse.h"

#include <poll.h>
#include <sys/resource.h>

static void
a_gate_gets_a_signature_and_a_ticket_of_its_own(void **state)
{
	const struct sp_view key = view_of(ticket_key, sizeof ticket_key);
	const struct signing_request request = example(7);
	struct running running = start();
	struct signing_reply reply;
	struct ticket ticket;
	uint8_t hash[DIGEST_MAX];
	int gate;

	(void)state;
	give_ticket_key(&running);
	gate = add_peer(&running, IPC_ROLE_GATE, 3);
	ask(gate, &request);
	reply = expect_signed(gate, IPC_ROLE_GATE, &request, hash);
	assert_int_equal(
	    ticket_open(crypto, key, reply.ticket, 3, now_ms(), &ticket),
	    SP_OK);
	assert_true(view_equal(ticket.hash, view_of(hash, 32)));
	assert_true(
	    view_equal(ticket.host_key, view_of(vault.keys[0].blob_hash, 32)));
	assert_int_equal(ticket_open(crypto, key, reply.ticket, 4, 0, &ticket),
	    SP_ERR_SIGNATURE);
	assert_int_equal(ticket_open(crypto, key, reply.ticket, 3,
			     now_ms() + TICKET_LIFE, &ticket),
	    SP_ERR_SIGNATURE);
	close(gate);
	end(&running);
}

static void
without_a_ticket_key_no_gate_gets_anything(void **state)
{
	const struct signing_request request = example(1);
	struct running running = start();
	int gate = add_peer(&running, IPC_ROLE_GATE, 1);

	(void)state;
	ask(gate, &request);
	expect_refused(gate, IPC_ROLE_GATE, 1, SP_ERR_STATE);
	close(gate);
	end(&running);
}

static void
unknown_keys_and_methods_are_refused_and_others_still_served(void **state)
{
	struct signing_request request = example(1);
	struct running running = start();
	uint8_t hash[DIGEST_MAX];
	int gate;

	(void)state;
	give_ticket_key(&running);
	gate = add_peer(&running, IPC_ROLE_GATE, 1);
	request.host_key_algorithm = view_of_string("ssh-rsa");
	ask(gate, &request);
	expect_refused(gate, IPC_ROLE_GATE, 1, SP_ERR_NO_HOST_KEY);
	request = example(2);
	request.exchange.method = view_of_string("none");
	ask(gate, &request);
	expect_refused(gate, IPC_ROLE_GATE, 2, SP_ERR_NO_KEX);
	request = example(3);
	ask(gate, &request);
	expect_signed(gate, IPC_ROLE_GATE, &request, hash);
	close(gate);
	end(&running);
}

static void
a_session_gets_no_ticket_and_waits_when_it_asks_too_often(void **state)
{
	struct running running = start();
	uint8_t hash[DIGEST_MAX];
	int login, session, other;
	uint64_t since;

	(void)state;
	give_ticket_key(&running);
	login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	session = add_session(login);
	other = add_session(login);
	since = now_ms();
	for (uint64_t id = 1; id <= THROTTLE_BURST + 10; id++) {
		const struct signing_request request = example(id);
		struct signing_reply reply;

		ask(session, &request);
		if (id == THROTTLE_BURST + 1) {
			ask(other, &request);
			expect_signed(other, IPC_ROLE_SESSION, &request, hash);
		}
		reply =
		    expect_signed(session, IPC_ROLE_SESSION, &request, hash);
		assert_int_equal(reply.ticket.len, 0);
	}
	assert_true(now_ms() - since >= 9 * THROTTLE_INTERVAL);
	close(session);
	close(other);
	close(login);
	end(&running);
}

static void
a_session_has_host_keys_of_ours_proved_for_itself_alone(void **state)
{
	const struct sp_view blob = sp_key_blob(vault.keys[0].key);
	struct signing_proof proof = { 1, view_of_string("ssh-ed25519"), blob };
	struct running running = start();
	int login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	int session = add_session(login);
	int nameless = add_session_of(login, view_of("\0\0\0\0\0\0\0", 8));
	struct signing_reply reply;
	struct ipc_message m;

	(void)state;
	ask_proof(session, &proof);
	m = expect(session, IPC_ROLE_SESSION, IPC_SIGNED);
	assert_int_equal(signing_reply_decode(m.body, &reply), SP_OK);
	assert_true(reply.id == 1);
	assert_int_equal(reply.ticket.len, 0);
	assert_int_equal(
	    hostproof_verify(crypto, view_of(session_id, sizeof session_id),
		blob, reply.signature),
	    SP_OK);
	ask_proof(nameless, &proof);
	expect_refused(nameless, IPC_ROLE_SESSION, 1, SP_ERR_STATE);
	proof.host_key.len--;
	ask_proof(session, &proof);
	expect_refused(session, IPC_ROLE_SESSION, 1, SP_ERR_NO_HOST_KEY);
	proof.host_key = view_of_string("of somebody else");
	ask_proof(session, &proof);
	expect_refused(session, IPC_ROLE_SESSION, 1, SP_ERR_NO_HOST_KEY);
	proof.algorithm = view_of_string("rsa-sha2-512");
	ask_proof(session, &proof);
	expect_refused(session, IPC_ROLE_SESSION, 1, SP_ERR_NO_HOST_KEY);
	close(session);
	close(nameless);
	close(login);
	end(&running);
}

static void
proofs_and_signatures_are_rationed_together(void **state)
{
	const struct signing_proof proof = { 1, view_of_string("ssh-ed25519"),
		sp_key_blob(vault.keys[0].key) };
	struct running running = start();
	int login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	int session = add_session(login);
	uint64_t since = now_ms();

	(void)state;
	for (int i = 0; i < THROTTLE_BURST + 10; i++) {
		ask_proof(session, &proof);
		expect(session, IPC_ROLE_SESSION, IPC_SIGNED);
	}
	assert_true(now_ms() - since >= 9 * THROTTLE_INTERVAL);
	close(session);
	close(login);
	end(&running);
}

static void
a_session_whose_login_says_nonsense_has_no_keyholder(void **state)
{
	struct running running = start();
	int login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	int session = add_session_of(login, view_of("\0\0\0\2x", 5));
	const struct signing_request request = example(1);
	uint8_t hash[DIGEST_MAX];

	(void)state;
	expect_hang_up(session);
	close(session);
	session = add_session(login);
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	close(session);
	close(login);
	end(&running);
}

/* The keyholder can open no more; or, with -1, as many as we can. */
static void
limit_files(const struct running *running, int count)
{
	struct rlimit files;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	if (count >= 0)
		files.rlim_cur = (rlim_t)count;
	assert_int_equal(prlimit(running->pid, RLIMIT_NOFILE, &files, NULL), 0);
}

static void
a_session_that_finds_no_descriptor_costs_its_login_nothing(void **state)
{
	const struct signing_request request = example(1);
	struct running running = start();
	uint8_t hash[DIGEST_MAX];
	int login, session;

	(void)state;
	login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	session = add_session(login);
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	close(session);
	limit_files(&running, 0);
	session = add_session(login);
	expect_hang_up(session);
	close(session);
	limit_files(&running, -1);
	session = add_session(login);
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	close(session);
	close(login);
	end(&running);
}

/* Sessions need its socket, so it does not end for a gate it knows not. */
static void
a_gate_that_finds_no_descriptor_has_another_keyholder_asked_for(void **state)
{
	const struct signing_request request = example(1);
	struct running running = start();
	uint8_t hash[DIGEST_MAX];
	int login, session, gate;

	(void)state;
	login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	session = add_session(login);
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	limit_files(&running, 0);
	gate = add_peer(&running, IPC_ROLE_GATE, 1);
	expect_hang_up(gate);
	expect(running.control, IPC_ROLE_SUPERVISOR, IPC_WORN);
	limit_files(&running, -1);
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	close(gate);
	close(session);
	close(login);
	end(&running);
}

static void
sessions_beyond_the_bound_have_no_keyholder(void **state)
{
	const struct signing_request request = example(1);
	struct running running = start();
	uint8_t hash[DIGEST_MAX];
	int sessions[SESSIONS_MAX];
	int login, late;

	(void)state;
	login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		sessions[i] = add_session(login);
	for (size_t i = 0; i < 3; i++) {
		late = add_session(login);
		expect_hang_up(late);
		close(late);
	}
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		ask(sessions[i], &request);
		expect_signed(sessions[i], IPC_ROLE_SESSION, &request, hash);
	}
	/* Whoever goes makes room. */
	close(sessions[0]);
	ask(sessions[1], &request);
	expect_signed(sessions[1], IPC_ROLE_SESSION, &request, hash);
	sessions[0] = add_session(login);
	ask(sessions[0], &request);
	expect_signed(sessions[0], IPC_ROLE_SESSION, &request, hash);
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		close(sessions[i]);
	close(login);
	end(&running);
}

static void
a_peer_that_breaks_the_rules_is_hung_up_on_alone(void **state)
{
	static const uint8_t session_keys[] = { 0, 0, 0, IPC_SESSION_KEYS };
	static const uint8_t sign[] = { 0, 0, 0, IPC_SIGN, 1, 2, 3 };
	const struct signing_request request = example(1);
	struct running running = start();
	uint8_t hash[DIGEST_MAX];
	int gate, bad_gate, bad_login, malformed;

	(void)state;
	give_ticket_key(&running);
	gate = add_peer(&running, IPC_ROLE_GATE, 1);
	bad_gate = add_peer(&running, IPC_ROLE_GATE, 2);
	bad_login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	malformed = add_peer(&running, IPC_ROLE_GATE, 3);
	assert_int_equal(write(bad_gate, session_keys, sizeof session_keys), 4);
	expect_hang_up(bad_gate);
	ask(bad_login, &request);
	expect_hang_up(bad_login);
	assert_int_equal(write(malformed, sign, sizeof sign), sizeof sign);
	expect_hang_up(malformed);
	ask(gate, &request);
	expect_signed(gate, IPC_ROLE_GATE, &request, hash);
	close(gate);
	close(bad_gate);
	close(bad_login);
	close(malformed);
	end(&running);
}

/* The greedy one is served no further than its queue; the other is. */
static void
a_gate_that_does_not_read_keeps_nobody_else_waiting(void **state)
{
	struct signing_request request = example(1);
	struct running running = start();
	enum sp_status status = SP_OK;
	uint8_t hash[DIGEST_MAX];
	struct buffer body;
	int greedy, gate;
	size_t asked = 0;

	(void)state;
	/* One that may be asked for again and again. */
	request.exchange.server_kexinit =
	    view_of_string("\x14\x80 is of a later one");
	give_ticket_key(&running);
	greedy = add_peer(&running, IPC_ROLE_GATE, 1);
	gate = add_peer(&running, IPC_ROLE_GATE, 2);
	buffer_init(&body, IPC_BODY_MAX);
	assert_int_equal(signing_request_encode(&request, &body), SP_OK);
	for (int idle = 0; idle < 20;) {
		status =
		    ipc_send(greedy, IPC_SIGN, buffer_view(&body), NULL, 0);
		asked += status == SP_OK;
		idle = status == SP_OK ? 0 : idle + 1;
		if (status != SP_OK)
			poll(NULL, 0, 10);
	}
	assert_int_equal(status, SP_ERR_AGAIN);
	ask(gate, &request);
	expect_signed(gate, IPC_ROLE_GATE, &request, hash);
	while (asked-- > 0)
		expect_signed(greedy, IPC_ROLE_GATE, &request, hash);
	buffer_clear(&body);
	close(greedy);
	close(gate);
	end(&running);
}

static void
a_retired_desk_serves_until_its_last_session_has_gone(void **state)
{
	const struct signing_request request = example(1);
	struct running running = start();
	uint8_t hash[DIGEST_MAX];
	int login, session, status;

	(void)state;
	login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	session = add_session(login);
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	assert_int_equal(
	    ipc_send(running.control, IPC_RETIRE, view_of(NULL, 0), NULL, 0),
	    SP_OK);
	close(login);
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	assert_int_equal(waitpid(running.pid, &status, WNOHANG), 0);
	close(session);
	expect_end(&running);
	close(running.control);
}

static void
a_desk_outlives_its_supervisor_by_its_sessions(void **state)
{
	const struct signing_request request = example(1);
	struct running running = start();
	uint8_t hash[DIGEST_MAX];
	int login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	int session = add_session(login);

	(void)state;
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	close(running.control);
	close(login);
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	close(session);
	expect_end(&running);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_gate_gets_a_signature_and_a_ticket_of_its_own),
		cmocka_unit_test(without_a_ticket_key_no_gate_gets_anything),
		cmocka_unit_test(
		    unknown_keys_and_methods_are_refused_and_others_still_served),
		cmocka_unit_test(
		    a_session_gets_no_ticket_and_waits_when_it_asks_too_often),
		cmocka_unit_test(
		    a_session_that_finds_no_descriptor_costs_its_login_nothing),
		cmocka_unit_test(
		    a_gate_that_finds_no_descriptor_has_another_keyholder_asked_for),
		cmocka_unit_test(
		    a_session_has_host_keys_of_ours_proved_for_itself_alone),
		cmocka_unit_test(proofs_and_signatures_are_rationed_together),
		cmocka_unit_test(
		    a_session_whose_login_says_nonsense_has_no_keyholder),
		cmocka_unit_test(sessions_beyond_the_bound_have_no_keyholder),
		cmocka_unit_test(
		    a_peer_that_breaks_the_rules_is_hung_up_on_alone),
		cmocka_unit_test(
		    a_gate_that_does_not_read_keeps_nobody_else_waiting),
		cmocka_unit_test(
		    a_retired_desk_serves_until_its_last_session_has_gone),
		cmocka_unit_test(
		    a_desk_outlives_its_supervisor_by_its_sessions),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
