/* The receiving side: who may say what, and where the lines go. */
#include "daemon/log/journal.h"

#include "daemon/log/events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

/* What scanners of the text form look for in syslog: it is OpenSSH's. */
#define SYSLOG_NAME "sshd"
#define LINE_NAME   "sallyportd"

enum sink { SINK_FD, SINK_MANAGER, SINK_SYSLOG };

struct journal {
	enum sink sink;
	enum journal_format format;
	enum log_level level;
	int fd;
	char *path; /* NULL unless it is a file */
	uint64_t lost; /* lines that could not be written */
	int error; /* why the last of them could not; EAGAIN: nobody read */
	bool is_torn; /* what stands at the end is no whole line */
	bool is_regular; /* nobody reads at its other end */
	bool is_following; /* the path, wherever its file is moved */
	/* Kept: a line about want of memory must not need any. */
	struct buffer line;
};

/* The service manager reads our stderr, and adds the time itself. */
static bool
is_manager_listening(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (stream == NULL || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	    st.st_ino == inode;
}

static bool
is_stderr_useful(void)
{
	struct stat st;

	return fstat(STDERR_FILENO, &st) == 0 &&
	    (!S_ISCHR(st.st_mode) || isatty(STDERR_FILENO));
}

static enum sink
choose_sink(const char *to)
{
	bool is_auto = strcmp(to, "auto") == 0;

	if (strcmp(to, "syslog") == 0)
		return SINK_SYSLOG;
	if (is_auto && geteuid() == 0 && !is_stderr_useful())
		return SINK_SYSLOG;
	if (to[0] != '/' && is_manager_listening())
		return SINK_MANAGER;
	return SINK_FD;
}

static int
open_file(const char *path)
{
	return open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
	    0640);
}

static void
look_at_file(struct journal *journal)
{
	struct stat st;

	journal->is_regular =
	    fstat(journal->fd, &st) == 0 && S_ISREG(st.st_mode);
}

struct journal *
journal_open(const char *to, enum journal_format format, enum log_level level)
{
	struct journal *journal = calloc(1, sizeof *journal);
	uint8_t *room;

	if (journal == NULL)
		return NULL;
	*journal = (struct journal){ .sink = choose_sink(to),
		.format = format,
		.level = level,
		.fd = STDERR_FILENO };
	buffer_init(&journal->line, LINE_MAX_LEN);
	if (to[0] == '/') {
		journal->path = strdup(to);
		journal->fd = open_file(to);
		if (journal->path == NULL || journal->fd < 0) {
			journal_close(journal);
			return NULL;
		}
	}
	if (buffer_room(&journal->line, LINE_MAX_LEN, &room) != SP_OK) {
		journal_close(journal);
		errno = ENOMEM;
		return NULL;
	}
	look_at_file(journal);
	if (journal->sink == SINK_SYSLOG)
		openlog(SYSLOG_NAME, LOG_NDELAY, LOG_AUTHPRIV);
	return journal;
}

void
journal_close(struct journal *journal)
{
	int saved = errno;

	if (journal == NULL)
		return;
	if (journal->sink == SINK_SYSLOG)
		closelog();
	if (journal->path != NULL && journal->fd >= 0)
		close(journal->fd);
	free(journal->path);
	buffer_clear(&journal->line);
	free(journal);
	errno = saved;
}

bool
journal_reopen(struct journal *journal)
{
	int fd;

	if (journal->path == NULL)
		return true;
	fd = open_file(journal->path);
	if (fd < 0)
		return false;
	close(journal->fd);
	journal->fd = fd;
	journal->is_torn = false;
	look_at_file(journal);
	return true;
}

void
journal_follow(struct journal *journal)
{
	journal->is_following = true;
}

/* Where it cannot be said whether it is in its place, it is not. */
static bool
is_put_away(const struct journal *journal)
{
	struct stat there, here;

	return journal->path != NULL &&
	    (fstat(journal->fd, &here) != 0 ||
		lstat(journal->path, &there) != 0 ||
		there.st_dev != here.st_dev || there.st_ino != here.st_ino);
}

static int
priority_of(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return LOG_ERR;
	case LOG_LEVEL_WARNING:
		return LOG_WARNING;
	case LOG_LEVEL_NOTICE:
		return LOG_NOTICE;
	case LOG_LEVEL_INFO:
		return LOG_INFO;
	case LOG_LEVEL_DEBUG:
		return LOG_DEBUG;
	}
	return LOG_INFO;
}

static struct iovec
piece_of(const void *data, size_t len)
{
	return (struct iovec){ .iov_base = (void *)(uintptr_t)data,
		.iov_len = len };
}

static void
lose_line(struct journal *journal, int error)
{
	journal->lost++;
	journal->error = error;
}

/* One writev a line, so that lines of a shared file never mix. */
static void
write_line(struct journal *journal, const char *prefix, struct sp_view line)
{
	const struct iovec pieces[] = {
		piece_of("\n", journal->is_torn ? 1 : 0),
		piece_of(prefix, strlen(prefix)),
		piece_of(line.data, line.len),
		piece_of("\n", 1),
	};
	size_t whole = 0;
	ssize_t written;

	for (size_t i = 0; i < 4; i++)
		whole += pieces[i].iov_len;
	do {
		written = writev(journal->fd, pieces, 4);
	} while (written < 0 && errno == EINTR);
	if (written < 0) {
		lose_line(journal, errno);
	} else if ((size_t)written < whole) {
		/* The disk is full, or a pipe. */
		lose_line(journal, ENOSPC);
		journal->is_torn = true;
	} else {
		journal->is_torn = false;
	}
}

/* False while a reader of our pipe does not read: nobody waits for him. */
static bool
is_writable(const struct journal *journal)
{
	struct pollfd out = { .fd = journal->fd, .events = POLLOUT };

	return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0;
}

/* The process named is the one that reported, not the one that writes. */
static void
write_syslog(enum log_level level, pid_t pid, struct sp_view line)
{
	static char name[sizeof SYSLOG_NAME + 24];

	snprintf(name, sizeof name, SYSLOG_NAME "[%ld]", (long)pid);
	openlog(name, LOG_NDELAY, LOG_AUTHPRIV);
	syslog(
	    priority_of(level), "%.*s", (int)line.len, (const char *)line.data);
}

static void
put_line(struct journal *journal, const struct line_origin *origin,
    enum log_level level, const struct timespec *now, struct sp_view line)
{
	char prefix[LINE_TIME_SIZE + 64] = "";
	char when[LINE_TIME_SIZE];

	switch (journal->sink) {
	case SINK_SYSLOG:
		write_syslog(level, origin->pid, line);
		return;
	case SINK_MANAGER:
		snprintf(prefix, sizeof prefix, "<%d>", priority_of(level));
		break;
	case SINK_FD:
		if (journal->format == JOURNAL_JSON)
			break;
		line_format_time(now, when);
		snprintf(prefix, sizeof prefix, "%s " LINE_NAME "[%ld]: ", when,
		    (long)origin->pid);
		break;
	}
	/* Where no other can be opened, the old file goes on. */
	if (journal->is_following && is_put_away(journal) &&
	    !journal_reopen(journal))
		errno = 0;
	if (journal->is_regular || is_writable(journal))
		write_line(journal, prefix, line);
	else
		lose_line(journal, EAGAIN);
}

static void tell_lost(struct journal *);

static void
write_record(struct journal *journal, const struct line_origin *origin,
    const struct record *record)
{
	enum log_level level = events_find(record->event)->level;
	struct buffer *line = &journal->line;
	struct timespec now;
	enum sp_status status = SP_ERR_INTERNAL;

	if (level > journal->level)
		return;
	if (journal->lost > 0)
		tell_lost(journal);
	clock_gettime(CLOCK_REALTIME, &now);
	switch (journal->format) {
	case JOURNAL_TEXT:
		status = line_write_text(record, line);
		break;
	case JOURNAL_JSON:
		status = line_write_json(record, origin, &now, line);
		break;
	}
	if (status == SP_OK)
		put_line(journal, origin, level, &now, buffer_view(line));
	buffer_consume(line, buffer_len(line));
}

/* Once there is room again. Without it for this line, all stay lost. */
static void
tell_lost(struct journal *journal)
{
	const struct line_origin self = { .role = IPC_ROLE_SUPERVISOR,
		.pid = getpid() };
	const uint64_t lost = journal->lost;
	const char *reason = journal->error == EAGAIN
	    ? "nobody read them"
	    : strerror(journal->error);
	const struct record record = {
		.event = EVENT_LINES_LOST,
		.count = 2,
		.fields = { log_number(FIELD_COUNT, lost),
		    log_text(FIELD_REASON, reason) },
	};

	journal->lost = 0;
	write_record(journal, &self, &record);
	if (journal->lost > 0)
		journal->lost = lost;
}

/* A line of the receiver's own, about a sender. */
static void
write_about(struct journal *journal, enum log_event event,
    const struct line_origin *origin, struct log_field detail)
{
	const struct line_origin self = { .role = IPC_ROLE_SUPERVISOR,
		.pid = getpid() };
	const struct record record = {
		.event = event,
		.count = 3,
		.fields = {
			log_text(FIELD_ROLE, ipc_role_name(origin->role)),
			log_number(FIELD_PROCESS, (uint64_t)origin->pid),
			detail,
		},
	};

	write_record(journal, &self, &record);
}

void
journal_take(struct journal *journal, const struct line_origin *origin,
    unsigned roles, struct sp_view body)
{
	struct record record;

	if (record_decode(body, &record) != SP_OK) {
		write_about(journal, EVENT_RECORD_REFUSED, origin,
		    log_text(FIELD_REASON, "malformed"));
		return;
	}
	if (record.lost > 0)
		write_about(journal, EVENT_RECORDS_LOST, origin,
		    log_number(FIELD_COUNT, record.lost));
	if ((events_find(record.event)->roles & roles) == 0) {
		write_about(journal, EVENT_RECORD_REFUSED, origin,
		    log_text(FIELD_REASON, events_find(record.event)->name));
		return;
	}
	write_record(journal, origin, &record);
}
