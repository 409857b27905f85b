/* The table of restrictions, and the rule by which each adds up. */
#include "daemon/session/restriction.h"

#include "daemon/config/sourcelist.h"
#include "daemon/config/unit.h"
#include "daemon/session/expirytime.h"
#include "daemon/session/targetlist.h"
#include "lib/wire/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum rule { RULE_AND, RULE_EQUAL, RULE_LEAST, RULE_EACH, RULE_NOW };

static const struct row {
	const char *key;
	enum rule rule;
} rows[RESTRICTIONS] = {
#define RESTRICTION(name, key, rule) \
	[RESTRICTION_##name] = { key, RULE_##rule },
#include "daemon/session/restriction.def"
#undef RESTRICTION
};

void
restriction_clear(struct restrictions *r)
{
	for (size_t i = 0; i < RESTRICTIONS; i++)
		free(r->values[i]);
	for (size_t i = 0; i < r->variable_count; i++)
		free(r->variables[i]);
	*r = (struct restrictions){ 0 };
}

/* RESTRICTIONS where there is none. */
static size_t
find(const char *key)
{
	size_t i;

	for (i = 0; i < RESTRICTIONS; i++) {
		if (strcmp(rows[i].key, key) == 0)
			break;
	}
	return i;
}

/* ---- what a value may be ---- */

static bool
is_number(const char *value)
{
	uint64_t number;

	return unit_parse_number(value, &number) && number > 0;
}

static bool
is_source(const char *value)
{
	static const struct cidr_address anybody;

	return sourcelist_match(value, &anybody) != SOURCELIST_BROKEN;
}

static bool
is_time(const char *value)
{
	uint64_t seconds;

	return expirytime_parse(value, &seconds);
}

static bool
is_possible(size_t i, const char *value)
{
	switch ((enum restriction)i) {
	case RESTRICTION_AGENT_FORWARDING:
	case RESTRICTION_PORT_FORWARDING:
	case RESTRICTION_PTY:
	case RESTRICTION_USER_RC:
	case RESTRICTION_X11_FORWARDING:
		return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
	case RESTRICTION_COMMAND:
		return value[0] != '\0';
	case RESTRICTION_TUNNEL:
		return targetlist_is_device(value);
	case RESTRICTION_EXPIRY:
		return is_time(value);
	case RESTRICTION_FROM:
		return is_source(value);
	case RESTRICTION_IDLE_TIME:
	case RESTRICTION_SESSION_TIME:
		return is_number(value);
	case RESTRICTION_PERMITLISTEN:
	case RESTRICTION_PERMITOPEN:
		return targetlist_is_good(value);
	case RESTRICTION_VERIFY:
		return strcmp(value, "yes") == 0;
	case RESTRICTIONS:
		break;
	}
	return false;
}

/* ---- adding up ---- */

static const char *
set(char **place, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return "out of memory";
	free(*place);
	*place = copy;
	return NULL;
}

/* Whether this line is one of those. */
static bool
has_line(const char *lines, const char *line)
{
	size_t len = strlen(line);

	while (lines != NULL) {
		if (strncmp(lines, line, len) == 0 &&
		    (lines[len] == '\n' || lines[len] == '\0'))
			return true;
		lines = strchr(lines, '\n');
		if (lines != NULL)
			lines++;
	}
	return false;
}

static const char *
add_line(char **lines, const char *line)
{
	size_t have = strlen(*lines), len = strlen(line);
	char *joined;

	if (has_line(*lines, line))
		return NULL;
	if (len >= RESTRICTION_VALUE_MAX - have)
		return "there are too many of its kind";
	joined = malloc(have + 1 + len + 1);
	if (joined == NULL)
		return "out of memory";
	memcpy(joined, *lines, have);
	joined[have] = '\n';
	memcpy(joined + have + 1, line, len + 1);
	free(*lines);
	*lines = joined;
	return NULL;
}

static const char *
add_number(char **place, const char *value)
{
	uint64_t old, new;

	/* Both were looked at when they were set. */
	if (unit_parse_number(*place, &old) && unit_parse_number(value, &new) &&
	    old <= new)
		return NULL;
	return set(place, value);
}

static const char *
add_one(char **place, enum rule rule, const char *value)
{
	if (rule == RULE_AND && strcmp(value, "no") != 0)
		return NULL;
	if (*place == NULL)
		return set(place, value);
	switch (rule) {
	case RULE_AND:
		return NULL;
	case RULE_EQUAL:
		return strcmp(*place, value) == 0
		    ? NULL
		    : "it contradicts another acceptance's";
	case RULE_LEAST:
		return add_number(place, value);
	case RULE_EACH:
	case RULE_NOW:
		return add_line(place, value);
	}
	return "it has no rule";
}

const char *
restriction_add(struct restrictions *r, const char *key, const char *value)
{
	size_t i = find(key), len = strlen(value);

	if (i == RESTRICTIONS)
		return "there is no restriction of this name";
	if (len > RESTRICTION_VALUE_MAX || strchr(value, '\n') != NULL ||
	    !is_possible(i, value))
		return "this value is impossible";
	return add_one(&r->values[i], rows[i].rule, value);
}

/* ---- variables ---- */

/* By these the daemon alone speaks. */
static bool
is_ours(const char *name)
{
	return strcmp(name, "SSH_CLIENT") == 0 ||
	    strcmp(name, "SSH_CONNECTION") == 0 ||
	    strcmp(name, "SSH_ORIGINAL_COMMAND") == 0 ||
	    strcmp(name, "SSH_TTY") == 0 ||
	    strcmp(name, "SSH_USER_AUTH") == 0 ||
	    strncmp(name, "SALLYPORT_", strlen("SALLYPORT_")) == 0;
}

static bool
is_name(const char *name)
{
	return *name != '\0' && strchr("0123456789", *name) == NULL &&
	    name[strspn(name,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_")] == '\0';
}

static const char *
add_variable(struct restrictions *r, const char *variable)
{
	size_t name = strcspn(variable, "=") + 1, size = strlen(variable) + 1;

	for (size_t i = 0; i < r->variable_count; i++) {
		if (strncmp(r->variables[i], variable, name) == 0)
			return strcmp(r->variables[i], variable) == 0
			    ? NULL
			    : "it contradicts another acceptance's";
	}
	if (r->variable_count == RESTRICTION_VARIABLES ||
	    size > RESTRICTION_VARIABLES_MAX - r->variable_bytes)
		return "there are too many of its kind";
	r->variables[r->variable_count] = strdup(variable);
	if (r->variables[r->variable_count] == NULL)
		return "out of memory";
	r->variable_count++;
	r->variable_bytes += size;
	return NULL;
}

const char *
restriction_set_variable(
    struct restrictions *r, const char *name, const char *value)
{
	const char *problem = "out of memory";
	char *variable = NULL;

	if (!is_name(name) || is_ours(name))
		return "no variable of this name may be set";
	if (strlen(name) + strlen(value) > RESTRICTION_VALUE_MAX)
		return "this value is impossible";
	if (asprintf(&variable, "%s=%s", name, value) < 0)
		return problem;
	problem = add_variable(r, variable);
	free(variable);
	return problem;
}

bool
restriction_has_variable(const struct restrictions *r, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < r->variable_count; i++) {
		if (strcspn(r->variables[i], "=") == len &&
		    strncmp(r->variables[i], name, len) == 0)
			return true;
	}
	return false;
}

/* ---- all of another ---- */

/* One by one what may be more than one. */
static const char *
merge_lines(char **place, enum rule rule, const char *lines)
{
	char line[RESTRICTION_VALUE_MAX + 1];
	const char *problem = NULL;

	if (rule != RULE_EACH && rule != RULE_NOW)
		return add_one(place, rule, lines);
	while (problem == NULL && *lines != '\0') {
		size_t len = strcspn(lines, "\n");

		if (!view_to_string(view_of(lines, len), line, sizeof line))
			return "this value is impossible";
		problem = add_one(place, rule, line);
		lines += len;
		if (*lines == '\n')
			lines++;
	}
	return problem;
}

const char *
restriction_merge(struct restrictions *r, const struct restrictions *added)
{
	const char *problem = NULL;

	for (size_t i = 0; problem == NULL && i < RESTRICTIONS; i++) {
		if (added->values[i] != NULL)
			problem = merge_lines(
			    &r->values[i], rows[i].rule, added->values[i]);
	}
	for (size_t i = 0; problem == NULL && i < added->variable_count; i++)
		problem = add_variable(r, added->variables[i]);
	return problem;
}

/* ---- what holds ---- */

const char *
restriction_value(const struct restrictions *r, const char *key)
{
	size_t i = find(key);

	return i == RESTRICTIONS ? NULL : r->values[i];
}

bool
restriction_is_set(const struct restrictions *r, enum restriction which)
{
	return r->values[which] != NULL;
}

uint64_t
restriction_narrow(
    const struct restrictions *r, enum restriction which, uint64_t bound)
{
	uint64_t number;

	if (r->values[which] == NULL ||
	    !unit_parse_number(r->values[which], &number))
		return bound;
	return bound == 0 || number < bound ? number : bound;
}

/* Whether each line passes. */
static bool
does_each(const char *lines, const struct restriction_moment *moment,
    bool (*is_met)(const char *, const struct restriction_moment *))
{
	char line[RESTRICTION_VALUE_MAX + 1];

	while (lines != NULL && *lines != '\0') {
		size_t len = strcspn(lines, "\n");

		if (!view_to_string(view_of(lines, len), line, sizeof line) ||
		    !is_met(line, moment))
			return false;
		lines += len;
		if (*lines == '\n')
			lines++;
	}
	return true;
}

static bool
is_from(const char *list, const struct restriction_moment *moment)
{
	return sourcelist_match(list, &moment->peer) == SOURCELIST_FITS;
}

static bool
is_in_time(const char *text, const struct restriction_moment *moment)
{
	uint64_t seconds;

	return expirytime_parse(text, &seconds) && moment->seconds <= seconds;
}

const char *
restriction_check(
    const struct restrictions *r, const struct restriction_moment *moment)
{
	if (!does_each(r->values[RESTRICTION_FROM], moment, is_from))
		return "it may not be used from this address";
	if (!does_each(r->values[RESTRICTION_EXPIRY], moment, is_in_time))
		return "its time is over";
	if (r->values[RESTRICTION_VERIFY] != NULL && !moment->is_probe &&
	    !moment->is_verified)
		return "its authenticator did not verify the user";
	return NULL;
}
