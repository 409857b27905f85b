/* Values put into a setting's text, each of them looked at first. */
#include "daemon/config/expand.h"

#include "lib/wire/view.h"

#include <string.h>

const char *
expand_problem(const char *text)
{
	while ((text = strchr(text, '%')) != NULL) {
		if (text[1] == '\0')
			return "ends in a \"%\" (\"%%\" is a plain one)";
		if (strchr("uihn123456789%", text[1]) == NULL)
			return "has a \"%\" that is none of %u, %i, %h, %n, %1 "
			       "to %9, %%";
		text += 2;
	}
	return NULL;
}

static bool
is_fit(const char *value)
{
	return value[0] != '\0' && value[0] != '-' && strcmp(value, ".") != 0 &&
	    strcmp(value, "..") != 0 && strchr(value, '/') == NULL &&
	    !view_has_control(view_of_string(value));
}

static bool
is_fit_home(const char *home)
{
	return home[0] == '/' && !view_has_control(view_of_string(home));
}

/* The value of %c; NULL when there is none or it may not be used. */
static const char *
fit_value(char c, const struct expand_values *values)
{
	const char *value = NULL;

	if (c == '%')
		return "%";
	if (c == 'h')
		return values->home != NULL && is_fit_home(values->home)
		    ? values->home
		    : NULL;
	if (c == 'u')
		value = values->user;
	else if (c == 'i')
		value = values->identity;
	else if (c == 'n')
		value = values->host;
	else if ((size_t)(c - '1') < values->arguments.count)
		value = values->arguments.items[c - '1'];
	return value != NULL && is_fit(value) ? value : NULL;
}

static enum expand_result
expand(const char *text, const struct expand_values *values, char *room,
    size_t left)
{
	char plain[2] = "";

	for (; *text != '\0'; text++) {
		const char *piece = plain;
		size_t len;

		plain[0] = *text;
		if (*text == '%')
			piece = fit_value(*++text, values);
		if (piece == NULL)
			return EXPAND_REFUSED;
		len = strlen(piece);
		if (len >= left)
			return EXPAND_TOO_LONG;
		memcpy(room, piece, len);
		room += len;
		left -= len;
	}
	*room = '\0';
	return EXPAND_OK;
}

enum expand_result
expand_text(const char *text, const struct expand_values *values, char *room,
    size_t size)
{
	enum expand_result result;

	if (size == 0)
		return EXPAND_TOO_LONG;
	if (expand_problem(text) != NULL)
		result = EXPAND_UNKNOWN;
	else
		result = expand(text, values, room, size);
	if (result != EXPAND_OK)
		room[0] = '\0';
	return result;
}
