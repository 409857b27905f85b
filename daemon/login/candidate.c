/* Finding the account and profile of who asks to log in. */
#include "daemon/login/candidate.h"

#include "daemon/config/rules.h"
#include "daemon/log/log.h"

/* Group names cost a look-up each: asked only if a rule wants them. */
static bool
has_group_rules(const struct access_settings *access)
{
	for (size_t i = 0; i < access->rule_count; i++) {
		if (access->rules[i].group.count > 0)
			return true;
	}
	return false;
}

/* False without memory. */
static bool
decide(const struct access_settings *access, struct rules_client *client,
    const struct localaccount *account, struct rules_verdict *verdict)
{
	char **names = NULL;
	size_t count = 0;

	client->has_account = account->exists;
	client->account = account->name;
	client->uid = account->uid;
	if (account->exists && has_group_rules(access) &&
	    !localaccount_group_names(account, &names, &count))
		return false;
	client->groups.items = (const char *const *)names;
	client->groups.count = count;
	*verdict = rules_decide(access, client);
	localaccount_free_group_names(names, count);
	return true;
}

/*
 * A lock closes an account to keys as well. Where PAM opens the session it is
 * asked about the account, and knows the lock of a password only. OpenSSH has
 * both, with and without UsePAM.
 */
static bool
is_closed(
    const struct localaccount *account, const struct profile_settings *profile)
{
	return account->is_locked && profile->session == SETTINGS_NONE;
}

/* The account a login becomes is the profile's, if that names one. */
static bool
find_run_as(
    struct localaccount *account, const struct profile_settings *profile)
{
	/* Who is kept out stays so, whatever he would run as. */
	if (profile->run_as[0] == '\0' || account->problem != NULL ||
	    is_closed(account, profile))
		return true;
	localaccount_clear(account);
	if (!localaccount_find(profile->run_as, account))
		return false;
	/* Nobody is asked for the password of that one, nor has it any. */
	account->is_locked = false;
	if (account->must_change && account->problem == NULL)
		account->problem = "its password must be changed first";
	return true;
}

static const char *
refusal_of(const struct localaccount *account,
    const struct rules_verdict *verdict, const struct profile_settings *profile)
{
	if (verdict->is_refused)
		return rules_reason_text(verdict->reason);
	if (!account->exists)
		return "the account its profile runs as does not exist";
	if (is_closed(account, profile))
		return "account is locked";
	/* Under another root it is another file of that name. */
	return localaccount_refusal(account,
	    profile->shell != SETTINGS_NONE && profile->chroot[0] == '\0');
}

static void
log_refusal(const struct candidate *c, const char *reason,
    const struct cidr_endpoint *peer)
{
	char address[CIDR_TEXT_SIZE];

	cidr_format_address(&peer->address, address);
	if (c->is_known)
		log_event(EVENT_USER_REFUSED,
		    LOG_FIELDS(log_text(FIELD_USER, c->user),
			log_text(FIELD_ADDRESS, address),
			log_text(FIELD_REASON, reason)));
	else
		log_event(EVENT_USER_UNKNOWN,
		    LOG_FIELDS(log_text(FIELD_USER, c->user),
			log_text(FIELD_ADDRESS, address),
			log_number(FIELD_PORT, peer->port)));
}

static bool
become_decoy(struct candidate *c, const struct access_settings *access)
{
	c->profile = &access->profiles[access->decoy];
	localaccount_clear(&c->account);
	c->is_genuine = false;
	return localaccount_make_decoy(c->user, &c->account);
}

bool
candidate_find(struct candidate *c, const struct access_settings *access,
    struct sp_view user, const struct cidr_endpoint *peer,
    const struct cidr_endpoint *local)
{
	struct rules_client client = { .peer = *peer, .local = *local };
	struct rules_verdict verdict;
	const char *refusal;

	*c = (struct candidate){ .is_genuine = true };
	if (!view_to_string(user, c->user, sizeof c->user))
		return false;
	client.user = c->user;
	if (!localaccount_find(c->user, &c->account) ||
	    !decide(access, &client, &c->account, &verdict))
		return false;
	c->profile = &access->profiles[verdict.profile];
	c->is_known = c->account.exists || !verdict.is_refused;
	c->must_change = c->account.must_change || c->account.is_password_old;
	if (!verdict.is_refused && !find_run_as(&c->account, c->profile))
		return false;
	refusal = refusal_of(&c->account, &verdict, c->profile);
	if (refusal == NULL)
		return true;
	log_refusal(c, refusal, peer);
	return become_decoy(c, access);
}

void
candidate_clear(struct candidate *c)
{
	localaccount_clear(&c->account);
	*c = (struct candidate){ 0 };
}
