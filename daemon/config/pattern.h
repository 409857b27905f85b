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

#include "daemon/config/arena.h"

/* More characters than this are no pattern. */
enum { PATTERN_MAX = 512 };

/* More patterns than this fit no words. */
enum { PATTERN_WORDS_MAX = 128 };

/* NULL when the text is a pattern, else what is wrong with it. */
const char *pattern_problem(const char *pattern);

/* True when only one text fits: the pattern itself. */
bool pattern_is_literal(const char *pattern);

/* False for what is no pattern. */
bool pattern_matches(const char *pattern, const char *text);

/* True when one of the patterns fits the text. */
bool pattern_any_matches(const struct string_list *, const char *text);

/*
 * Words by patterns, one for each; a pattern that is "**" fits any number
 * of words, none too. All of the words must be used up. Its time is the
 * length of all words times that of all patterns.
 */
bool pattern_words_match(
    const struct string_list *patterns, const struct string_list *words);

#endif
