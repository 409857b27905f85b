/* What a module says, before it counts. */
#include "daemon/login/trial.h"

#include "daemon/login/certified.h"
#include "lib/wire/view.h"

#include <stdio.h>

void
trial_clear(struct trial *t)
{
	restriction_clear(&t->said);
	restriction_clear(&t->merged);
	*t = (struct trial){ 0 };
}

void
trial_begin(struct trial *t, const struct trial_proof *proof)
{
	trial_clear(t);
	t->proof = *proof;
}

/* The first problem is the one that is told. */
static bool
note(struct trial *t, const char *key, const char *problem)
{
	if (problem != NULL && t->problem == NULL) {
		t->problem = problem;
		snprintf(t->problem_key, sizeof t->problem_key, "%s", key);
	}
	return problem == NULL;
}

bool
trial_restrict(struct trial *t, const char *key, const char *value)
{
	return note(t, key, restriction_add(&t->said, key, value));
}

bool
trial_set_variable(struct trial *t, const char *name, const char *value)
{
	return note(t, name, restriction_set_variable(&t->said, name, value));
}

bool
trial_set_identity(struct trial *t, const char *kept, const char *identity)
{
	size_t len = strlen(identity);

	if (len == 0 || len >= sizeof t->identity ||
	    view_has_control(view_of(identity, len)))
		return note(t, "identity", "this one is impossible");
	if ((kept[0] != '\0' && strcmp(kept, identity) != 0) ||
	    (t->identity[0] != '\0' && strcmp(t->identity, identity) != 0))
		return note(
		    t, "identity", "it contradicts another acceptance's");
	memcpy(t->identity, identity, len + 1);
	return true;
}

/* Both of them, in place of the first; on failure it stays. */
static const char *
join(struct restrictions *r, const struct restrictions *added)
{
	struct restrictions both = { 0 };
	const char *problem = restriction_merge(&both, r);

	if (problem == NULL)
		problem = restriction_merge(&both, added);
	if (problem != NULL) {
		restriction_clear(&both);
		return problem;
	}
	restriction_clear(r);
	*r = both;
	return NULL;
}

const char *
trial_add_all(struct trial *t, const struct restrictions *added)
{
	return join(&t->said, added);
}

/* Somebody must have been there, unless all who have a say do without. */
static bool
is_untouched(const struct trial *t)
{
	const struct sp_key_presence *presence = &t->proof.presence;

	if (t->proof.moment.is_probe || !presence->is_reported ||
	    presence->is_touched)
		return false;
	return !t->may_be_untouched ||
	    (t->proof.certificate != NULL &&
		!certified_may_be_untouched(t->proof.certificate));
}

static void
check(struct trial *t, const struct restrictions *kept)
{
	if (t->problem != NULL)
		return;
	if (t->proof.certificate != NULL &&
	    !note(t, "certificate",
		certified_restrict(
		    t->proof.certificate, t->proof.moment.seconds, &t->said)))
		return;
	if (is_untouched(t)) {
		note(t, "touch", "nobody touched its authenticator");
		return;
	}
	if (!note(t, "key", restriction_check(&t->said, &t->proof.moment)))
		return;
	if (note(t, "restrictions", restriction_merge(&t->merged, kept)))
		note(
		    t, "restrictions", restriction_merge(&t->merged, &t->said));
}

const char *
trial_settle(
    struct trial *t, enum sp_verdict *verdict, const struct restrictions *kept)
{
	if (*verdict != SP_ALLOW && *verdict != SP_MORE)
		return NULL;
	check(t, kept);
	if (t->problem != NULL)
		*verdict = SP_DENY;
	return t->problem;
}

void
trial_keep(struct trial *t, char identity[TRIAL_IDENTITY_SIZE],
    struct restrictions *kept)
{
	if (t->identity[0] != '\0')
		memcpy(identity, t->identity, TRIAL_IDENTITY_SIZE);
	restriction_clear(kept);
	*kept = t->merged;
	t->merged = (struct restrictions){ 0 };
	trial_clear(t);
}
