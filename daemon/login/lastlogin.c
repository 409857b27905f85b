/* One record of struct lastlog, read and written at its place. */
#include "daemon/login/lastlogin.h"

#include <errno.h>
#include <fcntl.h>
#include <lastlog.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* PAM's modules write the same; the terminal is opened later, if ever. */
#define LINE "ssh"

static const char *
problem_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	/* A second name may be in a folder of somebody else's. */
	if (st->st_nlink != 1)
		return "it has other names";
	if (st->st_uid != geteuid() || (st->st_mode & S_IWOTH) != 0)
		return "bad ownership or modes";
	return NULL;
}

int
lastlogin_open(const char *path, const char **problem)
{
	int fd =
	    open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	*problem = NULL;
	if (fd < 0) {
		if (errno != ENOENT)
			*problem = strerror(errno);
		return -1;
	}
	*problem = fstat(fd, &st) == 0 ? problem_of(&st) : strerror(errno);
	if (*problem == NULL)
		return fd;
	close(fd);
	return -1;
}

static off_t
place_of(uid_t uid)
{
	return (off_t)uid * (off_t)sizeof(struct lastlog);
}

/* Others write there too: what commands a terminal does not get there. */
static void
make_harmless(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

bool
lastlogin_tell(int fd, uid_t uid, char text[LASTLOGIN_TEXT])
{
	struct lastlog last;
	char host[sizeof last.ll_host + 1], when[40];
	struct tm local;
	time_t then;

	if (pread(fd, &last, sizeof last, place_of(uid)) !=
		(ssize_t)sizeof last ||
	    last.ll_time == 0)
		return false;
	/* It has 32 bits, whose first is no sign where now is after 2038. */
	then = (time_t)(uint32_t)last.ll_time;
	if (localtime_r(&then, &local) == NULL ||
	    strftime(when, sizeof when, "%a %b %e %H:%M:%S %Y", &local) == 0)
		return false;
	/* A name that fills it has no end. */
	snprintf(
	    host, sizeof host, "%.*s", (int)sizeof last.ll_host, last.ll_host);
	make_harmless(host);
	snprintf(text, LASTLOGIN_TEXT, "Last login: %s%s%s\n", when,
	    host[0] == '\0' ? "" : " from ", host);
	return true;
}

bool
lastlogin_note(int fd, uid_t uid, const char *address, time_t now)
{
	struct lastlog record = { .ll_line = LINE };
	ssize_t written;

	/* As the session does: a limit is an error, and no end. */
	signal(SIGXFSZ, SIG_IGN);
	record.ll_time = (int32_t)(uint32_t)now;
	snprintf(record.ll_host, sizeof record.ll_host, "%s", address);
	written = pwrite(fd, &record, sizeof record, place_of(uid));
	if (written == (ssize_t)sizeof record)
		return true;
	if (written >= 0)
		errno = ENOSPC;
	return false;
}
