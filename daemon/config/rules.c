/* The rules, read from the top. */
#include "daemon/config/rules.h"

#include "daemon/config/pattern.h"

#include <string.h>

static bool
matches_any(const struct string_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_matches(patterns->items[i], text))
			return true;
	return false;
}

static bool
names_literally(const struct string_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_is_literal(patterns->items[i]) &&
		    strcmp(patterns->items[i], text) == 0)
			return true;
	return false;
}

static bool
matches_group(
    const struct string_list *patterns, const struct string_list *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		if (matches_any(patterns, groups->items[i]))
			return true;
	return false;
}

static bool
names_group_literally(
    const struct string_list *patterns, const struct string_list *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		if (names_literally(patterns, groups->items[i]))
			return true;
	return false;
}

static bool
matches_from(const struct cidr_list *nets, const struct cidr_address *address)
{
	for (size_t i = 0; i < nets->count; i++)
		if (cidr_contains(&nets->items[i], address))
			return true;
	return false;
}

static bool
matches_local(
    const struct rule_settings *rule, const struct cidr_endpoint *local)
{
	for (size_t i = 0; i < rule->local_count; i++) {
		const struct local_settings *each = &rule->local[i];

		if (each->port != 0 && each->port != local->port)
			continue;
		if (!each->has_address ||
		    cidr_contains(&each->net, &local->address))
			return true;
	}
	return false;
}

/*
 * The accounts of the system itself are let in only by who names them. A
 * profile with an account of its own never becomes the one that was asked
 * for, so the name is free there.
 */
static enum rules_reason
test_account(const struct access_settings *access,
    const struct rule_settings *rule, const struct rules_client *client)
{
	bool is_named = names_literally(&rule->user, client->user);

	if (rule->refuse || !client->has_account ||
	    access->profiles[rule->profile].run_as[0] != '\0')
		return RULES_FITS;
	if (client->uid == 0)
		return is_named ? RULES_FITS : RULES_ROOT_UNNAMED;
	if (client->uid >= access->uid_min || is_named ||
	    names_group_literally(&rule->group, &client->groups))
		return RULES_FITS;
	return RULES_SYSTEM_UNNAMED;
}

enum rules_reason
rules_test(const struct access_settings *access, size_t index,
    const struct rules_client *client)
{
	const struct rule_settings *rule = &access->rules[index];

	if (rule->user.count > 0 && !matches_any(&rule->user, client->user))
		return RULES_NOT_USER;
	if (rule->group.count > 0 &&
	    !matches_group(&rule->group, &client->groups))
		return RULES_NOT_GROUP;
	if (rule->from.count > 0 &&
	    !matches_from(&rule->from, &client->peer.address))
		return RULES_NOT_FROM;
	if (rule->local_count > 0 && !matches_local(rule, &client->local))
		return RULES_NOT_LOCAL;
	return test_account(access, rule, client);
}

/* What follows from a rule that fits. */
static enum rules_reason
judge(const struct access_settings *access, const struct rule_settings *rule,
    const struct rules_client *client)
{
	if (rule->refuse)
		return RULES_REFUSES;
	if (access->profiles[rule->profile].run_as[0] != '\0')
		return RULES_FITS;
	if (!client->has_account)
		return RULES_NO_ACCOUNT;
	if (access->daemon_uid != 0 && access->daemon_uid != client->uid)
		return RULES_NOT_OURS;
	return RULES_FITS;
}

/*
 * A user database may know several spellings of one account: "Bob" and
 * "bob@example.net" of bob. Whoever could choose among them could choose his
 * rules, and be counted once for each. So an account has one name.
 */
static bool
is_called_otherwise(const struct rules_client *client)
{
	return client->has_account &&
	    strcmp(client->account, client->user) != 0;
}

struct rules_verdict
rules_decide(
    const struct access_settings *access, const struct rules_client *client)
{
	struct rules_verdict verdict = {
		.is_refused = true,
		.reason = RULES_NONE_FITS,
		.rule = SETTINGS_NONE,
		.profile = access->decoy,
	};

	if (is_called_otherwise(client)) {
		verdict.reason = RULES_OTHER_NAME;
		return verdict;
	}
	for (size_t i = 0; i < access->rule_count; i++) {
		if (rules_test(access, i, client) != RULES_FITS)
			continue;
		verdict.rule = i;
		verdict.reason = judge(access, &access->rules[i], client);
		break;
	}
	if (verdict.reason != RULES_FITS)
		return verdict;
	verdict.is_refused = false;
	verdict.profile = access->rules[verdict.rule].profile;
	return verdict;
}

const char *
rules_reason_text(enum rules_reason reason)
{
	switch (reason) {
	case RULES_FITS:
		return "fits";
	case RULES_NOT_USER:
		return "is for other users";
	case RULES_NOT_GROUP:
		return "is for other groups";
	case RULES_NOT_FROM:
		return "is for other addresses";
	case RULES_NOT_LOCAL:
		return "is for another listener";
	case RULES_ROOT_UNNAMED:
		return "does not name this user, as uid 0 must be";
	case RULES_SYSTEM_UNNAMED:
		return "names neither this user nor a group of his, as an "
		       "account of the system must be";
	case RULES_NONE_FITS:
		return "no rule fits";
	case RULES_REFUSES:
		return "the rule refuses";
	case RULES_OTHER_NAME:
		return "the user database has another spelling of that name, "
		       "by which alone he may log in";
	case RULES_NO_ACCOUNT:
		return "there is no such account";
	case RULES_NOT_OURS:
		return "a daemon of an ordinary user lets only that user in";
	}
	return "";
}
