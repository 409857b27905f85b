/* What a daemon leaves is what the next takes, or nothing. */
#include "daemon/supervisor/carryover.h"

#include "daemon/ipc/arrears.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 5000, SOURCES = 300 };

struct scene {
	char folder[64];
	char path[96];
	int whole, view; /* of the daemon that is there */
};

static int
set_up(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	*state = s;
	snprintf(s->folder, sizeof s->folder, "/tmp/carryover_test.XXXXXX");
	if (mkdtemp(s->folder) == NULL)
		return -1;
	snprintf(s->path, sizeof s->path, "%s/arrears", s->folder);
	return arrears_make(&s->whole, &s->view) ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	unlink(s->path);
	rmdir(s->path);
	close(s->whole);
	close(s->view);
	if (rmdir(s->folder) != 0)
		return -1; /* something was left in it */
	free(s);
	return 0;
}

static void
address_of(uint32_t n, uint8_t address[CONDUCT_ADDRESS_LEN])
{
	memset(address, 0, CONDUCT_ADDRESS_LEN);
	memcpy(address, &n, sizeof n);
}

static void
fill(const struct scene *s)
{
	struct arrears a = { NULL, 0 };

	assert_true(arrears_open(&a, dup(s->whole), true));
	for (uint32_t n = 0; n < SOURCES; n++) {
		const struct arrears_account account = { .until = NOW + 1 + n };
		uint8_t address[CONDUCT_ADDRESS_LEN];

		address_of(n, address);
		assert_int_equal(
		    arrears_keep(&a, address, &account, NOW), ARREARS_KEPT);
	}
	arrears_close(&a);
}

/* How many of the sources the next daemon knows. */
static unsigned
count(const struct scene *s)
{
	struct arrears a = { NULL, 0 };
	unsigned known = 0;

	assert_true(arrears_open(&a, dup(s->view), false));
	for (uint32_t n = 0; n < SOURCES; n++) {
		uint8_t address[CONDUCT_ADDRESS_LEN];
		uint64_t until;

		address_of(n, address);
		until = arrears_find(&a, address).until;
		assert_true(until == 0 || until == NOW + 1 + n);
		known += until != 0;
	}
	arrears_close(&a);
	return known;
}

static void
leave(struct scene *s)
{
	fill(s);
	assert_true(carryover_leave(s->folder, s->whole));
	close(s->whole);
	close(s->view);
	assert_true(arrears_make(&s->whole, &s->view));
	assert_int_equal(count(s), 0);
}

static bool
take(struct scene *s)
{
	return carryover_take(s->folder, s->whole);
}

static void
what_was_left_is_taken_once(void **state)
{
	struct scene *s = *state;
	struct stat st;

	leave(s);
	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(take(s));
	assert_int_equal(count(s), SOURCES);
	assert_int_equal(stat(s->path, &st), -1);
	/* And what the next leaves takes the place of nothing. */
	assert_true(carryover_leave(s->folder, s->whole));
	assert_true(carryover_leave(s->folder, s->whole));
}

static void
where_nothing_was_left_nobody_owes(void **state)
{
	struct scene *s = *state;

	assert_false(take(s));
	assert_int_equal(count(s), 0);
}

static void
change(const struct scene *s, off_t at)
{
	int fd = open(s->path, O_RDWR);
	char byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* Of another layout, and of before the machine was started. */
static void
another_kind_or_start_counts_for_nothing(void **state)
{
	struct scene *s = *state;
	const off_t places[] = { 0, (off_t)strlen("sallyport arrears "),
		(off_t)strlen("sallyport arrears 1\n"), CARRYOVER_HEADER - 1 };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		leave(s);
		change(s, places[i]);
		assert_false(take(s));
		assert_int_equal(count(s), 0);
	}
}

static void
another_size_counts_for_nothing(void **state)
{
	struct scene *s = *state;
	struct stat st;

	for (int by = -1; by <= 1; by += 2) {
		leave(s);
		assert_int_equal(stat(s->path, &st), 0);
		assert_int_equal(truncate(s->path, st.st_size + by), 0);
		assert_false(take(s));
		assert_int_equal(count(s), 0);
	}
	leave(s);
	assert_int_equal(truncate(s->path, 0), 0);
	assert_false(take(s));
	assert_int_equal(count(s), 0);
}

static void
what_others_may_write_to_counts_for_nothing(void **state)
{
	struct scene *s = *state;

	leave(s);
	assert_int_equal(chmod(s->path, 0620), 0);
	assert_false(take(s));
	assert_int_equal(count(s), 0);
}

static void
a_link_is_not_followed(void **state)
{
	struct scene *s = *state;
	char other[128];

	leave(s);
	snprintf(other, sizeof other, "%s.other", s->folder);
	assert_int_equal(rename(s->path, other), 0);
	assert_int_equal(symlink(other, s->path), 0);
	assert_false(take(s));
	assert_int_equal(count(s), 0);
	unlink(other);
}

static void
where_there_is_no_room_for_it_nothing_is_left(void **state)
{
	struct scene *s = *state;

	fill(s);
	assert_int_equal(mkdir(s->path, 0700), 0);
	assert_false(carryover_leave(s->folder, s->whole));
	assert_int_equal(errno, EISDIR);
	assert_int_equal(rmdir(s->path), 0);
	assert_false(carryover_leave("/nonexistent", s->whole));
	assert_int_equal(errno, ENOENT);
}

#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(what_was_left_is_taken_once),
		WITH_FOLDER(where_nothing_was_left_nobody_owes),
		WITH_FOLDER(another_kind_or_start_counts_for_nothing),
		WITH_FOLDER(another_size_counts_for_nothing),
		WITH_FOLDER(what_others_may_write_to_counts_for_nothing),
		WITH_FOLDER(a_link_is_not_followed),
		WITH_FOLDER(where_there_is_no_room_for_it_nothing_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
