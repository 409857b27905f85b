/*
 * One timer a clock; each finds out for itself whether it came too early.
 *
 * A module that does not return, or a file system that does not answer it,
 * stops the loop and with it these timers. So the kernel has one as well,
 * which is always later, and ends the process by a signal that it does not
 * catch: whoever waits for a file system hears of no other.
 */
#include "daemon/session/vigil.h"

#include "daemon/log/log.h"
#include "daemon/session/session.h"
#include "lib/pump/pump.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sallyport/connection.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Seconds behind the time at which the loop would have ended the session. */
enum { PATIENCE = 10, ALARM_MAX = 1 << 30 };

struct vigil {
	struct session *session;
	struct event idle;
	struct event end;
	struct event probe;
	uint64_t end_at; /* ms; when its time is over, UINT64_MAX: never */
	uint64_t probed_at; /* when the last probe was sent */
	uint32_t probes; /* since the client was last heard */
};

static const struct profile_settings *
profile_of(const struct vigil *v)
{
	return session_given(v->session)->profile;
}

/* The tighter of the profile's and the login's; 0: no bound. */
static uint64_t
idle_time(const struct session *s)
{
	const struct session_given *given = session_given(s);

	return restriction_narrow(&given->restrictions, RESTRICTION_IDLE_TIME,
	    given->profile->idle_time);
}

static uint64_t
session_time(const struct session *s)
{
	const struct session_given *given = session_given(s);

	return restriction_narrow(&given->restrictions,
	    RESTRICTION_SESSION_TIME, given->profile->session_time);
}

static bool
wait_for(struct event *event, uint64_t ms)
{
	const struct timeval time = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	return event_add(event, &time) == 0;
}

/* Until the idle timer is set again, or the session's time is over. */
static void
set_alarm(const struct vigil *v, uint64_t idle_until)
{
	uint64_t first = idle_until < v->end_at ? idle_until : v->end_at;
	uint64_t now = pump_now();
	uint64_t seconds = PATIENCE;

	if (first == UINT64_MAX)
		return;
	if (first > now)
		seconds += (first - now) / 1000;
	alarm(seconds < ALARM_MAX ? (unsigned)seconds : ALARM_MAX);
}

static void
act(struct vigil *v, void (*work)(void *))
{
	pump_turn(session_pump(v->session), work, v);
}

/* ---- its time is over ---- */

static void
end_session(void *arg)
{
	struct vigil *v = arg;

	session_end(v->session, SP_DISCONNECT_BY_APPLICATION,
	    "the time of this session is over");
}

static void
on_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	act(arg, end_session);
}

/* ---- nobody uses it ---- */

static void
end_idle(void *arg)
{
	struct vigil *v = arg;

	session_end(
	    v->session, SP_DISCONNECT_BY_APPLICATION, "idle for too long");
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	struct vigil *v = arg;
	uint64_t until = session_last_use(v->session) + idle_time(v->session);
	uint64_t now = pump_now();

	(void)fd;
	(void)what;
	if (now >= until || !wait_for(&v->idle, until - now)) {
		act(v, end_idle);
		return;
	}
	/* It may be used until then, and be idle from then on. */
	set_alarm(v, until + idle_time(v->session));
}

/* ---- nobody answers ---- */

static void
end_silent(void *arg)
{
	struct vigil *v = arg;
	const struct session_facts *facts = &session_given(v->session)->facts;

	log_event(EVENT_SESSION_TIMED_OUT,
	    LOG_FIELDS(log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10))));
	session_end(v->session, SP_DISCONNECT_CONNECTION_LOST,
	    "the client does not answer");
}

/*
 * Any answer will do. Where it cannot be sent, since the client takes
 * nothing, that is no answer either.
 */
static void
send_probe(void *arg)
{
	static const struct sp_global keepalive = { .kind =
							SP_GLOBAL_KEEPALIVE };
	struct vigil *v = arg;

	v->probes++;
	v->probed_at = pump_now();
	if (sp_global_send(pump_engine(session_pump(v->session)), &keepalive,
		true) != SP_OK)
		return;
}

/* Whatever came of the client since the last probe says that it lives. */
static void
on_probe(evutil_socket_t fd, short what, void *arg)
{
	struct vigil *v = arg;
	uint64_t interval = profile_of(v)->alive_interval;
	uint64_t heard = pump_heard_at(session_pump(v->session));
	uint64_t now = pump_now();
	uint64_t wait = interval;

	(void)fd;
	(void)what;
	if (heard >= v->probed_at)
		v->probes = 0;
	if (v->probes == 0 && now < heard + interval)
		wait = heard + interval - now;
	else if (v->probes < profile_of(v)->alive_count)
		act(v, send_probe);
	else
		wait = 0;
	if (wait == 0 || !wait_for(&v->probe, wait))
		act(v, end_silent);
}

/* ---- beginning and end ---- */

struct vigil *
vigil_new(struct session *session)
{
	struct vigil *v = calloc(1, sizeof *v);
	struct event_base *base = session_base(session);
	const struct profile_settings *profile =
	    session_given(session)->profile;
	bool runs = true;

	if (v == NULL)
		return NULL;
	v->session = session;
	event_assign(&v->idle, base, -1, 0, on_idle, v);
	event_assign(&v->end, base, -1, 0, on_end, v);
	event_assign(&v->probe, base, -1, 0, on_probe, v);
	if (idle_time(session) > 0)
		runs = wait_for(&v->idle, idle_time(session));
	v->end_at = UINT64_MAX;
	if (session_time(session) > 0) {
		runs = wait_for(&v->end, session_time(session)) && runs;
		v->end_at = pump_now() + session_time(session);
	}
	if (profile->alive_interval > 0)
		runs = wait_for(&v->probe, profile->alive_interval) && runs;
	signal(SIGALRM, SIG_DFL);
	set_alarm(v,
	    idle_time(session) > 0 ? pump_now() + 2 * idle_time(session)
				   : UINT64_MAX);
	if (runs)
		return v;
	vigil_free(v);
	return NULL;
}

void
vigil_free(struct vigil *v)
{
	if (v == NULL)
		return;
	alarm(0);
	event_del(&v->idle);
	event_del(&v->end);
	event_del(&v->probe);
	free(v);
}
