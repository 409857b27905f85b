/* Used tickets: once only, until they have expired, within a bound. */
#include "daemon/login/spent.h"

#include "lib/wire/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct sp_view
hash_of(uint8_t room[32], uint32_t n)
{
	memset(room, 0, 32);
	/* The place in the table comes from the first bytes. */
	for (int i = 0; i < 4; i++)
		room[i] = (uint8_t)(n >> 8 * i);
	return view_of(room, 32);
}

/* A login's table, of a daemon that has just started. */
static void
init(struct spent *s, size_t row_max)
{
	spent_init(s, row_max);
	assert_true(spent_share(s, daybook_make()));
}

static void
a_ticket_is_taken_once(void **state)
{
	struct spent s;
	uint8_t room[32];

	(void)state;
	init(&s, SPENT_ROWS_MAX);
	assert_true(spent_take(&s, hash_of(room, 1), 100, 10));
	assert_false(spent_take(&s, hash_of(room, 1), 100, 10));
	assert_false(spent_take(&s, hash_of(room, 1), 100, 99));
	assert_true(spent_take(&s, hash_of(room, 2), 100, 10));
	spent_clear(&s);
}

static void
an_expired_ticket_is_never_taken(void **state)
{
	struct spent s;
	uint8_t room[32];

	(void)state;
	init(&s, SPENT_ROWS_MAX);
	assert_false(spent_take(&s, hash_of(room, 1), 10, 10));
	assert_false(spent_take(&s, hash_of(room, 1), 9, 10));
	spent_clear(&s);
}

static void
the_table_remembers_all_when_it_grows(void **state)
{
	enum { MANY = 20000 };
	struct spent s;
	uint8_t room[32];

	(void)state;
	init(&s, SPENT_ROWS_MAX);
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(spent_take(&s, hash_of(room, i), 100, 10));
	for (uint32_t i = 0; i < MANY; i++)
		assert_false(spent_take(&s, hash_of(room, i), 100, 10));
	spent_clear(&s);
}

static void
a_full_table_refuses_until_tickets_expire(void **state)
{
	enum { ROWS = 2048 };
	struct spent s;
	uint8_t room[32];
	uint32_t taken = 0;

	(void)state;
	init(&s, ROWS);
	while (spent_take(&s, hash_of(room, taken), 100, 10))
		taken++;
	assert_int_equal(taken, ROWS / 2);
	/* Refused is not forgotten: the first ones are still known. */
	assert_false(spent_take(&s, hash_of(room, 0), 100, 10));
	assert_true(spent_take(&s, hash_of(room, 7777), 200, 100));
	assert_false(spent_take(&s, hash_of(room, 7777), 200, 100));
	spent_clear(&s);
}

static void
what_one_login_took_the_next_does_not(void **state)
{
	enum { MANY = 5000 };
	struct spent old, new;
	uint8_t room[32];
	int fd;

	(void)state;
	init(&old, SPENT_ROWS_MAX);
	spent_init(&new, SPENT_ROWS_MAX);
	fd = dup(old.daybook.fd);
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(spent_take(&old, hash_of(room, i), 100, 10));
	assert_true(spent_share(&new, fd));
	for (uint32_t i = 0; i < MANY; i++)
		assert_false(spent_take(&new, hash_of(room, i), 100, 10));
	/* Nor the old one what the next took, while both live. */
	assert_true(spent_take(&new, hash_of(room, MANY), 100, 10));
	assert_false(spent_take(&old, hash_of(room, MANY), 100, 10));
	spent_clear(&old);
	spent_clear(&new);
}

static void
what_finds_no_room_here_is_not_forgotten(void **state)
{
	enum { ROWS = 2048 };
	struct spent small, large;
	uint8_t room[32];

	(void)state;
	init(&large, SPENT_ROWS_MAX);
	spent_init(&small, ROWS);
	assert_true(spent_share(&small, dup(large.daybook.fd)));
	for (uint32_t i = 0; i < ROWS; i++)
		assert_true(spent_take(&large, hash_of(room, i), 100, 10));
	assert_false(spent_take(&small, hash_of(room, ROWS - 1), 100, 10));
	assert_false(spent_take(&small, hash_of(room, 9999), 100, 10));
	spent_clear(&small);
	spent_clear(&large);
}

static void
what_is_known_here_may_be_read_again(void **state)
{
	struct spent s;
	uint8_t room[32];

	(void)state;
	init(&s, SPENT_ROWS_MAX);
	assert_true(spent_take(&s, hash_of(room, 1), 100, 10));
	assert_true(spent_share(&s, dup(s.daybook.fd)));
	assert_true(spent_take(&s, hash_of(room, 2), 100, 10));
	assert_false(spent_take(&s, hash_of(room, 1), 100, 10));
	spent_clear(&s);
}

static void
what_expired_here_and_was_taken_elsewhere_is_known(void **state)
{
	enum { MANY = 2000 };
	struct spent here, there;
	uint8_t room[32];

	(void)state;
	init(&here, SPENT_ROWS_MAX);
	spent_init(&there, SPENT_ROWS_MAX);
	assert_true(spent_share(&there, dup(here.daybook.fd)));
	assert_true(spent_take(&here, hash_of(room, 0), 100, 10));
	assert_true(spent_take(&there, hash_of(room, 0), 300, 150));
	/* More than one table holds: what has expired is dropped. */
	for (uint32_t i = 1; i < MANY; i++)
		assert_true(spent_take(&here, hash_of(room, i), 300, 160));
	assert_false(spent_take(&here, hash_of(room, 0), 300, 160));
	spent_clear(&here);
	spent_clear(&there);
}

static void
without_a_daybook_no_ticket_is_good(void **state)
{
	struct spent s;
	uint8_t room[32];

	(void)state;
	spent_init(&s, SPENT_ROWS_MAX);
	assert_false(spent_take(&s, hash_of(room, 1), 100, 10));
	spent_clear(&s);
}

static void
a_child_inherits_nothing_of_it(void **state)
{
	struct spent s;
	uint8_t room[32];
	int status;
	pid_t pid;

	(void)state;
	init(&s, SPENT_ROWS_MAX);
	assert_true(spent_take(&s, hash_of(room, 1), 100, 10));
	pid = fork();
	if (pid == 0) {
		unsigned char present;

		/* No page of it is mapped there. */
		_exit(mincore(s.rows, 1, &present) != 0 && errno == ENOMEM ? 0
									   : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	spent_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_is_taken_once),
		cmocka_unit_test(an_expired_ticket_is_never_taken),
		cmocka_unit_test(the_table_remembers_all_when_it_grows),
		cmocka_unit_test(a_full_table_refuses_until_tickets_expire),
		cmocka_unit_test(what_one_login_took_the_next_does_not),
		cmocka_unit_test(what_finds_no_room_here_is_not_forgotten),
		cmocka_unit_test(what_is_known_here_may_be_read_again),
		cmocka_unit_test(
		    what_expired_here_and_was_taken_elsewhere_is_known),
		cmocka_unit_test(without_a_daybook_no_ticket_is_good),
		cmocka_unit_test(a_child_inherits_nothing_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
