/*
 * Splitting in one pass. What is not known to be plain is refused: whoever
 * is asked to run the words must find in them what a shell would have
 * found, and nothing less.
 */
#include "daemon/config/commandline.h"

#include "lib/wire/view.h"

struct splitter {
	const char *at;
	char *out; /* as much room as the line has */
	const char **words;
	size_t count;
};

/* Means more than itself wherever it stands without quotes. */
static bool
is_special(char c)
{
	return strchr("$`;&|<>()*?[{}", c) != NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* "NAME=" and "NAME+=" as the quotes have left them. */
static bool
is_assignment(const char *word, const char *end)
{
	size_t name = strspn(word,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_");

	if (word + name >= end)
		return false;
	return name > 0 && strchr("0123456789", word[0]) == NULL &&
	    (word[name] == '=' || (word[name] == '+' && word[name + 1] == '='));
}

/* Behind a "'": to the next. */
static bool
take_single(struct splitter *s)
{
	size_t len = strcspn(s->at, "'");

	if (s->at[len] == '\0')
		return false;
	memcpy(s->out, s->at, len);
	s->out += len;
	s->at += len + 1;
	return true;
}

/* Behind a '"': to the next that no "\" stands before. */
static bool
take_double(struct splitter *s)
{
	for (; *s->at != '"'; s->at++) {
		if (*s->at == '\0' || *s->at == '$' || *s->at == '`')
			return false;
		if (*s->at == '\\' && s->at[1] != '\0' &&
		    strchr("$`\"\\", s->at[1]) != NULL)
			s->at++;
		*s->out++ = *s->at;
	}
	s->at++;
	return true;
}

/* One character without quotes. */
static bool
take_plain(struct splitter *s, bool is_first)
{
	char c = *s->at++;

	if (is_special(c) || (is_first && (c == '#' || c == '~')))
		return false;
	/* Where "=" or ":" is in front, some shells put a home folder in. */
	if (c == '~' && strchr("=:", s->at[-2]) != NULL)
		return false;
	if (c == '\\') {
		c = *s->at++;
		if (c == '\0')
			return false;
	}
	*s->out++ = c;
	return true;
}

static bool
take_word(struct splitter *s)
{
	const char *word = s->out, *begin = s->at;
	const char *plain_end = NULL; /* where the first quote was met */
	bool is_good = true;

	while (is_good && *s->at != '\0' && !is_blank(*s->at)) {
		bool is_quoted = strchr("'\"\\", *s->at) != NULL;

		if (is_quoted && plain_end == NULL)
			plain_end = s->out;
		if (*s->at == '\'') {
			s->at++;
			is_good = take_single(s);
		} else if (*s->at == '"') {
			s->at++;
			is_good = take_double(s);
		} else {
			is_good = take_plain(s, s->at == begin);
		}
	}
	if (!is_good || s->count == COMMANDLINE_WORDS_MAX)
		return false;
	if (s->count == 0 &&
	    is_assignment(word, plain_end == NULL ? s->out : plain_end))
		return false;
	*s->out++ = '\0';
	s->words[s->count++] = word;
	return !view_has_control(view_of_string(word));
}

struct string_list
commandline_split(struct arena *arena, const char *line)
{
	const struct string_list none = { .items = NULL };
	struct splitter s = { .at = line };
	size_t len = strlen(line);

	if (len > COMMANDLINE_MAX)
		return none;
	/* No word is shorter than a character and a blank. */
	s.words = arena_alloc(arena, len / 2 + 2, sizeof *s.words);
	s.out = arena_alloc(arena, len + 2, 1);
	for (;;) {
		s.at += strspn(s.at, " \t");
		if (*s.at == '\0')
			break;
		if (!take_word(&s))
			return none;
	}
	if (s.count == 0)
		return none;
	return (struct string_list){ .items = s.words, .count = s.count };
}
