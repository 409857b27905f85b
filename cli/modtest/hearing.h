/*
 * One login as a module sees it: the account, who answers, and what it says
 * of a credential, weighed as a login weighs it.
 */
#ifndef SP_MODTEST_HEARING_H
#define SP_MODTEST_HEARING_H

#include "cli/modtest/applicant.h"
#include "cli/modtest/respondent.h"
#include "daemon/login/exhibit.h"
#include "daemon/login/interview.h"
#include "daemon/login/login.h"

struct hearing {
	const struct applicant_given *given;
	struct candidate candidate;
	struct login_state state; /* the module's */
	struct interview interview;
	struct respondent respondent;
	struct sp_login login;
};

/* False without memory. The rest is borrowed. */
SP_MUST_USE bool hearing_open(struct hearing *, const struct applicant_given *,
    const char *user, const struct string_list *answers);
/* What was asked and told is added to the answer, if not NULL. */
void hearing_close(struct hearing *, struct answer *);

/* What is shown to the module; as in struct exhibit. */
struct hearing_proof {
	const struct sp_cred *cred;
	const struct sp_certificate *certificate; /* NULL: none */
	const char
	    *new_password; /* NULL: none is to take the old one's place */
};

struct hearing_result {
	enum sp_verdict verdict; /* as the module gave it, or it may be none */
	enum sp_verdict counts; /* what a login makes of it */
	const char *problem; /* why that is another one; NULL: it is not */
	const char *about; /* what the problem is with */
};

/* Once: from attach() to end(). */
struct hearing_result
hearing_ask(struct hearing *, const struct hearing_proof *);

/* "ALLOW", or NULL for what is no verdict. */
const char *hearing_name(enum sp_verdict);

#endif
