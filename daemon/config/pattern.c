/*
 * The pattern language, matched by a set of states that is carried over
 * the text once (Thompson's construction).
 */
#include "daemon/config/pattern.h"

#include <string.h>

enum kind {
	LITERAL, /* this character */
	ONE, /* any character but "/" */
	MANY, /* any number of them, none too */
	ANY, /* any number of any characters */
	FOLDERS, /* nothing, or the INSIDE that comes next */
	INSIDE, /* any characters and then a "/" */
	WORD_INITIAL, /* [a-z0-9] */
	WORD_REST, /* [a-z0-9_-]* */
};

struct step {
	enum kind kind;
	char c;
};

struct program {
	struct step steps[PATTERN_MAX];
	size_t count;
};

/* The set of steps to be tried next; count stands for "all has fitted". */
struct states {
	bool has[PATTERN_MAX + 1];
};

static void
add(struct program *p, enum kind kind, char c)
{
	p->steps[p->count++] = (struct step){ .kind = kind, .c = c };
}

/* "**": any number of folders where it is one, else any characters. */
static const char *
compile_deep(const char *at, bool is_folder, struct program *p)
{
	if (is_folder && at[2] == '/') {
		add(p, FOLDERS, 0);
		add(p, INSIDE, 0);
		return at + 3;
	}
	add(p, ANY, 0);
	return at + 2;
}

/* Compiles one element; what comes after it, or NULL with a problem. */
static const char *
compile_one(
    const char *at, bool is_folder, struct program *p, const char **problem)
{
	if (strncmp(at, "***", 3) == 0) {
		*problem = "has more than two \"*\" in a row";
		return NULL;
	}
	if (strncmp(at, "**", 2) == 0)
		return compile_deep(at, is_folder, p);
	if (strncmp(at, "{word}", 6) == 0) {
		add(p, WORD_INITIAL, 0);
		add(p, WORD_REST, 0);
		return at + 6;
	}
	if (strchr("{}[]", *at) != NULL) {
		*problem =
		    "has a bracket that is not {word} (a \"\\\" in front "
		    "of it makes it a plain character)";
		return NULL;
	}
	if (*at == '\\' && at[1] == '\0') {
		*problem = "ends in a \"\\\"";
		return NULL;
	}
	if (*at == '\\')
		add(p, LITERAL, *++at);
	else if (*at == '*')
		add(p, MANY, 0);
	else if (*at == '?')
		add(p, ONE, 0);
	else
		add(p, LITERAL, *at);
	return at + 1;
}

/* No element makes more steps than it has characters: steps[] suffices. */
static const char *
compile(const char *pattern, struct program *p)
{
	const char *problem = NULL, *at = pattern;

	p->count = 0;
	if (strlen(pattern) > PATTERN_MAX)
		return "has more than 512 characters";
	while (at != NULL && *at != '\0')
		at = compile_one(
		    at, at == pattern || at[-1] == '/', p, &problem);
	return problem;
}

const char *
pattern_problem(const char *pattern)
{
	struct program p;

	return compile(pattern, &p);
}

bool
pattern_is_literal(const char *pattern)
{
	return strpbrk(pattern, "*?{}[]\\") == NULL;
}

static bool
is_word_initial(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Adds a step, and those after it that can be reached without a character. */
static void
enter(const struct program *p, struct states *states, size_t i)
{
	for (;;) {
		states->has[i] = true;
		if (i == p->count)
			return;
		switch (p->steps[i].kind) {
		case MANY:
		case ANY:
		case WORD_REST:
			i++;
			break;
		case FOLDERS:
			states->has[i + 1] = true;
			i += 2;
			break;
		case LITERAL:
		case ONE:
		case INSIDE:
		case WORD_INITIAL:
			return;
		}
	}
}

/* Where step i leads when it meets the character c. */
static void
advance(const struct program *p, struct states *next, size_t i, char c)
{
	const struct step *step = &p->steps[i];

	switch (step->kind) {
	case LITERAL:
		if (c == step->c)
			enter(p, next, i + 1);
		break;
	case ONE:
		if (c != '/')
			enter(p, next, i + 1);
		break;
	case MANY:
		if (c != '/')
			enter(p, next, i);
		break;
	case ANY:
		enter(p, next, i);
		break;
	case FOLDERS:
		break;
	case INSIDE:
		next->has[i] = true;
		if (c == '/')
			enter(p, next, i + 1);
		break;
	case WORD_INITIAL:
		if (is_word_initial(c))
			enter(p, next, i + 1);
		break;
	case WORD_REST:
		if (is_word_initial(c) || c == '_' || c == '-')
			enter(p, next, i);
		break;
	}
}

bool
pattern_matches(const char *pattern, const char *text)
{
	struct states now = { { false } }, next;
	struct program p;

	if (pattern_is_literal(pattern))
		return strcmp(pattern, text) == 0;
	if (compile(pattern, &p) != NULL)
		return false;
	enter(&p, &now, 0);
	for (; *text != '\0'; text++) {
		next = (struct states){ { false } };
		for (size_t i = 0; i < p.count; i++)
			if (now.has[i])
				advance(&p, &next, i, *text);
		now = next;
	}
	return now.has[p.count];
}

bool
pattern_any_matches(const struct string_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++) {
		if (pattern_matches(patterns->items[i], text))
			return true;
	}
	return false;
}

/* ---- words ---- */

/* The set of patterns to be tried next; count stands for "all are used". */
struct places {
	bool has[PATTERN_WORDS_MAX + 1];
};

static bool
is_any_words(const char *pattern)
{
	return strcmp(pattern, "**") == 0;
}

/* Adds a pattern, and those behind it that need no word before them. */
static void
enter_word(const struct string_list *patterns, struct places *places, size_t i)
{
	while (i < patterns->count && is_any_words(patterns->items[i]))
		places->has[i++] = true;
	places->has[i] = true;
}

bool
pattern_words_match(
    const struct string_list *patterns, const struct string_list *words)
{
	struct places now = { { false } }, next;

	if (patterns->count > PATTERN_WORDS_MAX)
		return false;
	enter_word(patterns, &now, 0);
	for (size_t w = 0; w < words->count; w++) {
		next = (struct places){ { false } };
		for (size_t i = 0; i < patterns->count; i++) {
			if (!now.has[i])
				continue;
			if (is_any_words(patterns->items[i]))
				enter_word(patterns, &next, i);
			else if (pattern_matches(
				     patterns->items[i], words->items[w]))
				enter_word(patterns, &next, i + 1);
		}
		now = next;
	}
	return now.has[patterns->count];
}
