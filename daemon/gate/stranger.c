/*
 * One stranger: his engine's questions, and who answers them. Host key
 * signatures come from the notary, the method "none" is answered here
 * unless a login wants to hear it, all other requests are a
 * login's business.
 */
#include "daemon/gate/stranger.h"

#include "daemon/gate/audience.h"
#include "daemon/gate/doorman.h"
#include "daemon/gate/farewell.h"
#include "daemon/gate/gate.h"
#include "daemon/gate/ward.h"
#include "daemon/ipc/ticket.h"
#include "daemon/log/log.h"
#include "lib/limits.h"
#include "lib/pump/pump.h"
#include "lib/wire/buffer.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

/* Reasons of a disconnect (RFC 4253 11.1). */
enum {
	PROTOCOL_ERROR = 2,
	BY_APPLICATION = 11,
	TOO_MANY_CONNECTIONS = 12,
};

enum {
	STRANGER_METHODS_SIZE = 256,
	STRANGER_EXCHANGES = 8, /* the first, and those for new keys */
};

struct stranger {
	struct gate *gate;
	struct pump *pump;
	struct audience *audience; /* NULL before his first request */
	struct crowd_member place;
	struct notary_request signing;
	struct sp_event question; /* the last; its token is 0 once answered */
	struct buffer ticket; /* of the first exchange: the session's */
	struct buffer user; /* as he last said it */
	struct arrival came;
	uint64_t number;
	unsigned exchanges; /* begun, or waiting to */
	struct event rested; /* when his source may have one again */
	bool is_logged; /* the line about his end is written */
};

static void on_event(struct pump *, const struct sp_event *, void *);
static void on_over(struct pump *, void *);
static void on_failed(void *, const struct authentication_failure *);
static void on_banner(void *, struct sp_view);
static void on_key_ok(void *);
static void on_prompt(void *, const struct authentication_prompts *);
static void on_change(void *, struct sp_view);
static void on_accepted(void *);
static void on_ended(void *, const char *);
static void on_rested(evutil_socket_t, short, void *);
static void on_signed(struct notary_request *, struct sp_view, struct sp_view);

static const struct pump_owner pump_owner = {
	.event = on_event,
	.over = on_over,
};

static const struct audience_owner audience_owner = {
	.failed = on_failed,
	.key_ok = on_key_ok,
	.prompt = on_prompt,
	.change = on_change,
	.accepted = on_accepted,
	.banner = on_banner,
	.ended = on_ended,
};

/* ---- coming ---- */

static struct farewell
farewell_of(const struct stranger *s)
{
	return (struct farewell){
		.connection = s->number,
		.peer = s->came.peer,
		.user = buffer_view(&s->user),
	};
}

static void
log_opened(const struct stranger *s)
{
	char address[CIDR_TEXT_SIZE];

	cidr_format_address(&s->came.peer.address, address);
	log_event(EVENT_CONNECTION_OPENED,
	    LOG_FIELDS(log_number(FIELD_CONNECTION, s->number),
		log_text(FIELD_ADDRESS, address),
		log_number(FIELD_PORT, s->came.peer.port),
		log_text(FIELD_LISTENER, s->came.listener)));
}

static enum sp_status
make_engine(struct stranger *s, struct sp_engine **engine)
{
	struct gate *gate = s->gate;
	struct sp_host_key host_keys[CONTROL_HOST_KEYS_MAX];
	uint8_t cookie[COOKIE_LEN];
	enum sp_status status;
	const struct gate_settings *settings = &gate->settings;
	struct sp_engine_config config = {
		.role = SP_SERVER,
		.crypto = gate->crypto,
		.software = settings->version,
		.algorithms = settings->crypto,
		.groups = settings->groups.items,
		.group_count = settings->groups.count,
		.host_keys = host_keys,
		.max_tries = settings->max_tries,
		.now_ms = pump_now(),
		.first_cookie = cookie,
		.asks_for_exchanges = true,
	};

	status = notary_make_cookie(
	    gate->notary, gate->crypto, &s->signing.serial, cookie);
	if (status != SP_OK)
		return status;
	config.host_key_count =
	    notary_keys(gate->notary, s->came.listener, host_keys);
	return sp_engine_new(&config, engine);
}

/* An engine and a pump for the socket, which the pump takes. */
static enum sp_status
open_connection(struct stranger *s, int socket)
{
	struct sp_engine *engine;
	enum sp_status status = make_engine(s, &engine);

	if (status != SP_OK)
		return status;
	s->pump = pump_new(s->gate->base, socket, engine, &pump_owner, s);
	if (s->pump == NULL) {
		sp_engine_free(engine);
		return SP_ERR_MEMORY;
	}
	/* Who does not take his disconnect at once does without. */
	pump_set_linger(s->pump, 0);
	return SP_OK;
}

/* A place in the crowd and a connection; what failed is logged. */
static bool
settle_in(struct stranger *s, int socket)
{
	const struct farewell farewell = farewell_of(s);
	enum sp_status status =
	    crowd_join(s->gate->crowd, &s->came.peer.address, &s->place);

	if (status == SP_ERR_LIMIT) {
		farewell_refused(
		    &farewell, "too many connections of its source");
		return false;
	}
	if (status == SP_OK)
		status = open_connection(s, socket);
	if (status == SP_OK)
		return true;
	crowd_leave(s->gate->crowd, &s->place);
	farewell_refused(&farewell, sp_status_text(status));
	return false;
}

void
stranger_welcome(struct gate *gate, int socket, const struct arrival *arrival)
{
	struct stranger *s = calloc(1, sizeof *s);

	if (s == NULL) {
		close(socket);
		return;
	}
	s->gate = gate;
	s->came = *arrival;
	s->number = ++gate->connections;
	s->signing.answer = on_signed;
	s->signing.listener = arrival->listener;
	s->signing.source = arrival->peer.address;
	event_assign(&s->rested, gate->base, -1, 0, on_rested, s);
	buffer_init(&s->ticket, TICKET_MAX);
	buffer_init(&s->user, LIMIT_USER);
	if (!settle_in(s, socket)) {
		close(socket);
		free(s);
		return;
	}
	log_opened(s);
	pump_kick(s->pump);
}

/* ---- going ---- */

static void
stranger_free(struct stranger *s)
{
	struct gate *gate = s->gate;

	event_del(&s->rested);
	notary_cancel(gate->notary, &s->signing);
	audience_free(s->audience);
	crowd_leave(gate->crowd, &s->place);
	pump_free(s->pump);
	buffer_clear(&s->ticket);
	buffer_clear(&s->user);
	free(s);
	gate_stranger_left(gate);
}

/*
 * Tells him why, and ends; s is gone when this returns, or, inside a
 * callback of the pump, soon after. The log has its line already, from
 * here or from the login.
 */
static void
disconnect(struct stranger *s, uint32_t reason, const char *text)
{
	s->is_logged = true;
	sp_engine_disconnect(pump_engine(s->pump), reason, text);
	pump_kick(s->pump);
}

/* How he fared, to be held against his source. */
static void
tell(const struct stranger *s, enum conduct_kind kind)
{
	if (s->gate->doorman == NULL)
		ward_tell(kind);
	else if (!s->came.is_spared)
		doorman_tell(s->gate->doorman, kind, &s->came.peer.address);
}

/* Once a login was asked for, it is the login's to tell. */
static void
tell_of_no_attempt(const struct stranger *s)
{
	if (s->audience == NULL)
		tell(s, CONDUCT_NOAUTH);
}

/*
 * He is not to blame where he waits for keyholder or login. A login has what
 * he tried to tell of as well, and one end is charged.
 */
static void
tell_of_time(const struct stranger *s)
{
	if (s->audience != NULL)
		audience_end_late(s->audience);
	else if (!notary_is_asked(&s->signing))
		tell(s, CONDUCT_GRACE_EXCEEDED);
}

/* This side cannot go on. */
static void
fail(struct stranger *s, const char *reason)
{
	const struct farewell farewell = farewell_of(s);

	if (!s->is_logged)
		farewell_failed(&farewell, reason);
	disconnect(s, BY_APPLICATION, "this server cannot go on");
}

void
stranger_remove(struct crowd_member *place, enum crowd_reason reason)
{
	struct stranger *s = (struct stranger *)((char *)place -
	    offsetof(struct stranger, place));
	const struct farewell farewell = farewell_of(s);

	switch (reason) {
	case CROWD_TIME_IS_UP:
		farewell_timed_out(&farewell);
		tell_of_time(s);
		disconnect(s, PROTOCOL_ERROR, "the time to log in is over");
		return;
	case CROWD_IS_FULL:
		farewell_refused(&farewell, "too many connections");
		break;
	case CROWD_TAKES_MEMORY:
		farewell_refused(&farewell, "connections take too much memory");
		break;
	}
	disconnect(s, TOO_MANY_CONNECTIONS, "too many connections");
}

static void
on_over(struct pump *pump, void *arg)
{
	(void)pump;
	stranger_free(arg);
}

static void
on_closed(struct stranger *s, const struct sp_event *event)
{
	const struct farewell farewell = farewell_of(s);

	if (!s->is_logged) {
		farewell_closed(&farewell, event, pump_error(s->pump));
		tell_of_no_attempt(s);
	}
	s->is_logged = true;
}

/* ---- the key exchange ---- */

/* Nothing of his is read until his source has paid for what it had. */
static void
begin_exchange(struct stranger *s)
{
	struct sp_engine *engine = pump_engine(s->pump);
	uint64_t wait = budget_take(s->gate->budget, &s->came.peer.address,
	    s->question.u.exchange.cost_us, pump_now());
	const struct timeval time = {
		.tv_sec = (time_t)(wait / 1000),
		.tv_usec = (suseconds_t)(wait % 1000 * 1000),
	};

	if (wait > 0)
		event_add(&s->rested, &time);
	else if (sp_exchange_begin(engine, s->question.token) != SP_OK)
		fail(s, "a key exchange cannot begin");
}

static void
on_exchange(struct stranger *s)
{
	const struct farewell farewell = farewell_of(s);

	if (++s->exchanges <= STRANGER_EXCHANGES) {
		begin_exchange(s);
		return;
	}
	farewell_failed(&farewell, "too many key exchanges before a login");
	tell_of_no_attempt(s);
	disconnect(s, PROTOCOL_ERROR, "too many key exchanges before a login");
}

static void
on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct stranger *s = arg;

	(void)fd;
	(void)what;
	/* Who has left, and is not gone yet, has nothing to ask. */
	if (s->is_logged)
		return;
	begin_exchange(s);
	pump_kick(s->pump);
}

static void
on_signed(struct notary_request *request, struct sp_view signature,
    struct sp_view ticket)
{
	struct stranger *s = (struct stranger *)((char *)request -
	    offsetof(struct stranger, signing));
	struct sp_engine *engine = pump_engine(s->pump);
	enum sp_status status = SP_OK;

	if (signature.len == 0)
		status = SP_ERR_SIGNATURE;
	else if (buffer_len(&s->ticket) == 0)
		status = buffer_append(&s->ticket, ticket);
	if (status == SP_OK)
		status =
		    sp_exchange_signed(engine, s->question.token, signature);
	if (status != SP_OK) {
		fail(s, "the host key cannot be used");
		return;
	}
	pump_kick(s->pump);
}

/* ---- authentication ---- */

static void
first_request(struct stranger *s)
{
	const struct audience_stranger stranger = {
		.connection = s->number,
		.address = s->came.peer.address,
		.claim = s->came.claim,
		.socket = pump_socket(s->pump),
		.ticket = &s->ticket,
	};

	s->audience = audience_new(
	    s->gate->base, s->gate->login, &stranger, &audience_owner, s);
}

static void
on_request(struct stranger *s)
{
	const struct sp_event *question = &s->question;

	buffer_clear(&s->user);
	if (buffer_append(&s->user, question->u.auth_request.user) != SP_OK)
		buffer_clear(&s->user);
	if (!s->gate->settings.hears_none &&
	    view_equal_string(question->u.auth_request.method, "none")) {
		if (sp_auth_fail(pump_engine(s->pump), question->token,
			s->gate->settings.methods, false) != SP_OK)
			fail(s, "a request cannot be answered");
		return;
	}
	if (s->audience == NULL)
		first_request(s);
	if (s->audience == NULL)
		fail(s, sp_status_text(SP_ERR_MEMORY));
	else
		audience_ask(s->audience, question);
}

static void
on_failed(void *arg, const struct authentication_failure *failure)
{
	struct stranger *s = arg;
	char names[STRANGER_METHODS_SIZE];
	enum sp_status status = SP_ERR_FORMAT;

	if (failure->ending != AUTHENTICATION_GOES_ON) {
		const struct authentication_farewell *told =
		    authentication_farewell_of(failure->ending);

		disconnect(s, told->reason, told->text);
		return;
	}
	if (view_to_string(failure->methods, names, sizeof names))
		status = sp_auth_fail(pump_engine(s->pump), s->question.token,
		    names, failure->partial_success);
	if (status != SP_OK)
		fail(s, "the login's answer makes no sense");
	else
		pump_kick(s->pump);
}

static void
on_banner(void *arg, struct sp_view text)
{
	struct stranger *s = arg;
	char room[AUTHENTICATION_BANNER_MAX + 1];

	if (!view_to_string(text, room, sizeof room) ||
	    sp_auth_banner(pump_engine(s->pump), room) != SP_OK)
		fail(s, "the login's text cannot be sent");
	else
		pump_kick(s->pump);
}

static void
on_key_ok(void *arg)
{
	struct stranger *s = arg;

	if (sp_auth_key_ok(pump_engine(s->pump), s->question.token) != SP_OK)
		fail(s, "the login's answer makes no sense");
	else
		pump_kick(s->pump);
}

static void
on_prompt(void *arg, const struct authentication_prompts *p)
{
	struct stranger *s = arg;
	char name[LIMIT_PROMPT + 1], instruction[LIMIT_PROMPT + 1];

	if (!view_to_string(p->name, name, sizeof name) ||
	    !view_to_string(p->instruction, instruction, sizeof instruction) ||
	    sp_auth_prompt(pump_engine(s->pump), s->question.token, name,
		instruction, p->prompts, p->count) != SP_OK)
		fail(s, "the login's question makes no sense");
	else
		pump_kick(s->pump);
}

static void
on_change(void *arg, struct sp_view prompt)
{
	struct stranger *s = arg;
	char text[LIMIT_PROMPT + 1];

	if (!view_to_string(prompt, text, sizeof text) ||
	    sp_auth_change_password(
		pump_engine(s->pump), s->question.token, text) != SP_OK)
		fail(s, "the login's answer makes no sense");
	else
		pump_kick(s->pump);
}

/* The connection leaves this process, and no trace of it stays. */
static void
on_accepted(void *arg)
{
	struct stranger *s = arg;
	uint8_t *export;
	size_t len;

	if (sp_engine_export(pump_engine(s->pump), s->question.token, &export,
		&len) != SP_OK) {
		fail(s, "the connection cannot be handed over");
		return;
	}
	if (audience_hand_over(s->audience, view_of(export, len)) != SP_OK) {
		const struct farewell farewell = farewell_of(s);

		farewell_failed(&farewell, "the login took no connection");
	}
	sp_engine_export_free(export, len);
	stranger_free(s);
}

static void
on_ended(void *arg, const char *reason)
{
	fail(arg, reason);
}

static void
on_event(struct pump *pump, const struct sp_event *event, void *arg)
{
	struct stranger *s = arg;

	(void)pump;
	if (event->token != 0)
		s->question = *event;
	if (event->kind == SP_EVENT_EXCHANGE) {
		on_exchange(s);
	} else if (event->kind == SP_EVENT_SIGN_EXCHANGE) {
		s->signing.question = &s->question;
		notary_ask(s->gate->notary, &s->signing);
	} else if (event->kind == SP_EVENT_AUTH_REQUEST) {
		on_request(s);
	} else if (event->kind == SP_EVENT_AUTH_RESPONSE) {
		audience_respond(s->audience, &s->question);
	} else if (event->kind == SP_EVENT_AUTH_ABORTED) {
		audience_abort(s->audience);
	} else if (event->kind == SP_EVENT_CLOSED) {
		on_closed(s, event);
	}
}
