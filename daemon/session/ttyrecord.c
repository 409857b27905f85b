/* A record's life: added, there, deleted; one run of the program at a time. */
#include "daemon/session/ttyrecord.h"

#include "daemon/log/log.h"
#include "daemon/session/session.h"
#include "daemon/session/siderun.h"

#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* It takes some milliseconds. As long again, and it is killed. */
enum { TIME_MS = 2000 };

enum stage {
	STAGE_COMING, /* it is being added */
	STAGE_THERE,
	STAGE_GOING, /* it is being deleted */
	STAGE_NOWHERE, /* it could not be added */
};

struct ttyrecord {
	struct session *session;
	int master; /* a copy: who deletes it must show it too */
	enum stage stage;
	bool is_over; /* the terminal is not used any more */
};

static void on_ended(void *, const struct sp_outcome *);

/* In another root folder they are not there. */
static bool
is_wanted(const struct session_given *given)
{
	struct stat st;

	return given->records_terminals && stat(_PATH_UTMP, &st) == 0 &&
	    S_ISREG(st.st_mode) && access(SP_UTEMPTER, X_OK) == 0;
}

/* address may be NULL. */
static bool
run(struct ttyrecord *r, const char *what, const char *address)
{
	const char *const argv[] = { "utempter", what, address, NULL };
	const char *const env[] = { NULL };
	const struct sp_program program = {
		.size = sizeof program,
		.path = SP_UTEMPTER,
		.argv = argv,
		.env = env,
		.cwd = "/",
		.terminal = -1,
		.terminal_slave = -1,
	};
	const struct siderun_own own = {
		.program = &program,
		.input = r->master,
		.time_ms = TIME_MS,
		.ended = on_ended,
		.arg = r,
	};

	return siderun_start_own(session_sideruns(r->session), &own);
}

static void
forget(struct ttyrecord *r)
{
	if (r->master >= 0)
		close(r->master);
	free(r);
}

struct ttyrecord *
ttyrecord_begin(struct session *session, int master)
{
	const struct session_given *given = session_given(session);
	struct ttyrecord *r;

	if (!is_wanted(given))
		return NULL;
	r = malloc(sizeof *r);
	if (r == NULL)
		return NULL;
	*r = (struct ttyrecord){
		.session = session,
		/* Not one of those that a program begins with. */
		.master = fcntl(master, F_DUPFD_CLOEXEC, 3),
		.stage = STAGE_COMING,
	};
	if (r->master >= 0 && run(r, "add", given->facts.peer))
		return r;
	forget(r);
	return NULL;
}

static void
leave(struct ttyrecord *r)
{
	if (r->stage != STAGE_THERE || !run(r, "del", NULL)) {
		forget(r);
		return;
	}
	r->stage = STAGE_GOING;
	/* It is hung up when the program has gone. */
	close(r->master);
	r->master = -1;
}

void
ttyrecord_end(struct ttyrecord *r)
{
	if (r == NULL)
		return;
	r->is_over = true;
	if (r->stage != STAGE_COMING)
		leave(r);
}

/* ---- what came of it ---- */

static bool
has_failed(const struct sp_outcome *outcome)
{
	return outcome->error != 0 || outcome->signal != 0 ||
	    outcome->status != 0;
}

static void
log_failure(const struct ttyrecord *r, const struct sp_outcome *outcome)
{
	const struct session_facts *facts = &session_given(r->session)->facts;
	char reason[160];

	if (outcome->error != 0)
		snprintf(reason, sizeof reason, "%s: %s", SP_UTEMPTER,
		    strerror(outcome->error));
	else if (outcome->signal != 0)
		snprintf(reason, sizeof reason, "utempter ended by signal %u",
		    outcome->signal);
	else
		snprintf(reason, sizeof reason, "utempter ended with status %u",
		    outcome->status);
	log_event(EVENT_LOGIN_UNRECORDED,
	    LOG_FIELDS(log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
		log_text(FIELD_PATH, _PATH_UTMP),
		log_text(FIELD_REASON, reason)));
}

static void
on_ended(void *arg, const struct sp_outcome *outcome)
{
	struct ttyrecord *r = arg;

	if (has_failed(outcome))
		log_failure(r, outcome);
	if (r->stage == STAGE_GOING) {
		forget(r);
		return;
	}
	r->stage = has_failed(outcome) ? STAGE_NOWHERE : STAGE_THERE;
	if (r->is_over)
		leave(r);
}
