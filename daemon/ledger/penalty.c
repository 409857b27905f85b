/* One account. */
#include "daemon/ledger/penalty.h"

/* By what an earlier clock, or settings of before, left there. */
static uint64_t
owed(const struct arrears_account *account,
    const struct penalty_settings *settings, uint64_t now)
{
	uint64_t rest = account->until > now ? account->until - now : 0;

	return rest < settings->max ? rest : settings->max;
}

static bool
is_known(const struct arrears_account *account, uint64_t now)
{
	return account->known_until > now;
}

static uint64_t
price_of(const struct penalty_settings *settings, enum conduct_kind kind)
{
	switch (kind) {
	case CONDUCT_NOAUTH:
		return settings->noauth;
	case CONDUCT_GRACE_EXCEEDED:
		return settings->grace_exceeded;
	case CONDUCT_AUTHFAIL:
		return settings->authfail;
	case CONDUCT_CRASH:
		return settings->crash;
	case CONDUCT_NONE:
	case CONDUCT_SUCCESS:
	case CONDUCT_KINDS:
		break;
	}
	return 0;
}

/* The most that may be owed now. */
static uint64_t
ceiling(const struct arrears_account *account,
    const struct penalty_settings *settings, uint64_t limit, uint64_t now)
{
	uint64_t most = settings->max;

	if (is_known(account, now) && settings->max_known < most)
		most = settings->max_known;
	return limit < most ? limit : most;
}

bool
penalty_charge(struct arrears_account *account,
    const struct penalty_settings *settings, enum conduct_kind kind,
    uint64_t limit, uint64_t now)
{
	const uint64_t before = owed(account, settings, now);
	const uint64_t most = ceiling(account, settings, limit, now);
	const uint64_t price = price_of(settings, kind);
	uint64_t after = before;

	if (price == 0)
		return false;
	if (before < most)
		after = price < most - before ? before + price : most;
	/* What is paid is over: the next begins anew. */
	if (before == 0)
		account->is_enforced = false;
	account->until = now + after;
	account->cause = kind;
	if (after >= settings->min)
		account->is_enforced = true;
	return account->is_enforced && after > before;
}

void
penalty_settle(struct arrears_account *account,
    const struct penalty_settings *settings, uint64_t now)
{
	uint64_t rest;

	account->known_until = now + settings->known_time;
	rest = owed(account, settings, now);
	if (rest > settings->max_known)
		rest = settings->max_known;
	account->until = now + rest;
	if (rest < settings->min || rest == 0)
		account->is_enforced = false;
}
