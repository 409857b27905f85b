/* Asking a module, and weighing what it says. */
#include "cli/modtest/hearing.h"

#include "cli/modtest/attendant.h"
#include "daemon/modload/modlog.h"
#include "lib/pump/pump.h"

#include <stdio.h>
#include <time.h>

/* Answers are at hand: who waits so long waits for ever. */
enum { ANSWER_MS = 60000 };

static const char *const names[] = {
	[SP_NEXT] = "NEXT",
	[SP_ALLOW] = "ALLOW",
	[SP_DENY] = "DENY",
	[SP_MORE] = "MORE",
	[SP_FAIL] = "FAIL",
	[SP_CHANGE] = "CHANGE",
};

const char *
hearing_name(enum sp_verdict verdict)
{
	return (size_t)verdict < sizeof names / sizeof names[0] ? names[verdict]
								: NULL;
}

/* Who does not exist has the account that nothing can match, as in a login. */
static bool
find_candidate(struct candidate *candidate, const char *user)
{
	*candidate = (struct candidate){ .is_genuine = true };
	snprintf(candidate->user, sizeof candidate->user, "%s", user);
	if (!localaccount_find(user, &candidate->account))
		return false;
	if (candidate->account.exists)
		return true;
	localaccount_clear(&candidate->account);
	return localaccount_make_decoy(user, &candidate->account);
}

bool
hearing_open(struct hearing *h, const struct applicant_given *given,
    const char *user, const struct string_list *answers)
{
	*h = (struct hearing){ .given = given };
	login_state_init(&h->state, attendant_enter(given->attendant));
	if (!find_candidate(&h->candidate, user) ||
	    !respondent_start(&h->respondent, answers)) {
		candidate_clear(&h->candidate);
		login_state_clear(&h->state);
		return false;
	}
	h->interview.talk = h->respondent.talk;
	h->interview.deadline = pump_now() + ANSWER_MS;
	clock_gettime(CLOCK_MONOTONIC, &h->interview.since);
	h->login = (struct sp_login){
		.crypto = given->crypto,
		.user = h->candidate.user,
		.account = &h->candidate.account,
		.profile = "modtest",
		.listener = "modtest",
		.way = given->group->name,
		.state = &h->state,
		.interview = &h->interview,
	};
	login_set_endpoints(&h->login, given->peer, given->peer);
	return true;
}

void
hearing_close(struct hearing *h, struct answer *answer)
{
	respondent_stop(&h->respondent, answer);
	login_state_clear(&h->state);
	login_clear(&h->login);
	candidate_clear(&h->candidate);
}

/* ---- asking ---- */

static void
begin_request(struct hearing *h, const struct hearing_proof *proof)
{
	const struct trial_proof known = {
		.moment = { .peer = h->given->peer->address,
		    .seconds = (uint64_t)time(NULL),
		    .is_probe = proof->cred->probe },
		.certificate = proof->certificate,
	};

	interview_begin(&h->interview,
	    strcmp(proof->cred->method, "keyboard-interactive") == 0);
	trial_begin(&h->login.trial, &known);
}

/* A new password comes with a request of its own, as CHANGE asks for one. */
static enum sp_verdict
ask_attached(struct hearing *h, const struct hearing_proof *proof)
{
	const struct modgroup *group = h->given->group;
	const struct sp_auth_ops *auth = &group->module.auth;
	enum sp_verdict verdict;

	begin_request(h, proof);
	verdict = auth->check(&h->login, proof->cred, group->conf);
	if (verdict != SP_CHANGE || proof->new_password == NULL ||
	    auth->change_password == NULL)
		return verdict;
	begin_request(h, proof);
	return auth->change_password(
	    &h->login, proof->cred, proof->new_password, group->conf);
}

static enum sp_verdict
ask(struct hearing *h, const struct hearing_proof *proof)
{
	const struct modgroup *group = h->given->group;
	const struct sp_auth_ops *auth = &group->module.auth;
	enum sp_verdict verdict;

	if (proof->certificate != NULL && !auth->takes_certificates)
		return SP_NEXT;
	if (auth->attach != NULL && !auth->attach(&h->login, group->conf))
		return SP_FAIL;
	verdict = ask_attached(h, proof);
	if (auth->end != NULL)
		auth->end(&h->login, verdict == SP_ALLOW, group->conf);
	return verdict;
}

/* As in a login; see judgement.c. */
static const char *
weigh(struct hearing *h, const struct hearing_proof *proof,
    enum sp_verdict *verdict)
{
	const char *problem = NULL;

	if (h->interview.state != INTERVIEW_OPEN)
		problem = "not all that was asked has an answer that counts";
	else if (*verdict == SP_CHANGE && proof->cred->password == NULL)
		problem = "nothing but a password is changed";
	if (problem != NULL)
		*verdict = SP_DENY;
	return problem;
}

struct hearing_result
hearing_ask(struct hearing *h, const struct hearing_proof *proof)
{
	struct hearing_result result = { .about = proof->cred->method };

	modlog_set_speaker(h->given->group->name);
	result.verdict = ask(h, proof);
	modlog_set_speaker(NULL);
	result.counts =
	    hearing_name(result.verdict) == NULL ? SP_DENY : result.verdict;
	result.problem = weigh(h, proof, &result.counts);
	if (result.problem == NULL) {
		result.problem = trial_settle(
		    &h->login.trial, &result.counts, &h->login.restrictions);
		if (result.problem != NULL)
			result.about = h->login.trial.problem_key;
	}
	return result;
}
