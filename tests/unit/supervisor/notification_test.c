/* What the service manager hears. */
#include "daemon/supervisor/notification.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int
listen_on(const char *path, bool is_abstract)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(at.sun_path + is_abstract, path, strlen(path));
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&at,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    is_abstract + strlen(path))),
	    0);
	return fd;
}

static void
receive(int fd, char got[512])
{
	ssize_t n = recv(fd, got, 511, 0);

	assert_true(n > 0);
	got[n] = '\0';
}

static void
expect(int fd, const char *text)
{
	char got[512];

	receive(fd, got);
	assert_string_equal(got, text);
}

static void
it_is_told_by_path(void **state)
{
	char folder[] = "/tmp/notification_test.XXXXXX";
	char path[64];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/notify", folder);
	fd = listen_on(path, false);
	setenv("NOTIFY_SOCKET", path, 1);
	notification_open();
	notification_ready("all is well");
	expect(fd, "READY=1\nSTATUS=all is well");
	close(fd);
	unlink(path);
	notification_ready("nobody there");
	rmdir(folder);
}

static int
listen_on_abstract_name(void)
{
	char name[64];
	int fd;

	snprintf(name, sizeof name, "@notification_test.%ld", (long)getpid());
	fd = listen_on(name + 1, true);
	setenv("NOTIFY_SOCKET", name, 1);
	notification_open();
	return fd;
}

static void
it_is_told_by_abstract_name(void **state)
{
	int fd = listen_on_abstract_name();

	(void)state;
	notification_stopping();
	expect(fd, "STOPPING=1");
	notification_alive();
	expect(fd, "WATCHDOG=1");
	close(fd);
}

static void
it_is_told_when_a_reload_began(void **state)
{
	int fd = listen_on_abstract_name();
	struct timespec before, after;
	unsigned long long when;
	char got[512];

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	notification_reloading();
	clock_gettime(CLOCK_MONOTONIC, &after);
	receive(fd, got);
	assert_int_equal(
	    sscanf(got, "RELOADING=1\nMONOTONIC_USEC=%llu", &when), 1);
	assert_true(when / 1000000 >= (unsigned long long)before.tv_sec);
	assert_true(when / 1000000 <= (unsigned long long)after.tv_sec);
	close(fd);
}

static void
nobody_is_told_when_nobody_asked(void **state)
{
	char name[300];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notification_open();
	notification_ready("");
	setenv("NOTIFY_SOCKET", "", 1);
	notification_open();
	notification_ready("");
	setenv("NOTIFY_SOCKET", "relative", 1);
	notification_open();
	notification_ready("");
	memset(name, 'x', sizeof name);
	name[0] = '/';
	name[sizeof name - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	notification_open();
	notification_ready("");
}

static void
the_environment_is_taken_and_not_left_to_others(void **state)
{
	(void)state;
	setenv("NOTIFY_SOCKET", "@nobody", 1);
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	notification_open();
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
	assert_null(getenv("WATCHDOG_PID"));
	/* It was meant for another process. */
	assert_int_equal(notification_watchdog_time(), 0);
}

static uint64_t
watchdog_time_of(const char *text)
{
	setenv("WATCHDOG_USEC", text, 1);
	notification_open();
	return notification_watchdog_time();
}

static void
a_watchdog_is_a_number_or_none(void **state)
{
	char own[32];

	(void)state;
	assert_int_equal(watchdog_time_of("30000000"), 30000);
	snprintf(own, sizeof own, "%ld", (long)getpid());
	setenv("WATCHDOG_PID", own, 1);
	assert_int_equal(watchdog_time_of("2000"), 2);
	assert_int_equal(watchdog_time_of(""), 0);
	assert_int_equal(watchdog_time_of("-5"), 0);
	assert_int_equal(watchdog_time_of("30s"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_by_path),
		cmocka_unit_test(it_is_told_by_abstract_name),
		cmocka_unit_test(it_is_told_when_a_reload_began),
		cmocka_unit_test(nobody_is_told_when_nobody_asked),
		cmocka_unit_test(
		    the_environment_is_taken_and_not_left_to_others),
		cmocka_unit_test(a_watchdog_is_a_number_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
