/* The workshop, with a test as its worker. */
#include "daemon/keyholder/workshop.h"

#include "daemon/ipc/ipc.h"
#include "daemon/ipc/work.h"
#include "tests/unit/alloc_fail.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { MADE_MAX = 64, MANY = WORKSHOP_KIND_MAX };

static struct event_base *base;
static uint8_t room[IPC_ROOM];

/* What the owner was told, in its order. */
static struct {
	size_t count;
	struct {
		struct workshop_customer *customer;
		uint64_t id;
		size_t signature_len;
	} made[MADE_MAX];
	unsigned lost;
	struct workshop *leaves; /* whoever is told leaves it at once */
} told;

static struct workshop *shop;
static int worker; /* the worker's end */

static void
on_made(void *arg, struct workshop_customer *customer,
    const struct signature *what, struct sp_view signature)
{
	(void)arg;
	assert_true(told.count < MADE_MAX);
	told.made[told.count].customer = customer;
	told.made[told.count].id = what->id;
	told.made[told.count++].signature_len = signature.len;
	if (told.leaves != NULL)
		workshop_leave(told.leaves, customer);
}

static void
on_lost(void *arg)
{
	(void)arg;
	told.lost++;
}

static const struct workshop_owner owner = {
	.made = on_made,
	.lost = on_lost,
};

static int
open_shop(void **state)
{
	int pair[2];

	(void)state;
	memset(&told, 0, sizeof told);
	base = event_base_new();
	if (base == NULL || !ipc_pair(pair))
		return -1;
	worker = pair[1];
	shop = workshop_new(base, pair[0], &owner, NULL);
	return shop == NULL ? -1 : 0;
}

static int
close_shop(void **state)
{
	(void)state;
	workshop_free(shop);
	if (worker >= 0)
		close(worker);
	event_base_free(base);
	return 0;
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static enum sp_status
order(struct workshop *w, struct workshop_customer *customer, uint64_t id)
{
	static const struct vault_key key = { .blob_hash = { 7 } };
	struct signature what;
	enum sp_status status;

	signature_init(&what, id);
	what.key = &key;
	what.algorithm = "rsa-sha2-512";
	status = buffer_append(&what.data, view_of("data", 4));
	if (status == SP_OK)
		status = workshop_order(w, customer, &what);
	if (status == SP_OK)
		assert_int_equal(buffer_len(&what.data), 0);
	signature_clear(&what);
	return status;
}

static void
must_order(struct workshop_customer *customer, uint64_t id)
{
	assert_int_equal(order(shop, customer, id), SP_OK);
}

/* What the worker has to do; 0: nothing. */
static uint64_t
next_work(void)
{
	struct work_order got;
	struct ipc_message m;
	enum sp_status status =
	    ipc_receive(worker, IPC_ROLE_KEYHOLDER, IPC_ROLE_WORKER, room, &m);

	if (status == SP_ERR_AGAIN)
		return 0;
	assert_int_equal(status, SP_OK);
	assert_int_equal(m.type, IPC_WORK);
	assert_int_equal(work_order_decode(m.body, &got), SP_OK);
	assert_int_equal(got.key.len, 32);
	assert_int_equal(got.key.data[0], 7);
	assert_true(view_equal_string(got.algorithm, "rsa-sha2-512"));
	assert_true(view_equal_string(got.data, "data"));
	return got.id;
}

static void
work_done(uint64_t id, const char *signature)
{
	const struct work_result result = { id, view_of_string(signature) };
	struct buffer body;

	buffer_init(&body, 4096);
	assert_int_equal(work_result_encode(&result, &body), SP_OK);
	assert_int_equal(
	    ipc_send(worker, IPC_WORKED, buffer_view(&body), NULL, 0), SP_OK);
	buffer_clear(&body);
	turn();
}

/* Makes all there is to make. */
static void
work_off(void)
{
	uint64_t id;

	while ((id = next_work()) != 0) {
		assert_int_equal(next_work(), 0);
		work_done(id, "signature");
	}
}

static void
expect_made(size_t i, const struct workshop_customer *customer, uint64_t id)
{
	assert_true(i < told.count);
	assert_ptr_equal(told.made[i].customer, customer);
	assert_true(told.made[i].id == id);
}

static void
one_order_at_a_time_is_with_the_worker_in_its_order(void **state)
{
	struct workshop_customer gate;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	for (uint64_t id = 1; id <= 3; id++)
		must_order(&gate, id);
	assert_int_equal(gate.open, 3);
	work_off();
	assert_int_equal(told.count, 3);
	for (uint64_t id = 1; id <= 3; id++)
		expect_made(id - 1, &gate, id);
	assert_int_equal(told.made[0].signature_len, 9);
	assert_int_equal(gate.open, 0);
	assert_int_equal(told.lost, 0);
}

static void
sessions_come_first_and_customers_take_turns(void **state)
{
	struct workshop_customer gates[2], sessions[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		workshop_enter(&gates[i], WORKSHOP_STRANGER);
		workshop_enter(&sessions[i], WORKSHOP_SESSION);
	}
	must_order(&gates[0], 1); /* with the worker already */
	must_order(&gates[0], 2);
	must_order(&gates[0], 3);
	must_order(&gates[1], 4);
	must_order(&gates[1], 5);
	must_order(&sessions[0], 6);
	must_order(&sessions[0], 7);
	must_order(&sessions[1], 8);
	work_off();
	assert_int_equal(told.count, 8);
	expect_made(0, &gates[0], 1);
	expect_made(1, &sessions[0], 6);
	expect_made(2, &sessions[1], 8);
	expect_made(3, &sessions[0], 7);
	expect_made(4, &gates[0], 2);
	expect_made(5, &gates[1], 4);
	expect_made(6, &gates[0], 3);
	expect_made(7, &gates[1], 5);
}

static void
who_leaves_is_told_nothing_and_others_go_on(void **state)
{
	struct workshop_customer leaver, other;
	uint64_t id;

	(void)state;
	workshop_enter(&leaver, WORKSHOP_STRANGER);
	workshop_enter(&other, WORKSHOP_STRANGER);
	must_order(&leaver, 1);
	must_order(&leaver, 2);
	must_order(&other, 3);
	id = next_work();
	workshop_leave(shop, &leaver);
	workshop_leave(shop, &leaver);
	assert_int_equal(leaver.open, 0);
	work_done(id, "signature");
	work_off();
	assert_int_equal(told.count, 1);
	expect_made(0, &other, 3);
	assert_int_equal(told.lost, 0);
}

static void
who_leaves_when_he_is_told_takes_the_rest_along(void **state)
{
	struct workshop_customer leaver, other;

	(void)state;
	workshop_enter(&leaver, WORKSHOP_STRANGER);
	workshop_enter(&other, WORKSHOP_STRANGER);
	must_order(&leaver, 1);
	must_order(&leaver, 2);
	must_order(&leaver, 3);
	told.leaves = shop;
	work_done(next_work(), "signature");
	assert_int_equal(told.count, 1);
	/* The worker had begun with his second. */
	work_done(next_work(), "signature");
	assert_int_equal(told.count, 1);
	assert_int_equal(next_work(), 0);
	must_order(&other, 4);
	work_off();
	expect_made(1, &other, 4);
}

static void
an_owner_that_closes_leaves_nothing_behind(void **state)
{
	struct workshop_customer gate;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	must_order(&gate, 1);
	must_order(&gate, 2);
	workshop_leave(shop, &gate);
	assert_int_equal(told.count, 0);
}

static void
a_customer_has_so_many_orders_and_no_more(void **state)
{
	struct workshop_customer gate, other;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	workshop_enter(&other, WORKSHOP_STRANGER);
	for (uint64_t id = 1; id <= WORKSHOP_CUSTOMER_MAX; id++) {
		assert_true(workshop_has_room(shop, &gate));
		must_order(&gate, id);
	}
	assert_false(workshop_has_room(shop, &gate));
	assert_int_equal(order(shop, &gate, 99), SP_ERR_LIMIT);
	assert_true(workshop_has_room(shop, &other));
	work_done(next_work(), "signature");
	assert_true(workshop_has_room(shop, &gate));
	workshop_leave(shop, &gate);
}

static void
past_the_bound_of_a_kind_each_of_it_has_one(void **state)
{
	static struct workshop_customer gates[MANY];
	struct workshop_customer late, session;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		workshop_enter(&gates[i], WORKSHOP_STRANGER);
		must_order(&gates[i], i + 1);
	}
	assert_false(workshop_has_room(shop, &gates[0]));
	workshop_enter(&late, WORKSHOP_STRANGER);
	assert_true(workshop_has_room(shop, &late));
	must_order(&late, 1);
	assert_false(workshop_has_room(shop, &late));
	workshop_enter(&session, WORKSHOP_SESSION);
	must_order(&session, 1);
	assert_true(workshop_has_room(shop, &session));
	workshop_leave(shop, &session);
	workshop_leave(shop, &late);
	for (size_t i = 0; i < MANY; i++)
		workshop_leave(shop, &gates[i]);
}

static void
what_could_not_be_made_is_told_without_a_signature(void **state)
{
	struct workshop_customer gate;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	must_order(&gate, 1);
	work_done(next_work(), "");
	expect_made(0, &gate, 1);
	assert_int_equal(told.made[0].signature_len, 0);
	must_order(&gate, 2);
	work_off();
	expect_made(1, &gate, 2);
}

static void
expect_lost(void)
{
	struct workshop_customer gate;

	assert_int_equal(told.lost, 1);
	workshop_enter(&gate, WORKSHOP_STRANGER);
	assert_int_equal(order(shop, &gate, 9), SP_ERR_STATE);
	turn();
	assert_int_equal(told.lost, 1);
	assert_int_equal(told.count, 0);
}

static void
a_worker_that_goes_is_told_of_once(void **state)
{
	struct workshop_customer gate;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	must_order(&gate, 1);
	must_order(&gate, 2);
	close(worker);
	worker = -1;
	turn();
	expect_lost();
	workshop_leave(shop, &gate);
}

static void
an_order_to_a_worker_that_has_gone_is_told_of_as_well(void **state)
{
	struct workshop_customer gate;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	close(worker);
	worker = -1;
	must_order(&gate, 1);
	expect_lost();
	workshop_leave(shop, &gate);
}

static void
a_worker_that_says_what_nobody_asked_for_is_lost(void **state)
{
	(void)state;
	work_done(1, "signature");
	expect_lost();
}

static void
a_worker_that_has_made_another_order_is_lost(void **state)
{
	struct workshop_customer gate;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	must_order(&gate, 1);
	work_done(next_work() + 1, "signature");
	expect_lost();
	workshop_leave(shop, &gate);
}

static void
a_worker_that_talks_nonsense_is_lost(void **state)
{
	struct workshop_customer gate;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	must_order(&gate, 1);
	assert_int_equal(
	    ipc_send(worker, IPC_WORKED, view_of("\0\0", 2), NULL, 0), SP_OK);
	turn();
	expect_lost();
	workshop_leave(shop, &gate);
}

static void
a_worker_that_begins_twice_is_lost(void **state)
{
	(void)state;
	assert_int_equal(
	    ipc_send(worker, IPC_AT_WORK, view_of(NULL, 0), NULL, 0), SP_OK);
	turn();
	expect_lost();
}

static void
where_there_is_none_nobody_waits_and_nothing_is_made(void **state)
{
	struct workshop_customer gate;

	(void)state;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	assert_true(workshop_has_room(NULL, &gate));
	assert_int_equal(order(NULL, &gate, 1), SP_ERR_STATE);
	workshop_leave(NULL, &gate);
	workshop_free(NULL);
}

static void
order_twice(void *context)
{
	struct workshop_customer gate;

	(void)context;
	workshop_enter(&gate, WORKSHOP_STRANGER);
	for (uint64_t id = 1; id <= 2; id++)
		if (order(shop, &gate, id) != SP_OK)
			assert_true(alloc_fail_happened());
	workshop_leave(shop, &gate);
	alloc_fail_stop();
	for (uint64_t id; (id = next_work()) != 0;)
		work_done(id, "signature");
	assert_int_equal(told.lost, 0);
}

static void
without_memory_an_order_is_not_taken(void **state)
{
	(void)state;
	alloc_fail_each(order_twice, NULL);
	assert_int_equal(told.count, 0);
}

static void
open_and_close(void *context)
{
	struct workshop *w;
	int pair[2];

	(void)context;
	assert_true(ipc_pair(pair));
	w = workshop_new(base, pair[0], &owner, NULL);
	if (w == NULL)
		assert_true(alloc_fail_happened());
	workshop_free(w);
	assert_int_equal(write(pair[1], "x", 1), -1);
	close(pair[1]);
}

static void
without_memory_there_is_none_and_no_socket_is_left(void **state)
{
	(void)state;
	alloc_fail_each(open_and_close, NULL);
}

#define SHOP(test) cmocka_unit_test_setup_teardown(test, open_shop, close_shop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SHOP(one_order_at_a_time_is_with_the_worker_in_its_order),
		SHOP(sessions_come_first_and_customers_take_turns),
		SHOP(who_leaves_is_told_nothing_and_others_go_on),
		SHOP(who_leaves_when_he_is_told_takes_the_rest_along),
		SHOP(an_owner_that_closes_leaves_nothing_behind),
		SHOP(a_customer_has_so_many_orders_and_no_more),
		SHOP(past_the_bound_of_a_kind_each_of_it_has_one),
		SHOP(what_could_not_be_made_is_told_without_a_signature),
		SHOP(a_worker_that_goes_is_told_of_once),
		SHOP(an_order_to_a_worker_that_has_gone_is_told_of_as_well),
		SHOP(a_worker_that_says_what_nobody_asked_for_is_lost),
		SHOP(a_worker_that_has_made_another_order_is_lost),
		SHOP(a_worker_that_talks_nonsense_is_lost),
		SHOP(a_worker_that_begins_twice_is_lost),
		SHOP(where_there_is_none_nobody_waits_and_nothing_is_made),
		SHOP(without_memory_an_order_is_not_taken),
		SHOP(without_memory_there_is_none_and_no_socket_is_left),
	};

	alloc_fail_install();
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
