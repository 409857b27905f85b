/* The functions of module.h for handlers that make programs of commands. */
#include "daemon/config/commandline.h"
#include "daemon/config/expand.h"
#include "daemon/config/pattern.h"
#include "daemon/log/log.h"
#include "daemon/session/chan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a text may become: a path, a line. */
enum { EXPANDED_SIZE = 4096 };

void *
sp_chan_alloc(struct sp_chan *chan, size_t size)
{
	return arena_alloc(&chan->arena, 1, size);
}

/* ---- words ---- */

const char *const *
sp_argv(struct sp_chan *chan, const char *command)
{
	return commandline_split(&chan->arena, command).items;
}

static struct string_list
list_of(const struct sp_list *list)
{
	return (struct string_list){ list->items, list->count };
}

static size_t
count_of(const char *const *words)
{
	size_t count = 0;

	while (words != NULL && words[count] != NULL)
		count++;
	return count;
}

bool
sp_match_words(const struct sp_list *patterns, const char *const *words)
{
	const struct string_list list = list_of(patterns);
	const struct string_list all = { words, count_of(words) };

	return pattern_words_match(&list, &all);
}

bool
sp_match_any(const struct sp_list *patterns, const char *text)
{
	const struct string_list list = list_of(patterns);

	return pattern_any_matches(&list, text);
}

const char *
sp_chan_expand(struct sp_chan *chan, const char *text, const char *const *words)
{
	const struct session_facts *facts =
	    &session_given(chan->session)->facts;
	char host[HOST_NAME_MAX + 1] = "", room[EXPANDED_SIZE];
	size_t count = count_of(words);
	struct expand_values values = {
		.user = facts->user,
		.identity = facts->identity,
		.home = facts->home,
		.host = host,
	};

	if (gethostname(host, sizeof host - 1) != 0)
		values.host = NULL;
	if (count > 1)
		values.arguments = (struct string_list){ words + 1, count - 1 };
	return expand_text(text, &values, room, sizeof room) == EXPAND_OK
	    ? arena_string(&chan->arena, room)
	    : NULL;
}

/* ---- environment ---- */

struct making {
	struct arena *arena;
	const char **variables;
	size_t count;
};

static void
add(struct making *making, const char *variable)
{
	size_t name = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < making->count; i++) {
		if (strncmp(making->variables[i], variable, name) == 0)
			return;
	}
	making->variables[making->count++] = variable;
}

static void
add_own(struct making *making, const struct session_facts *facts)
{
	struct arena *arena = making->arena;

	add(making, "PATH=/usr/local/bin:/usr/bin:/bin");
	add(making, arena_format(arena, "HOME=%s", facts->home));
	add(making, arena_format(arena, "USER=%s", facts->account));
	add(making, arena_format(arena, "LOGNAME=%s", facts->account));
	add(making,
	    arena_format(arena, "SSH_CLIENT=%s %s %s", facts->peer,
		facts->peer_port, facts->local_port));
	add(making,
	    arena_format(arena, "SSH_CONNECTION=%s %s %s %s", facts->peer,
		facts->peer_port, facts->local, facts->local_port));
	add(making,
	    arena_format(arena, "SALLYPORT_IDENTITY=%s", facts->identity));
}

const char *const *
sp_chan_make_env(
    struct sp_chan *chan, const char *const *variables, bool with_clients)
{
	enum { OWN = 8 };
	const char *const *clients = with_clients
	    ? (const char *const *)chan->environment.variables
	    : NULL;
	const char *const *logins = with_clients
	    ? (const char *const *)session_given(chan->session)
		  ->restrictions.variables
	    : NULL;
	size_t count = count_of(variables), client_count = count_of(clients);
	size_t login_count = count_of(logins);
	struct making making = {
		.arena = &chan->arena,
		.variables = arena_alloc(&chan->arena,
		    count + login_count + OWN + client_count,
		    sizeof *making.variables),
	};

	for (size_t i = 0; i < count; i++)
		add(&making, variables[i]);
	for (size_t i = 0; i < login_count; i++)
		add(&making, logins[i]);
	add_own(&making, &session_given(chan->session)->facts);
	for (size_t i = 0; i < client_count; i++)
		add(&making, clients[i]);
	return making.variables;
}

/* ---- log ---- */

void
sp_chan_log_run(
    struct sp_chan *chan, const char *command, const struct sp_outcome *outcome)
{
	const struct session_facts *facts =
	    &session_given(chan->session)->facts;
	struct log_field fields[11] = {
		log_text(FIELD_HANDLER, chan->handler->name),
		log_text(FIELD_COMMAND, command),
		log_text(FIELD_IDENTITY, facts->identity),
		log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
		log_number(FIELD_MILLISECONDS, outcome->time_ms),
		log_number(FIELD_BYTES_IN, outcome->bytes_in),
		log_number(FIELD_BYTES_OUT, outcome->bytes_out),
	};
	size_t count = 9;

	if (outcome->signal != 0)
		fields[count++] = log_number(FIELD_SIGNAL, outcome->signal);
	else if (outcome->has_ended)
		fields[count++] = log_number(FIELD_STATUS, outcome->status);
	if (outcome->is_late)
		fields[count++] = log_text(FIELD_REASON, "its time was over");
	else if (!outcome->has_ended)
		fields[count++] = log_text(FIELD_REASON, "the client left");
	log_event(EVENT_COMMAND_RAN, fields, count);
}

void
sp_chan_log_refusal(
    struct sp_chan *chan, const char *command, const char *reason)
{
	const struct session_facts *facts =
	    &session_given(chan->session)->facts;

	log_event(EVENT_COMMAND_REFUSED,
	    LOG_FIELDS(log_text(FIELD_HANDLER, chan->handler->name),
		log_text(FIELD_COMMAND, command),
		log_text(FIELD_IDENTITY, facts->identity),
		log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
		log_text(FIELD_REASON, reason)));
}

void
sp_chan_log_transfer(struct sp_chan *chan, const struct sp_transfer *transfer)
{
	const struct session_facts *facts =
	    &session_given(chan->session)->facts;
	struct log_field fields[9] = {
		log_text(FIELD_HANDLER, chan->handler->name),
		log_text(FIELD_PATH, transfer->path),
		log_text(FIELD_IDENTITY, facts->identity),
		log_text(FIELD_USER, facts->user),
		log_text(FIELD_ADDRESS, facts->peer),
		log_number(FIELD_PORT, strtoull(facts->peer_port, NULL, 10)),
		log_number(FIELD_MILLISECONDS, transfer->time_ms),
		log_number(
		    transfer->is_upload ? FIELD_BYTES_IN : FIELD_BYTES_OUT,
		    transfer->bytes),
	};
	size_t count = 8;

	if (transfer->reason != NULL)
		fields[count++] = log_text(FIELD_REASON, transfer->reason);
	log_event(
	    transfer->is_upload ? EVENT_FILE_UPLOADED : EVENT_FILE_DOWNLOADED,
	    fields, count);
}
