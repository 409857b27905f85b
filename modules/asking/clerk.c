/* Logins, questions and deadlines of a service. */
#include "modules/asking/clerk.h"

#include <sallyport/module.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum {
	CASES_MAX = 1024, /* more wait outside */
	WATCHED_MAX = 64, /* by who answers */
	WAIT_MAX = 60000,
};

struct clerk {
	int fd; /* where logins come in; -1: nobody does any more */
	uint64_t timeout;
	const struct clerk_answerer *answerer;
	uint64_t last_id;
	uint64_t last_order;
	size_t count; /* of cases, from the front; free ones among them */
	size_t open; /* those that are not free */
	struct slip packet; /* the one that is being made or read */
	struct clerk_case cases[CASES_MAX];
	struct pollfd fds[1 + CASES_MAX + WATCHED_MAX];
};

uint64_t
clerk_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- questions ---- */

static void
forget_question(struct clerk_case *c)
{
	if (c->question != NULL)
		explicit_bzero(c->question, c->len);
	free(c->question);
	c->question = NULL;
	c->len = 0;
}

static void
close_case(struct clerk *clerk, struct clerk_case *c)
{
	if (c->state == CASE_ASKED || c->state == CASE_TALKING)
		clerk->answerer->drop(clerk->answerer->arg, c, false);
	forget_question(c);
	close(c->socket);
	*c = (struct clerk_case){ .socket = -1 };
	clerk->open--;
}

/* A login that takes no answer has gone, or never asked: it is let go. */
static void
send_answer(struct clerk *clerk, struct clerk_case *c, bool goes_on)
{
	bool is_sent = slip_send(c->socket, &clerk->packet);

	slip_wipe(&clerk->packet);
	forget_question(c);
	c->state = goes_on ? CASE_TALKING : CASE_IDLE;
	if (!is_sent)
		close_case(clerk, c);
}

enum verdict_kind
clerk_answer(struct clerk *clerk, struct clerk_case *c, struct sp_view text,
    char problem[VERDICT_PROBLEM_SIZE], struct slip *copy)
{
	enum verdict_kind kind =
	    verdict_read(text, c->id, &clerk->packet, c->number, problem);

	if (kind == VERDICT_NONE) {
		slip_wipe(&clerk->packet);
		return kind;
	}
	if (copy != NULL)
		*copy = clerk->packet;
	send_answer(clerk, c, kind == VERDICT_PROMPT);
	return kind;
}

void
clerk_answer_again(
    struct clerk *clerk, struct clerk_case *c, struct sp_view pairs)
{
	slip_begin(&clerk->packet, c->number);
	if (pairs.len > sizeof clerk->packet.bytes - clerk->packet.len) {
		clerk_fail(clerk, c, "its remembered answer is too long");
		return;
	}
	memcpy(clerk->packet.bytes + clerk->packet.len, pairs.data, pairs.len);
	clerk->packet.len += pairs.len;
	send_answer(clerk, c, false);
}

static void
say(struct clerk *clerk, struct clerk_case *c, const char *verdict)
{
	slip_begin(&clerk->packet, c->number);
	slip_put(&clerk->packet, "verdict", verdict);
	send_answer(clerk, c, false);
}

void
clerk_fail(struct clerk *clerk, struct clerk_case *c, const char *reason)
{
	sp_log(
	    LOG_ERR, "ask_failed", "no answer about %s: %s", c->user, reason);
	say(clerk, c, "fail");
}

void
clerk_refuse(struct clerk *clerk, struct clerk_case *c, const char *reason)
{
	sp_log(LOG_NOTICE, "ask_refused", "%s is refused: %s", c->user, reason);
	say(clerk, c, "deny");
}

/* False where JSON has no words for it: such a user or password nobody has. */
static bool
write_question(struct clerk_case *c, const struct slip_reader *asked)
{
	static char room[VERDICT_QUESTION_SIZE];

	c->len = verdict_ask(asked, c->id, room);
	c->question = c->len == 0 ? NULL : malloc(c->len + 1);
	if (c->question != NULL) {
		memcpy(c->question, room, c->len);
		c->question[c->len] = '\0';
	}
	explicit_bzero(room, sizeof room);
	return c->question != NULL;
}

static void
take_question(
    struct clerk *clerk, struct clerk_case *c, const struct slip_reader *asked)
{
	const char *ask = slip_find(*asked, "ask");
	const char *user = slip_find(*asked, "user");
	bool goes_on = c->state == CASE_TALKING && asked->number == c->number &&
	    ask != NULL && strcmp(ask, "answer") == 0;

	/* Another question: the client has not answered the last one. */
	if (c->state == CASE_TALKING && !goes_on)
		clerk->answerer->drop(clerk->answerer->arg, c, false);
	c->number = asked->number;
	c->goes_on = goes_on;
	if (!goes_on) {
		c->id = ++clerk->last_id;
		c->owner = NULL;
		snprintf(
		    c->user, sizeof c->user, "%s", user == NULL ? "-" : user);
	}
	c->order = ++clerk->last_order;
	c->deadline = clerk_now() + clerk->timeout;
	if (write_question(c, asked)) {
		c->state = CASE_WAITING;
		return;
	}
	if (goes_on)
		clerk->answerer->drop(clerk->answerer->arg, c, false);
	say(clerk, c, "next");
}

/* One at a time: who asks again before he has an answer is no login. */
static void
hear(struct clerk *clerk, struct clerk_case *c)
{
	long len = slip_receive(c->socket, clerk->packet.bytes);
	struct slip_reader asked;

	if (len < 0 && errno == EAGAIN)
		return;
	clerk->packet.len = len > 0 ? (size_t)len : 0;
	if (len <= 0 || c->state == CASE_WAITING || c->state == CASE_ASKED ||
	    !slip_open(&asked,
		(struct sp_view){
		    (uint8_t *)clerk->packet.bytes, (size_t)len }))
		close_case(clerk, c);
	else
		take_question(clerk, c, &asked);
	explicit_bzero(clerk->packet.bytes, sizeof clerk->packet.bytes);
}

/* ---- time, and who is next ---- */

static void
end_late_ones(struct clerk *clerk, uint64_t now)
{
	for (size_t i = 0; i < clerk->count; i++) {
		struct clerk_case *c = &clerk->cases[i];

		if (c->socket < 0 || c->deadline > now)
			continue;
		if (c->state == CASE_ASKED)
			clerk->answerer->drop(clerk->answerer->arg, c, true);
		else if (c->state == CASE_WAITING)
			clerk_fail(
			    clerk, c, "nobody was free to answer in its time");
	}
}

static struct clerk_case *
find_next(struct clerk *clerk, uint64_t after)
{
	struct clerk_case *first = NULL;

	for (size_t i = 0; i < clerk->count; i++) {
		struct clerk_case *c = &clerk->cases[i];

		if (c->socket >= 0 && c->state == CASE_WAITING &&
		    c->order > after &&
		    (first == NULL || c->order < first->order))
			first = c;
	}
	return first;
}

/* In their order; who cannot begin, for want of one worker, stops no other. */
static void
begin_all(struct clerk *clerk)
{
	struct clerk_case *c;
	uint64_t order = 0;

	while ((c = find_next(clerk, order)) != NULL) {
		order = c->order;
		c->state = CASE_ASKED;
		if (!clerk->answerer->begin(clerk->answerer->arg, c)) {
			c->state = CASE_WAITING;
			if (!c->goes_on)
				return;
		}
	}
}

static int
time_left(const struct clerk *clerk, uint64_t now)
{
	uint64_t first = clerk->answerer->next(clerk->answerer->arg);

	for (size_t i = 0; i < clerk->count; i++) {
		const struct clerk_case *c = &clerk->cases[i];

		if (c->socket >= 0 && c->deadline < first &&
		    (c->state == CASE_WAITING || c->state == CASE_ASKED))
			first = c->deadline;
	}
	if (first <= now)
		return 0;
	return first - now > WAIT_MAX ? WAIT_MAX : (int)(first - now);
}

/* ---- logins ---- */

static void
add_case(struct clerk *clerk, int socket)
{
	size_t i = 0;

	while (i < clerk->count && clerk->cases[i].socket >= 0)
		i++;
	if (i == clerk->count)
		clerk->count++;
	clerk->cases[i] = (struct clerk_case){ .socket = socket };
	clerk->open++;
}

static void
welcome(struct clerk *clerk)
{
	int socket;

	while (clerk->open < CASES_MAX) {
		socket = sp_service_accept(clerk->fd);
		if (socket < 0) {
			if (errno == ESHUTDOWN)
				clerk->fd = -1;
			return;
		}
		add_case(clerk, socket);
	}
}

/* ---- the loop ---- */

static size_t
watch(struct clerk *clerk)
{
	size_t n = 1;

	clerk->fds[0] = (struct pollfd){
		.fd = clerk->open < CASES_MAX ? clerk->fd : -1,
		.events = POLLIN,
	};
	for (size_t i = 0; i < clerk->count; i++)
		clerk->fds[n++] = (struct pollfd){
			.fd = clerk->cases[i].socket,
			.events = POLLIN,
		};
	return n + clerk->answerer->watch(clerk->answerer->arg, &clerk->fds[n]);
}

static void
serve(struct clerk *clerk, size_t cases, size_t n)
{
	const struct pollfd *others = &clerk->fds[1 + cases];

	clerk->answerer->serve(clerk->answerer->arg, others, n - 1 - cases);
	for (size_t i = 0; i < cases; i++)
		if (clerk->fds[1 + i].revents != 0 &&
		    clerk->cases[i].socket == clerk->fds[1 + i].fd)
			hear(clerk, &clerk->cases[i]);
	end_late_ones(clerk, clerk_now());
	if (clerk->fds[0].revents != 0)
		welcome(clerk);
	begin_all(clerk);
}

/* Ids that who answers has not seen before, from another service either. */
static uint64_t
first_id(void)
{
	uint64_t id = 0;

	if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
		id = (uint64_t)getpid() << 16;
	return id >> 17;
}

int
clerk_run(int fd, uint64_t timeout, const struct clerk_answerer *answerer,
    struct clerk **self)
{
	struct clerk *clerk = calloc(1, sizeof *clerk);

	if (clerk == NULL)
		return -1;
	*self = clerk;
	clerk->fd = fd;
	clerk->timeout = timeout;
	clerk->answerer = answerer;
	clerk->last_id = first_id();
	while (clerk->fd >= 0 || clerk->open > 0) {
		size_t cases = clerk->count, n = watch(clerk);

		if (answerer->wait(answerer->arg, clerk->fds, n,
			time_left(clerk, clerk_now())) < 0)
			for (size_t i = 0; i < n; i++)
				clerk->fds[i].revents = 0;
		serve(clerk, cases, n);
	}
	free(clerk);
	*self = NULL;
	return 0;
}
