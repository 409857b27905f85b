/*
 * A command line taken apart as a shell would do it, where no shell is
 * needed for that: words of plain characters and quotes.
 *
 *     blanks and tabs     part the words
 *     'text'              is plain to the next "'"
 *     "text"              is plain but for \ before one of $ ` " \
 *     \c                  is the character c itself
 *
 * Refused is what only a shell could do, or could take for more than a
 * word: $ and ` outside of '', and outside of all quotes ; & | < > ( ) * ?
 * [ { } # ~ where they mean something, and a word in front that sets a
 * variable; quotes that are left open; and control characters anywhere,
 * a line's end among them. Reserved words ("if") are words.
 */
#ifndef SP_CONFIG_COMMANDLINE_H
#define SP_CONFIG_COMMANDLINE_H

#include "daemon/config/arena.h"

/* Longer lines, and those of more words, are refused. */
enum { COMMANDLINE_MAX = 65536, COMMANDLINE_WORDS_MAX = 4096 };

/*
 * The words; their array ends with NULL, and count does not count that.
 * No word at all, or a line that is refused: count is 0 and items NULL.
 */
struct string_list commandline_split(struct arena *, const char *line);

#endif
