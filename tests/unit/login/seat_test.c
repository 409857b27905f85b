/* Seats: taken, full, and free again with whoever held them. */
#include "daemon/login/seat.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/seat_test.XXXXXX";
static int folder = -1;
static char problem[IDENTITYFILE_PROBLEM];
static const char name[] = "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef";

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	folder = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlinkat(folder, name, 0);
	close(folder);
	return rmdir(top);
}

static uint64_t
in_ms(uint64_t ms)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 +
	    ms;
}

static enum seat_outcome
take(struct seat *seat, uint32_t max)
{
	return seat_take(seat, folder, name, max, true, in_ms(20000), problem);
}

static void
expect_full(uint32_t max)
{
	struct seat seat;

	assert_int_equal(take(&seat, max), SEAT_FULL);
	assert_int_equal(seat.fd, -1);
	assert_null(seat.page);
}

/* ---- tests ---- */

static void
as_many_as_may_sit(void **state)
{
	struct seat seats[3], again;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(take(&seats[i], 3), SEAT_TAKEN);
	expect_full(3);
	/* Any of them, not the last alone. */
	for (size_t i = 0; i < 3; i++) {
		seat_leave(&seats[i]);
		assert_int_equal(take(&again, 3), SEAT_TAKEN);
		expect_full(3);
		seats[i] = again;
	}
	for (size_t i = 0; i < 3; i++)
		seat_leave(&seats[i]);
}

static void
each_is_measured_by_its_own_limit(void **state)
{
	struct seat seats[5], other;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(take(&seats[i], 5), SEAT_TAKEN);
	expect_full(2);
	/* Those that stay sit behind those that are free. */
	for (size_t i = 0; i < 3; i++)
		seat_leave(&seats[i]);
	expect_full(2);
	seat_leave(&seats[3]);
	assert_int_equal(take(&other, 2), SEAT_TAKEN);
	expect_full(2);
	seat_leave(&other);
	seat_leave(&seats[4]);
}

static void
who_is_not_counted_counts_for_nobody(void **state)
{
	struct seat seats[3], counted;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(take(&seats[i], 0), SEAT_TAKEN);
	assert_int_equal(take(&counted, 1), SEAT_TAKEN);
	expect_full(1);
	seat_leave(&counted);
	for (size_t i = 0; i < 3; i++)
		seat_leave(&seats[i]);
}

static void
a_seat_is_free_when_who_held_it_is_killed(void **state)
{
	struct seat seat;
	int ready[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (take(&seat, 1) != SEAT_TAKEN || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	expect_full(1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(take(&seat, 1), SEAT_TAKEN);
	seat_leave(&seat);
	close(ready[0]);
	close(ready[1]);
}

/* The login, who took it, may end or go on: his session holds it. */
static void
a_seat_is_held_by_its_last_copy(void **state)
{
	struct seat seat, other;
	pid_t pid;

	(void)state;
	assert_int_equal(take(&seat, 1), SEAT_TAKEN);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	seat_leave(&seat);
	expect_full(1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(take(&other, 1), SEAT_TAKEN);
	seat_leave(&other);
}

static void
the_page_is_shared_and_zero_for_the_first(void **state)
{
	struct seat first, second;
	volatile char *page;

	(void)state;
	assert_int_equal(take(&first, 0), SEAT_TAKEN);
	page = first.page;
	for (size_t i = 0; i < SEAT_PAGE; i++)
		assert_int_equal(page[i], 0);
	page[17] = 42;
	assert_int_equal(take(&second, 4), SEAT_TAKEN);
	page = second.page;
	assert_int_equal(page[17], 42);
	seat_leave(&first);
	/* One is there still. */
	assert_int_equal(take(&first, 4), SEAT_TAKEN);
	page = first.page;
	assert_int_equal(page[17], 42);
	seat_leave(&first);
	seat_leave(&second);
	assert_int_equal(take(&first, 4), SEAT_TAKEN);
	page = first.page;
	assert_int_equal(page[17], 0);
	seat_leave(&first);
}

/* It is its user's: he could otherwise fill a file system by it. */
static void
what_a_session_holds_cannot_write(void **state)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct seat seat;

	(void)state;
	assert_int_equal(take(&seat, 1), SEAT_TAKEN);
	assert_int_equal(fcntl(seat.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_true((fcntl(seat.fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(write(seat.fd, "x", 1), -1);
	assert_int_equal(ftruncate(seat.fd, 1 << 30), -1);
	assert_int_equal(fallocate(seat.fd, 0, 0, 1 << 20), -1);
	assert_int_equal(fcntl(seat.fd, F_OFD_SETLK, &lock), -1);
	assert_ptr_equal(mmap(NULL, SEAT_PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED, seat.fd, 0),
	    MAP_FAILED);
	seat_leave(&seat);
}

static void
a_file_whose_page_is_gone_is_refused(void **state)
{
	struct seat seat, other;
	int file;

	(void)state;
	assert_int_equal(take(&seat, 4), SEAT_TAKEN);
	file = openat(folder, name, O_RDWR);
	assert_int_equal(ftruncate(file, 0), 0);
	close(file);
	assert_int_equal(take(&other, 4), SEAT_FAILED);
	assert_string_equal(problem, strerror(EIO));
	seat_leave(&seat);
	assert_int_equal(take(&other, 4), SEAT_TAKEN);
	seat_leave(&other);
}

/*
 * Many come and go at once, while files are removed beneath them: at no
 * time do more sit than may. Each adds itself to a counter that all share.
 */
enum { COMERS = 8, ROUNDS = 200, LIMIT = 3 };

static void
come_and_go(int *sitting, int *most)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct seat seat;
		int now;

		switch (take(&seat, LIMIT)) {
		case SEAT_FAILED:
			_exit(2);
		case SEAT_FULL:
			continue;
		case SEAT_TAKEN:
			break;
		}
		now = __atomic_add_fetch(sitting, 1, __ATOMIC_SEQ_CST);
		if (now > __atomic_load_n(most, __ATOMIC_SEQ_CST))
			__atomic_store_n(most, now, __ATOMIC_SEQ_CST);
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
		__atomic_sub_fetch(sitting, 1, __ATOMIC_SEQ_CST);
		seat_leave(&seat);
	}
	_exit(0);
}

static void
of_many_at_once_never_more_sit_than_may(void **state)
{
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct identityfile_sweep sweep = { NULL };
	int running = COMERS, status, bad = 0;

	(void)state;
	assert_ptr_not_equal(shared, MAP_FAILED);
	for (int i = 0; i < COMERS; i++)
		if (fork() == 0)
			come_and_go(&shared[0], &shared[1]);
	while (running > 0) {
		identityfile_sweep(&sweep, folder);
		while (running > 0 && waitpid(-1, &status, WNOHANG) > 0) {
			running--;
			bad += status != 0;
		}
	}
	identityfile_sweep_end(&sweep);
	assert_int_equal(bad, 0);
	assert_int_equal(shared[0], 0);
	assert_in_range(shared[1], 2, LIMIT);
	munmap(shared, 4096);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_as_may_sit),
		cmocka_unit_test(each_is_measured_by_its_own_limit),
		cmocka_unit_test(who_is_not_counted_counts_for_nobody),
		cmocka_unit_test(a_seat_is_free_when_who_held_it_is_killed),
		cmocka_unit_test(a_seat_is_held_by_its_last_copy),
		cmocka_unit_test(the_page_is_shared_and_zero_for_the_first),
		cmocka_unit_test(what_a_session_holds_cannot_write),
		cmocka_unit_test(a_file_whose_page_is_gone_is_refused),
		cmocka_unit_test(of_many_at_once_never_more_sit_than_may),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
