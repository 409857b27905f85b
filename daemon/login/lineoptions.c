/* The options of a key line, as restrictions of a login. */
#include "daemon/config/pattern.h"
#include "daemon/login/login.h"
#include "lib/wire/view.h"

#include <stdio.h>

/* A member of a list and what is left of it; false behind the last. */
static bool
take_member(const char **list, char member[RESTRICTION_VALUE_MAX + 1])
{
	size_t len;

	if (*list == NULL || **list == '\0')
		return false;
	len = strcspn(*list, " ");
	if (!view_to_string(
		view_of(*list, len), member, RESTRICTION_VALUE_MAX + 1))
		return false;
	*list += len + ((*list)[len] == ' ');
	return true;
}

static const char *
add_times(struct restrictions *r, const char *list)
{
	char time[RESTRICTION_VALUE_MAX + 1];
	const char *problem = NULL;

	while (problem == NULL && take_member(&list, time))
		problem = restriction_add(r, "expiry", time);
	return problem;
}

static const char *
add_texts(struct restrictions *r, const struct sp_key_options *options)
{
	const struct {
		const char *key;
		const char *value; /* NULL: none */
	} rows[] = {
		{ "agent-forwarding",
		    options->no_agent_forwarding ? "no" : NULL },
		{ "port-forwarding",
		    options->no_port_forwarding ? "no" : NULL },
		{ "pty", options->no_pty ? "no" : NULL },
		{ "user-rc", options->no_user_rc ? "no" : NULL },
		{ "x11-forwarding", options->no_x11_forwarding ? "no" : NULL },
		{ "verify", options->verify_required ? "yes" : NULL },
		{ "command", options->command },
		{ "from", options->from },
		{ "tunnel", options->tunnel },
		{ "permitopen", options->permitopen },
		{ "permitlisten", options->permitlisten },
	};
	const char *problem = NULL;

	for (size_t i = 0; problem == NULL && i < sizeof rows / sizeof rows[0];
	     i++) {
		if (rows[i].value != NULL)
			problem =
			    restriction_add(r, rows[i].key, rows[i].value);
	}
	return problem;
}

static bool
may_set(const struct sp_list *patterns, const char *name)
{
	const struct string_list list = { patterns->items, patterns->count };

	return pattern_any_matches(&list, name);
}

/* The first of a name holds, as in sshd. */
static bool
is_set(const struct restrictions *r, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < r->variable_count; i++) {
		if (strncmp(r->variables[i], name, len) == 0 &&
		    r->variables[i][len] == '=')
			return true;
	}
	return false;
}

static const char *
add_variables(struct restrictions *r, const struct sp_key_options *options,
    const struct sp_list *allowed)
{
	const char *variable = options->environment, *problem = NULL;
	char name[RESTRICTION_VALUE_MAX + 1];

	for (size_t i = 0; i < options->environment_count; i++) {
		size_t len = strcspn(variable, "=");

		if (!view_to_string(view_of(variable, len), name, sizeof name))
			return "a variable's name is too long";
		if (may_set(allowed, name) && !is_set(r, name))
			problem = restriction_set_variable(
			    r, name, variable + len + 1);
		if (problem != NULL)
			return problem;
		variable += strlen(variable) + 1;
	}
	return NULL;
}

bool
sp_login_take_options(struct sp_login *login,
    const struct sp_key_options *options, const struct sp_list *environment,
    char *err, size_t err_size)
{
	/* What its authenticator did is looked at when the module is done. */
	struct restriction_moment moment = login->trial.proof.moment;
	struct restrictions said = { 0 };
	const char *problem = add_texts(&said, options);

	moment.is_probe = true;
	if (problem == NULL)
		problem = add_times(&said, options->expiry_times);
	if (problem == NULL)
		problem = add_variables(&said, options, environment);
	if (problem == NULL)
		problem = restriction_check(&said, &moment);
	if (problem == NULL)
		problem = trial_add_all(&login->trial, &said);
	if (problem == NULL && options->no_touch_required)
		login->trial.may_be_untouched = true;
	restriction_clear(&said);
	if (problem != NULL)
		snprintf(err, err_size, "%s", problem);
	return problem == NULL;
}
