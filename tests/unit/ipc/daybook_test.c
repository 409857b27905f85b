/* The daybook: what one wrote all read, once, whoever dies meanwhile. */
#include "daemon/ipc/daybook.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Two logins' views of one book. */
struct scene {
	struct daybook first;
	struct daybook second;
};

static void
init(struct scene *s)
{
	int fd = daybook_make();

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

static struct daybook_entry
entry_of(uint32_t n, uint64_t expiry)
{
	struct daybook_entry entry = { .expiry = expiry };

	memcpy(entry.id, &n, sizeof n);
	return entry;
}

static bool
write_one(struct daybook *d, uint32_t n, uint64_t expiry, uint64_t now)
{
	const struct daybook_entry entry = entry_of(n, expiry);

	return daybook_write(d, &entry, now);
}

static void
assert_next(struct daybook *d, uint32_t n)
{
	const struct daybook_entry expected = entry_of(n, 100);
	struct daybook_entry entry;

	assert_true(daybook_peek(d, &entry));
	assert_memory_equal(entry.id, expected.id, sizeof entry.id);
	assert_int_equal(entry.expiry, 100);
	daybook_advance(d);
}

static void
others_read_what_one_wrote_and_it_does_not(void **state)
{
	struct daybook_entry entry;
	struct scene s;

	(void)state;
	init(&s);
	assert_true(write_one(&s.first, 1, 100, 10));
	assert_true(write_one(&s.first, 2, 100, 10));
	assert_false(daybook_peek(&s.first, &entry));
	assert_next(&s.second, 1);
	assert_next(&s.second, 2);
	assert_false(daybook_peek(&s.second, &entry));
	clear(&s);
}

static void
one_that_comes_later_reads_all(void **state)
{
	struct scene s;
	int fd;

	(void)state;
	init(&s);
	assert_true(write_one(&s.first, 7, 100, 10));
	fd = dup(s.first.fd);
	daybook_close(&s.second);
	assert_true(daybook_open(&s.second, fd));
	assert_next(&s.second, 7);
	clear(&s);
}

static void
no_entry_is_written_over_before_it_has_expired(void **state)
{
	struct daybook_entry entry;
	struct scene s;

	(void)state;
	init(&s);
	for (uint32_t n = 0; n < DAYBOOK_ENTRIES; n++)
		assert_true(write_one(&s.first, n, 100, 10));
	assert_false(write_one(&s.first, 77, 200, 99));
	assert_true(write_one(&s.first, 77, 200, 100));
	/* Who slept reads what is there, from the oldest. */
	assert_true(daybook_peek(&s.second, &entry));
	assert_int_equal(s.second.read, 1);
	clear(&s);
}

static void
a_lock_ends_with_who_holds_it(void **state)
{
	struct scene s;
	int pair[2], status;
	char byte;
	pid_t pid;

	(void)state;
	init(&s);
	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0) {
		struct daybook own;

		if (!daybook_open(&own, s.first.fd) || !daybook_lock(&own) ||
		    write(pair[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	assert_int_equal(read(pair[0], &byte, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_true(daybook_lock(&s.first));
	daybook_unlock(&s.first);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(pair[0]);
	close(pair[1]);
	clear(&s);
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
	assert_false(daybook_lock(&closed));
	daybook_close(&closed);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_read_what_one_wrote_and_it_does_not),
		cmocka_unit_test(one_that_comes_later_reads_all),
		cmocka_unit_test(
		    no_entry_is_written_over_before_it_has_expired),
		cmocka_unit_test(a_lock_ends_with_who_holds_it),
		cmocka_unit_test(a_child_inherits_no_page_of_it),
		cmocka_unit_test(what_is_no_daybook_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
