/* Telling the service manager: a datagram to the socket it named. */
#include "daemon/supervisor/notification.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_SIZE = 512 };

static struct {
	struct sockaddr_un address;
	socklen_t size; /* of the address; 0: nobody asked */
	uint64_t watchdog; /* ms */
} manager;

static void
take_address(const char *path)
{
	size_t len = path == NULL ? 0 : strlen(path);

	manager.size = 0;
	if (len < 2 || len >= sizeof manager.address.sun_path ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	manager.address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(manager.address.sun_path, path, len);
	if (path[0] == '@') /* an abstract name */
		manager.address.sun_path[0] = '\0';
	manager.size =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

/* A number and nothing else; 0 for what is none. */
static uint64_t
number_of(const char *text)
{
	char *end;
	unsigned long long number;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	number = strtoull(text, &end, 10);
	return *end == '\0' ? number : 0;
}

/* It may be meant for who started us. */
static bool
is_ours(const char *pid)
{
	return pid == NULL || number_of(pid) == (uint64_t)getpid();
}

void
notification_open(void)
{
	take_address(getenv("NOTIFY_SOCKET"));
	manager.watchdog = is_ours(getenv("WATCHDOG_PID"))
	    ? number_of(getenv("WATCHDOG_USEC")) / 1000
	    : 0;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

/* Nobody there is nothing to do about; who is busy is waited for a little. */
static void
tell(const char *text)
{
	const struct timeval patience = { .tv_sec = 1 };
	ssize_t sent;
	int fd;

	if (manager.size == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	do
		sent = sendto(fd, text, strlen(text), MSG_NOSIGNAL,
		    (const struct sockaddr *)&manager.address, manager.size);
	while (sent < 0 && errno == EINTR);
	close(fd);
}

void
notification_ready(const char *status)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof text, "READY=1\nSTATUS=%s", status);
	tell(text);
}

void
notification_reloading(void)
{
	struct timespec now;
	char text[TEXT_SIZE];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	tell(text);
}

void
notification_stopping(void)
{
	tell("STOPPING=1");
}

uint64_t
notification_watchdog_time(void)
{
	return manager.watchdog;
}

void
notification_alive(void)
{
	tell("WATCHDOG=1");
}
