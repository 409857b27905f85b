/* Requests by name, in a table: each decodes, checks, and hands on. */
#include "daemon/session/chanrequest.h"

#include "daemon/log/log.h"
#include "daemon/modload/modlog.h"
#include "daemon/session/chan.h"
#include "daemon/session/forcedcommand.h"
#include "lib/scp/scpcommand.h"
#include "lib/wire/namelist.h"

#include <sallyport/connection.h>

#include <stdio.h>
#include <stdlib.h>
#include <termios.h>

/* "subsystem:" and a name of the configuration's. */
enum { SUBSYSTEM_SIZE = 256 };

/* NULL: done. Otherwise why not, for the log. */
typedef const char *serve_function(struct sp_chan *, const struct sp_request *);

static const struct modgroup *
handler_at(struct sp_chan *chan, size_t place)
{
	return place == SETTINGS_NONE
	    ? NULL
	    : &session_given(chan->session)->handlers[place];
}

static bool
accepts(const struct modgroup *handler, const char *what)
{
	return handler != NULL &&
	    namelist_has(view_of_string(handler->module.handler.accepts),
		view_of_string(what));
}

static bool
may_not(struct sp_chan *chan, enum restriction which)
{
	return restriction_is_set(
	    &session_given(chan->session)->restrictions, which);
}

/* Whether one takes the place of whatever is asked for. */
static bool
has_command(struct sp_chan *chan)
{
	return session_given(chan->session)->profile->command[0] != '\0' ||
	    may_not(chan, RESTRICTION_COMMAND);
}

/* ---- before there is a handler ---- */

/* Whether one that may come to serve the channel looks at a terminal. */
static bool
may_use_pty(struct sp_chan *chan, const struct profile_settings *profile)
{
	return profile->pty && !may_not(chan, RESTRICTION_PTY) &&
	    (accepts(handler_at(chan, profile->exec), "pty") ||
		(!has_command(chan) &&
		    accepts(handler_at(chan, profile->shell), "pty")));
}

static const char *
ask_pty(struct sp_chan *chan, const struct sp_request *request)
{
	const struct profile_settings *profile =
	    session_given(chan->session)->profile;

	if (!may_use_pty(chan, profile))
		return "no terminal is allowed";
	if (chan->handler != NULL || chan->pty.is_wanted)
		return "it comes too late";
	return ptyfacts_take(&chan->pty, &request->u.pty)
	    ? NULL
	    : "the terminal's name is none";
}

static const char *
set_variable(struct sp_chan *chan, const struct sp_request *request)
{
	const struct profile_settings *profile =
	    session_given(chan->session)->profile;
	const struct sp_env_request *env = &request->u.env;

	if (chan->handler != NULL)
		return "it comes too late";
	return environment_set(
		   &chan->environment, &profile->env, env->name, env->value)
	    ? NULL
	    : "no such variable is let through";
}

/* ---- what a handler serves ---- */

/* What is asked of a handler: as it hears it, and as it says it serves. */
struct asked {
	size_t handler; /* its place; SETTINGS_NONE: the profile has none */
	const char *what;
	const char *argument; /* or NULL */
	const char *serves; /* the word of its list */
};

/* What runs a command: one of scp's has a handler of its own, if any. */
static struct asked
ask_command(const struct profile_settings *profile, const char *command)
{
	bool is_scp = profile->scp != SETTINGS_NONE && scpcommand_is(command);
	const char *word = is_scp ? "scp" : "exec";

	return (struct asked){
		.handler = is_scp ? profile->scp : profile->exec,
		.what = word,
		.argument = command,
		.serves = word,
	};
}

static void
log_start(const struct sp_chan *chan, const char *command)
{
	const struct session_facts *facts =
	    &session_given(chan->session)->facts;
	const struct log_field fields[] = {
		log_text(FIELD_HANDLER, chan->handler->name),
		log_text(FIELD_COMMAND, command),
		log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
		log_text(
		    FIELD_DETAIL, chan->original == NULL ? "" : chan->original),
	};
	size_t count = sizeof fields / sizeof fields[0];

	log_event(EVENT_PROGRAM_STARTED, fields,
	    chan->original == NULL ? count - 1 : count);
}

static const char *
hand_on(struct sp_chan *chan, const struct asked *asked)
{
	const struct modgroup *handler = handler_at(chan, asked->handler);
	enum sp_answer answer;

	if (!accepts(handler, asked->serves))
		return "the profile does not allow it";
	chan->handler = handler;
	modlog_set_speaker(handler->name);
	answer = handler->module.handler.request(
	    chan, asked->what, asked->argument, handler->conf);
	modlog_set_speaker(NULL);
	if (answer != SP_ACCEPTED)
		return "the handler refused it";
	chan->was_accepted = true;
	session_serves(chan->session, chan->pty.is_wanted);
	/* One that hears of a program's end has its own line for it. */
	if (handler->module.handler.ended == NULL)
		log_start(chan,
		    strcmp(asked->what, "exec") == 0 ||
			    strcmp(asked->what, "scp") == 0
			? asked->argument
			: asked->serves);
	return NULL;
}

/* The profile's command, or the login's: where there are both they agree. */
static const char *
force_command(struct sp_chan *chan, const char *original)
{
	const struct session_given *given = session_given(chan->session);
	char command[FORCEDCOMMAND_SIZE];
	const char *refusal = forcedcommand_choose(given->profile->command,
	    &given->restrictions, &given->facts, command);
	struct asked asked;

	if (refusal != NULL)
		return refusal;
	free(chan->original);
	chan->original = original == NULL ? NULL : strdup(original);
	if (original != NULL && chan->original == NULL)
		return "out of memory";
	asked = ask_command(given->profile, command);
	return hand_on(chan, &asked);
}

/* Each request for a program comes by here. */
static const char *
serve(struct sp_chan *chan, const struct asked *asked)
{
	if (chan->handler != NULL)
		return "the channel is in use";
	if (has_command(chan))
		return force_command(chan, asked->argument);
	return hand_on(chan, asked);
}

static const char *
serve_shell(struct sp_chan *chan, const struct sp_request *request)
{
	const struct profile_settings *profile =
	    session_given(chan->session)->profile;

	(void)request;
	return serve(chan,
	    &(struct asked){ .handler = profile->shell,
		.what = "shell",
		.serves = "shell" });
}

static const char *
serve_exec(struct sp_chan *chan, const struct sp_request *request)
{
	const struct profile_settings *profile =
	    session_given(chan->session)->profile;
	const char *refusal = "it is malformed";
	struct sp_view command = request->u.command;
	struct asked asked;
	char *text;

	text = malloc(command.len + 1);
	if (text == NULL)
		return "out of memory";
	if (view_to_string(command, text, command.len + 1)) {
		asked = ask_command(profile, text);
		refusal = serve(chan, &asked);
	}
	free(text);
	return refusal;
}

/* A name that nobody serves: a command stands for it all the same. */
static const char *
serve_any(struct sp_chan *chan, struct sp_view name)
{
	char text[SUBSYSTEM_SIZE];

	if (!view_to_string(name, text, sizeof text))
		return "it is malformed";
	return serve(chan,
	    &(struct asked){ .handler = SETTINGS_NONE,
		.what = "subsystem",
		.argument = text,
		.serves = "subsystem" });
}

/* By the profile's own name: a client's is only compared with it. */
static const char *
serve_subsystem(struct sp_chan *chan, const struct sp_request *request)
{
	const struct profile_settings *profile =
	    session_given(chan->session)->profile;
	const struct subsystem_settings *found = profile->subsystems;
	const struct subsystem_settings *end = found + profile->subsystem_count;
	char serves[SUBSYSTEM_SIZE];

	if (has_command(chan))
		return serve_any(chan, request->u.subsystem);
	while (found != end &&
	    !view_equal_string(request->u.subsystem, found->name))
		found++;
	if (found == end ||
	    (size_t)snprintf(serves, sizeof serves, "subsystem:%s",
		found->name) >= sizeof serves)
		return "the profile does not allow it";
	return serve(chan,
	    &(struct asked){ .handler = found->handler,
		.what = "subsystem",
		.argument = found->name,
		.serves = serves });
}

/* ---- while a handler serves ---- */

static const char *
resize(struct sp_chan *chan, const struct sp_request *request)
{
	if (!ptyfacts_resize(&chan->pty, &request->u.size))
		return "there is no terminal";
	/* After its outputs the terminal is closed, and its number free. */
	if (chan->handler != NULL && !chan->outputs_ended &&
	    chan->handler->module.handler.resize != NULL)
		chan->handler->module.handler.resize(chan);
	return NULL;
}

static const char *
send_signal(struct sp_chan *chan, const struct sp_request *request)
{
	const struct profile_settings *profile =
	    session_given(chan->session)->profile;
	char name[32];

	if (has_command(chan) && !profile->signals)
		return "a forced command gets no signals";
	if (!view_to_string(request->u.signal, name, sizeof name))
		return "it is malformed";
	if (chan->handler == NULL ||
	    chan->handler->module.handler.signal == NULL)
		return "the handler takes no signals";
	chan->handler->module.handler.signal(chan, name);
	return NULL;
}

/* As sshd, whatever length is asked for (RFC 4335 3). */
static const char *
send_break(struct sp_chan *chan, const struct sp_request *request)
{
	(void)request;
	return chan->has_terminal && !chan->outputs_ended &&
		tcsendbreak(chan->terminal, 0) == 0
	    ? NULL
	    : "there is no terminal";
}

/* Nobody serves these yet; who may not have them is told just that. */
static const char *
forward_agent(struct sp_chan *chan, const struct sp_request *request)
{
	(void)request;
	return may_not(chan, RESTRICTION_AGENT_FORWARDING)
	    ? "the login may forward no agent"
	    : "it is not known";
}

static const char *
forward_x11(struct sp_chan *chan, const struct sp_request *request)
{
	(void)request;
	return may_not(chan, RESTRICTION_X11_FORWARDING)
	    ? "the login may forward no X11"
	    : "it is not known";
}

/* ---- the table ---- */

static const struct row {
	serve_function *serve; /* NULL: unknown here, or not for a server */
	bool is_quiet; /* clients send it unasked: its refusal is no news */
} rows[] = {
	[SP_REQUEST_AUTH_AGENT] = { forward_agent, false },
	[SP_REQUEST_BREAK] = { send_break, false },
	[SP_REQUEST_ENV] = { set_variable, true },
	[SP_REQUEST_EXEC] = { serve_exec, false },
	[SP_REQUEST_PTY] = { ask_pty, false },
	[SP_REQUEST_SHELL] = { serve_shell, false },
	[SP_REQUEST_SIGNAL] = { send_signal, false },
	[SP_REQUEST_SUBSYSTEM] = { serve_subsystem, false },
	[SP_REQUEST_WINDOW_CHANGE] = { resize, true },
	[SP_REQUEST_X11] = { forward_x11, false },
};

static void
log_refusal(struct sp_chan *chan, struct sp_view name, const char *reason)
{
	log_event(EVENT_REQUEST_REFUSED,
	    LOG_FIELDS(log_view(FIELD_DETAIL, name),
		log_text(FIELD_USER, session_given(chan->session)->facts.user),
		log_text(FIELD_REASON, reason)));
}

/* NULL: done. */
static const char *
act(struct sp_chan *chan, const struct sp_event *event, bool *is_quiet)
{
	struct sp_request request;

	if (sp_request_read(event, &request) != SP_OK)
		return "it is malformed";
	if (request.kind >= sizeof rows / sizeof rows[0] ||
	    rows[request.kind].serve == NULL)
		return "it is not known";
	*is_quiet = rows[request.kind].is_quiet;
	return rows[request.kind].serve(chan, &request);
}

void
chanrequest_act(struct sp_chan *chan, const struct sp_event *event)
{
	bool is_quiet = false;
	const char *refusal = act(chan, event, &is_quiet);

	if (refusal != NULL && !is_quiet)
		log_refusal(chan, event->u.channel_request.name, refusal);
	/* The views of the event are gone with this call. */
	if (event->token != 0 &&
	    sp_channel_answer(pump_engine(session_pump(chan->session)),
		event->token, refusal == NULL) != SP_OK)
		return;
	chan_go(chan);
}
