/* Members: started, spoken to, listened to, reaped. */
#include "daemon/supervisor/member.h"

#include "daemon/confine/confine.h"
#include "daemon/log/log.h"
#include "daemon/supervisor/launch.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint8_t room[IPC_ROOM];

uint64_t
member_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
hang_up(struct member *member)
{
	if (member->readable != NULL)
		event_free(member->readable);
	member->readable = NULL;
	if (member->control >= 0)
		close(member->control);
	member->control = -1;
}

void
member_kill(struct member *member)
{
	kill(member->pid, SIGKILL);
}

static void
refuse(struct member *member, const char *reason)
{
	log_event(EVENT_PROCESS_REFUSED,
	    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(member->role)),
		log_number(FIELD_PROCESS, (uint64_t)member->pid),
		log_text(FIELD_REASON, reason)));
	member_kill(member);
}

/* Copied: others get it for as long as this member lives. */
static void
take_host_keys(struct member *member, struct sp_view body)
{
	struct control_host_keys keys;

	buffer_clear(&member->host_keys);
	if (control_host_keys_decode(body, &keys) != SP_OK || keys.count == 0 ||
	    buffer_append(&member->host_keys, body) != SP_OK)
		refuse(member, "malformed host keys");
}

static void
take_message(struct member *member, struct ipc_message *message)
{
	if (message->type == IPC_CONNECTION && member->is_porter) {
		member->house->connection(member->house->arg, message);
		return;
	}
	ipc_close_fds(message);
	if (message->type == IPC_HOST_KEYS) {
		take_host_keys(member, message->body);
	} else if (message->type == IPC_READY && !member->is_ready) {
		member->is_ready = true;
		if (member->owner != NULL)
			member->owner->ready(member->arg, member);
	} else if (message->type == IPC_WORN && member->is_ready) {
		if (member->owner != NULL)
			member->owner->worn(member->arg, member);
	} else {
		refuse(member, ipc_name(message->type));
	}
}

/* A hang-up is the end of the process, which its parent hears of. */
static void
on_readable(int socket, short what, void *arg)
{
	struct member *member = arg;
	struct ipc_message message;
	enum sp_status status;

	(void)what;
	status = ipc_receive(
	    socket, member->role, IPC_ROLE_SUPERVISOR, room, &message);
	if (status == SP_OK)
		take_message(member, &message);
	else if (status == SP_ERR_UNEXPECTED_MESSAGE)
		refuse(member, "a message that may not be sent");
	else if (status != SP_ERR_AGAIN)
		event_del(member->readable);
}

/* The other end is closed by the caller. */
static bool
open_control(struct member *member, struct event_base *base, int *end)
{
	int pair[2];

	if (!ipc_pair(pair))
		return false;
	member->control = pair[0];
	*end = pair[1];
	member->readable =
	    event_new(base, pair[0], EV_READ | EV_PERSIST, on_readable, member);
	return member->readable != NULL &&
	    event_add(member->readable, NULL) == 0;
}

/* Folders of the daemon's own are no place for users' programs. */
static void
tell_folders(const struct member_house *house, const char **arguments)
{
	*arguments++ = "--deny";
	*arguments++ = house->state;
	if (house->configuration != NULL) {
		*arguments++ = "--deny";
		*arguments++ = house->configuration;
	}
	if (house->modules != NULL) {
		*arguments++ = "--module-dir";
		*arguments++ = house->modules;
	}
}

static bool
start_program(struct member_house *house, struct member *member,
    const struct launch_kit *kit)
{
	const struct line_origin origin = {
		.role = member->role,
		.id = member->id,
	};
	struct launch_spec spec = {
		.role = member->role,
		.control = -1,
		.kit = *kit,
		.log = -1,
		.keep_stderr = house->keep_stderr,
	};
	struct logsource *source;

	if (member->role == IPC_ROLE_KEYHOLDER)
		spec.arguments[0] = house->state;
	else if (member->role == IPC_ROLE_LOGIN ||
	    member->role == IPC_ROLE_SERVICE)
		tell_folders(house, spec.arguments);
	else
		spec.arguments[0] = member->owner->argument;
	source = logsource_open(house->sink, &origin, &spec.log);
	if (source != NULL &&
	    open_control(member, house->sink->base, &spec.control)) {
		member->pid = launch_start(&spec);
		logsource_set_pid(source, member->pid);
	}
	if (spec.log >= 0)
		close(spec.log);
	if (spec.control >= 0)
		close(spec.control);
	return member->pid > 0;
}

struct member *
member_start(struct member_house *house, enum ipc_role role, uint32_t id,
    const struct launch_kit *kit, const struct member_owner *owner, void *arg)
{
	struct member *member = calloc(1, sizeof *member);
	int saved;

	if (member == NULL)
		return NULL;
	*member = (struct member){
		.house = house,
		.role = role,
		.id = id,
		.pid = -1,
		.started = member_now(),
		.control = -1,
		.owner = owner,
		.arg = arg,
	};
	buffer_init(&member->host_keys, 65536);
	if (!start_program(house, member, kit)) {
		saved = errno;
		hang_up(member);
		free(member);
		errno = saved;
		return NULL;
	}
	LIST_INSERT_HEAD(&house->members, member, link);
	log_event(EVENT_PROCESS_STARTED,
	    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(role)),
		log_number(FIELD_PROCESS, (uint64_t)member->pid),
		log_number(
		    role == IPC_ROLE_GATE ? FIELD_GATE : FIELD_GENERATION,
		    id)));
	return member;
}

void
member_disown(struct member *member)
{
	member->owner = NULL;
}

void
member_send(struct member *member, enum ipc_type type, struct sp_view body,
    const int *fds, size_t fd_count)
{
	enum sp_status status;

	if (member->control < 0)
		return;
	status = ipc_send(member->control, type, body, fds, fd_count);
	if (status == SP_OK || status == SP_ERR_EOF)
		return;
	refuse(member, sp_status_text(status));
	hang_up(member);
}

void
member_retire(struct member *member)
{
	member_disown(member);
	member->is_retiring = true;
	member_send(member, IPC_RETIRE, view_of(NULL, 0), NULL, 0);
}

static void
free_member(struct member *member)
{
	LIST_REMOVE(member, link);
	hang_up(member);
	buffer_clear(&member->host_keys);
	free(member);
}

void
member_log_end(const struct member *member, int status)
{
	bool is_signal = WIFSIGNALED(status);
	int number = is_signal ? WTERMSIG(status) : WEXITSTATUS(status);

	log_event(EVENT_PROCESS_ENDED,
	    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(member->role)),
		log_number(FIELD_PROCESS, (uint64_t)member->pid),
		log_number(is_signal ? FIELD_SIGNAL : FIELD_STATUS,
		    (uint64_t)number)));
}

static void
bury(struct member *member, int status)
{
	confine_remove_root(member->pid);
	if (member->owner != NULL)
		member->owner->ended(member->arg, member, status);
	else
		member_log_end(member, status);
	free_member(member);
}

void
member_reap(struct member_house *house)
{
	struct member *member;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* Its last words come before the word of its end. */
		logsource_drain(house->sink, pid);
		LIST_FOREACH(member, &house->members, link)
		if (member->pid == pid)
			break;
		if (member != NULL)
			bury(member, status);
	}
}

void
member_free_all(struct member_house *house)
{
	while (!LIST_EMPTY(&house->members))
		free_member(LIST_FIRST(&house->members));
}
