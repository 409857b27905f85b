/* Answers to a peer that reads, that does not, and that is gone. */
#include "daemon/keyholder/outbox.h"

#include "lib/wire/view.h"
#include "tests/unit/alloc_fail.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct event_base *base;
static uint8_t room[IPC_ROOM];
static uint8_t body[2000];

struct ending {
	unsigned times;
	enum sp_status status;
};

static int
set_up(void **state)
{
	(void)state;
	base = event_base_new();
	return base == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	event_base_free(base);
	return 0;
}

static void
on_emptied(void *arg, enum sp_status status)
{
	struct ending *ending = arg;

	ending->times++;
	ending->status = status;
}

/* Answers are told apart by their first byte. */
static enum sp_status
send_number(struct outbox *box, unsigned number)
{
	body[0] = (uint8_t)number;
	return outbox_send(box, IPC_SIGNED, view_of(body, sizeof body));
}

static void
expect_number(int socket, unsigned number)
{
	struct ipc_message m;

	assert_int_equal(
	    ipc_receive(socket, IPC_ROLE_KEYHOLDER, IPC_ROLE_GATE, room, &m),
	    SP_OK);
	assert_int_equal(m.type, IPC_SIGNED);
	assert_int_equal(m.body.len, sizeof body);
	assert_int_equal(m.body.data[0], (uint8_t)number);
}

/* Until one waits, and then so many more; how many there are in all. */
static unsigned
fill(struct outbox *box, unsigned more)
{
	unsigned count = 0;

	while (send_number(box, count) == SP_OK)
		count++;
	for (count++; more > 0; more--)
		assert_int_equal(send_number(box, count++), SP_ERR_AGAIN);
	return count;
}

static void
an_answer_leaves_at_once(void **state)
{
	struct ending ending = { 0, SP_OK };
	struct outbox box;
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	assert_true(outbox_open(&box, base, pair[0], on_emptied, &ending));
	assert_int_equal(send_number(&box, 7), SP_OK);
	assert_true(outbox_is_empty(&box));
	expect_number(pair[1], 7);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(ending.times, 0);
	outbox_clear(&box);
	close(pair[0]);
	close(pair[1]);
}

static void
what_finds_no_room_leaves_later_in_its_order(void **state)
{
	struct ending ending = { 0, SP_ERR_INTERNAL };
	struct outbox box;
	unsigned count;
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	assert_true(outbox_open(&box, base, pair[0], on_emptied, &ending));
	count = fill(&box, 3);
	assert_false(outbox_is_empty(&box));
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(ending.times, 0);
	for (unsigned i = 0; i < count; i++) {
		expect_number(pair[1], i);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(ending.times, 1);
	assert_int_equal(ending.status, SP_OK);
	assert_true(outbox_is_empty(&box));
	outbox_clear(&box);
	close(pair[0]);
	close(pair[1]);
}

static void
who_is_gone_is_told_of_once_whatever_waits(void **state)
{
	struct ending ending = { 0, SP_OK };
	struct outbox box;
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	assert_true(outbox_open(&box, base, pair[0], on_emptied, &ending));
	fill(&box, 3);
	close(pair[1]);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(ending.times, 1);
	assert_int_equal(ending.status, SP_ERR_EOF);
	outbox_clear(&box);
	assert_true(outbox_open(&box, base, pair[0], on_emptied, &ending));
	assert_int_equal(send_number(&box, 1), SP_ERR_EOF);
	outbox_clear(&box);
	close(pair[0]);
}

static void
a_stopped_outbox_says_nothing_more(void **state)
{
	struct ending ending = { 0, SP_OK };
	struct outbox box;
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	assert_true(outbox_open(&box, base, pair[0], on_emptied, &ending));
	fill(&box, 0);
	outbox_stop(&box);
	close(pair[1]);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(ending.times, 0);
	outbox_clear(&box);
	close(pair[0]);
}

static void
fill_a_box(void *context)
{
	struct ending ending = { 0, SP_OK };
	enum sp_status status = SP_OK;
	struct outbox box;
	int *pair = context;

	if (!outbox_open(&box, base, pair[0], on_emptied, &ending))
		assert_true(alloc_fail_happened());
	else
		for (unsigned i = 0; i < 3; i++)
			status = send_number(&box, i);
	assert_true(status == SP_OK || status == SP_ERR_AGAIN ||
	    (status == SP_ERR_MEMORY && alloc_fail_happened()));
	outbox_clear(&box);
}

static void
without_memory_an_answer_is_lost_with_a_word(void **state)
{
	struct ending ending = { 0, SP_OK };
	struct outbox box;
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	assert_true(outbox_open(&box, base, pair[0], on_emptied, &ending));
	fill(&box, 0);
	outbox_clear(&box);
	alloc_fail_each(fill_a_box, pair);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_leaves_at_once),
		cmocka_unit_test(what_finds_no_room_leaves_later_in_its_order),
		cmocka_unit_test(who_is_gone_is_told_of_once_whatever_waits),
		cmocka_unit_test(a_stopped_outbox_says_nothing_more),
		cmocka_unit_test(without_memory_an_answer_is_lost_with_a_word),
	};

	alloc_fail_install();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
