/*
 * One question to one module: what it says along with its verdict. It
 * counts when the acceptance counts, and not before: who says no, who has
 * no opinion, and who is asked of a key without a signature leave nothing
 * behind. What he says he must mean: where one thing of it cannot be kept
 * his yes is a no.
 */
#ifndef SP_LOGIN_TRIAL_H
#define SP_LOGIN_TRIAL_H

#include "daemon/session/restriction.h"

#include <sallyport/key.h>
#include <sallyport/module.h>

enum { TRIAL_IDENTITY_SIZE = 256, TRIAL_KEY_SIZE = 64 };

/* What is known of the proof by itself, whoever is asked about it. */
struct trial_proof {
	struct restriction_moment moment;
	struct sp_key_presence presence;
	const struct sp_certificate *certificate; /* verified; or NULL */
};

struct trial {
	struct trial_proof proof;
	struct restrictions said;
	struct restrictions merged; /* with what was kept before */
	char identity[TRIAL_IDENTITY_SIZE]; /* "": none was said */
	bool may_be_untouched; /* the module needs no touch */
	const char *problem; /* why its yes is a no; NULL: it is none */
	char problem_key[TRIAL_KEY_SIZE]; /* what that is about */
};

/* Begins anew: whatever an earlier module said is gone. */
void trial_begin(struct trial *, const struct trial_proof *);
void trial_clear(struct trial *);

/* For module.h: false where it cannot be kept. */
bool trial_restrict(struct trial *, const char *key, const char *value);
bool trial_set_variable(struct trial *, const char *name, const char *value);
/* kept: what an earlier acceptance said; "" where none did. */
bool trial_set_identity(struct trial *, const char *kept, const char *identity);

/*
 * Adds all of these, or, where that cannot be, none; and why. It is not
 * the end of the trial.
 */
SP_MUST_USE const char *
trial_add_all(struct trial *, const struct restrictions *);

/*
 * The module has answered. Checks what its yes depends on, with what the
 * certificate itself demands, and whether it goes together with what was
 * kept. NULL: the verdict stands as it is; else it has become SP_DENY, and
 * this is why.
 */
SP_MUST_USE const char *trial_settle(
    struct trial *, enum sp_verdict *, const struct restrictions *kept);

/* The acceptance counts: what was settled is kept. */
void trial_keep(
    struct trial *, char identity[TRIAL_IDENTITY_SIZE], struct restrictions *);

#endif
