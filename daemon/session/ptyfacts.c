/* What a client says about its terminal. */
#include "daemon/session/ptyfacts.h"

#include "lib/wire/view.h"

/* It becomes TERM and with it a file name. */
static bool
is_term(struct sp_view term)
{
	return term.len < PTYFACTS_TERM_SIZE && !view_has_control(term) &&
	    (term.len == 0 || memchr(term.data, '/', term.len) == NULL);
}

static void
set_size(struct sp_pty *pty, const struct sp_window_size *size)
{
	pty->columns = size->columns;
	pty->rows = size->rows;
	pty->width = size->width;
	pty->height = size->height;
}

bool
ptyfacts_take(struct ptyfacts *facts, const struct sp_pty_request *asked)
{
	struct sp_view modes = asked->modes;
	struct sp_terminal_mode mode;
	size_t count = 0;

	if (!is_term(asked->term) ||
	    !view_to_string(asked->term, facts->term, sizeof facts->term))
		return false;
	while (
	    count < PTYFACTS_MODES_MAX && sp_terminal_modes_next(&modes, &mode))
		facts->modes[count++] =
		    (struct sp_pty_mode){ .opcode = mode.opcode,
			    .value = mode.value };
	facts->pty = (struct sp_pty){
		.size = sizeof facts->pty,
		.term = facts->term,
		.modes = facts->modes,
		.mode_count = count,
	};
	set_size(&facts->pty, &asked->size);
	facts->is_wanted = true;
	return true;
}

bool
ptyfacts_resize(struct ptyfacts *facts, const struct sp_window_size *size)
{
	if (!facts->is_wanted)
		return false;
	set_size(&facts->pty, size);
	return true;
}
