/* The daybook: a ticket is taken once, by whomever, until it has expired. */
#include "daemon/ipc/daybook.h"

#include "lib/wire/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { HASH_LEN = 32, LIFE = 100000, NOW = 5000 };

/* Two logins' views of one book. */
struct scene {
	struct daybook first;
	struct daybook second;
};

static void
init(struct scene *s)
{
	int fd = daybook_make();

	*s = (struct scene){ { NULL }, { NULL } };
	assert_true(fd >= 0);
	assert_true(daybook_open(&s->first, dup(fd)));
	assert_true(daybook_open(&s->second, fd));
}

static void
clear(struct scene *s)
{
	daybook_close(&s->first);
	daybook_close(&s->second);
}

/* Random enough, and the same each time. */
static struct sp_view
hash_of(uint8_t room[HASH_LEN], uint64_t n)
{
	uint64_t x = n + 1;

	for (int i = 0; i < HASH_LEN; i++) {
		x = x * UINT64_C(6364136223846793005) +
		    UINT64_C(1442695040888963407);
		room[i] = (uint8_t)(x >> 56);
	}
	return view_of(room, HASH_LEN);
}

static bool
take(struct daybook *d, uint64_t n, uint64_t expiry, uint64_t now)
{
	uint8_t room[HASH_LEN];

	return daybook_take(d, hash_of(room, n), expiry, now);
}

static void
a_ticket_is_taken_once_by_whomever(void **state)
{
	enum { MANY = 20000 };
	struct scene s;

	(void)state;
	init(&s);
	for (uint64_t n = 0; n < MANY; n++)
		assert_true(take(n % 2 ? &s.first : &s.second, n, LIFE, NOW));
	for (uint64_t n = 0; n < MANY; n++) {
		assert_false(take(&s.first, n, LIFE, NOW));
		assert_false(take(&s.second, n, LIFE, LIFE - 1));
	}
	clear(&s);
}

static void
one_that_comes_later_knows_all(void **state)
{
	int fd = daybook_make();
	struct daybook old = { NULL }, new = { NULL };

	(void)state;
	assert_true(daybook_open(&old, dup(fd)));
	assert_true(take(&old, 7, LIFE, NOW));
	daybook_close(&old);
	assert_true(daybook_open(&new, fd));
	assert_false(take(&new, 7, LIFE, NOW));
	assert_true(take(&new, 8, LIFE, NOW));
	daybook_close(&new);
}

static void
an_expired_ticket_is_never_taken(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	assert_false(take(&s.first, 1, NOW, NOW));
	assert_false(take(&s.first, 1, NOW - 1, NOW));
	assert_true(take(&s.first, 1, NOW + 1, NOW));
	clear(&s);
}

/* Tickets with the same places, which differ in the rest. */
static bool
take_crowded(struct daybook *d, uint32_t n, uint64_t expiry, uint64_t now)
{
	uint8_t room[HASH_LEN] = { 0 };

	memcpy(room, &n, sizeof n);
	/* At the end of the book they go on at its beginning. */
	memset(room + 8, 0xff, 8);
	return daybook_take(d, view_of(room, HASH_LEN), expiry, now);
}

static void
no_ticket_is_forgotten_before_it_has_expired(void **state)
{
	const uint32_t more = DAYBOOK_PLACES;
	struct scene s;

	(void)state;
	init(&s);
	for (uint32_t n = 0; n < DAYBOOK_PLACES; n++)
		assert_true(take_crowded(&s.first, n, LIFE + n * 1000, NOW));
	assert_false(take_crowded(&s.first, more, 2 * LIFE, NOW));
	assert_false(take_crowded(&s.second, more, 2 * LIFE, LIFE - 1));
	for (uint32_t n = 0; n < DAYBOOK_PLACES; n++)
		assert_false(
		    take_crowded(&s.second, n, LIFE + n * 1000, LIFE - 1));
	/* The first has expired: its place is free, the others' are not. */
	assert_true(take_crowded(&s.second, more, 2 * LIFE, LIFE + 1000));
	assert_false(take_crowded(&s.first, more, 2 * LIFE, LIFE + 1000));
	assert_false(take_crowded(&s.first, more + 1, 2 * LIFE, LIFE + 1000));
	clear(&s);
}

static void
it_holds_as_many_as_come_in_the_time_of_a_login(void **state)
{
	enum { MANY = DAYBOOK_ENTRIES / 2 };
	struct scene s;

	(void)state;
	init(&s);
	for (uint64_t n = 0; n < MANY; n++)
		assert_true(take(&s.first, n, LIFE, NOW));
	clear(&s);
}

enum { TAKERS = 4, RACES = 20000 };

/* A child that takes all tickets, and tells which ones it got. */
static pid_t
start_taker(int book, int go, uint8_t *got)
{
	pid_t pid = fork();
	struct daybook own = { NULL };
	char byte;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	if (!daybook_open(&own, book) || read(go, &byte, 1) != 1)
		_exit(1);
	for (uint64_t n = 0; n < RACES; n++)
		got[n] = take(&own, n, LIFE, NOW);
	_exit(0);
}

static void
of_many_who_take_one_at_once_no_two_get_it(void **state)
{
	uint8_t *got = mmap(NULL, (size_t)TAKERS * RACES,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = daybook_make(), go[2], status;
	pid_t pids[TAKERS];
	unsigned refused = 0;

	(void)state;
	assert_true(got != MAP_FAILED);
	assert_int_equal(pipe(go), 0);
	for (size_t i = 0; i < TAKERS; i++)
		pids[i] = start_taker(dup(fd), go[0], got + i * RACES);
	assert_int_equal(write(go[1], "....", TAKERS), TAKERS);
	for (size_t i = 0; i < TAKERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	for (size_t n = 0; n < RACES; n++) {
		unsigned takers = 0;

		for (size_t i = 0; i < TAKERS; i++)
			takers += got[i * RACES + n];
		assert_true(takers <= 1);
		refused += takers == 0;
	}
	assert_true(refused < RACES / 2);
	munmap(got, (size_t)TAKERS * RACES);
	close(go[0]);
	close(go[1]);
	close(fd);
}

static void
a_child_inherits_no_page_of_it(void **state)
{
	unsigned char present;
	struct scene s;
	int status;
	pid_t pid;

	(void)state;
	init(&s);
	pid = fork();
	if (pid == 0)
		_exit(
		    mincore(s.first.pages, 1, &present) != 0 && errno == ENOMEM
			? 0
			: 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	clear(&s);
}

static void
what_is_no_daybook_is_not_taken(void **state)
{
	struct daybook closed = { 0 };
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	assert_false(daybook_open(&closed, pair[0]));
	assert_false(take(&closed, 1, LIFE, NOW));
	daybook_close(&closed);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_is_taken_once_by_whomever),
		cmocka_unit_test(one_that_comes_later_knows_all),
		cmocka_unit_test(an_expired_ticket_is_never_taken),
		cmocka_unit_test(no_ticket_is_forgotten_before_it_has_expired),
		cmocka_unit_test(
		    it_holds_as_many_as_come_in_the_time_of_a_login),
		cmocka_unit_test(of_many_who_take_one_at_once_no_two_get_it),
		cmocka_unit_test(a_child_inherits_no_page_of_it),
		cmocka_unit_test(what_is_no_daybook_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
