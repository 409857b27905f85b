/*
 * Examining a configuration before it is believed: a process of its own
 * reads it with all modules loaded, and writes the projections, one for the
 * supervisor too. That loads no module and reads no file, so that what it
 * does is what was examined, and no want of memory on the way is its end.
 */
#ifndef SP_SUPERVISOR_EXAMINATION_H
#define SP_SUPERVISOR_EXAMINATION_H

#include "daemon/config/loader.h"
#include "daemon/config/projection.h"

#include <sys/types.h>

struct examination {
	struct supervisor_settings settings;
	struct arena arena; /* what the settings point to */
	/* Memfds, one a program; sealed, but for our own. */
	int supervisor;
	int gate;
	int keyholder;
	int login;
	int ledger;
	int services[SETTINGS_SERVICES_MAX]; /* as in the settings */
	/* The process that reads it, until its verdict was taken. */
	pid_t reader;
	int verdict; /* readable when there is one, or never will be */
	int mistakes; /* memfd: their text */
};

/* Milliseconds that it may take: a module may look things up. */
enum { EXAMINATION_TIME = 30000 };

/*
 * Starts the process that reads it. Whoever called reaps it. False with a
 * sentence in what, as below.
 */
SP_MUST_USE bool examination_begin(struct examination *,
    const struct loader_request *, char *what, size_t size);

/*
 * Takes the verdict; a process that has none yet is killed. False when
 * there are mistakes: their text, one a line, is appended to what (a C
 * string in size bytes), cut where it is too long.
 */
SP_MUST_USE bool examination_end(struct examination *, char *what, size_t size);

/* Both, with the wait in between; at the start nobody else is kept waiting. */
SP_MUST_USE bool examination_run(struct examination *,
    const struct loader_request *, char *what, size_t size);

/* A process that still reads is killed. */
void examination_clear(struct examination *);

#endif
