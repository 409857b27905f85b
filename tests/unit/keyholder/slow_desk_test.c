/* The desk when a key is slow: a test is its worker, and takes its time. */
#include "daemon/ipc/work.h"
#include "daemon/keyholder/workshop.h"
#include "lib/pubkey/hostproof.h"
#include "tests/unit/keyholder/deskhouse.h"

#include <poll.h>

static struct signing_request
slow_example(uint64_t id)
{
	struct signing_request request = example(id);

	request.host_key_algorithm = view_of_string("rsa-sha2-512");
	return request;
}

/* Asked again and again, of an exchange for new keys. */
static struct signing_request
later_example(uint64_t id, const char *algorithm)
{
	struct signing_request request = example(id);

	request.host_key_algorithm = view_of_string(algorithm);
	request.exchange.server_kexinit =
	    view_of_string("\x14\x80 is of a later one");
	return request;
}

/* An order as the worker got it: what of it outlives the next message. */
struct order {
	uint64_t id;
	char algorithm[64];
	uint8_t data[512];
	size_t len;
};

static struct order
take_order(const struct running *running)
{
	struct work_order got;
	struct ipc_message m = expect_from(
	    running->worker, IPC_ROLE_KEYHOLDER, IPC_ROLE_WORKER, IPC_WORK);
	struct order order;

	assert_int_equal(work_order_decode(m.body, &got), SP_OK);
	order.id = got.id;
	assert_true(view_to_string(
	    got.algorithm, order.algorithm, sizeof order.algorithm));
	assert_true(got.data.len <= sizeof order.data);
	memcpy(order.data, got.data.data, got.data.len);
	order.len = got.data.len;
	return order;
}

static void
make(const struct running *running, const struct order *order)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	struct work_result result = { .id = order->id };
	struct buffer body;
	size_t len;

	assert_int_equal(sp_key_sign(vault.keys[1].key, order->algorithm,
			     view_of(order->data, order->len), signature, &len),
	    SP_OK);
	result.signature = view_of(signature, len);
	buffer_init(&body, 4096);
	assert_int_equal(work_result_encode(&result, &body), SP_OK);
	assert_int_equal(
	    ipc_send(running->worker, IPC_WORKED, buffer_view(&body), NULL, 0),
	    SP_OK);
	buffer_clear(&body);
}

static void
make_next(const struct running *running)
{
	const struct order order = take_order(running);

	make(running, &order);
}

static void
what_is_quick_is_answered_while_the_worker_works(void **state)
{
	const struct sp_view key = view_of(ticket_key, sizeof ticket_key);
	struct running running = start_with_worker();
	struct signing_request slow, quick;
	struct signing_reply reply;
	struct ticket ticket;
	uint8_t hash[DIGEST_MAX];
	int gate;

	(void)state;
	give_ticket_key(&running);
	gate = add_peer(&running, IPC_ROLE_GATE, 1);
	slow = slow_example(1);
	ask(gate, &slow);
	quick = example(2);
	ask(gate, &quick);
	expect_signed(gate, IPC_ROLE_GATE, &quick, hash);
	make_next(&running);
	slow = slow_example(1);
	reply = expect_signed(gate, IPC_ROLE_GATE, &slow, hash);
	assert_int_equal(
	    ticket_open(crypto, key, reply.ticket, 1, now_ms(), &ticket),
	    SP_OK);
	assert_true(
	    view_equal(ticket.host_key, view_of(vault.keys[1].blob_hash, 32)));
	close(gate);
	end(&running);
}

static void
a_session_has_rsa_keys_proved_and_its_own_renewed(void **state)
{
	const struct sp_view blob = sp_key_blob(vault.keys[1].key);
	const struct signing_proof proof = { 1, view_of_string("rsa-sha2-256"),
		blob };
	const struct signing_request request = later_example(2, "ssh-ed25519");
	struct running running = start_with_worker();
	int login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	int session = add_session(login);
	struct signing_reply reply;
	uint8_t hash[DIGEST_MAX];
	struct ipc_message m;
	struct order order;

	(void)state;
	ask_proof(session, &proof);
	order = take_order(&running);
	assert_string_equal(order.algorithm, "rsa-sha2-256");
	ask(session, &request);
	expect_signed(session, IPC_ROLE_SESSION, &request, hash);
	make(&running, &order);
	m = expect(session, IPC_ROLE_SESSION, IPC_SIGNED);
	assert_int_equal(signing_reply_decode(m.body, &reply), SP_OK);
	assert_true(reply.id == 1);
	assert_int_equal(reply.ticket.len, 0);
	assert_int_equal(
	    hostproof_verify(crypto, view_of(session_id, sizeof session_id),
		blob, reply.signature),
	    SP_OK);
	close(session);
	close(login);
	end(&running);
}

/* Nothing comes from there for a moment. */
static void
expect_silence(int socket)
{
	assert_false(ipc_wait(socket, now_ms() + 50));
}

static void
a_peer_with_too_many_orders_is_not_read_and_others_are(void **state)
{
	struct running running = start_with_worker();
	struct signing_request quick = later_example(99, "ssh-ed25519");
	struct signing_request slow = later_example(1, "rsa-sha2-512");
	uint8_t hash[DIGEST_MAX];
	int greedy, gate;

	(void)state;
	greedy = add_peer(&running, IPC_ROLE_GATE, 1);
	gate = add_peer(&running, IPC_ROLE_GATE, 2);
	for (slow.id = 1; slow.id <= WORKSHOP_CUSTOMER_MAX; slow.id++)
		ask(greedy, &slow);
	ask(greedy, &quick);
	expect_silence(greedy);
	ask(gate, &quick);
	expect_signed(gate, IPC_ROLE_GATE, &quick, hash);
	/* One is made, and there is room again. */
	make_next(&running);
	slow.id = 1;
	expect_signed(greedy, IPC_ROLE_GATE, &slow, hash);
	expect_signed(greedy, IPC_ROLE_GATE, &quick, hash);
	for (slow.id = 2; slow.id <= WORKSHOP_CUSTOMER_MAX; slow.id++) {
		make_next(&running);
		expect_signed(greedy, IPC_ROLE_GATE, &slow, hash);
	}
	close(greedy);
	close(gate);
	end(&running);
}

static void
who_leaves_while_it_is_made_keeps_nobody_waiting(void **state)
{
	struct running running = start_with_worker();
	const struct signing_request slow = later_example(1, "rsa-sha2-512");
	uint8_t hash[DIGEST_MAX];
	struct order order;
	int leaver, gate;

	(void)state;
	leaver = add_peer(&running, IPC_ROLE_GATE, 1);
	gate = add_peer(&running, IPC_ROLE_GATE, 2);
	ask(leaver, &slow);
	order = take_order(&running);
	ask(leaver, &slow);
	ask(gate, &slow);
	close(leaver);
	expect_silence(gate);
	make(&running, &order);
	make_next(&running);
	expect_signed(gate, IPC_ROLE_GATE, &slow, hash);
	close(gate);
	end(&running);
}

/* Its answers wait, and it is not read, but the worker goes on. */
static void
a_gate_that_reads_nothing_holds_no_worker_up(void **state)
{
	struct running running = start_with_worker();
	struct signing_request slow = later_example(1, "rsa-sha2-512");
	const struct signing_request quick = later_example(1, "ssh-ed25519");
	uint8_t hash[DIGEST_MAX];
	size_t quick_asked = 0;
	struct buffer body;
	int deaf, gate;

	(void)state;
	deaf = add_peer(&running, IPC_ROLE_GATE, 1);
	gate = add_peer(&running, IPC_ROLE_GATE, 2);
	for (slow.id = 1; slow.id <= 3; slow.id++)
		ask(deaf, &slow);
	buffer_init(&body, IPC_BODY_MAX);
	assert_int_equal(signing_request_encode(&quick, &body), SP_OK);
	for (int idle = 0; idle < 20;) {
		bool is_sent = ipc_send(deaf, IPC_SIGN, buffer_view(&body),
				   NULL, 0) == SP_OK;

		quick_asked += is_sent;
		idle = is_sent ? 0 : idle + 1;
		if (!is_sent)
			poll(NULL, 0, 10);
	}
	buffer_clear(&body);
	for (int i = 0; i < 3; i++)
		make_next(&running);
	slow.id = 4;
	ask(gate, &slow);
	make_next(&running);
	expect_signed(gate, IPC_ROLE_GATE, &slow, hash);
	/* All of it is there once it reads. */
	for (size_t i = 0; i < quick_asked + 3; i++)
		expect(deaf, IPC_ROLE_GATE, IPC_SIGNED);
	expect_silence(deaf);
	close(deaf);
	close(gate);
	end(&running);
}

static void
what_the_worker_cannot_make_is_refused(void **state)
{
	struct running running = start_with_worker();
	const struct signing_request slow = later_example(7, "rsa-sha2-512");
	struct work_result result;
	struct buffer body;
	int gate;

	(void)state;
	gate = add_peer(&running, IPC_ROLE_GATE, 1);
	ask(gate, &slow);
	result = (struct work_result){ .id = take_order(&running).id };
	buffer_init(&body, 4096);
	assert_int_equal(work_result_encode(&result, &body), SP_OK);
	assert_int_equal(
	    ipc_send(running.worker, IPC_WORKED, buffer_view(&body), NULL, 0),
	    SP_OK);
	buffer_clear(&body);
	expect_refused(gate, IPC_ROLE_GATE, 7, SP_ERR_CRYPTO);
	close(gate);
	end(&running);
}

static void
a_desk_whose_worker_has_gone_ends(void **state)
{
	struct running running = start_with_worker();
	const struct signing_request slow = later_example(1, "rsa-sha2-512");
	int gate;

	(void)state;
	gate = add_peer(&running, IPC_ROLE_GATE, 1);
	ask(gate, &slow);
	take_order(&running);
	close(running.worker);
	running.worker = -1;
	expect_hang_up(gate);
	close(gate);
	expect_end_of(&running, DESK_LOST_WORKER);
	close(running.control);
}

static void
a_retired_desk_waits_for_its_worker_and_ends_it(void **state)
{
	struct running running = start_with_worker();
	const struct signing_request slow = later_example(1, "rsa-sha2-512");
	int login = add_peer(&running, IPC_ROLE_LOGIN, 1);
	int session = add_session(login);
	uint8_t hash[DIGEST_MAX];
	struct ipc_message m;
	struct order order;

	(void)state;
	ask(session, &slow);
	order = take_order(&running);
	close(running.control);
	close(login);
	make(&running, &order);
	expect_signed(session, IPC_ROLE_SESSION, &slow, hash);
	close(session);
	assert_true(ipc_wait(running.worker, now_ms() + 5000));
	assert_int_equal(ipc_receive(running.worker, IPC_ROLE_KEYHOLDER,
			     IPC_ROLE_WORKER, room, &m),
	    SP_ERR_EOF);
	expect_end(&running);
}

static void
without_a_worker_nothing_is_signed_with_a_slow_key(void **state)
{
	struct running running = start();
	const struct signing_request slow = later_example(1, "rsa-sha2-512");
	int gate = add_peer(&running, IPC_ROLE_GATE, 1);

	(void)state;
	ask(gate, &slow);
	expect_refused(gate, IPC_ROLE_GATE, 1, SP_ERR_STATE);
	close(gate);
	end(&running);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_quick_is_answered_while_the_worker_works),
		cmocka_unit_test(
		    a_session_has_rsa_keys_proved_and_its_own_renewed),
		cmocka_unit_test(
		    a_peer_with_too_many_orders_is_not_read_and_others_are),
		cmocka_unit_test(
		    who_leaves_while_it_is_made_keeps_nobody_waiting),
		cmocka_unit_test(a_gate_that_reads_nothing_holds_no_worker_up),
		cmocka_unit_test(what_the_worker_cannot_make_is_refused),
		cmocka_unit_test(a_desk_whose_worker_has_gone_ends),
		cmocka_unit_test(
		    a_retired_desk_waits_for_its_worker_and_ends_it),
		cmocka_unit_test(
		    without_a_worker_nothing_is_signed_with_a_slow_key),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
