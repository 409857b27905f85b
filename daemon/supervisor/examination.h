/*
 * Examining a configuration before it is believed: a process of its own
 * reads it with all modules loaded, and writes the projections; the
 * supervisor itself never loads a module.
 */
#ifndef SP_SUPERVISOR_EXAMINATION_H
#define SP_SUPERVISOR_EXAMINATION_H

#include "daemon/config/loader.h"

struct examination {
	struct settings *settings; /* read here, without modules */
	uint32_t gates; /* how many to start */
	/* Sealed memfds, one a program. */
	int gate;
	int keyholder;
	int login;
};

/*
 * False when there are mistakes: their text, one a line, is appended to
 * what (a C string in size bytes), cut where it is too long.
 */
SP_MUST_USE bool examination_run(struct examination *,
    const struct loader_request *, char *what, size_t size);
void examination_clear(struct examination *);

#endif
