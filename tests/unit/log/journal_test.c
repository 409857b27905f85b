/* From log_event() through a socket into a file, honest or not. */
#include "daemon/log/journal.h"

#include "daemon/ipc/ipc.h"
#include "daemon/log/log.h"
#include "tests/unit/alloc_fail.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/journal_test.XXXXXX";
static char path[64], moved[64];
static char shown[65536];

static int
set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/log", folder);
	snprintf(moved, sizeof moved, "%s/log.1", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(moved);
	return rmdir(folder);
}

/* Reads the file, then empties it. */
static const char *
take_lines(const char *file)
{
	int fd = open(file, O_RDWR);
	ssize_t len;

	assert_true(fd >= 0);
	len = read(fd, shown, sizeof shown - 1);
	assert_true(len >= 0);
	shown[len] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	return shown;
}

static const struct line_origin gate = { IPC_ROLE_GATE, 77, 2 };

/* Moves what waits on the socket into the journal. */
static void
collect(struct journal *journal, int socket, unsigned roles)
{
	static uint8_t room[IPC_ROOM];
	struct ipc_message m;

	while (ipc_receive(socket, IPC_ROLE_GATE, IPC_ROLE_SUPERVISOR, room,
		   &m) == SP_OK) {
		assert_int_equal(m.type, IPC_LOG);
		journal_take(journal, &gate, roles, m.body);
	}
}

static void
an_event_becomes_a_line_of_a_file(void **state)
{
	struct journal *journal =
	    journal_open(path, JOURNAL_TEXT, LOG_LEVEL_INFO);
	struct stat st;
	int pair[2];

	(void)state;
	assert_non_null(journal);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
	assert_true(ipc_pair(pair));
	log_open(pair[0], LOG_LEVEL_DEBUG);
	log_event(EVENT_CONNECTION_CLOSED,
	    LOG_FIELDS(
		log_text(FIELD_ADDRESS, "::1"), log_number(FIELD_PORT, 9)));
	collect(journal, pair[1], IPC_ROLE_GATE);
	assert_string_equal(strchr(take_lines(path), ' '),
	    " sallyportd[77]: Connection closed by ::1 port 9 [preauth]\n");
	close(pair[0]);
	close(pair[1]);
	journal_close(journal);
}

static struct journal *full_of_lines;

static void
take_into_it(struct sp_view body)
{
	journal_take(full_of_lines, &gate, IPC_ROLE_GATE, body);
}

static void
say_one(void *context)
{
	(void)context;
	log_event(EVENT_CONNECTION_CLOSED,
	    LOG_FIELDS(
		log_text(FIELD_ADDRESS, "::1"), log_number(FIELD_PORT, 9)));
}

/* What is to be said for want of memory must not need any. */
static void
a_line_needs_no_memory(void **state)
{
	static const enum journal_format formats[] = { JOURNAL_TEXT,
		JOURNAL_JSON };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		full_of_lines = journal_open(path, formats[i], LOG_LEVEL_INFO);
		assert_non_null(full_of_lines);
		log_divert(take_into_it, LOG_LEVEL_INFO);
		assert_int_equal(alloc_fail_count(say_one, NULL), 0);
		assert_non_null(strstr(take_lines(path), "::1"));
		journal_close(full_of_lines);
	}
}

static void
a_gate_cannot_say_that_somebody_logged_in(void **state)
{
	struct journal *journal =
	    journal_open(path, JOURNAL_TEXT, LOG_LEVEL_INFO);
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	log_open(pair[0], LOG_LEVEL_DEBUG);
	log_event(
	    EVENT_AUTH_ACCEPTED, LOG_FIELDS(log_text(FIELD_USER, "root")));
	collect(journal, pair[1], IPC_ROLE_GATE);
	take_lines(path);
	assert_null(strstr(shown, "Accepted"));
	assert_non_null(strstr(shown, "Record from gate 77 refused"));
	close(pair[0]);
	close(pair[1]);
	journal_close(journal);
}

static void
a_malformed_record_is_told_of(void **state)
{
	struct journal *journal =
	    journal_open(path, JOURNAL_JSON, LOG_LEVEL_INFO);

	(void)state;
	journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	take_lines(path);
	assert_non_null(strstr(shown, "\"event\":\"record_refused\""));
	assert_non_null(strstr(shown, "\"role\":\"gate\",\"process\":77"));
	journal_close(journal);
}

static void
records_that_found_no_room_are_counted(void **state)
{
	struct journal *journal =
	    journal_open(path, JOURNAL_TEXT, LOG_LEVEL_INFO);
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	log_open(pair[0], LOG_LEVEL_DEBUG);
	for (int i = 0; i < 5000; i++)
		log_event(EVENT_CONNECTION_CLOSED, NULL, 0);
	collect(journal, pair[1], IPC_ROLE_GATE);
	take_lines(path);
	assert_null(strstr(shown, "lost"));
	log_event(EVENT_CONNECTION_CLOSED, NULL, 0);
	collect(journal, pair[1], IPC_ROLE_GATE);
	take_lines(path);
	assert_non_null(strstr(shown, " records lost from gate 77\n"));
	log_event(EVENT_CONNECTION_CLOSED, NULL, 0);
	collect(journal, pair[1], IPC_ROLE_GATE);
	assert_null(strstr(take_lines(path), "lost"));
	close(pair[0]);
	close(pair[1]);
	journal_close(journal);
}

static void
what_is_below_the_level_is_not_written(void **state)
{
	struct journal *journal =
	    journal_open(path, JOURNAL_TEXT, LOG_LEVEL_ERROR);
	int pair[2];

	(void)state;
	assert_true(ipc_pair(pair));
	log_open(pair[0], LOG_LEVEL_ERROR);
	log_event(EVENT_CONNECTION_CLOSED, NULL, 0);
	assert_false(ipc_wait(pair[1], 0));
	log_open(pair[0], LOG_LEVEL_DEBUG);
	log_event(EVENT_CONNECTION_CLOSED, NULL, 0);
	collect(journal, pair[1], IPC_ROLE_GATE);
	assert_string_equal(take_lines(path), "");
	close(pair[0]);
	close(pair[1]);
	journal_close(journal);
}

static void
a_file_that_was_rotated_away_is_opened_anew(void **state)
{
	struct journal *journal =
	    journal_open(path, JOURNAL_TEXT, LOG_LEVEL_INFO);

	(void)state;
	assert_int_equal(rename(path, moved), 0);
	assert_true(journal_reopen(journal));
	journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	assert_string_equal(take_lines(moved), "");
	assert_string_not_equal(take_lines(path), "");
	journal_close(journal);
}

static void
a_file_that_is_followed_is_the_one_in_its_place(void **state)
{
	struct journal *journal =
	    journal_open(path, JOURNAL_TEXT, LOG_LEVEL_INFO);

	(void)state;
	journal_follow(journal);
	journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	assert_string_not_equal(take_lines(path), "");
	assert_int_equal(rename(path, moved), 0);
	journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	assert_string_equal(take_lines(moved), "");
	assert_string_not_equal(take_lines(path), "");
	/* Where it cannot be opened anew, the old one goes on. */
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	assert_string_not_equal(take_lines(moved), "");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rename(moved, path), 0);
	journal_close(journal);
}

/* As a full disk: less fits than a line, and then nothing. */
static void
set_room(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
lines_that_the_disk_had_no_room_for_are_counted(void **state)
{
	struct journal *journal =
	    journal_open(path, JOURNAL_JSON, LOG_LEVEL_INFO);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	set_room(20);
	for (int i = 0; i < 3; i++)
		journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	set_room(RLIM_INFINITY);
	journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	take_lines(path);
	/* The torn line is ended; each of the others is whole. */
	assert_int_equal(shown[20], '\n');
	assert_non_null(strstr(shown, "\n{\"time\""));
	assert_non_null(strstr(shown, "\"event\":\"lines_lost\""));
	assert_non_null(strstr(shown, "\"count\":3"));
	assert_non_null(strstr(shown, "\"event\":\"record_refused\""));
	journal_close(journal);
}

static void
lines_that_nobody_read_are_counted(void **state)
{
	char room[65536];
	int ends[2], saved = dup(STDERR_FILENO);
	struct journal *journal;
	ssize_t len;

	(void)state;
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	journal = journal_open("stderr", JOURNAL_TEXT, LOG_LEVEL_INFO);
	for (int i = 0; i < 2000; i++)
		journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	len = read(ends[0], room, sizeof room);
	journal_take(journal, &gate, IPC_ROLE_GATE, view_of("x", 1));
	dup2(saved, STDERR_FILENO);
	assert_true(len > 0);
	len = read(ends[0], room, sizeof room - 1);
	assert_true(len > 0);
	room[len] = '\0';
	assert_non_null(strstr(room, " lines could not be written here: "));
	journal_close(journal);
	close(ends[0]);
	close(ends[1]);
	close(saved);
}

static void
a_journal_that_cannot_be_opened_says_why(void **state)
{
	(void)state;
	assert_null(journal_open("/nonexistent/log", JOURNAL_TEXT, 0));
	assert_int_equal(errno, ENOENT);
}

static struct sp_view taken;
static uint8_t taken_bytes[RECORD_MAX];

static void
take(struct sp_view body)
{
	memcpy(taken_bytes, body.data, body.len);
	taken = view_of(taken_bytes, body.len);
}

static void
who_writes_the_logs_hands_himself_his_records(void **state)
{
	struct record record;

	(void)state;
	log_divert(take, LOG_LEVEL_INFO);
	log_event(EVENT_RELOADED, LOG_FIELDS(log_number(FIELD_GENERATION, 2)));
	assert_int_equal(record_decode(taken, &record), SP_OK);
	assert_int_equal(record.event, EVENT_RELOADED);
	log_open(-1, LOG_LEVEL_INFO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_becomes_a_line_of_a_file),
		cmocka_unit_test(a_line_needs_no_memory),
		cmocka_unit_test(a_gate_cannot_say_that_somebody_logged_in),
		cmocka_unit_test(a_malformed_record_is_told_of),
		cmocka_unit_test(records_that_found_no_room_are_counted),
		cmocka_unit_test(what_is_below_the_level_is_not_written),
		cmocka_unit_test(a_file_that_was_rotated_away_is_opened_anew),
		cmocka_unit_test(
		    a_file_that_is_followed_is_the_one_in_its_place),
		cmocka_unit_test(
		    lines_that_the_disk_had_no_room_for_are_counted),
		cmocka_unit_test(lines_that_nobody_read_are_counted),
		cmocka_unit_test(a_journal_that_cannot_be_opened_says_why),
		cmocka_unit_test(who_writes_the_logs_hands_himself_his_records),
	};

	alloc_fail_install();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
