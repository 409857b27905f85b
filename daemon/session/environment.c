/* A client's variables, within what the profile lets through. */
#include "daemon/session/environment.h"

#include "daemon/config/pattern.h"
#include "lib/wire/view.h"

#include <stdlib.h>

enum { NAME_SIZE = 128 };

void
environment_clear(struct environment *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->variables[i]);
	*e = (struct environment){ 0 };
}

static bool
is_name(const char *name)
{
	return *name != '\0' && strchr("0123456789", *name) == NULL &&
	    name[strspn(name,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_")] == '\0';
}

/* A program takes these for the daemon's word: they are no client's. */
static bool
is_ours(const char *name)
{
	static const char *const ours[] = { "SSH_CLIENT", "SSH_CONNECTION",
		"SSH_ORIGINAL_COMMAND", "SSH_TTY", "SSH_USER_AUTH" };

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
		if (strcmp(ours[i], name) == 0)
			return true;
	}
	return strncmp(name, "SALLYPORT_", strlen("SALLYPORT_")) == 0;
}

static bool
is_let_through(const struct string_list *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->count; i++) {
		if (pattern_matches(patterns->items[i], name))
			return true;
	}
	return false;
}

/* The place of a name, or the first free one. */
static size_t
place_of(const struct environment *e, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < e->count; i++) {
		if (strncmp(e->variables[i], name, len) == 0 &&
		    e->variables[i][len] == '=')
			break;
	}
	return i;
}

static char *
join(const char *name, struct sp_view value)
{
	size_t len = strlen(name);
	char *variable = malloc(len + 1 + value.len + 1);

	if (variable == NULL)
		return NULL;
	memcpy(variable, name, len);
	variable[len] = '=';
	if (!view_to_string(value, variable + len + 1, value.len + 1)) {
		free(variable);
		return NULL;
	}
	return variable;
}

bool
environment_set(struct environment *e, const struct string_list *patterns,
    struct sp_view name_view, struct sp_view value)
{
	char name[NAME_SIZE];
	char *variable;
	size_t place, size;

	if (!view_to_string(name_view, name, sizeof name) || !is_name(name) ||
	    is_ours(name) || !is_let_through(patterns, name))
		return false;
	place = place_of(e, name, name_view.len);
	size = name_view.len + 1 + value.len + 1;
	if (place == ENVIRONMENT_MAX || size > ENVIRONMENT_BYTES_MAX - e->bytes)
		return false;
	variable = join(name, value);
	if (variable == NULL)
		return false;
	if (place == e->count) {
		e->count++;
	} else {
		e->bytes -= strlen(e->variables[place]) + 1;
		free(e->variables[place]);
	}
	e->variables[place] = variable;
	e->bytes += size;
	return true;
}
