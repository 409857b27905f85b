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
#include "lib/limits.h"

#include <stdlib.h>
#include <time.h>

enum {
	/*
	 * Failures are answered on the strokes of a clock that began with
	 * the request: how long it took to find out tells nothing.
	 */
	STROKE_NS = 5000000,
	METHODS_SIZE = 512,
	ANSWER_SIZE = 1024,
};

static void
wait_for_stroke(const struct timespec *since)
{
	struct timespec now, rest = { 0, 0 };
	int64_t passed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	passed = (int64_t)(now.tv_sec - since->tv_sec) * 1000000000 +
	    (now.tv_nsec - since->tv_nsec);
	rest.tv_nsec = STROKE_NS - (long)(passed % STROKE_NS);
	nanosleep(&rest, NULL);
}

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
	const struct authentication_banner banner = { .text = text };
	struct buffer body;
	enum sp_status status;

	buffer_init(&body, AUTHENTICATION_BANNER_MAX + ANSWER_SIZE);
	status = authentication_banner_encode(&banner, &body);
	if (status == SP_OK)
		status = ipc_send(a->given.talk, IPC_AUTH_BANNER,
		    buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	return status == SP_OK;
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
	/* Looking the user up takes longer for one who is there. */
	clock_gettime(CLOCK_MONOTONIC, &a->since);
	login_set_endpoints(&a->login, &given->peer, &given->local);
	a->login.listener = given->listener;
	progress_begin(given->progress, first->user);
	is_found = candidate_find(&a->candidate, &given->settings->access,
	    first->user, &given->peer, &given->local);
	progress_set(given->progress, PROGRESS_TALK);
	if (!is_found || !accept_init(&a->accept, a->candidate.profile))
		return false;
	a->login.user = a->candidate.user;
	a->login.account = &a->candidate.account;
	a->login.profile = a->candidate.profile->name;
	return true;
}

void
attempt_clear(struct attempt *a)
{
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

/*
 * USERAUTH_FAILURE. False when it was the last. The method "none" is a
 * question, and counts as no try.
 */
static bool
fail(struct attempt *a, bool is_partial, bool counts)
{
	char methods[METHODS_SIZE];
	struct authentication_failure failure = {
		.partial_success = is_partial,
	};

	if (counts)
		a->failures++;
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

static enum step
answer(struct attempt *a, const struct authentication_request *request)
{
	bool goes_on = false;

	if (view_equal_string(request->method, "none")) {
		wait_for_stroke(&a->since);
		return fail(a, false, false) ? STEP_GO_ON : STEP_OVER;
	}
	switch (judgement_of(a, request)) {
	case ACCEPT_DONE:
		return STEP_ACCEPTED;
	case ACCEPT_WOULD_DO:
		goes_on = ipc_send(a->given.talk, IPC_AUTH_KEY_OK,
			      view_of(NULL, 0), NULL, 0) == SP_OK;
		break;
	case ACCEPT_STEP:
		goes_on = fail(a, true, false);
		break;
	case ACCEPT_REFUSED:
	case ACCEPT_NO_NEXT_STEP:
		wait_for_stroke(&a->since);
		goes_on = fail(a, false, true);
		break;
	}
	return goes_on ? STEP_GO_ON : STEP_OVER;
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

/* SP_ERR_EOF or another that is nobody's fault; else a breach of the gate's. */
static enum sp_status
read_request(const struct attempt *a, uint8_t *room,
    struct authentication_request *request)
{
	struct ipc_message message;
	enum sp_status status = ipc_receive(
	    a->given.talk, IPC_ROLE_GATE, IPC_ROLE_LOGIN, room, &message);

	if (status != SP_OK)
		return status;
	ipc_close_fds(&message);
	if (message.type != IPC_AUTH_REQUEST)
		return SP_ERR_UNEXPECTED_MESSAGE;
	return authentication_request_decode(message.body, request);
}

static bool
receive_request(const struct attempt *a, uint8_t *room,
    struct authentication_request *request)
{
	enum sp_status status;

	if (!ipc_wait(a->given.talk, a->given.deadline)) {
		attempt_refuse(a, AUTHENTICATION_CLOSED,
		    "its time is over, and its gate let it go on");
		return false;
	}
	status = read_request(a, room, request);
	if (status == SP_ERR_UNEXPECTED_MESSAGE || status == SP_ERR_FORMAT ||
	    status == SP_ERR_TRAILING)
		attempt_refuse(
		    a, AUTHENTICATION_BREACH, "its gate says what it may not");
	return status == SP_OK;
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
	wait_for_stroke(&a->since);
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
		if (step == STEP_GO_ON && !receive_request(a, room, &request))
			break;
		clock_gettime(CLOCK_MONOTONIC, &a->since);
	}
	ipc_room_free(room);
	return step == STEP_ACCEPTED;
}

bool
attempt_run(struct attempt *a, const struct attempt_given *given,
    const struct authentication_request *first)
{
	if (!judgement_is_plain(first)) {
		*a = (struct attempt){ .given = *given };
		login_set_endpoints(&a->login, &given->peer, &given->local);
		attempt_refuse(a, AUTHENTICATION_BREACH, "malformed request");
		return false;
	}
	if (!begin(a, given, first)) {
		attempt_refuse(a, AUTHENTICATION_FAULT, "out of memory");
		return false;
	}
	greet(a);
	return talk(a, first);
}
