/* A record as one line: in words, or as a JSON object. */
#ifndef SP_LOG_LINE_H
#define SP_LOG_LINE_H

#include "daemon/ipc/ipc.h"
#include "daemon/log/record.h"

#include <time.h>

/* Who reported it, as the receiver knows. */
struct line_origin {
	enum ipc_role role;
	pid_t pid;
	uint32_t id; /* which gate, which generation; 0: not to be told */
};

/* Room for the longest line. */
enum { LINE_MAX_LEN = 64 * 1024 };

/* The event's text form, without time, process and newline. */
SP_MUST_USE enum sp_status
line_write_text(const struct record *, struct buffer *out);

/* One object, without a newline. */
SP_MUST_USE enum sp_status
line_write_json(const struct record *, const struct line_origin *,
    const struct timespec *time, struct buffer *out);

/* "2026-11-22T14:12:03.123Z" and a NUL. */
enum { LINE_TIME_SIZE = 32 };
void line_format_time(const struct timespec *, char room[LINE_TIME_SIZE]);

#endif
