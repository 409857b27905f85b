/* The terminal that a client asked for (RFC 4254 6.2, 6.7, 8). */
#ifndef SP_SESSION_PTYFACTS_H
#define SP_SESSION_PTYFACTS_H

#include <sallyport/module.h>

enum { PTYFACTS_TERM_SIZE = 128, PTYFACTS_MODES_MAX = 160 };

struct ptyfacts {
	bool is_wanted;
	struct sp_pty pty; /* points into the rest */
	char term[PTYFACTS_TERM_SIZE];
	struct sp_pty_mode modes[PTYFACTS_MODES_MAX];
};

/*
 * Takes the data of a "pty-req". False, with nothing changed, when it is
 * malformed or the terminal's name is no name.
 */
SP_MUST_USE bool ptyfacts_take(struct ptyfacts *, struct sp_view data);

/* Takes the data of a "window-change"; false when it is malformed. */
SP_MUST_USE bool ptyfacts_resize(struct ptyfacts *, struct sp_view data);

#endif
