/* A way opens, a process waits, the way closes. */
#include "daemon/login/custody.h"

#include "daemon/confine/confine.h"
#include "daemon/log/log.h"
#include "daemon/login/judgement.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CLOSE_SECONDS = 60 };

static size_t
way_of(const struct attempt *a)
{
	return a->candidate.profile->session;
}

bool
custody_is_wanted(const struct attempt *a)
{
	return way_of(a) != SETTINGS_NONE;
}

void
custody_decline(struct attempt *a)
{
	if (custody_is_wanted(a))
		judgement_end_one(a, false, way_of(a));
}

/* ---- opening ---- */

/* What the way left of the groups, and added to them, is the user's. */
static bool
take_groups(struct localaccount *account)
{
	int count = getgroups(0, NULL);
	gid_t *groups;

	if (count < 0)
		return false;
	groups = calloc((size_t)count + 1, sizeof *groups);
	if (groups == NULL)
		return false;
	count = getgroups(count, groups);
	if (count < 0) {
		free(groups);
		return false;
	}
	free(account->groups);
	account->groups = groups;
	account->group_count = (size_t)count;
	return true;
}

/* It finds the limits that programs are given, and may change them. */
static bool
ask_to_open(struct attempt *a)
{
	const struct modgroup *group = &a->given.auths[way_of(a)];
	bool is_open;

	confine_restore_limits();
	a->login.is_opening = true;
	is_open = judgement_speak_to(a, way_of(a)) &&
	    group->module.auth.open(&a->login, group->conf);
	judgement_speak_to_none(a);
	a->login.is_opening = false;
	confine_remember_limits();
	/* A session may need more than its programs. */
	confine_raise_files();
	return is_open;
}

static void
ask_to_close(struct attempt *a)
{
	const struct modgroup *group = &a->given.auths[way_of(a)];

	if (judgement_speak_to(a, way_of(a)) &&
	    group->module.auth.close != NULL)
		group->module.auth.close(&a->login, group->conf);
	judgement_speak_to_none(a);
}

/* What it takes away counts as that of an acceptance. */
static const char *
settle(struct attempt *a)
{
	enum sp_verdict verdict = SP_ALLOW;
	const char *problem =
	    trial_settle(&a->login.trial, &verdict, &a->login.restrictions);

	if (problem == NULL)
		trial_keep(
		    &a->login.trial, a->login.identity, &a->login.restrictions);
	return problem;
}

const char *
custody_open(struct attempt *a)
{
	const struct trial_proof proof = {
		.moment = {
			.peer = a->given.peer.address,
			.seconds = (uint64_t)time(NULL),
		},
	};
	struct localaccount *account = &a->candidate.account;
	bool is_root = geteuid() == 0;
	const char *problem = NULL;

	/* There is nobody to be asked any more. */
	interview_begin(&a->interview, false);
	trial_begin(&a->login.trial, &proof);
	if (is_root && setgroups(account->group_count, account->groups) != 0)
		problem = "its groups cannot be set";
	else if (!ask_to_open(a))
		problem = "its session cannot be opened";
	if (problem == NULL) {
		problem = settle(a);
		if (problem == NULL && is_root && !take_groups(account))
			problem = "its groups cannot be found out";
		if (problem == NULL && !confine_hide_memory())
			problem = "its memory cannot be hidden";
		if (problem != NULL)
			ask_to_close(a);
	}
	if (problem != NULL)
		custody_decline(a);
	return problem;
}

/* ---- two processes ---- */

static void
fill_awaited(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

/* They are blocked before the child is there, so that none is missed. */
pid_t
custody_fork(void)
{
	sigset_t awaited;
	pid_t pid;

	fill_awaited(&awaited);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid <= 0)
		sigprocmask(SIG_UNBLOCK, &awaited, NULL);
	return pid;
}

void
custody_leave(struct attempt *a)
{
	judgement_end_one(a, true, way_of(a));
}

bool
custody_bind(pid_t keeper)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == keeper;
}

/* The clock of a process that cannot see to it itself is the kernel's. */
void
custody_log_death(pid_t pid, int signal_number)
{
	const struct log_field fields[] = {
		log_number(FIELD_PROCESS, (uint64_t)pid),
		log_number(FIELD_SIGNAL, (uint64_t)signal_number),
		log_text(FIELD_REASON,
		    "its time was over, and it hung: in a module, or for a "
		    "file system"),
	};

	log_event(EVENT_CHILD_DIED, fields, signal_number == SIGALRM ? 3 : 2);
}

void
custody_wait(pid_t session)
{
	sigset_t awaited;
	int status = 0, heard;
	pid_t ended;

	/* They are the user's. Where they stay they give root nothing. */
	if (geteuid() == 0 && setgroups(0, NULL) != 0)
		errno = 0;
	fill_awaited(&awaited);
	for (;;) {
		ended = waitpid(session, &status, WNOHANG);
		if (ended == session || (ended < 0 && errno == ECHILD))
			break;
		/* It is not reaped yet: the number is its own. */
		heard = sigwaitinfo(&awaited, NULL);
		if (heard > 0 && heard != SIGCHLD)
			kill(session, SIGTERM);
	}
	sigprocmask(SIG_UNBLOCK, &awaited, NULL);
	if (ended == session && WIFSIGNALED(status))
		custody_log_death(session, WTERMSIG(status));
}

void
custody_close(struct attempt *a)
{
	signal(SIGALRM, SIG_DFL);
	alarm(CLOSE_SECONDS);
	/* Nobody hears what is told. */
	a->interview.state = INTERVIEW_OVER;
	ask_to_close(a);
	judgement_end_one(a, true, way_of(a));
	alarm(0);
}
