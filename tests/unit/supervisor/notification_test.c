/* What the service manager hears. */
#include "daemon/supervisor/notification.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
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
expect(int fd, const char *text)
{
	char got[64] = "";

	assert_int_equal(recv(fd, got, sizeof got - 1, 0), strlen(text));
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
	notification_send("READY=1");
	expect(fd, "READY=1");
	close(fd);
	unlink(path);
	notification_send("READY=1"); /* nobody there */
	rmdir(folder);
}

static void
it_is_told_by_abstract_name(void **state)
{
	char name[64];
	int fd;

	(void)state;
	snprintf(name, sizeof name, "@notification_test.%ld", (long)getpid());
	fd = listen_on(name + 1, true);
	setenv("NOTIFY_SOCKET", name, 1);
	notification_send("STOPPING=1");
	expect(fd, "STOPPING=1");
	close(fd);
}

static void
nobody_is_told_when_nobody_asked(void **state)
{
	char name[300];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	notification_send("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	notification_send("READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	notification_send("READY=1");
	memset(name, 'x', sizeof name);
	name[0] = '/';
	name[sizeof name - 1] = '\0';
	setenv("NOTIFY_SOCKET", name, 1);
	notification_send("READY=1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_by_path),
		cmocka_unit_test(it_is_told_by_abstract_name),
		cmocka_unit_test(nobody_is_told_when_nobody_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
