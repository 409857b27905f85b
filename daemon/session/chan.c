/* A channel's life: texts, the relay of its program's bytes, its end. */
#include "daemon/session/chan.h"

#include "daemon/log/log.h"
#include "daemon/modload/modlog.h"
#include "daemon/session/chanspeech.h"
#include "daemon/session/program.h"
#include "daemon/session/signalname.h"
#include "daemon/session/ttyrecord.h"
#include "lib/pump/relay.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * What a program wrote to its terminal arrives a moment after the program
 * has gone; after it nobody is waited for.
 */
enum { LINGER_US = 50000 };

/* Who is told to end has as long again as he had, and this at most. */
enum { GRACE_MS = 5000 };

static void on_room(struct pump_waiter *);
static void on_outputs_ended(struct relay *, void *);

static const struct relay_owner relay_owner = {
	.outputs_ended = on_outputs_ended,
};

static struct sp_engine *
engine_of(struct sp_chan *chan)
{
	return pump_engine(session_pump(chan->session));
}

struct sp_chan *
chan_new(struct session *session, uint32_t number)
{
	struct sp_chan *chan = calloc(1, sizeof *chan);

	if (chan == NULL)
		return NULL;
	chan->session = session;
	chan->number = number;
	chan->in = chan->out = chan->err = -1;
	chan->waiter.resume = on_room;
	arena_init(&chan->arena);
	for (int i = 0; i < CHAN_TEXTS; i++)
		buffer_init(&chan->texts[i], CHAN_TEXT_MAX);
	return chan;
}

static void
close_fds(struct sp_chan *chan)
{
	if (chan->in >= 0 && chan->in != chan->out)
		close(chan->in);
	if (chan->out >= 0)
		close(chan->out);
	if (chan->err >= 0)
		close(chan->err);
	chan->in = chan->out = chan->err = -1;
}

static void
tell_handler_closed(struct sp_chan *chan)
{
	if (chan->handler == NULL ||
	    chan->handler->module.handler.close == NULL)
		return;
	modlog_set_speaker(chan->handler->name);
	chan->handler->module.handler.close(chan);
	modlog_set_speaker(NULL);
}

/* Once: its handler writes one line. */
static void
tell_handler_ended(struct sp_chan *chan)
{
	struct sp_outcome outcome = {
		.size = sizeof outcome,
		.has_ended = chan->has_exited,
		.is_late = chan->was_overdue,
		.time_ms = pump_now() - chan->started_at,
		.error = chan->error,
	};
	int status = chan->wait_status;

	if (chan->pid == 0 || chan->was_told ||
	    chan->handler->module.handler.ended == NULL)
		return;
	chan->was_told = true;
	if (chan->has_exited && WIFSIGNALED(status))
		outcome.signal = (uint32_t)WTERMSIG(status);
	else if (chan->has_exited)
		outcome.status = (uint32_t)WEXITSTATUS(status);
	if (chan->relay != NULL) {
		outcome.bytes_in = relay_count_of(chan->relay).in;
		outcome.bytes_out = relay_count_of(chan->relay).out;
	}
	modlog_set_speaker(chan->handler->name);
	chan->handler->module.handler.ended(chan, &outcome);
	modlog_set_speaker(NULL);
}

static uint64_t
grace_of(const struct sp_chan *chan)
{
	return chan->time_ms < GRACE_MS ? chan->time_ms : GRACE_MS;
}

static void
leave_program(struct sp_chan *chan)
{
	kill(-chan->pid, chan->is_overdue ? SIGKILL : SIGHUP);
	if (chan->limit != NULL && !chan->is_overdue)
		session_leave(chan->session, chan->pid, grace_of(chan));
}

static void
end_record(struct sp_chan *chan)
{
	ttyrecord_end(chan->record);
	chan->record = NULL;
}

void
chan_free(struct sp_chan *chan)
{
	if (chan->pid > 0 && !chan->has_exited)
		leave_program(chan);
	end_record(chan);
	if (chan->is_overdue)
		session_hold_reaping(chan->session, false);
	tell_handler_ended(chan);
	tell_handler_closed(chan);
	relay_free(chan->relay);
	close_fds(chan);
	if (chan->linger != NULL)
		event_free(chan->linger);
	if (chan->limit != NULL)
		event_free(chan->limit);
	if (chan->resumption != NULL)
		event_free(chan->resumption);
	pump_unwait(session_pump(chan->session), &chan->waiter);
	for (int i = 0; i < CHAN_TEXTS; i++)
		buffer_clear(&chan->texts[i]);
	environment_clear(&chan->environment);
	free(chan->original);
	free(chan->state);
	arena_clear(&chan->arena);
	free(chan);
}

/* ---- the end ---- */

static struct sp_request
exit_request(const struct sp_chan *chan)
{
	int status = chan->wait_status;

	if (chan->pid > 0 && WIFSIGNALED(status))
		return (struct sp_request){
			.kind = SP_REQUEST_EXIT_SIGNAL,
			.u.exit_signal = {
			    .name = sp_text(signalname_of(WTERMSIG(status))),
			    .core_dumped = WCOREDUMP(status),
			},
		};
	return (struct sp_request){
		.kind = SP_REQUEST_EXIT_STATUS,
		.u.exit_status = chan->pid > 0 ? (uint32_t)WEXITSTATUS(status)
					       : chan->exit_status,
	};
}

/* The exit status comes after all output, and close after that. */
static void
end(struct sp_chan *chan)
{
	struct sp_engine *engine = engine_of(chan);
	struct sp_request last;
	enum sp_status status;

	if (chan->is_closing)
		return;
	chan->is_closing = true;
	tell_handler_ended(chan);
	last = exit_request(chan);
	status = sp_request_send(engine, chan->number, &last, false);
	/* Both fail only where the connection or the channel has ended. */
	if (sp_channel_close(engine, chan->number) != SP_OK || status != SP_OK)
		return;
}

static void
end_if_done(struct sp_chan *chan)
{
	if (chan->pid > 0 && chan->has_exited && chan->outputs_ended)
		end(chan);
}

static void
on_outputs_ended(struct relay *relay, void *arg)
{
	struct sp_chan *chan = arg;

	(void)relay;
	chan->outputs_ended = true;
	end_record(chan);
	chan_look_overdue(chan);
	end_if_done(chan);
}

/* ---- a terminal whose program has gone ---- */

static void
finish_relay(void *arg)
{
	struct sp_chan *chan = arg;

	if (chan->relay != NULL && !chan->outputs_ended)
		relay_finish(chan->relay);
}

static void
on_linger(evutil_socket_t fd, short what, void *arg)
{
	struct sp_chan *chan = arg;

	(void)fd;
	(void)what;
	pump_turn(session_pump(chan->session), finish_relay, chan);
}

/*
 * As OpenSSH: a pipe is read to its end, whoever holds it; a terminal ends
 * with its program, even when others were left behind on it. So does a
 * pipe where the program's time was over.
 */
static void
linger(struct sp_chan *chan)
{
	static const struct timeval moment = { .tv_usec = LINGER_US };

	if ((!chan->has_terminal && !chan->was_overdue) || !chan->has_exited ||
	    chan->relay == NULL || chan->outputs_ended || chan->linger != NULL)
		return;
	chan->linger =
	    evtimer_new(session_base(chan->session), on_linger, chan);
	if (chan->linger == NULL || evtimer_add(chan->linger, &moment) != 0)
		relay_finish(chan->relay);
}

static void
log_failure(const struct sp_chan *chan, const struct program_failure *failure)
{
	const struct session_facts *facts =
	    &session_given(chan->session)->facts;
	const struct log_field fields[] = {
		log_text(FIELD_COMMAND, failure->path),
		log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
		log_text(FIELD_REASON, strerror(failure->error)),
		log_text(FIELD_PATH, failure->cwd),
	};
	size_t count = sizeof fields / sizeof fields[0];

	log_event(EVENT_PROGRAM_FAILED, fields,
	    failure->cwd[0] == '\0' ? count - 1 : count);
}

static void
look_whether_it_ran(struct sp_chan *chan)
{
	struct program_failure failure;

	if (!program_has_failed(chan->pid, &failure))
		return;
	chan->error = failure.error;
	log_failure(chan, &failure);
}

void
chan_program_ended(struct sp_chan *chan, int wait_status)
{
	chan->has_exited = true;
	chan->wait_status = wait_status;
	look_whether_it_ran(chan);
	linger(chan);
	end_if_done(chan);
}

/* ---- a program whose time is up ---- */

/*
 * Its process id is its group's as well. While it is not reaped, dead or
 * not, nobody else can have that number, and the group can be killed.
 */
static void
kill_overdue(struct sp_chan *chan)
{
	kill(-chan->pid, SIGKILL);
	chan->is_overdue = false;
	event_del(chan->limit);
	session_hold_reaping(chan->session, false);
}

void
chan_look_overdue(struct sp_chan *chan)
{
	siginfo_t ended = { .si_pid = 0 };

	if (chan->is_overdue && chan->outputs_ended &&
	    waitid(P_PID, (id_t)chan->pid, &ended,
		WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    ended.si_pid == chan->pid)
		kill_overdue(chan);
}

static struct timeval
time_of(uint64_t ms)
{
	return (struct timeval){
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};
}

/* A handler that hears of the end has its own line for it. */
static void
note_overdue(struct sp_chan *chan)
{
	const struct session_facts *facts =
	    &session_given(chan->session)->facts;

	chan->was_overdue = true;
	if (chan->handler->module.handler.ended != NULL)
		return;
	log_event(EVENT_PROGRAM_OVERDUE,
	    LOG_FIELDS(log_text(FIELD_USER, facts->user),
		log_number(FIELD_MILLISECONDS, chan->time_ms),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10))));
}

/* Who has left others behind that hold its outputs is waited for no more. */
static void
end_in_time(void *arg)
{
	struct sp_chan *chan = arg;
	const struct timeval grace = time_of(grace_of(chan));

	if (chan->is_overdue) {
		kill_overdue(chan);
	} else if (!chan->has_exited) {
		note_overdue(chan);
		chan->is_overdue = true;
		session_hold_reaping(chan->session, true);
		kill(-chan->pid, SIGTERM);
		kill(-chan->pid, SIGCONT); /* who is stopped hears it too */
		if (event_add(chan->limit, &grace) != 0)
			kill_overdue(chan);
	} else if (!chan->outputs_ended && chan->relay != NULL) {
		note_overdue(chan);
		relay_finish(chan->relay);
	}
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct sp_chan *chan = arg;

	(void)fd;
	(void)what;
	pump_turn(session_pump(chan->session), end_in_time, chan);
}

void
chan_program_started(struct sp_chan *chan, pid_t pid, uint64_t time_ms)
{
	const struct timeval time = time_of(time_ms);

	chan->pid = pid;
	chan->started_at = pump_now();
	chan->time_ms = time_ms;
	if (time_ms == 0)
		return;
	chan->limit = evtimer_new(session_base(chan->session), on_limit, chan);
	/* Without a timer it had no limit at all. */
	if (chan->limit == NULL || evtimer_add(chan->limit, &time) != 0)
		kill(-pid, SIGKILL);
}

/* ---- bytes ---- */

/* True when all texts are sent; else chan_go() is called again. */
static bool
send_texts(struct sp_chan *chan)
{
	for (uint32_t type = 0; type < CHAN_TEXTS; type++) {
		struct buffer *text = &chan->texts[type];
		size_t taken = 0;

		if (buffer_len(text) == 0)
			continue;
		if (sp_channel_write(engine_of(chan), chan->number, type,
			buffer_view(text), &taken) != SP_OK)
			taken = buffer_len(text); /* nobody will read it */
		buffer_consume(text, taken);
		if (buffer_len(text) > 0) {
			pump_wait(session_pump(chan->session), &chan->waiter);
			return false;
		}
	}
	return true;
}

static void
start_relay(struct sp_chan *chan)
{
	const struct relay_fds fds = {
		.in = chan->in, .out = chan->out, .err = chan->err
	};
	const struct sp_event eof = { .kind = SP_EVENT_CHANNEL_EOF,
		.channel = chan->number };

	chan->relay = relay_new(session_pump(chan->session), chan->number, &fds,
	    &relay_owner, chan);
	if (chan->relay == NULL) {
		log_event(EVENT_SESSION_FAILED,
		    LOG_FIELDS(log_text(FIELD_REASON, strerror(errno))));
		close_fds(chan);
		chan->outputs_ended = true;
		end_if_done(chan);
		return;
	}
	chan->in = chan->out = chan->err = -1;
	if (chan->has_eof)
		relay_event(chan->relay, &eof);
	linger(chan);
}

void
chan_go(struct sp_chan *chan)
{
	if (chan->is_closing || !send_texts(chan))
		return;
	if (chan->pid > 0 && chan->relay == NULL && !chan->outputs_ended) {
		start_relay(chan);
	} else if (chanspeech_is_held(chan)) {
		chanspeech_go(chan);
	}
	chan_look_exiting(chan);
}

void
chan_look_exiting(struct sp_chan *chan)
{
	if (chan->pid == 0 && chan->is_exiting && !chan->is_closing &&
	    sp_channel_eof(engine_of(chan), chan->number) == SP_OK)
		end(chan);
}

uint64_t
chan_sent_at(const struct sp_chan *chan)
{
	return chan->relay == NULL ? 0 : relay_sent_at(chan->relay);
}

static void
on_room(struct pump_waiter *waiter)
{
	chan_go((struct sp_chan *)((char *)waiter -
	    offsetof(struct sp_chan, waiter)));
}

static void
close_now(struct sp_chan *chan)
{
	chan->is_closing = true;
	/* Fails only where the connection has ended. */
	if (sp_channel_close(engine_of(chan), chan->number) != SP_OK)
		return;
}

/*
 * The peer is done with the channel. As OpenSSH: a terminal is hung up,
 * but a program on pipes still gets the input that was sent, and its exit
 * status is told; what it writes nobody hears.
 */
static void
answer_close(struct sp_chan *chan)
{
	const struct sp_event look = { .kind = SP_EVENT_CHANNEL_WRITABLE,
		.channel = chan->number };

	if (chan->is_closing)
		return;
	if (chan->pid == 0 || (chan->has_terminal && !chan->outputs_ended))
		close_now(chan);
	else if (chan->relay == NULL)
		chan_go(chan);
	else
		relay_event(chan->relay, &look); /* outputs see the end */
}

void
chan_event(struct sp_chan *chan, const struct sp_event *event)
{
	if (event->kind == SP_EVENT_CHANNEL_CLOSING) {
		answer_close(chan);
		return;
	}
	if (chan->relay != NULL) {
		relay_event(chan->relay, event);
		return;
	}
	if (event->kind == SP_EVENT_CHANNEL_EOF)
		chan->has_eof = true;
	if (chanspeech_is_held(chan))
		chanspeech_event(chan, event);
	else if (event->kind == SP_EVENT_CHANNEL_WRITABLE)
		chan_go(chan);
}
