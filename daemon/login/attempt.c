/*
 * The talk of one login process with its gate. It blocks as it likes: the
 * process serves one client, and its parent kills it when time is up.
 */
#include "daemon/login/attempt.h"

#include "daemon/ipc/ipc.h"
#include "daemon/log/log.h"
#include "daemon/login/banner.h"
#include "daemon/login/judgement.h"
#include "daemon/login/placard.h"
#include "daemon/login/stroke.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <unistd.h>

enum { METHODS_SIZE = 512, ANSWER_SIZE = 1024 };

/* False when the gate is gone. */
static bool
send_failure(
    const struct attempt *a, const struct authentication_failure *failure)
{
	struct buffer body;
	enum sp_status status;

	buffer_init(&body, ANSWER_SIZE);
	status = authentication_failure_encode(failure, &body);
	if (status == SP_OK)
		status = ipc_send(a->given.talk, IPC_AUTH_FAILED,
		    buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	return status == SP_OK;
}

void
attempt_turn_away(const struct attempt *a, enum authentication_ending ending)
{
	const struct authentication_failure failure = { .ending = ending };

	/* A gate that is gone needs no answer. */
	(void)send_failure(a, &failure);
}

bool
attempt_tell(const struct attempt *a, struct sp_view text)
{
	return interview_show(a->given.talk, text);
}

void
attempt_refuse(const struct attempt *a, enum authentication_ending ending,
    const char *reason)
{
	log_event(EVENT_LOGIN_REFUSED,
	    LOG_FIELDS(log_text(FIELD_USER, a->candidate.user),
		log_text(FIELD_ADDRESS, a->login.peer),
		log_number(FIELD_PORT, a->given.peer.port),
		log_text(FIELD_REASON, reason)));
	attempt_turn_away(a, ending);
}

static bool
begin(struct attempt *a, const struct attempt_given *given,
    const struct authentication_request *first)
{
	bool is_found;

	*a = (struct attempt){ .given = *given };
	a->interview = (struct interview){
		.talk = given->talk,
		.deadline = given->deadline,
		.progress = given->progress,
	};
	/* Looking the user up takes longer for one who is there. */
	clock_gettime(CLOCK_MONOTONIC, &a->interview.since);
	login_set_endpoints(&a->login, &given->peer, &given->told_local);
	a->login.listener = given->listener;
	progress_begin(given->progress, first->user);
	is_found = candidate_find(&a->candidate, &given->settings->access,
	    first->user, &given->peer, &given->local);
	progress_set(given->progress, PROGRESS_TALK);
	if (!is_found || !accept_init(&a->accept, a->candidate.profile))
		return false;
	a->states =
	    calloc(given->settings->access.auth_count, sizeof *a->states);
	if (a->states == NULL)
		return false;
	for (size_t i = 0; i < given->settings->access.auth_count; i++)
		login_state_init(&a->states[i],
		    given->services == NULL ? -1 : given->services[i]);
	a->interview.is_decoy = !a->candidate.is_genuine;
	a->login.interview = &a->interview;
	a->login.user = a->candidate.user;
	a->login.account = &a->candidate.account;
	a->login.profile = a->candidate.profile->name;
	a->login.crypto = given->crypto;
	return true;
}

void
attempt_leave_services(struct attempt *a)
{
	for (size_t i = 0; i < a->given.settings->access.auth_count; i++) {
		if (a->states[i].service >= 0)
			close(a->states[i].service);
		a->states[i].service = -1;
	}
}

void
attempt_clear(struct attempt *a)
{
	free(a->states);
	login_clear(&a->login);
	accept_clear(&a->accept);
	candidate_clear(&a->candidate);
}

static void
log_too_many(const struct attempt *a)
{
	log_event(EVENT_AUTH_TOO_MANY,
	    LOG_FIELDS(log_text(FIELD_USER, a->candidate.user),
		log_text(FIELD_ADDRESS, a->login.peer),
		log_number(FIELD_PORT, a->given.peer.port)));
}

/* USERAUTH_FAILURE. False when it was the last. */
static bool
fail(struct attempt *a, bool is_partial)
{
	char methods[METHODS_SIZE];
	struct authentication_failure failure = {
		.partial_success = is_partial,
	};

	if (a->failures >= a->given.settings->max_tries) {
		failure.ending = AUTHENTICATION_TRIES;
		log_too_many(a);
	}
	judgement_methods(a, methods, sizeof methods);
	failure.methods = view_of_string(methods);
	return send_failure(a, &failure) &&
	    failure.ending == AUTHENTICATION_GOES_ON;
}

enum step { STEP_GO_ON, STEP_ACCEPTED, STEP_OVER };

/* A try that failed, and whether it is to be held against who made it. */
static void
count_failure(struct attempt *a, bool is_his)
{
	a->failures++;
	a->is_to_blame = a->is_to_blame || is_his;
}

/*
 * A failure, in its time. To hash a password takes longer than anything
 * else, and is done for who has one; so may it to look a host up, which is
 * done for who is trusted. The method "none" is a question, and counts as
 * no try.
 */
static bool
refuse(struct attempt *a, const struct authentication_request *request,
    enum accept_outcome outcome)
{
	bool is_question = view_equal_string(request->method, "none");
	bool is_slow =
	    !is_question && !view_equal_string(request->method, "publickey");

	stroke_wait(&a->interview.since, is_slow ? STROKE_OF_SECRETS : STROKE);
	if (!is_question)
		count_failure(a, outcome != ACCEPT_UNJUDGED);
	return fail(a, false);
}

static bool
ask_for_change(const struct attempt *a)
{
	const struct authentication_change change = {
		.prompt = view_of_string(
		    "Your password must be changed before you can log in."),
	};
	struct buffer body;
	enum sp_status status;

	buffer_init(&body, ANSWER_SIZE);
	status = authentication_change_encode(&change, &body);
	if (status == SP_OK)
		status = ipc_send(a->given.talk, IPC_AUTH_CHANGE,
		    buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	return status == SP_OK;
}

static bool
answer_outcome(struct attempt *a, const struct authentication_request *request,
    enum accept_outcome outcome)
{
	switch (outcome) {
	case ACCEPT_DONE:
		break;
	case ACCEPT_WOULD_DO:
		return ipc_send(a->given.talk, IPC_AUTH_KEY_OK,
			   view_of(NULL, 0), NULL, 0) == SP_OK;
	case ACCEPT_CHANGE:
		return ask_for_change(a);
	case ACCEPT_STEP:
		return fail(a, true);
	case ACCEPT_REFUSED:
	case ACCEPT_UNJUDGED:
	case ACCEPT_NO_NEXT_STEP:
		return refuse(a, request, outcome);
	}
	return false;
}

/* A talk that ended in the middle of a request; who is left is told why. */
static void
give_up(const struct attempt *a)
{
	if (a->interview.reason != NULL)
		attempt_refuse(a, a->interview.ending, a->interview.reason);
}

static enum step
answer(struct attempt *a, const struct authentication_request *request)
{
	enum accept_outcome outcome = ACCEPT_REFUSED;

	interview_begin(&a->interview,
	    view_equal_string(request->method, "keyboard-interactive"));
	if (!view_equal_string(request->method, "none") ||
	    judgement_hears_none(a))
		outcome = judgement_of(a, request);
	switch (a->interview.state) {
	case INTERVIEW_OVER:
		give_up(a);
		return STEP_OVER;
	case INTERVIEW_ABORTED:
		/* It was a try, and the next request is the answer to it. */
		count_failure(a, true);
		return STEP_GO_ON;
	case INTERVIEW_OPEN:
	case INTERVIEW_SPOILT:
		break;
	}
	if (outcome == ACCEPT_DONE)
		return STEP_ACCEPTED;
	return answer_outcome(a, request, outcome) ? STEP_GO_ON : STEP_OVER;
}

/* RFC 4252 5 would let the user change; nobody needs it. */
static bool
is_acceptable(
    const struct attempt *a, const struct authentication_request *request)
{
	return judgement_is_plain(request) &&
	    view_equal_string(request->user, a->candidate.user) &&
	    view_equal_string(request->service, "ssh-connection");
}

/* False when it is over: who is left was told why. */
static bool
receive_request(
    struct attempt *a, uint8_t *room, struct authentication_request *request)
{
	struct ipc_message message;
	bool is_there = interview_receive(&a->interview, room, &message);

	if (is_there &&
	    (message.type != IPC_AUTH_REQUEST ||
		authentication_request_decode(message.body, request) != SP_OK))
		is_there = interview_breach(&a->interview);
	if (!is_there)
		give_up(a);
	return is_there;
}

/* They are in the room, or in what the process was forked with. */
static void
wipe_secrets(const struct authentication_request *request)
{
	OPENSSL_cleanse(
	    (void *)(uintptr_t)request->password.data, request->password.len);
	OPENSSL_cleanse((void *)(uintptr_t)request->new_password.data,
	    request->new_password.len);
}

/*
 * Before anything is answered. That looking him up took longer where he
 * exists is not to be heard: the banner comes on a stroke.
 */
static void
greet(const struct attempt *a)
{
	const char *text = a->candidate.profile->banner;
	struct buffer banner;

	if (text[0] == '\0')
		return;
	buffer_init(&banner, PLACARD_MAX);
	stroke_wait(&a->interview.since, STROKE);
	/* Where it cannot be sent the gate is gone, and the talk over. */
	if (banner_make(text, a->candidate.user, &banner))
		(void)attempt_tell(a, buffer_view(&banner));
	buffer_clear(&banner);
}

/* Until a verdict; the first request is at hand. */
static bool
talk(struct attempt *a, const struct authentication_request *first)
{
	struct authentication_request request = *first;
	uint8_t *room = ipc_room_new();
	enum step step = STEP_GO_ON;

	while (room != NULL && step == STEP_GO_ON) {
		if (!is_acceptable(a, &request)) {
			attempt_refuse(a, AUTHENTICATION_BREACH,
			    "user or service changed");
			break;
		}
		step = answer(a, &request);
		wipe_secrets(&request);
		if (step == STEP_GO_ON && !receive_request(a, room, &request))
			break;
	}
	ipc_room_free(room);
	return step == STEP_ACCEPTED;
}

bool
attempt_run(struct attempt *a, const struct attempt_given *given,
    const struct authentication_request *first)
{
	bool is_accepted;

	if (!judgement_is_plain(first)) {
		*a = (struct attempt){ .given = *given };
		login_set_endpoints(
		    &a->login, &given->peer, &given->told_local);
		attempt_refuse(a, AUTHENTICATION_BREACH, "malformed request");
		return false;
	}
	if (!begin(a, given, first)) {
		attempt_refuse(a, AUTHENTICATION_FAULT, "out of memory");
		return false;
	}
	greet(a);
	is_accepted = talk(a, first);
	judgement_end(a, is_accepted, a->candidate.profile->session);
	return is_accepted;
}
