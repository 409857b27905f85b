/*
 * The session's loop: the engine's events, its channels, and the ends of
 * their programs. Runs as the user; its only descriptors are the
 * connection, the keyholder's socket, the log's, and its programs' pipes.
 */
#include "daemon/session/session.h"

#include "daemon/config/dscp.h"
#include "daemon/ipc/ipc.h"
#include "daemon/log/log.h"
#include "daemon/session/chan.h"
#include "daemon/session/chanrequest.h"
#include "daemon/session/leftover.h"
#include "daemon/session/prover.h"
#include "daemon/session/siderun.h"
#include "daemon/session/signer.h"
#include "daemon/session/vigil.h"
#include "lib/pump/pump.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sallyport/connection.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct session {
	const struct session_given *given;
	struct event_base *base;
	struct pump *pump;
	struct signer *signer;
	struct prover *prover; /* NULL: host keys are not told */
	struct event *child_ended;
	struct event *told_to_end[2]; /* by SIGTERM and by SIGHUP */
	struct vigil *vigil;
	uint64_t active_at; /* when the client last used a channel */
	TAILQ_HEAD(, sp_chan) chans;
	size_t overdue; /* programs that must not be reaped yet */
	struct leftovers leftovers;
	struct sideruns sideruns;
	const char *end_reason; /* why we ended it; NULL: we did not */
	bool has_served; /* a program was started */
	bool takes_no_more; /* the client wants no further sessions */
	bool was_told_to_end; /* by a signal */
	bool is_over;
};

const struct session_given *
session_given(const struct session *s)
{
	return s->given;
}

struct pump *
session_pump(struct session *s)
{
	return s->pump;
}

struct event_base *
session_base(struct session *s)
{
	return s->base;
}

struct sideruns *
session_sideruns(struct session *s)
{
	return &s->sideruns;
}

/* ---- log ---- */

/* reason may be NULL. */
static void
log_about(const struct session *s, enum log_event event, const char *reason)
{
	const struct session_facts *facts = &s->given->facts;
	const struct log_field fields[] = {
		log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
		log_text(FIELD_PROFILE, s->given->profile->name),
		log_text(FIELD_REASON, reason == NULL ? "" : reason),
	};
	size_t count = sizeof fields / sizeof fields[0];

	log_event(event, fields, reason == NULL ? count - 1 : count);
}

static void
log_closed(const struct session *s, const struct sp_event *event)
{
	const struct session_facts *facts = &s->given->facts;

	if (event->u.closed.by_peer) {
		log_event(EVENT_SESSION_DISCONNECTED,
		    LOG_FIELDS(log_text(FIELD_ADDRESS, facts->peer),
			log_number(
			    FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
			log_number(FIELD_CODE, event->u.closed.reason),
			log_view(FIELD_DETAIL, event->u.closed.description)));
	} else if (event->u.closed.status != SP_ERR_EOF &&
	    s->end_reason == NULL) {
		log_about(s, EVENT_SESSION_FAILED,
		    sp_status_text(event->u.closed.status));
	}
}

/* ---- what the network is told ---- */

/* As sshd, once. Where it fails the network treats all alike, as before. */
static void
set_dscp(const struct session *s, int value)
{
	bool is_ipv6 = strchr(s->given->facts.peer, ':') != NULL;

	if (value != DSCP_NONE)
		setsockopt(s->given->client,
		    is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
		    is_ipv6 ? IPV6_TCLASS : IP_TOS, &value, sizeof value);
}

void
session_serves(struct session *s, bool has_terminal)
{
	const struct profile_settings *profile = s->given->profile;

	if (!s->has_served)
		set_dscp(
		    s, has_terminal ? profile->interactive : profile->bulk);
	s->has_served = true;
}

/*
 * A client that sends much, and whose network stack gathers what is less
 * than a segment, sends the next only when this was acknowledged. That is
 * late (40 ms) where we answer now and then, as if it were a conversation;
 * to be told so once is good for a few answers.
 */
void
session_acknowledge(const struct session *s)
{
	const int on = 1;

	setsockopt(s->given->client, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

/* ---- channels ---- */

static struct sp_chan *
find_chan(struct session *s, uint32_t number)
{
	struct sp_chan *chan;

	TAILQ_FOREACH(chan, &s->chans, link)
	{
		if (chan->number == number)
			return chan;
	}
	return NULL;
}

static size_t
count_chans(const struct session *s)
{
	const struct sp_chan *chan;
	size_t count = 0;

	TAILQ_FOREACH(chan, &s->chans, link)
	count++;
	return count;
}

static void
refuse_open(struct session *s, const struct sp_event *event, uint32_t reason,
    const char *text)
{
	/* Fails only where the connection has ended. */
	if (sp_channel_refuse(
		pump_engine(s->pump), event->token, reason, text) != SP_OK)
		return;
}

/* What nobody serves yet is kept from who may not have it all the same. */
static bool
is_forbidden(const struct session *s, enum sp_channel_type type)
{
	return (type == SP_CHANNEL_DIRECT_TCPIP ||
		   type == SP_CHANNEL_DIRECT_STREAMLOCAL) &&
	    restriction_is_set(
		&s->given->restrictions, RESTRICTION_PORT_FORWARDING);
}

static void
open_chan(struct session *s, const struct sp_event *event)
{
	struct sp_chan *chan;
	struct sp_open open;

	if (sp_open_read(event, &open) != SP_OK) {
		refuse_open(
		    s, event, SP_OPEN_CONNECT_FAILED, "malformed request");
		return;
	}
	if (is_forbidden(s, open.type)) {
		refuse_open(s, event, SP_OPEN_ADMINISTRATIVELY_PROHIBITED,
		    "the login may forward no ports");
		return;
	}
	if (open.type != SP_CHANNEL_SESSION) {
		refuse_open(s, event, SP_OPEN_UNKNOWN_CHANNEL_TYPE,
		    "channels of this type are not served");
		return;
	}
	if (s->takes_no_more) {
		refuse_open(s, event, SP_OPEN_ADMINISTRATIVELY_PROHIBITED,
		    "no more sessions");
		return;
	}
	if (count_chans(s) >= s->given->profile->max_sessions) {
		log_about(s, EVENT_SESSIONS_EXCEEDED, NULL);
		refuse_open(s, event, SP_OPEN_ADMINISTRATIVELY_PROHIBITED,
		    "too many sessions are open");
		return;
	}
	chan = chan_new(s, event->channel);
	if (chan == NULL) {
		refuse_open(
		    s, event, SP_OPEN_RESOURCE_SHORTAGE, "out of memory");
		return;
	}
	if (sp_channel_accept(pump_engine(s->pump), event->token) != SP_OK ||
	    sp_channel_hold(pump_engine(s->pump), event->channel) != SP_OK) {
		chan_free(chan);
		return;
	}
	TAILQ_INSERT_TAIL(&s->chans, chan, link);
}

static void
close_chan(struct session *s, struct sp_chan *chan)
{
	TAILQ_REMOVE(&s->chans, chan, link);
	chan_free(chan);
}

/* ---- the engine's events ---- */

static void
answer_global(struct session *s, const struct sp_event *event)
{
	struct sp_global request;
	bool is_done = false;

	/* What is malformed is answered as what is not known. */
	if (sp_global_read(event, &request) != SP_OK)
		request.kind = SP_GLOBAL_UNKNOWN;
	if (request.kind == SP_GLOBAL_HOSTKEYS_PROVE && s->prover != NULL) {
		prover_ask(s->prover, event);
		return;
	}
	if (request.kind == SP_GLOBAL_NO_MORE_SESSIONS)
		is_done = s->takes_no_more = true;
	/* "keepalive" is answered by any answer. */
	if (event->token != 0 &&
	    sp_global_answer(pump_engine(s->pump), event->token, is_done,
		view_of(NULL, 0)) != SP_OK)
		return;
}

static void
on_chan_event(struct session *s, const struct sp_event *event)
{
	struct sp_chan *chan = find_chan(s, event->channel);

	if (chan == NULL)
		return;
	if (event->kind == SP_EVENT_CHANNEL_REQUEST)
		chanrequest_act(chan, event);
	else if (event->kind == SP_EVENT_CHANNEL_CLOSED)
		close_chan(s, chan);
	else
		chan_event(chan, event);
}

static void
on_event(struct pump *pump, const struct sp_event *event, void *arg)
{
	struct session *s = arg;

	(void)pump;
	switch (event->kind) {
	case SP_EVENT_SIGN_EXCHANGE:
		signer_ask(s->signer, event);
		break;
	case SP_EVENT_CHANNEL_OPEN:
		open_chan(s, event);
		break;
	case SP_EVENT_CHANNEL_REQUEST:
	case SP_EVENT_CHANNEL_DATA:
	case SP_EVENT_CHANNEL_WRITABLE:
	case SP_EVENT_CHANNEL_EOF:
	case SP_EVENT_CHANNEL_CLOSING:
	case SP_EVENT_CHANNEL_CLOSED:
		s->active_at = pump_time(s->pump);
		on_chan_event(s, event);
		break;
	case SP_EVENT_GLOBAL_REQUEST:
		answer_global(s, event);
		break;
	case SP_EVENT_KEX_DONE:
		log_about(s, EVENT_KEYS_RENEWED, NULL);
		break;
	case SP_EVENT_CLOSED:
		log_closed(s, event);
		break;
	/* Nobody has to act on these, or a session does not see them. */
	case SP_EVENT_IDENTIFIED:
	case SP_EVENT_EXCHANGE:
	case SP_EVENT_HOST_KEY:
	case SP_EVENT_AUTH_READY:
	case SP_EVENT_AUTH_REQUEST:
	case SP_EVENT_AUTH_RESPONSE:
	case SP_EVENT_AUTH_ABORTED:
	case SP_EVENT_AUTH_SIGN:
	case SP_EVENT_AUTH_PROMPT:
	case SP_EVENT_AUTH_CHANGE_PASSWORD:
	case SP_EVENT_AUTH_FAILED:
	case SP_EVENT_AUTH_KEY_OK:
	case SP_EVENT_AUTH_BANNER:
	case SP_EVENT_AUTHENTICATED:
	case SP_EVENT_CHANNEL_CONFIRMED:
	case SP_EVENT_CHANNEL_REFUSED:
	case SP_EVENT_CHANNEL_REPLY:
	case SP_EVENT_GLOBAL_REPLY:
	case SP_EVENT_PONG:
		break;
	}
}

static void
on_over(struct pump *pump, void *arg)
{
	struct session *s = arg;

	(void)pump;
	s->is_over = true;
	event_base_loopbreak(s->base);
}

static const struct pump_owner pump_owner = {
	.event = on_event,
	.over = on_over,
};

/* ---- the loop's other events ---- */

/* All but those that are overdue, one by one; left-behind ones wait. */
static void
reap_in_time(struct session *s)
{
	struct sp_chan *chan, *next;
	int status;

	for (chan = TAILQ_FIRST(&s->chans); chan != NULL; chan = next) {
		next = TAILQ_NEXT(chan, link);
		if (chan->is_overdue)
			chan_look_overdue(chan);
		if (chan->pid > 0 && !chan->has_exited && !chan->is_overdue &&
		    waitpid(chan->pid, &status, WNOHANG) == chan->pid)
			chan_program_ended(chan, status);
	}
}

static void
reap(void *arg)
{
	struct session *s = arg;
	struct sp_chan *chan;
	int status;
	pid_t pid;

	siderun_reap(&s->sideruns);
	if (s->overdue > 0)
		reap_in_time(s);
	if (s->overdue > 0)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		TAILQ_FOREACH(chan, &s->chans, link)
		{
			if (chan->pid == pid && !chan->has_exited)
				break;
		}
		if (chan != NULL)
			chan_program_ended(chan, status);
		else
			siderun_reaped(&s->sideruns, pid, status);
	}
}

void
session_hold_reaping(struct session *s, bool is_wanted)
{
	s->overdue += is_wanted ? 1 : -(size_t)1;
	/* What died meanwhile told so once. */
	if (s->overdue == 0)
		event_active(s->child_ended, EV_SIGNAL, 1);
}

static void
on_child_ended(evutil_socket_t number, short what, void *arg)
{
	struct session *s = arg;

	(void)number;
	(void)what;
	pump_turn(s->pump, reap, s);
}

void
session_leave(struct session *s, pid_t pid, uint64_t ms)
{
	leftover_take(&s->leftovers, pid, ms);
}

/* So that its client hears of it, and the log of what its programs did. */
static void
end_on_demand(void *arg)
{
	session_end(arg, SP_DISCONNECT_BY_APPLICATION, "told to end");
}

static void
on_told_to_end(evutil_socket_t number, short what, void *arg)
{
	struct session *s = arg;

	(void)number;
	(void)what;
	s->was_told_to_end = true;
	if (s->end_reason == NULL)
		pump_turn(s->pump, end_on_demand, s);
}

/* ---- for its clocks ---- */

/* When a channel was last used, in either direction. */
uint64_t
session_last_use(const struct session *s)
{
	uint64_t at = s->active_at;
	const struct sp_chan *chan;

	TAILQ_FOREACH(chan, &s->chans, link)
	{
		if (chan_sent_at(chan) > at)
			at = chan_sent_at(chan);
	}
	return at;
}

void
session_end(struct session *s, uint32_t disconnect, const char *reason)
{
	s->end_reason = reason;
	sp_engine_disconnect(pump_engine(s->pump), disconnect, reason);
}

/* ---- beginning and end ---- */

static enum sp_status
import(const struct session_given *given, struct sp_view exported,
    struct sp_engine **engine)
{
	const struct sp_engine_config config = {
		.role = SP_SERVER,
		.crypto = given->crypto,
		.algorithms = *given->algorithms,
		.groups = given->groups,
		.group_count = given->group_count,
		.host_keys = given->host_keys,
		.host_key_count = given->host_key_count,
		.max_channels = given->profile->max_channels,
		.rekey_bytes = given->rekey_bytes,
		.rekey_ms = given->rekey_ms,
		.now_ms = pump_now(),
	};
	struct sp_engine *got;
	enum sp_status status = sp_engine_import(&config, exported, &got);

	if (status != SP_OK)
		return status;
	/* The proof was for this connection, and for no other. */
	if (!view_equal(sp_engine_session_id(got), given->session_id))
		status = SP_ERR_IMPORT;
	if (status == SP_OK)
		status = sp_engine_enable_connection(got);
	if (status == SP_OK)
		status = sp_engine_import_accept(got);
	if (status != SP_OK) {
		sp_engine_free(got);
		return status;
	}
	*engine = got;
	return SP_OK;
}

static bool
listen_to(struct session *s, int number, event_callback_fn heard,
    struct event **event)
{
	*event = evsignal_new(s->base, number, heard, s);
	return *event != NULL && evsignal_add(*event, NULL) == 0;
}

static void
forget(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

/* Takes the engine when it succeeds. */
static bool
prepare(struct session *s, struct sp_engine *engine)
{
	s->base = event_base_new();
	if (s->base == NULL)
		return false;
	if (!listen_to(s, SIGCHLD, on_child_ended, &s->child_ended) ||
	    !listen_to(s, SIGTERM, on_told_to_end, &s->told_to_end[0]) ||
	    !listen_to(s, SIGHUP, on_told_to_end, &s->told_to_end[1]))
		return false;
	s->pump = pump_new(s->base, s->given->client, engine, &pump_owner, s);
	return s->pump != NULL;
}

static void
clear(struct session *s)
{
	struct sp_chan *chan;

	while ((chan = TAILQ_FIRST(&s->chans)) != NULL)
		close_chan(s, chan);
	leftover_clear(&s->leftovers);
	vigil_free(s->vigil);
	prover_free(s->prover);
	signer_free(s->signer);
	pump_free(s->pump);
	/* The client need not wait for what goes on without him. */
	siderun_clear(&s->sideruns, s->was_told_to_end);
	forget(s->child_ended);
	forget(s->told_to_end[0]);
	forget(s->told_to_end[1]);
	if (s->base != NULL)
		event_base_free(s->base);
}

static int
fail(struct session *s, struct sp_engine *engine, const char *reason)
{
	log_about(s, EVENT_SESSION_FAILED, reason);
	sp_engine_free(engine);
	clear(s);
	return EXIT_FAILURE;
}

/* A session that can prove no host keys tells none. */
static void
tell_host_keys(struct session *s)
{
	const struct prover_given given = {
		.pump = s->pump,
		.signer = s->signer,
		.host_keys = s->given->host_keys,
		.host_key_count = s->given->host_key_count,
	};

	if (!s->given->tells_host_keys)
		return;
	s->prover = prover_new(&given);
	if (s->prover != NULL)
		prover_announce(s->prover);
}

int
session_run(
    const struct session_given *given, uint8_t *room, struct sp_view exported)
{
	struct session s = { .given = given };
	struct sp_engine *engine = NULL;
	enum sp_status status = import(given, exported, &engine);

	ipc_room_free(room);
	signal(SIGXFSZ, SIG_IGN);
	TAILQ_INIT(&s.chans);
	leftover_init(&s.leftovers, &s);
	siderun_init(&s.sideruns, &s);
	if (status != SP_OK)
		return fail(&s, NULL, sp_status_text(status));
	if (!prepare(&s, engine))
		return fail(&s, engine, "out of memory");
	s.signer = signer_new(s.pump, given->keyholder);
	s.active_at = pump_now();
	s.vigil = vigil_new(&s);
	if (s.signer == NULL || s.vigil == NULL)
		return fail(&s, NULL, "out of memory");
	tell_host_keys(&s);
	log_about(&s, EVENT_SESSION_OPENED, NULL);
	pump_kick(s.pump);
	/* A loop forgets that it was to break off before it began. */
	if (!s.is_over)
		event_base_dispatch(s.base);
	log_about(&s, EVENT_SESSION_CLOSED, s.end_reason);
	clear(&s);
	return EXIT_SUCCESS;
}
