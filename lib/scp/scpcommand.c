/* Words, then options, then paths. */
#include "lib/scp/scpcommand.h"

#include <stdlib.h>
#include <string.h>

static const char shell_text[] =
    "only a shell could read this path: put it in quotes";

/* What stands for itself in a pattern with a "\" before it. */
static const char pattern_signs[] = "*?\\[]{}";

/* One word, as text and as pattern, both into room. */
struct scanner {
	const char *at;
	char *text, *pattern; /* where the next character goes to */
	bool has_pattern; /* of what is behind the last "/" */
	const char *problem;
};

static bool
fail(struct scanner *s, const char *problem)
{
	s->problem = problem;
	return false;
}

/* A character that is itself. */
static bool
put(struct scanner *s, char c)
{
	if ((unsigned char)c < ' ' || c == 0x7f)
		return fail(s, "a path has a control character");
	if (c == '/' && s->has_pattern)
		return fail(s, "a pattern can be in the last name alone");
	*s->text++ = c;
	if (strchr(pattern_signs, c) != NULL)
		*s->pattern++ = '\\';
	*s->pattern++ = c;
	return true;
}

static bool
put_single(struct scanner *s)
{
	for (s->at++; *s->at != '\''; s->at++)
		if (*s->at == '\0' || !put(s, *s->at))
			return fail(s, shell_text);
	s->at++;
	return true;
}

static bool
put_double(struct scanner *s)
{
	for (s->at++; *s->at != '"'; s->at++) {
		if (*s->at == '\\' && s->at[1] != '\0' &&
		    strchr("$`\"\\", s->at[1]) != NULL)
			s->at++;
		else if (*s->at == '\0' || *s->at == '$' || *s->at == '`')
			return fail(s, shell_text);
		if (!put(s, *s->at))
			return false;
	}
	s->at++;
	return true;
}

static bool
put_plain(struct scanner *s)
{
	char c = *s->at++;

	if (c == '*' || c == '?') {
		s->has_pattern = true;
		*s->text++ = c;
		*s->pattern++ = c;
		return true;
	}
	if (strchr("$`;&|<>()[{}", c) != NULL)
		return fail(s, shell_text);
	if (c == '\\')
		c = *s->at++;
	return c == '\0' ? fail(s, shell_text) : put(s, c);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* "~" and what is behind its "/" are meant from the beginning. */
static bool
skip_home(struct scanner *s)
{
	if (*s->at == '#')
		return fail(s, shell_text);
	if (*s->at != '~')
		return true;
	s->at++;
	if (*s->at == '\0' || is_blank(*s->at))
		return put(s, '.');
	if (*s->at != '/')
		return fail(s, "homes of others are not known here");
	s->at += strspn(s->at, "/");
	return *s->at == '\0' || is_blank(*s->at) ? put(s, '.') : true;
}

static bool
scan(struct scanner *s)
{
	bool is_good = skip_home(s);

	while (is_good && *s->at != '\0' && !is_blank(*s->at)) {
		if (*s->at == '\'')
			is_good = put_single(s);
		else if (*s->at == '"')
			is_good = put_double(s);
		else
			is_good = put_plain(s);
	}
	*s->text = *s->pattern = '\0';
	return is_good;
}

/* ---- options ---- */

static const char *
next_word(const char *at)
{
	at += strcspn(at, " \t");
	return at + strspn(at, " \t");
}

/* Behind "scp"; NULL where it is something else. */
static const char *
begin(const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "scp", 3) != 0 || !is_blank(line[3]))
		return NULL;
	return next_word(line);
}

static bool
is_option(const char *at)
{
	return at[0] == '-' && at[1] != '\0' && !is_blank(at[1]) &&
	    strncmp(at, "--", 2) != 0;
}

bool
scpcommand_is(const char *line)
{
	const char *at = begin(line);

	for (; at != NULL && is_option(at); at = next_word(at))
		if (strcspn(at, "tf") < strcspn(at, " \t"))
			return true;
	return false;
}

static const char *
read_options(struct scpcommand *c, const char **at)
{
	bool is_source = false;

	for (; is_option(*at); *at = next_word(*at)) {
		size_t len = strcspn(*at, " \t");

		for (size_t i = 1; i < len; i++) {
			switch ((*at)[i]) {
			case 't':
				c->is_sink = true;
				break;
			case 'f':
				is_source = true;
				break;
			case 'r':
				c->is_recursive = true;
				break;
			case 'p':
				c->keeps_times = true;
				break;
			case 'd':
				c->needs_folder = true;
				break;
			case 'v':
				break;
			default:
				return "of the options -t, -f, -r, -p, -d "
				       "and -v alone are known";
			}
		}
	}
	if (strncmp(*at, "--", 2) == 0) {
		if ((*at)[2] != '\0' && !is_blank((*at)[2]))
			return "long options are not known";
		*at = next_word(*at);
	}
	return c->is_sink != is_source ? NULL
				       : "either -t or -f is to be given";
}

/* ---- paths ---- */

/* The path up to its last name, which is a pattern. */
static void
split(struct scpcommand_path *path, char *text, char *pattern)
{
	char *slash = strrchr(text, '/');
	char *name = strrchr(pattern, '/');

	path->pattern = name == NULL ? pattern : name + 1;
	path->path = slash == NULL ? "." : text;
	if (slash == text)
		path->path = "/";
	else if (slash != NULL)
		*slash = '\0';
}

/* Where the next path goes to, as text and as pattern. */
struct rooms {
	char *text, *pattern;
};

static const char *
read_path(struct scpcommand *c, const char **at, struct rooms *rooms)
{
	struct scpcommand_path *path = &c->paths[c->count];
	struct scanner s = {
		.at = *at,
		.text = rooms->text,
		.pattern = rooms->pattern,
	};

	if (c->count == SCPCOMMAND_PATHS_MAX)
		return "there are too many paths";
	if (!scan(&s))
		return s.problem;
	if (s.text == rooms->text)
		return "a path is empty";
	if (s.has_pattern && c->is_sink)
		return shell_text;
	path->path = rooms->text;
	if (s.has_pattern)
		split(path, rooms->text, rooms->pattern);
	c->count++;
	*rooms = (struct rooms){ s.text + 1, s.pattern + 1 };
	*at = s.at + strspn(s.at, " \t");
	return NULL;
}

static const char *
read_paths(struct scpcommand *c, const char *at, struct rooms rooms)
{
	const char *problem = NULL;

	while (problem == NULL && *at != '\0')
		problem = read_path(c, &at, &rooms);
	if (problem == NULL && c->count == 0)
		problem = "no path is given";
	if (problem == NULL && c->is_sink && c->count > 1)
		problem = "there is more than one place to copy to: put a "
			  "path with blanks in quotes";
	return problem;
}

const char *
scpcommand_read(struct scpcommand *c, const char *line)
{
	const char *at = begin(line), *problem;
	size_t len = strlen(line);

	*c = (struct scpcommand){ .count = 0 };
	if (at == NULL)
		return "it is no command of scp's";
	if (len > SCPCOMMAND_MAX)
		return "the command is too long";
	problem = read_options(c, &at);
	if (problem != NULL)
		return problem;
	/* No text is longer than its words, no pattern than twice that. */
	c->room = calloc(len + 2, 3);
	if (c->room == NULL)
		return "out of memory";
	problem =
	    read_paths(c, at, (struct rooms){ c->room, c->room + len + 2 });
	if (problem != NULL)
		scpcommand_clear(c);
	return problem;
}

void
scpcommand_clear(struct scpcommand *c)
{
	free(c->room);
	*c = (struct scpcommand){ .count = 0 };
}
