/* Messages over a real socket pair: rows kept, descriptors accounted for. */
#include "daemon/ipc/ipc.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t room[IPC_ROOM];
static const struct sp_view nothing;

static void
open_pair(int pair[2])
{
	assert_true(ipc_pair(pair));
}

static void
close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

static size_t
count_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* Sends bytes and descriptors that ipc_send() would refuse. */
static void
send_raw(int socket, const void *data, size_t len, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(16 * sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec piece = { (void *)(uintptr_t)data, len };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };

	if (n > 0) {
		struct cmsghdr *c;

		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(n * sizeof *fds);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof *fds);
		memcpy(CMSG_DATA(c), fds, n * sizeof *fds);
	}
	assert_int_equal(sendmsg(socket, &message, MSG_NOSIGNAL), len);
}

static void
a_message_arrives_with_its_type_and_body(void **state)
{
	struct ipc_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(
	    ipc_send(pair[0], IPC_SIGN_REFUSED, view_of_string("no"), NULL, 0),
	    SP_OK);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_KEYHOLDER, IPC_ROLE_GATE, room, &m),
	    SP_OK);
	assert_int_equal(m.type, IPC_SIGN_REFUSED);
	assert_true(view_equal_string(m.body, "no"));
	assert_int_equal(m.fds[0], -1);
	assert_int_equal(m.fds[1], -1);
	assert_int_equal(m.pid, -1);
	close_pair(pair);
}

static void
an_empty_body_is_not_an_empty_packet(void **state)
{
	struct ipc_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(ipc_send(pair[0], IPC_READY, nothing, NULL, 0), SP_OK);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_GATE, IPC_ROLE_SUPERVISOR, room, &m),
	    SP_OK);
	assert_int_equal(m.type, IPC_READY);
	assert_int_equal(m.body.len, 0);
	close_pair(pair);
}

static void
descriptors_arrive_closed_on_exec(void **state)
{
	size_t before = count_open_fds();
	struct ipc_message m;
	int pair[2], given[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(pipe(given), 0);
	assert_int_equal(
	    ipc_send(pair[0], IPC_SPAWN, nothing, given, 2), SP_OK);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_GATE, IPC_ROLE_LOGIN, room, &m),
	    SP_OK);
	for (size_t i = 0; i < 2; i++) {
		assert_true(m.fds[i] >= 0);
		assert_int_equal(fcntl(m.fds[i], F_GETFD), FD_CLOEXEC);
	}
	assert_int_equal(write(m.fds[1], "x", 1), 1);
	assert_int_equal(read(given[0], room, 1), 1);
	ipc_close_fds(&m);
	close_pair(pair);
	close_pair(given);
	assert_int_equal(count_open_fds(), before);
}

static void
a_row_refuses_what_may_not_be_sent(void **state)
{
	static uint8_t bytes[IPC_BODY_MAX + 1];
	int pair[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(
	    ipc_send(pair[0], IPC_NONE, nothing, NULL, 0), SP_ERR_ARGUMENT);
	assert_int_equal(
	    ipc_send(pair[0], IPC_TYPES, nothing, NULL, 0), SP_ERR_ARGUMENT);
	assert_int_equal(
	    ipc_send(pair[0], IPC_READY, view_of(bytes, 1), NULL, 0),
	    SP_ERR_ARGUMENT);
	assert_int_equal(
	    ipc_send(pair[0], IPC_SIGN, view_of(bytes, sizeof bytes), NULL, 0),
	    SP_ERR_ARGUMENT);
	assert_int_equal(
	    ipc_send(pair[0], IPC_PEER, nothing, NULL, 0), SP_ERR_ARGUMENT);
	assert_int_equal(
	    ipc_send(pair[0], IPC_READY, nothing, pair, 1), SP_ERR_ARGUMENT);
	close_pair(pair);
}

static const enum ipc_role roles[] = { IPC_ROLE_SUPERVISOR, IPC_ROLE_KEYHOLDER,
	IPC_ROLE_GATE, IPC_ROLE_LOGIN, IPC_ROLE_SESSION, IPC_ROLE_WORKER,
	IPC_ROLE_SERVICE, IPC_ROLE_LEDGER };
enum { ROLES = sizeof roles / sizeof roles[0] };

/* From the table itself, so that a new row is tested when it is written. */
static const struct {
	unsigned senders, receivers;
	size_t max, fds;
} rows[IPC_TYPES] = {
#define S IPC_ROLE_SUPERVISOR
#define K IPC_ROLE_KEYHOLDER
#define G IPC_ROLE_GATE
#define L IPC_ROLE_LOGIN
#define B IPC_ROLE_LEDGER
#define U IPC_ROLE_SESSION
#define V IPC_ROLE_SERVICE
#define W IPC_ROLE_WORKER
#define IPC(name, senders, receivers, max, fds) \
	[IPC_##name] = { senders, receivers, max, fds },
#include "daemon/ipc/ipc.def"
#undef IPC
#undef S
#undef K
#undef G
#undef L
#undef B
#undef U
#undef V
#undef W
};

static enum sp_status
try_row(unsigned type, size_t len, size_t fds, enum ipc_role sender,
    enum ipc_role receiver)
{
	static uint8_t bytes[IPC_ROOM];
	const int given[3] = { 0, 0, 0 };
	struct ipc_message m;
	enum sp_status status;
	int pair[2];

	bytes[3] = (uint8_t)type;
	open_pair(pair);
	send_raw(pair[0], bytes, 4 + len, given, fds);
	status = ipc_receive(pair[1], sender, receiver, room, &m);
	if (status == SP_OK)
		ipc_close_fds(&m);
	close_pair(pair);
	return status;
}

static void
every_row_is_accepted_between_its_roles_only(void **state)
{
	(void)state;
	for (unsigned type = 1; type < IPC_TYPES; type++) {
		for (size_t i = 0; i < ROLES * ROLES; i++) {
			enum ipc_role from = roles[i / ROLES];
			enum ipc_role to = roles[i % ROLES];
			bool good = (rows[type].senders & from) != 0 &&
			    (rows[type].receivers & to) != 0;

			assert_int_equal(
			    try_row(type, 0, rows[type].fds, from, to),
			    good ? SP_OK : SP_ERR_UNEXPECTED_MESSAGE);
		}
	}
}

static enum ipc_role
first_role(unsigned set)
{
	for (size_t i = 0; i < ROLES; i++)
		if ((set & roles[i]) != 0)
			return roles[i];
	fail();
	return IPC_ROLE_SUPERVISOR;
}

static void
every_row_is_accepted_up_to_its_size_and_with_its_descriptors_only(void **state)
{
	size_t before = count_open_fds();

	(void)state;
	for (unsigned type = 1; type < IPC_TYPES; type++) {
		enum ipc_role from = first_role(rows[type].senders);
		enum ipc_role to = first_role(rows[type].receivers);
		size_t max = rows[type].max;

		assert_int_equal(
		    try_row(type, max, rows[type].fds, from, to), SP_OK);
		if (max + 5 <= IPC_ROOM)
			assert_int_equal(
			    try_row(type, max + 1, rows[type].fds, from, to),
			    SP_ERR_UNEXPECTED_MESSAGE);
		for (size_t fds = 0; fds <= 3; fds++)
			assert_int_equal(try_row(type, 0, fds, from, to),
			    fds == rows[type].fds ? SP_OK
						  : SP_ERR_UNEXPECTED_MESSAGE);
	}
	assert_int_equal(count_open_fds(), before);
}

static void
a_packet_that_is_no_message_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} packets[] = {
		{ "\0", 1 },
		{ "\0\0\0", 3 },
		{ "\0\0\0\0", 4 },
		{ "\1\0\0\1", 4 },
		{ "\0\1\0\1", 4 },
		{ "\0\0\1\1", 4 },
		{ "\0\0\0\xff", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
		struct ipc_message m;
		int pair[2];

		open_pair(pair);
		send_raw(pair[0], packets[i].bytes, packets[i].len, NULL, 0);
		assert_int_equal(ipc_receive(pair[1], IPC_ROLE_GATE,
				     IPC_ROLE_SUPERVISOR, room, &m),
		    SP_ERR_UNEXPECTED_MESSAGE);
		close_pair(pair);
	}
}

static void
descriptors_of_an_empty_packet_are_closed(void **state)
{
	size_t before = count_open_fds();
	const int given[] = { 0, 1 };
	struct ipc_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	send_raw(pair[0], "", 0, given, 2);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_GATE, IPC_ROLE_SUPERVISOR, room, &m),
	    SP_ERR_UNEXPECTED_MESSAGE);
	close_pair(pair);
	assert_int_equal(count_open_fds(), before);
}

static void
many_descriptors_are_all_closed(void **state)
{
	size_t before = count_open_fds();
	const int given[16] = { 0 };
	struct ipc_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	send_raw(pair[0], "\0\0\0\1", 4, given, 16);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_GATE, IPC_ROLE_SUPERVISOR, room, &m),
	    SP_ERR_UNEXPECTED_MESSAGE);
	close_pair(pair);
	assert_int_equal(count_open_fds(), before);
}

static void
a_packet_larger_than_the_room_is_refused(void **state)
{
	static uint8_t bytes[IPC_ROOM + 1] = { 0, 0, 0, IPC_SIGN };
	struct ipc_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	send_raw(pair[0], bytes, sizeof bytes, NULL, 0);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_GATE, IPC_ROLE_KEYHOLDER, room, &m),
	    SP_ERR_UNEXPECTED_MESSAGE);
	close_pair(pair);
}

static void
nothing_there_and_nobody_there_are_told_apart(void **state)
{
	struct ipc_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_GATE, IPC_ROLE_SUPERVISOR, room, &m),
	    SP_ERR_AGAIN);
	close(pair[0]);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_GATE, IPC_ROLE_SUPERVISOR, room, &m),
	    SP_ERR_EOF);
	assert_int_equal(
	    ipc_send(pair[1], IPC_READY, nothing, NULL, 0), SP_ERR_EOF);
	close(pair[1]);
}

static void
a_full_queue_says_again(void **state)
{
	static uint8_t bytes[IPC_BODY_MAX];
	enum sp_status status = SP_OK;
	int pair[2];

	(void)state;
	open_pair(pair);
	for (int i = 0; i < 1000 && status == SP_OK; i++)
		status = ipc_send(
		    pair[0], IPC_EXPORT, view_of(bytes, sizeof bytes), NULL, 0);
	assert_int_equal(status, SP_ERR_AGAIN);
	close_pair(pair);
}

static void
the_sender_is_known_where_credentials_are_asked_for(void **state)
{
	const int on = 1;
	struct ipc_message m;
	int pair[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(
	    setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
	assert_int_equal(ipc_send(pair[0], IPC_LOG, nothing, NULL, 0), SP_OK);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_LOGIN, IPC_ROLE_SUPERVISOR, room, &m),
	    SP_OK);
	assert_int_equal(m.pid, getpid());
	assert_int_equal(m.uid, getuid());
	close_pair(pair);
}

static struct rlimit files_before;

/* So many more descriptors can be opened, and no more. */
static void
leave_room_for(unsigned count)
{
	struct rlimit files;
	int probe[64];
	unsigned opened = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files_before), 0);
	files = files_before;
	for (opened = 0; opened < count; opened++)
		probe[opened] = dup(0);
	probe[opened] = dup(0);
	files.rlim_cur = (rlim_t)probe[opened];
	for (unsigned i = 0; i <= opened; i++)
		close(probe[i]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
}

static void
leave_room_again(void)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files_before), 0);
}

static void
descriptors_that_find_no_room_are_no_breach(void **state)
{
	size_t before = count_open_fds();
	struct ipc_message m;
	int pair[2], given[2];

	(void)state;
	open_pair(pair);
	assert_int_equal(pipe(given), 0);
	for (unsigned room_for = 0; room_for < 2; room_for++) {
		assert_int_equal(ipc_send(pair[0], IPC_SPAWN,
				     view_of_string("hello"), given, 2),
		    SP_OK);
		leave_room_for(room_for);
		assert_int_equal(ipc_receive(pair[1], IPC_ROLE_GATE,
				     IPC_ROLE_LOGIN, room, &m),
		    SP_ERR_DESCRIPTORS);
		leave_room_again();
		assert_int_equal(m.type, IPC_SPAWN);
		assert_true(view_equal_string(m.body, "hello"));
		assert_int_equal(m.fds[0], -1);
		assert_int_equal(m.fds[1], -1);
	}
	/* Nothing is the matter with the socket. */
	assert_int_equal(
	    ipc_send(pair[0], IPC_SPAWN, nothing, given, 2), SP_OK);
	assert_int_equal(
	    ipc_receive(pair[1], IPC_ROLE_GATE, IPC_ROLE_LOGIN, room, &m),
	    SP_OK);
	ipc_close_fds(&m);
	close_pair(pair);
	close_pair(given);
	assert_int_equal(count_open_fds(), before);
}

static void
descriptors_that_may_not_come_are_a_breach_without_room_too(void **state)
{
	const int given[] = { 0, 1, 2 };
	static const struct {
		unsigned type;
		size_t fds;
		unsigned room_for;
	} sent[] = {
		{ IPC_AUTH_REQUEST, 1, 0 }, /* none may */
		{ IPC_SPAWN, 3, 2 }, /* one too many */
		{ IPC_PEER, 1, 0 }, /* not from him */
		{ IPC_NONE, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
		const uint8_t bytes[4] = { 0, 0, 0, (uint8_t)sent[i].type };
		struct ipc_message m;
		int pair[2];

		open_pair(pair);
		send_raw(pair[0], bytes, sizeof bytes, given, sent[i].fds);
		leave_room_for(sent[i].room_for);
		assert_int_equal(ipc_receive(pair[1], IPC_ROLE_GATE,
				     IPC_ROLE_LOGIN, room, &m),
		    SP_ERR_UNEXPECTED_MESSAGE);
		leave_room_again();
		close_pair(pair);
	}
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
waiting_ends_at_the_deadline_or_with_a_message(void **state)
{
	uint64_t start = now_ms();
	int pair[2];

	(void)state;
	open_pair(pair);
	assert_false(ipc_wait(pair[1], start + 30));
	assert_true(now_ms() >= start + 30);
	assert_false(ipc_wait(pair[1], 0));
	assert_int_equal(ipc_send(pair[0], IPC_READY, nothing, NULL, 0), SP_OK);
	assert_true(ipc_wait(pair[1], 0));
	close_pair(pair);
}

static void
every_message_and_role_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(ipc_name(IPC_SIGN), "SIGN");
	assert_string_equal(ipc_name(IPC_TYPES), "unknown");
	assert_string_equal(ipc_role_name(IPC_ROLE_GATE), "gate");
	assert_string_equal(ipc_role_name(IPC_ROLE_SESSION), "session");
	assert_string_equal(ipc_role_name(IPC_ROLE_WORKER), "worker");
	assert_string_equal(ipc_role_name(IPC_ROLE_SERVICE), "service");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_with_its_type_and_body),
		cmocka_unit_test(an_empty_body_is_not_an_empty_packet),
		cmocka_unit_test(descriptors_arrive_closed_on_exec),
		cmocka_unit_test(a_row_refuses_what_may_not_be_sent),
		cmocka_unit_test(every_row_is_accepted_between_its_roles_only),
		cmocka_unit_test(
		    every_row_is_accepted_up_to_its_size_and_with_its_descriptors_only),
		cmocka_unit_test(a_packet_that_is_no_message_is_refused),
		cmocka_unit_test(descriptors_of_an_empty_packet_are_closed),
		cmocka_unit_test(many_descriptors_are_all_closed),
		cmocka_unit_test(a_packet_larger_than_the_room_is_refused),
		cmocka_unit_test(nothing_there_and_nobody_there_are_told_apart),
		cmocka_unit_test(a_full_queue_says_again),
		cmocka_unit_test(descriptors_that_find_no_room_are_no_breach),
		cmocka_unit_test(
		    descriptors_that_may_not_come_are_a_breach_without_room_too),
		cmocka_unit_test(
		    the_sender_is_known_where_credentials_are_asked_for),
		cmocka_unit_test(
		    waiting_ends_at_the_deadline_or_with_a_message),
		cmocka_unit_test(every_message_and_role_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
