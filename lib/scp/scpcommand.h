/*
 * The command by which a client of scp starts the server's side, "scp -t
 * PATH" or "scp -f PATH ...", taken apart without a shell.
 *
 *     blanks and tabs     part the words
 *     'text'              is plain to the next "'"
 *     "text"              is plain but for \ before one of $ ` " \
 *     \c                  is the character c itself
 *     ~, ~/x              are the place where a client begins, and x there
 *     * and ?             in the last name of a path to be sent: patterns
 *
 * Refused is what only a shell could do: $ and ` outside of '', and outside
 * of all quotes ; & | < > ( ) [ { } and ~user; a # in front of a word,
 * quotes that are left open, and control characters.
 */
#ifndef SP_SCP_SCPCOMMAND_H
#define SP_SCP_SCPCOMMAND_H

#include <sallyport/types.h>

/* Longer lines, and those of more paths, are refused. */
enum { SCPCOMMAND_MAX = 16384, SCPCOMMAND_PATHS_MAX = 256 };

struct scpcommand_path {
	const char *path; /* never empty; with a pattern its folder */
	/* Names in that folder, in words of sp_match_any(); or NULL. */
	const char *pattern;
};

struct scpcommand {
	bool is_sink; /* -t: files come here; else -f, they are sent */
	bool is_recursive; /* -r */
	bool keeps_times; /* -p: modes, too */
	bool needs_folder; /* -d: where they come to is one */
	struct scpcommand_path paths[SCPCOMMAND_PATHS_MAX];
	size_t count; /* never 0; of a sink 1 */
	char *room; /* what the paths are in */
};

/* Whether a command is one: its first word, and -t or -f among its options. */
bool scpcommand_is(const char *line);

/*
 * NULL, and the caller clears it; or what is wrong, for people, and nothing
 * is to be cleared.
 */
const char *scpcommand_read(struct scpcommand *, const char *line);
void scpcommand_clear(struct scpcommand *);

#endif
