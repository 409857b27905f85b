/* Logins come in, one by one, until nobody can come any more. */
#include "daemon/service/reception.h"

#include "daemon/ipc/control.h"
#include "daemon/login/servicelink.h"

#include <errno.h>
#include <poll.h>
#include <sallyport/module.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int supervisor, fd;
static struct servicelinks login;
static struct modgroup groups[2];

static int
serve(int socket, const void *conf)
{
	(void)socket;
	(void)conf;
	return 0;
}

static int
set_up(void **state)
{
	int pair[2];

	(void)state;
	groups[1].module.auth.service = serve;
	if (!ipc_pair(pair) || !servicelink_init(&login, 2))
		return -1;
	supervisor = pair[0];
	fd = reception_open(pair[1]);
	return fd < 0 ? -1 : 0;
}

static bool
is_readable(int socket)
{
	struct pollfd waiting = { .fd = socket, .events = POLLIN };

	return poll(&waiting, 1, 0) == 1;
}

static void
introduce(enum ipc_role role, int socket)
{
	const struct control_peer peer = { .role = role, .id = 1, .pid = 9 };
	struct buffer body;

	buffer_init(&body, 64);
	assert_int_equal(control_peer_encode(&peer, &body), SP_OK);
	assert_int_equal(
	    ipc_send(supervisor, IPC_PEER, buffer_view(&body), &socket, 1),
	    SP_OK);
	buffer_clear(&body);
	close(socket);
}

/* The far end is the login program's. */
static int
add_login_program(void)
{
	int pair[2];

	assert_true(ipc_pair(pair));
	introduce(IPC_ROLE_LOGIN, pair[0]);
	return pair[1];
}

static void
expect_nobody(int error)
{
	assert_int_equal(sp_service_accept(fd), -1);
	assert_int_equal(errno, error);
	assert_int_equal(reception_is_over(), error == ESHUTDOWN);
}

static void
a_login_comes_through_its_program_alone(void **state)
{
	int come, other[2];
	char text[4];

	(void)state;
	assert_int_equal(sp_service_accept(fd + 1000), -1);
	assert_int_equal(errno, EBADF);
	expect_nobody(EAGAIN);
	/* Without a service, of no group: it is not believed. */
	assert_true(ipc_pair(other));
	servicelink_add(&login, groups, 0, other[0]);
	servicelink_add(&login, groups, 2, other[1]);
	servicelink_open(&login);
	assert_int_equal(login.own[0], -1);
	assert_int_equal(login.own[1], -1);

	servicelink_add(&login, groups, 1, add_login_program());
	assert_true(is_readable(fd));
	expect_nobody(EAGAIN);
	assert_false(is_readable(fd));
	servicelink_open(&login);
	assert_int_equal(login.own[0], -1);
	assert_true(is_readable(fd));
	come = sp_service_accept(fd);
	assert_true(come >= 0);
	expect_nobody(EAGAIN);
	assert_int_equal(send(login.own[1], "hi", 2, 0), 2);
	assert_int_equal(recv(come, text, sizeof text, 0), 2);
	servicelink_close(&login);
	assert_int_equal(recv(come, text, sizeof text, 0), 0);
	close(come);
}

static void
who_takes_nothing_more_gets_nobody_and_nobody_waits(void **state)
{
	int list[SETTINGS_SERVICES_MAX];
	unsigned count = 0;

	(void)state;
	for (;; count++) {
		servicelink_open(&login);
		if (servicelink_list(&login, list) == 0)
			break;
		assert_int_equal(list[0], login.own[1]);
		servicelink_close(&login);
		assert_true(count < 100000);
	}
	assert_true(count > 16);
	assert_int_equal(login.own[1], -1);
	/* All of them are there when it goes on, and none is left open. */
	for (;;) {
		int come = sp_service_accept(fd);

		if (come < 0)
			break;
		close(come);
	}
	assert_int_equal(errno, EAGAIN);
}

static void
what_is_no_login_is_left_outside(void **state)
{
	int pipes[2], link, pair[2];

	(void)state;
	link = add_login_program();
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(
	    ipc_send(link, IPC_LOGIN_COMES, view_of(NULL, 0), &pipes[0], 1),
	    SP_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(
	    ipc_send(link, IPC_LOGIN_COMES, view_of(NULL, 0), &pair[0], 1),
	    SP_OK);
	expect_nobody(EAGAIN);
	close(pipes[0]);
	close(pipes[1]);
	close(pair[0]);
	close(pair[1]);
	/* Other messages end the link, and no other. */
	assert_int_equal(
	    ipc_send(link, IPC_WORN, view_of(NULL, 0), NULL, 0), SP_OK);
	expect_nobody(EAGAIN);
	assert_int_equal(
	    ipc_send(link, IPC_WORN, view_of(NULL, 0), NULL, 0), SP_ERR_EOF);
	close(link);
	/* Nobody but a login program is anybody here. */
	assert_true(ipc_pair(pair));
	introduce(IPC_ROLE_GATE, pair[0]);
	expect_nobody(EAGAIN);
	assert_int_equal(
	    ipc_send(pair[1], IPC_WORN, view_of(NULL, 0), NULL, 0), SP_ERR_EOF);
	close(pair[1]);
}

static void
it_is_over_when_it_is_retired_and_the_last_program_has_gone(void **state)
{
	int come;

	(void)state;
	assert_int_equal(
	    ipc_send(supervisor, IPC_RETIRE, view_of(NULL, 0), NULL, 0), SP_OK);
	expect_nobody(EAGAIN);
	servicelink_open(&login);
	come = sp_service_accept(fd);
	assert_true(come >= 0);
	servicelink_close(&login);
	close(come);
	close(supervisor);
	expect_nobody(EAGAIN);
	assert_false(is_readable(fd));
	close(login.links[1]);
	assert_true(is_readable(fd));
	expect_nobody(ESHUTDOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_comes_through_its_program_alone),
		cmocka_unit_test(
		    who_takes_nothing_more_gets_nobody_and_nobody_waits),
		cmocka_unit_test(what_is_no_login_is_left_outside),
		cmocka_unit_test(
		    it_is_over_when_it_is_retired_and_the_last_program_has_gone),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
