/*
 * The receiving side: records of all processes become lines on stderr, in
 * a file, or in syslog. A record that its sender may not report is refused
 * and becomes a line about that.
 */
#ifndef SP_LOG_JOURNAL_H
#define SP_LOG_JOURNAL_H

#include "daemon/log/line.h"

enum journal_format { JOURNAL_TEXT, JOURNAL_JSON };

struct journal;

/*
 * to: "stderr", "syslog", an absolute path, or "auto": syslog when the
 * process belongs to root and stderr is no terminal, pipe, file or the
 * service manager's journal; else stderr. NULL with errno set when the
 * file cannot be opened.
 */
struct journal *
journal_open(const char *to, enum journal_format format, enum log_level level);
void journal_close(struct journal *);

/* Opens a file anew, after it was rotated away. False with errno set. */
SP_MUST_USE bool journal_reopen(struct journal *);

/* From now on a file is opened anew whenever its path is another's. */
void journal_follow(struct journal *);

/*
 * Takes one body of LOG. roles are those the sender can have: the socket
 * of a login is its sessions' too where their uid does not tell them
 * apart.
 */
void journal_take(struct journal *, const struct line_origin *, unsigned roles,
    struct sp_view body);

#endif
