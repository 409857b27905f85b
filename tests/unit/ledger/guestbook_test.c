/* Who is there, by sockets that are open. */
#include "daemon/ledger/guestbook.h"

#include "daemon/ipc/ipc.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROOM_FOR = 6 };

static uint8_t room[IPC_ROOM];

static void
open_book(struct guestbook *book)
{
	struct event_base *base = event_base_new();

	assert_non_null(base);
	guestbook_init(book, base, room, ROOM_FOR);
}

static void
close_book(struct guestbook *book)
{
	guestbook_clear(book);
	assert_int_equal(book->count, 0);
	assert_null(book->identities);
	event_base_free(book->base);
}

/* What has happened by now is noticed. */
static void
turn(struct guestbook *book)
{
	event_base_loop(book->base, EVLOOP_NONBLOCK);
}

static enum ipc_type
answer_to(int session)
{
	struct ipc_message message;
	enum sp_status status = ipc_receive(
	    session, IPC_ROLE_LEDGER, IPC_ROLE_LOGIN, room, &message);

	if (status == SP_ERR_EOF)
		return IPC_NONE;
	assert_int_equal(status, SP_OK);
	return message.type;
}

/* The session's end, or -1. */
static int
admit(struct guestbook *book, const char *name, uint32_t max,
    enum ipc_type expected)
{
	const struct lodging lodging = { view_of_string(name), max };
	int pair[2];

	assert_true(ipc_pair(pair));
	assert_int_equal(
	    guestbook_admit(book, &lodging, pair[1]), expected != IPC_NONE);
	assert_int_equal(answer_to(pair[0]), expected);
	if (expected == IPC_LODGED)
		return pair[0];
	close(pair[0]);
	return -1;
}

static void
an_identity_has_as_many_as_it_may(void **state)
{
	struct guestbook book;
	int first, second, other;

	(void)state;
	open_book(&book);
	first = admit(&book, "alice", 2, IPC_LODGED);
	second = admit(&book, "alice", 2, IPC_LODGED);
	admit(&book, "alice", 2, IPC_LODGING_REFUSED);
	/* Names that begin alike are others, and so is a smaller limit. */
	other = admit(&book, "alic", 1, IPC_LODGED);
	admit(&book, "alice", 1, IPC_LODGING_REFUSED);
	assert_int_equal(book.count, 3);
	close(first);
	turn(&book);
	assert_int_equal(book.count, 2);
	first = admit(&book, "alice", 2, IPC_LODGED);
	close(first);
	close(second);
	close(other);
	turn(&book);
	close_book(&book);
}

static void
who_speaks_loses_his_place_and_no_other(void **state)
{
	struct guestbook book;
	int first, second;

	(void)state;
	open_book(&book);
	first = admit(&book, "alice", 2, IPC_LODGED);
	second = admit(&book, "alice", 2, IPC_LODGED);
	assert_int_equal(write(first, "lies", 4), 4);
	turn(&book);
	assert_int_equal(book.count, 1);
	assert_int_equal(answer_to(first), IPC_NONE);
	close(first);
	close(second);
	close_book(&book);
}

static void
without_room_there_is_no_answer(void **state)
{
	struct guestbook book;
	int sessions[ROOM_FOR];
	char name[16];

	(void)state;
	open_book(&book);
	for (int i = 0; i < ROOM_FOR; i++) {
		snprintf(name, sizeof name, "user%d", i);
		sessions[i] = admit(&book, name, 1, IPC_LODGED);
	}
	admit(&book, "alice", 1, IPC_NONE);
	close(sessions[0]);
	turn(&book);
	sessions[0] = admit(&book, "alice", 1, IPC_LODGED);
	for (int i = 0; i < ROOM_FOR; i++)
		close(sessions[i]);
	close_book(&book);
}

static void
who_is_gone_before_the_answer_has_no_place(void **state)
{
	const struct lodging lodging = { view_of_string("alice"), 1 };
	struct guestbook book;
	int pair[2];

	(void)state;
	open_book(&book);
	assert_true(ipc_pair(pair));
	close(pair[0]);
	assert_true(guestbook_admit(&book, &lodging, pair[1]));
	assert_int_equal(book.count, 0);
	close_book(&book);
}

static void
hand_on_to_nobody(struct guestbook *book)
{
	int heir[2];

	assert_true(ipc_pair(heir));
	close(heir[1]);
	guestbook_hand_on(book, heir[0]);
	close(heir[0]);
}

static void
the_next_counts_on(void **state)
{
	struct guestbook book, next;
	struct ipc_message message;
	struct lodging lodging;
	int sessions[2], heir[2];

	(void)state;
	open_book(&book);
	open_book(&next);
	sessions[0] = admit(&book, "alice", 2, IPC_LODGED);
	sessions[1] = admit(&book, "alice", 2, IPC_LODGED);
	assert_true(ipc_pair(heir));
	guestbook_hand_on(&book, heir[0]);
	assert_int_equal(book.count, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ipc_receive(heir[1], IPC_ROLE_LEDGER,
				     IPC_ROLE_LEDGER, room, &message),
		    SP_OK);
		assert_int_equal(lodging_decode(message.body, &lodging), SP_OK);
		/* It is there, whatever may be now. */
		lodging.max = 1;
		guestbook_inherit(&next, &lodging, message.fds[0]);
	}
	close_book(&book);
	admit(&next, "alice", 2, IPC_LODGING_REFUSED);
	close(sessions[1]);
	turn(&next);
	close(admit(&next, "alice", 2, IPC_LODGED));
	hand_on_to_nobody(&next);
	close(sessions[0]);
	close(heir[0]);
	close(heir[1]);
	close_book(&next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_identity_has_as_many_as_it_may),
		cmocka_unit_test(who_speaks_loses_his_place_and_no_other),
		cmocka_unit_test(without_room_there_is_no_answer),
		cmocka_unit_test(who_is_gone_before_the_answer_has_no_place),
		cmocka_unit_test(the_next_counts_on),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
