/* Programs and the questions they have. */
#include "modules/program/staff.h"

#include "modules/asking/clerk.h"
#include "modules/program/coprocess.h"

#include <errno.h>
#include <inttypes.h>
#include <sallyport/module.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

enum { BACK_OFF_FIRST = 100, BACK_OFF_MAX = 30000 }; /* ms */

struct worker {
	struct coprocess process;
	struct clerk_case *asked; /* NULL: nobody waits for it */
	/* Whoever asked has gone: until it answers, by then; ms, or 0. */
	uint64_t orphan_until;
	uint64_t start_at; /* ms; while it does not run */
	uint64_t mark; /* of this start: one of its prompts has it */
	unsigned failures; /* since it last answered */
};

struct staff {
	const struct staff_given *given;
	struct clerk *clerk;
	struct worker workers[STAFF_MAX];
	uint64_t starts;
};

static bool
is_running(const struct worker *w)
{
	return w->process.pid > 0;
}

/* ---- their lives ---- */

/* At once the first time, then later and later. */
static uint64_t
back_off(struct worker *w)
{
	uint64_t wait = BACK_OFF_FIRST;

	if (w->failures++ == 0)
		return 0;
	for (unsigned i = 2; i < w->failures && wait < BACK_OFF_MAX; i++)
		wait *= 2;
	return wait < BACK_OFF_MAX ? wait : BACK_OFF_MAX;
}

static void
start(struct staff *s, struct worker *w)
{
	if (coprocess_start(&w->process, s->given->argv, s->given->env)) {
		w->mark = ++s->starts;
		return;
	}
	w->start_at = clerk_now() + back_off(w) + BACK_OFF_FIRST;
	sp_log(LOG_ERR, "program_not_started", "%s: %s", s->given->argv[0],
	    strerror(errno));
}

static void
start_all(struct staff *s, uint64_t now)
{
	for (size_t i = 0; i < s->given->workers; i++)
		if (!is_running(&s->workers[i]) &&
		    s->workers[i].start_at <= now)
			start(s, &s->workers[i]);
}

/* One line, whether somebody waited for it or not. */
static void
end(struct staff *s, struct worker *w, const char *phrase)
{
	struct clerk_case *asked = w->asked;
	char became[COPROCESS_REASON_SIZE], reason[2 * CLERK_REASON_SIZE];
	long pid = (long)w->process.pid;
	uint64_t wait;

	coprocess_end(&w->process, became);
	wait = back_off(w);
	w->start_at = clerk_now() + wait;
	w->asked = NULL;
	w->orphan_until = 0;
	snprintf(reason, sizeof reason,
	    "program %s, process %ld: %s; another starts in %" PRIu64 " ms",
	    s->given->argv[0], pid, phrase[0] == '\0' ? became : phrase, wait);
	if (asked == NULL)
		sp_log(LOG_WARNING, "program_ended", "%s", reason);
	else
		clerk_fail(s->clerk, asked, reason);
}

/* ---- questions ---- */

/* Who prompted goes on; if he has gone nobody knows what it was about. */
static struct worker *
find_worker(struct staff *s, const struct clerk_case *c)
{
	for (size_t i = 0; i < s->given->workers; i++) {
		struct worker *w = &s->workers[i];

		if (is_running(w) && w->asked == NULL && w->orphan_until == 0 &&
		    (!c->goes_on ||
			(w == c->owner && w->mark == c->owner_mark)))
			return w;
	}
	return NULL;
}

static bool
has_gone(const struct clerk_case *c)
{
	const struct worker *w = c->owner;

	return c->goes_on && (!is_running(w) || w->mark != c->owner_mark);
}

static bool
begin(void *arg, struct clerk_case *c)
{
	struct staff *s = arg;
	struct worker *w = find_worker(s, c);

	if (has_gone(c)) {
		clerk_fail(s->clerk, c,
		    "the program that prompted has ended meanwhile");
		return true;
	}
	if (w == NULL)
		return false;
	w->asked = c;
	c->owner = w;
	c->owner_mark = w->mark;
	coprocess_ask(&w->process, c->question, c->len);
	return true;
}

/*
 * Who is late is ended: his answer would be taken for that of the next. Of a
 * login that has gone it is passed over, or strangers could have programs
 * ended by leaving; unless the question, which goes as well, is on its way.
 */
static void
drop(void *arg, struct clerk_case *c, bool is_late)
{
	struct staff *s = arg;
	struct worker *w = c->owner;
	char phrase[64];

	if (w == NULL || w->asked != c)
		return;
	snprintf(phrase, sizeof phrase, "no answer within %" PRIu64 " ms",
	    s->given->timeout);
	if (!is_late) {
		w->asked = NULL;
		w->orphan_until = c->deadline;
	}
	if (is_late || w->process.left > 0)
		end(s, w, phrase);
}

static void
take_answer(struct staff *s, struct worker *w)
{
	struct sp_view text = { (const uint8_t *)w->process.line,
		w->process.len };
	char problem[VERDICT_PROBLEM_SIZE], phrase[CLERK_REASON_SIZE];
	struct clerk_case *asked = w->asked;

	w->orphan_until = 0;
	w->asked = NULL;
	if (asked == NULL) {
		coprocess_wipe(&w->process);
		return;
	}
	if (clerk_answer(s->clerk, asked, text, problem, NULL) !=
	    VERDICT_NONE) {
		w->failures = 0;
		coprocess_wipe(&w->process);
		return;
	}
	w->asked = asked;
	snprintf(
	    phrase, sizeof phrase, "its answer cannot be taken: %s", problem);
	end(s, w, phrase);
}

static void
end_late_orphans(struct staff *s, uint64_t now)
{
	for (size_t i = 0; i < s->given->workers; i++) {
		struct worker *w = &s->workers[i];

		if (is_running(w) && w->orphan_until != 0 &&
		    w->orphan_until <= now)
			end(s, w, "no answer, and nobody waits for it");
	}
}

static size_t
watch(void *arg, struct pollfd *fds)
{
	struct staff *s = arg;
	size_t n = 0;

	for (size_t i = 0; i < s->given->workers; i++)
		if (is_running(&s->workers[i]))
			n += coprocess_watch(&s->workers[i].process, &fds[n]);
	return n;
}

static int
wait_for(void *arg, struct pollfd *fds, size_t count, int ms)
{
	(void)arg;
	return poll(fds, count, ms);
}

static void
serve(void *arg, const struct pollfd *fds, size_t count)
{
	struct staff *s = arg;
	char reason[COPROCESS_REASON_SIZE];

	(void)fds;
	(void)count;
	for (size_t i = 0; i < s->given->workers; i++) {
		struct worker *w = &s->workers[i];

		if (!is_running(w))
			continue;
		switch (coprocess_serve(&w->process, reason)) {
		case COPROCESS_BUSY:
			break;
		case COPROCESS_ANSWERED:
			take_answer(s, w);
			break;
		case COPROCESS_BROKEN:
			end(s, w, reason);
			break;
		}
	}
	end_late_orphans(s, clerk_now());
	start_all(s, clerk_now());
}

static uint64_t
next(void *arg)
{
	const struct staff *s = arg;
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < s->given->workers; i++) {
		const struct worker *w = &s->workers[i];
		uint64_t at = !is_running(w) ? w->start_at
		    : w->orphan_until != 0   ? w->orphan_until
					     : UINT64_MAX;

		if (at < first)
			first = at;
	}
	return first;
}

int
staff_run(int fd, const struct staff_given *given)
{
	static struct staff staff;
	const struct clerk_answerer answerer = {
		.arg = &staff,
		.begin = begin,
		.drop = drop,
		.watch = watch,
		.wait = wait_for,
		.serve = serve,
		.next = next,
	};
	char became[COPROCESS_REASON_SIZE];
	int status;

	staff.given = given;
	start_all(&staff, clerk_now());
	status = clerk_run(fd, given->timeout, &answerer, &staff.clerk);
	for (size_t i = 0; i < given->workers; i++)
		if (is_running(&staff.workers[i]))
			coprocess_end(&staff.workers[i].process, became);
	return status;
}
