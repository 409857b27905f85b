/* The terminal that a client asked for (RFC 4254 6.2, 6.7, 8). */
#ifndef SP_SESSION_PTYFACTS_H
#define SP_SESSION_PTYFACTS_H

#include <sallyport/connection.h>
#include <sallyport/module.h>

enum { PTYFACTS_TERM_SIZE = 128, PTYFACTS_MODES_MAX = 160 };

struct ptyfacts {
	bool is_wanted;
	struct sp_pty pty; /* points into the rest */
	char term[PTYFACTS_TERM_SIZE];
	struct sp_pty_mode modes[PTYFACTS_MODES_MAX];
};

/* False, with nothing changed, when the terminal's name is no name. */
SP_MUST_USE bool
ptyfacts_take(struct ptyfacts *, const struct sp_pty_request *);

/* False when there is no terminal. */
SP_MUST_USE bool
ptyfacts_resize(struct ptyfacts *, const struct sp_window_size *);

#endif
