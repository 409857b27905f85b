/* What a client says about its terminal. */
#include "daemon/session/ptyfacts.h"

#include "lib/connection/session_request.h"

/* It becomes TERM and with it a file name. */
static bool
is_term(struct sp_view term)
{
	return term.len < PTYFACTS_TERM_SIZE && !view_has_control(term) &&
	    (term.len == 0 || memchr(term.data, '/', term.len) == NULL);
}

bool
ptyfacts_take(struct ptyfacts *facts, struct sp_view data)
{
	struct session_request_mode mode;
	struct session_request_pty asked;
	size_t count = 0;

	if (session_request_decode_pty(data, &asked) != SP_OK ||
	    !is_term(asked.term) ||
	    !view_to_string(asked.term, facts->term, sizeof facts->term))
		return false;
	while (count < PTYFACTS_MODES_MAX &&
	    session_request_next_mode(&asked.modes, &mode))
		facts->modes[count++] =
		    (struct sp_pty_mode){ .opcode = mode.opcode,
			    .value = mode.value };
	facts->pty = (struct sp_pty){
		.size = sizeof facts->pty,
		.term = facts->term,
		.columns = asked.columns,
		.rows = asked.rows,
		.width = asked.width,
		.height = asked.height,
		.modes = facts->modes,
		.mode_count = count,
	};
	facts->is_wanted = true;
	return true;
}

bool
ptyfacts_resize(struct ptyfacts *facts, struct sp_view data)
{
	struct session_request_size size;

	if (!facts->is_wanted ||
	    session_request_decode_size(data, &size) != SP_OK)
		return false;
	facts->pty.columns = size.columns;
	facts->pty.rows = size.rows;
	facts->pty.width = size.width;
	facts->pty.height = size.height;
	return true;
}
