/*
 * The one pattern language: a shell glob that must fit the whole text.
 *
 *     *        any characters but "/"
 *     ?        one character but "/"
 *     **       any characters, "/" too; where it is a whole folder of a
 *              path, any number of folders, none too
 *     {word}   [a-z0-9][a-z0-9_-]*
 *     \c       the character c itself
 *
 * Brackets and other braces are refused. Matching never goes back: its
 * time is the length of the text times that of the pattern.
 */
#ifndef SP_CONFIG_PATTERN_H
#define SP_CONFIG_PATTERN_H

#include <sallyport/types.h>

/* More characters than this are no pattern. */
enum { PATTERN_MAX = 512 };

/* NULL when the text is a pattern, else what is wrong with it. */
const char *pattern_problem(const char *pattern);

/* True when only one text fits: the pattern itself. */
bool pattern_is_literal(const char *pattern);

/* False for what is no pattern. */
bool pattern_matches(const char *pattern, const char *text);

#endif
