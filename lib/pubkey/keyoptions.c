/*
 * The options in front of a key (sshd(8)). Each either is understood or
 * spoils the line: what restricts must not be overlooked.
 */
#include "lib/limits.h"
#include "lib/wire/view.h"

#include <sallyport/key.h>

#include <stdlib.h>

/* Kinds of lists, each with a region of the room of its own. */
enum list { EXPIRY, OPEN, LISTEN, ENVIRONMENT, LISTS };

struct parsing {
	struct sp_key_options *options;
	struct sp_view rest;
	char *strings; /* where the next value goes */
	char *lists[LISTS]; /* where each begins */
	size_t used[LISTS];
};

/* ---- values ---- */

/*
 * Takes a value in double quotes off: a backslash makes a quote one of its
 * characters, and is itself one anywhere else. NULL where it is none.
 */
static const char *
take_value(struct parsing *p)
{
	char *value = p->strings, *to = value;
	const uint8_t *from = p->rest.data, *end = from + p->rest.len;

	if (from == end || *from++ != '"')
		return NULL;
	while (from < end && *from != '"') {
		if (*from == '\\' && from + 1 < end && from[1] == '"')
			from++;
		*to++ = (char)*from++;
	}
	if (from == end)
		return NULL;
	*to++ = '\0';
	p->strings = to;
	p->rest = view_of(from + 1, (size_t)(end - from) - 1);
	return value;
}

/* Once, and never empty. */
static bool
take_text(struct parsing *p, const char **place)
{
	const char *value = take_value(p);

	if (value == NULL || value[0] == '\0' || *place != NULL)
		return false;
	*place = value;
	return true;
}

/* Adds a member, with prefix before it and this character behind it. */
static bool
add(struct parsing *p, enum list list, const char *prefix, char behind)
{
	const char *value = take_value(p);
	char *to = p->lists[list] + p->used[list];
	size_t before = strlen(prefix), len;

	if (value == NULL || value[0] == '\0')
		return false;
	len = strlen(value);
	if (behind == ' ' && strpbrk(value, " \t") != NULL)
		return false;
	if (strchr(value, ':') != NULL)
		before = 0;
	if (p->used[list] > 0)
		*to++ = behind;
	memcpy(to, prefix, before);
	memcpy(to + before, value, len + 1);
	p->used[list] = (size_t)(to - p->lists[list]) + before + len;
	return true;
}

/* ---- each option ---- */

static bool
take_command(struct parsing *p)
{
	return take_text(p, &p->options->command);
}

static bool
take_from(struct parsing *p)
{
	return take_text(p, &p->options->from);
}

static bool
take_principals(struct parsing *p)
{
	return take_text(p, &p->options->principals);
}

static bool
take_tunnel(struct parsing *p)
{
	return take_text(p, &p->options->tunnel);
}

static bool
take_expiry(struct parsing *p)
{
	p->options->expiry_times = p->lists[EXPIRY];
	return add(p, EXPIRY, "", ' ');
}

static bool
take_permitopen(struct parsing *p)
{
	p->options->permitopen = p->lists[OPEN];
	return add(p, OPEN, "", ' ');
}

static bool
take_permitlisten(struct parsing *p)
{
	p->options->permitlisten = p->lists[LISTEN];
	return add(p, LISTEN, "*:", ' ');
}

static bool
take_environment(struct parsing *p)
{
	const char *variable = p->lists[ENVIRONMENT] + p->used[ENVIRONMENT];
	bool is_first = p->used[ENVIRONMENT] == 0;

	p->options->environment = p->lists[ENVIRONMENT];
	if (!add(p, ENVIRONMENT, "", '\0'))
		return false;
	p->options->environment_count++;
	variable += is_first ? 0 : 1;
	return variable[0] != '=' && strchr(variable, '=') != NULL;
}

static const struct {
	const char *name;
	bool (*take)(struct parsing *);
} values[] = {
	{ "command", take_command },
	{ "environment", take_environment },
	{ "expiry-time", take_expiry },
	{ "from", take_from },
	{ "permitlisten", take_permitlisten },
	{ "permitopen", take_permitopen },
	{ "principals", take_principals },
	{ "tunnel", take_tunnel },
};

/* Flags, which of the options each sets, and to what. */
#define FLAG(name, member, value) \
	{ \
		name, offsetof(struct sp_key_options, member), value \
	}
static const struct {
	const char *name;
	size_t offset;
	bool value;
} flags[] = {
	FLAG("agent-forwarding", no_agent_forwarding, false),
	FLAG("no-agent-forwarding", no_agent_forwarding, true),
	FLAG("cert-authority", cert_authority, true),
	FLAG("port-forwarding", no_port_forwarding, false),
	FLAG("no-port-forwarding", no_port_forwarding, true),
	FLAG("pty", no_pty, false),
	FLAG("no-pty", no_pty, true),
	FLAG("restrict", no_agent_forwarding, true),
	FLAG("restrict", no_port_forwarding, true),
	FLAG("restrict", no_pty, true),
	FLAG("restrict", no_user_rc, true),
	FLAG("restrict", no_x11_forwarding, true),
	FLAG("touch-required", no_touch_required, false),
	FLAG("no-touch-required", no_touch_required, true),
	FLAG("user-rc", no_user_rc, false),
	FLAG("no-user-rc", no_user_rc, true),
	FLAG("verify-required", verify_required, true),
	FLAG("no-verify-required", verify_required, false),
	FLAG("x11-forwarding", no_x11_forwarding, false),
	FLAG("no-x11-forwarding", no_x11_forwarding, true),
};

/* ---- one after the other ---- */

/* Whether it begins with a name, in small letters or capitals. */
static bool
has_prefix(struct sp_view word, const char *name)
{
	size_t len = strlen(name);

	if (word.len < len)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = word.data[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if (c != (uint8_t)name[i])
			return false;
	}
	return true;
}

static bool
is_named(struct sp_view word, const char *name)
{
	return word.len == strlen(name) && has_prefix(word, name);
}

static bool
take_flag(struct parsing *p, struct sp_view word)
{
	bool is_known = false;

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if (!is_named(word, flags[i].name))
			continue;
		*(bool *)((char *)p->options + flags[i].offset) =
		    flags[i].value;
		is_known = true;
	}
	return is_known;
}

/* What is not known, and only allows. */
static bool
is_harmless(struct sp_view word)
{
	static const char begins[] = "permit-";

	return word.len >= sizeof begins && has_prefix(word, begins);
}

static bool
take_option(struct parsing *p)
{
	struct sp_view word = p->rest;
	bool has_value;

	word.len = 0;
	while (word.len < p->rest.len && p->rest.data[word.len] != ',' &&
	    p->rest.data[word.len] != '=')
		word.len++;
	has_value = word.len < p->rest.len && p->rest.data[word.len] == '=';
	p->rest = view_of(p->rest.data + word.len + has_value,
	    p->rest.len - word.len - has_value);
	if (!has_value)
		return take_flag(p, word) || is_harmless(word);
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		if (is_named(word, values[i].name))
			return values[i].take(p);
	}
	return is_harmless(word) && take_value(p) != NULL;
}

/* Behind each option there is a comma and another, or the end. */
static bool
take_all(struct parsing *p, struct sp_view *fault)
{
	while (p->rest.len > 0) {
		*fault = p->rest;
		if (!take_option(p))
			return false;
		if (p->rest.len == 0)
			break;
		if (p->rest.data[0] != ',' || p->rest.len == 1)
			return false;
		p->rest = view_of(p->rest.data + 1, p->rest.len - 1);
	}
	return true;
}

enum sp_status
sp_key_options_parse(
    struct sp_view text, struct sp_key_options *options, struct sp_view *fault)
{
	/* A member has two characters more than its value at most. */
	const size_t region = 2 * text.len + 1;
	struct sp_key_options found = { .room = NULL };
	struct parsing p = { .options = &found, .rest = text };

	*fault = text;
	if (text.len > LIMIT_KEY_LINE ||
	    (text.len > 0 && memchr(text.data, '\0', text.len) != NULL))
		return SP_ERR_KEY_FORMAT;
	if (text.len == 0) {
		*options = found;
		return SP_OK;
	}
	found.room = calloc(1 + LISTS, region);
	if (found.room == NULL)
		return SP_ERR_MEMORY;
	p.strings = found.room;
	for (size_t i = 0; i < LISTS; i++)
		p.lists[i] = (char *)found.room + (1 + i) * region;
	if (!take_all(&p, fault)) {
		free(found.room);
		return SP_ERR_KEY_FORMAT;
	}
	*options = found;
	return SP_OK;
}

void
sp_key_options_clear(struct sp_key_options *options)
{
	free(options->room);
	*options = (struct sp_key_options){ .room = NULL };
}
