/* open(), end() in the session's process, close() and end(). */
#include "cli/modtest/sitting.h"

#include "cli/modtest/hearing.h"
#include "cli/modtest/openfiles.h"
#include "daemon/modload/modlog.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As long as a login has, and a close. */
enum { PATIENCE_SECONDS = 60 };

/* ---- calling the module ---- */

static bool
open_session(struct hearing *h)
{
	const struct modgroup *group = h->given->group;
	const struct sp_auth_ops *auth = &group->module.auth;
	const struct localaccount *account = &h->candidate.account;
	bool is_open = false;

	if (geteuid() == 0 &&
	    setgroups(account->group_count, account->groups) != 0)
		return false;
	h->login.is_opening = true;
	h->state.is_attached =
	    auth->attach == NULL || auth->attach(&h->login, group->conf);
	if (h->state.is_attached)
		is_open = auth->open(&h->login, group->conf);
	h->login.is_opening = false;
	return is_open;
}

static void
close_session(struct hearing *h)
{
	const struct modgroup *group = h->given->group;

	/* Nobody hears what is told, and its service knows it no more. */
	h->interview.state = INTERVIEW_OVER;
	if (h->state.service >= 0)
		close(h->state.service);
	h->state.service = -1;
	if (group->module.auth.close != NULL)
		group->module.auth.close(&h->login, group->conf);
}

static void
end_login(struct hearing *h, bool is_accepted)
{
	const struct modgroup *group = h->given->group;

	if (h->state.is_attached && group->module.auth.end != NULL)
		group->module.auth.end(&h->login, is_accepted, group->conf);
}

/* In a process of its own, which the session would go on in. */
static void
leave(struct hearing *h, struct answer *answer)
{
	pid_t session;
	int status;

	fflush(NULL);
	session = fork();
	if (session == 0) {
		end_login(h, true);
		_exit(EXIT_SUCCESS);
	}
	if (session < 0 || waitpid(session, &status, 0) != session) {
		answer_add(answer, "ERROR no process for the session");
		answer->is_failure = true;
	} else if (WIFSIGNALED(status)) {
		answer_add(answer,
		    "BROKEN its end in the session's process: signal %d",
		    WTERMSIG(status));
		answer->is_failure = true;
	}
}

/* ---- what is said ---- */

static void
tell_greeting(struct answer *answer, const char *text)
{
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, "\n");

		answer_add(answer, "told: %.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static void
run(struct hearing *h, struct answer *answer)
{
	const struct trial_proof proof = {
		.moment = { .peer = h->given->peer->address,
		    .seconds = (uint64_t)time(NULL) },
	};
	enum sp_verdict verdict = SP_ALLOW;
	const char *problem;

	/* There is nobody to be asked any more. */
	interview_begin(&h->interview, false);
	trial_begin(&h->login.trial, &proof);
	if (!open_session(h)) {
		answer_add(answer, "REFUSED");
		tell_greeting(answer, h->login.greeting);
		end_login(h, false);
		return;
	}
	problem =
	    trial_settle(&h->login.trial, &verdict, &h->login.restrictions);
	if (problem != NULL) {
		answer_add(answer, "DENY: %s: %s", h->login.trial.problem_key,
		    problem);
	} else {
		answer_add(
		    answer, "OPENED identity=%s", login_identity(&h->login));
		applicant_tell_restrictions(answer, &h->login.trial.merged);
		tell_greeting(answer, h->login.greeting);
		leave(h, answer);
	}
	close_session(h);
	end_login(h, problem == NULL);
	answer_add(answer, "CLOSED");
}

/* ---- the process that keeps it ---- */

static void
keep(const struct applicant_given *given, const char *user,
    struct answer *answer)
{
	static const struct string_list no_answers = { .count = 0 };
	int before = openfiles_count(), left;
	struct hearing hearing;

	alarm(PATIENCE_SECONDS);
	if (!hearing_open(&hearing, given, user, &no_answers)) {
		answer_add(answer, "ERROR out of memory");
		return;
	}
	if (hearing.candidate.account.exists) {
		modlog_set_speaker(given->group->name);
		run(&hearing, answer);
		modlog_set_speaker(NULL);
	} else {
		answer_add(answer, "ERROR %s: no such account", user);
		answer->is_failure = true;
	}
	hearing_close(&hearing, answer);
	left = openfiles_count() - before;
	if (left > 0)
		answer_add(answer, "left open: %d descriptors", left);
}

static void
write_all(int fd, struct sp_view text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.data, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text = view_of(text.data + n, text.len - (size_t)n);
	}
}

static void
read_all(int fd, struct answer *answer)
{
	uint8_t room[4096];
	ssize_t n;

	while (
	    (n = read(fd, room, sizeof room)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 &&
		    buffer_append(&answer->text, view_of(room, (size_t)n)) !=
			SP_OK)
			answer->is_failure = true;
}

static pid_t
start(const struct applicant_given *given, const char *user, int *from)
{
	struct answer answer;
	int ends[2];
	pid_t keeper;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	fflush(NULL);
	keeper = fork();
	if (keeper == 0) {
		close(ends[0]);
		answer_init(&answer);
		keep(given, user, &answer);
		write_all(ends[1], buffer_view(&answer.text));
		_exit(answer.is_failure ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	close(ends[1]);
	if (keeper < 0)
		close(ends[0]);
	*from = ends[0];
	return keeper;
}

void
sitting_run(const struct applicant_given *given, const char *user,
    struct answer *answer)
{
	int from, status;
	pid_t keeper;

	if (given->group->module.auth.open == NULL) {
		answer_add(answer, "ERROR it opens no sessions");
		answer->is_failure = true;
		return;
	}
	keeper = start(given, user, &from);
	if (keeper < 0) {
		answer_add(answer, "ERROR no process: %s", strerror(errno));
		answer->is_failure = true;
		return;
	}
	read_all(from, answer);
	close(from);
	if (waitpid(keeper, &status, 0) == keeper && WIFSIGNALED(status))
		answer_add(answer, "BROKEN by signal %d", WTERMSIG(status));
	answer->is_failure = answer->is_failure || status != 0;
}
