/*
 * The process of one stranger. Until he has proved himself it is what the
 * zygote is (root); then it becomes the user, confined, and only then
 * looks at the connection that the gate exported. Where something must be
 * done as root when he leaves, a child of it becomes the user, and it waits
 * (custody.h).
 */
#include "daemon/login/guest.h"

#include "daemon/confine/confine.h"
#include "daemon/ipc/ipc.h"
#include "daemon/ipc/signing.h"
#include "daemon/log/log.h"
#include "daemon/login/attempt.h"
#include "daemon/login/becoming.h"
#include "daemon/login/checkin.h"
#include "daemon/login/custody.h"
#include "daemon/login/heap.h"
#include "daemon/login/jail.h"
#include "daemon/login/lastlogin.h"
#include "daemon/login/listener.h"
#include "daemon/login/placard.h"
#include "daemon/login/sessionlog.h"
#include "daemon/login/stack.h"
#include "daemon/session/forcedcommand.h"
#include "daemon/session/session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { KEEP_MAX = 16 + SETTINGS_SERVICES_MAX };

struct guest {
	const struct guest_things *things;
	struct visit *visit;
	const char *listener; /* in the room, or one of the settings */
	char listener_room[CIDR_TEXT_SIZE];
	struct attempt attempt;
	char motd[PATH_MAX];
	struct seat seat; /* what he is counted by; or none */
	int lastlog; /* where the login is to be noted; -1: nowhere */
	bool is_root; /* who can record it; the user cannot */
	pid_t keeper; /* who closes the session; 0: nobody has to */
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The zygote ends us when time is up; without a zygote, this does. */
static void
set_alarm(uint64_t deadline)
{
	uint64_t now = now_ms();

	signal(SIGALRM, SIG_DFL);
	alarm((unsigned)((deadline > now ? deadline - now : 0) / 1000 + 2));
}

/* -1 stands for a descriptor that is not there. */
static bool
keep_only(const int *wanted, size_t count)
{
	int keep[KEEP_MAX] = { 0, 1, 2 };
	size_t n = 3;

	for (size_t i = 0; i < count; i++) {
		if (wanted[i] >= 0)
			keep[n++] = wanted[i];
	}
	return confine_close_fds(keep, n);
}

/* ---- the attempt ---- */

static bool
prove(struct guest *g)
{
	const struct visit *visit = g->visit;
	const struct login_settings *settings = g->things->settings;
	struct attempt_given given = {
		.settings = settings,
		.auths = g->things->auths,
		.crypto = g->things->crypto,
		.talk = visit->talk,
		.services = g->things->services->own,
		.session_id = view_of(visit->session_id, visit->session_id_len),
		.host_key_hash =
		    view_of(visit->host_key, sizeof visit->host_key),
		.peer = visit->peer,
		.local = visit->local,
		.told_local = visit->told_local,
		.deadline = visit->visitor.deadline,
		.progress = visit->progress,
	};

	g->listener =
	    listener_of(&settings->listen, &visit->local, g->listener_room);
	given.listener = g->listener;
	return attempt_run(&g->attempt, &given, &visit->spawn.request);
}

/* ---- from login to session ---- */

/*
 * The session's own socket to the keyholder; -1 when there is none to be
 * had: a session can do without.
 */
static int
open_keyholder(const struct guest *g)
{
	const struct signing_session session = {
		.session_id =
		    view_of(g->visit->session_id, g->visit->session_id_len),
		.listener = view_of_string(g->visit->listener),
	};
	enum sp_status status;
	struct buffer body;
	int pair[2];

	if (g->things->keyholder < 0 || !ipc_pair(pair))
		return -1;
	buffer_init(&body, 3 * DIGEST_MAX);
	status = signing_session_encode(&session, &body);
	if (status == SP_OK)
		status = ipc_send(g->things->keyholder, IPC_SESSION_KEYS,
		    buffer_view(&body), &pair[1], 1);
	buffer_clear(&body);
	if (status != SP_OK) {
		close(pair[0]);
		pair[0] = -1;
	}
	close(pair[1]);
	return pair[0];
}

/* NULL where the profile has none, or a value cannot stand in a path. */
static const char *
find_motd(struct guest *g)
{
	const char *motd = g->attempt.candidate.profile->motd;

	return motd[0] != '\0' &&
		sp_login_expand(
		    &g->attempt.login, motd, g->motd, sizeof g->motd)
	    ? g->motd
	    : NULL;
}

/* True where the profile wants none. */
static bool
enter_jail(struct guest *g, char problem[JAIL_PROBLEM_SIZE])
{
	const char *chroot = g->attempt.candidate.profile->chroot;
	char folder[PATH_MAX];

	if (chroot[0] == '\0')
		return true;
	if (sp_login_expand(&g->attempt.login, chroot, folder, sizeof folder))
		return jail_enter(folder, problem);
	snprintf(problem, JAIL_PROBLEM_SIZE,
	    "chroot: a value cannot stand in a path: %.1000s", chroot);
	return false;
}

/*
 * To the zygote, who counts those that have not succeeded. One that has
 * died counts nobody, and who was judged then is let in all the same.
 */
static bool
tell_success(const struct guest *g)
{
	enum sp_status status = ipc_send(g->things->successes,
	    IPC_LOGIN_SUCCEEDED, view_of(NULL, 0), NULL, 0);

	return status == SP_OK || status == SP_ERR_EOF;
}

/* ---- his last login, and this one ---- */

static void
log_unrecorded(const struct guest *g, const char *reason)
{
	log_event(EVENT_LOGIN_UNRECORDED,
	    LOG_FIELDS(log_text(FIELD_USER, g->attempt.candidate.user),
		log_text(FIELD_ADDRESS, g->attempt.login.peer),
		log_number(FIELD_PORT, g->visit->peer.port),
		log_text(FIELD_PATH, LASTLOGIN_FILE),
		log_text(FIELD_REASON, reason)));
}

/*
 * Before his root folder is another. What PAM opens has pam_lastlog(8) for
 * this.
 */
static void
tell_last_login(struct guest *g)
{
	const struct attempt *a = &g->attempt;
	char text[LASTLOGIN_TEXT];
	const char *problem;

	if (!g->is_root || !a->candidate.profile->login_records ||
	    custody_is_wanted(a))
		return;
	g->lastlog = lastlogin_open(LASTLOGIN_FILE, &problem);
	if (problem != NULL)
		log_unrecorded(g, problem);
	if (g->lastlog < 0 ||
	    !lastlogin_tell(g->lastlog, a->candidate.account.uid, text))
		return;
	/* It does not fit where there is no memory: then nobody is told. */
	if (!login_greet(&g->attempt.login, text))
		return;
}

/* When nothing but becoming the user is left that could fail. */
static void
note_login(struct guest *g)
{
	const struct attempt *a = &g->attempt;

	if (g->lastlog < 0)
		return;
	if (!lastlogin_note(g->lastlog, a->candidate.account.uid, a->login.peer,
		time(NULL)))
		log_unrecorded(g, strerror(errno));
	close(g->lastlog);
	g->lastlog = -1;
}

/* ---- the end of being root ---- */

/*
 * All that must be done as root, and the end of being root. From then on
 * records are a session's, on a socket of its own.
 */
static bool
become(struct guest *g, int *keyholder)
{
	int log = sessionlog_open(IPC_FD_LOG);

	*keyholder = open_keyholder(g);
	if (log < 0 || (g->keeper == 0 && !tell_success(g)))
		return false;
	note_login(g);
	return becoming_user(&g->attempt.candidate.account) &&
	    (g->keeper == 0 || custody_bind(g->keeper)) &&
	    sessionlog_take(log, IPC_FD_LOG);
}

/* As the user: what he has no use for goes. */
static bool
lock_in(const struct guest *g, int keyholder)
{
	const int keep[] = { g->visit->client, g->visit->talk, keyholder,
		g->seat.fd, IPC_FD_LOG };

	return keep_only(keep, sizeof keep / sizeof keep[0]) &&
	    confine_hide_memory() && denial_enforce(g->things->denial) &&
	    (!g->attempt.candidate.profile->no_new_privs ||
		confine_no_new_privs());
}

/* The gate's export, still unread; *room is the caller's to free. */
static bool
receive_export(const struct guest *g, uint8_t *room, struct sp_view *exported)
{
	struct ipc_message message;

	if (ipc_send(g->visit->talk, IPC_AUTH_ACCEPTED, view_of(NULL, 0), NULL,
		0) != SP_OK ||
	    !ipc_wait(g->visit->talk, g->visit->visitor.deadline) ||
	    ipc_receive(g->visit->talk, IPC_ROLE_GATE, IPC_ROLE_SESSION, room,
		&message) != SP_OK)
		return false;
	ipc_close_fds(&message);
	*exported = message.body;
	return message.type == IPC_EXPORT;
}

static struct session_facts
facts_of(struct guest *g)
{
	const struct attempt *a = &g->attempt;

	return (struct session_facts){
		.user = a->candidate.user,
		.account = a->candidate.account.name,
		.home = a->candidate.account.home,
		.shell = a->candidate.account.shell,
		.identity = login_identity(&a->login),
		.greeting = a->login.greeting,
		.motd = find_motd(g),
		.peer = a->login.peer,
		.peer_port = a->login.peer_port,
		.local = a->login.local,
		.local_port = a->login.local_port,
		.listener = g->listener,
	};
}

/* The command that his proof forces and the profile's; NULL: no fault. */
static const char *
command_problem(struct guest *g)
{
	const struct session_facts facts = facts_of(g);
	char command[FORCEDCOMMAND_SIZE];

	return forcedcommand_choose(g->attempt.candidate.profile->command,
	    &g->attempt.login.restrictions, &facts, command);
}

/* Room for what an engine is told of host keys. */
struct keyring {
	struct sp_host_key keys[CONTROL_HOST_KEYS_MAX];
	char names[CONTROL_HOST_KEYS_MAX][64];
};

/* How many are those of the listeners. */
static size_t
list_keys(const struct control_host_keys *known, uint64_t listeners,
    struct keyring *ring)
{
	size_t count = 0;

	for (size_t i = 0; i < known->count; i++) {
		if ((known->keys[i].listeners & listeners) == 0 ||
		    !view_to_string(known->keys[i].algorithm,
			ring->names[count], sizeof ring->names[count]))
			continue;
		ring->keys[count].algorithm = ring->names[count];
		ring->keys[count++].blob = known->keys[i].blob;
	}
	return count;
}

/*
 * Where a reload took the listener away there are none. His session, which
 * has no keyholder then, is to go on: an engine wants keys, and never uses
 * them without one; his client hears of none.
 */
static void
give_keys(
    const struct guest *g, struct session_given *given, struct keyring *ring)
{
	const struct control_host_keys *known = &g->things->host_keys;
	uint64_t listener =
	    control_host_keys_of(known, view_of_string(g->visit->listener));

	given->tells_host_keys =
	    listener != 0 && g->things->settings->announce_host_keys;
	given->host_keys = ring->keys;
	given->host_key_count =
	    list_keys(known, listener == 0 ? UINT64_MAX : listener, ring);
}

static int
run_session(
    struct guest *g, int keyholder, uint8_t *room, struct sp_view exported)
{
	const struct attempt *a = &g->attempt;
	struct keyring ring;
	struct session_given given = {
		.access = &g->things->settings->access,
		.profile = a->candidate.profile,
		.handlers = g->things->handlers,
		.crypto = g->things->crypto,
		.algorithms = &g->things->settings->crypto,
		.groups = g->things->settings->groups.items,
		.group_count = g->things->settings->groups.count,
		.facts = facts_of(g),
		.restrictions = a->login.restrictions,
		.records_terminals = g->is_root &&
		    a->candidate.profile->login_records &&
		    !a->candidate.profile->no_new_privs,
		.rekey_bytes = g->things->settings->rekey_bytes,
		.rekey_ms = g->things->settings->rekey_time,
		.client = g->visit->client,
		.keyholder = keyholder,
		.tally = g->seat.page,
		.session_id =
		    view_of(g->visit->session_id, g->visit->session_id_len),
	};

	give_keys(g, &given, &ring);
	return session_run(&given, room, exported);
}

/* We are the user already, who may not speak of logins. */
static void
log_failure(const struct guest *g, const char *reason)
{
	log_event(EVENT_SESSION_FAILED,
	    LOG_FIELDS(log_text(FIELD_USER, g->attempt.candidate.user),
		log_text(FIELD_ADDRESS, g->attempt.login.peer),
		log_number(FIELD_PORT, g->visit->peer.port),
		log_text(FIELD_REASON, reason)));
}

static int
enter(struct guest *g)
{
	uint8_t *room = ipc_room_new();
	char problem[JAIL_PROBLEM_SIZE];
	struct sp_view exported;
	int keyholder = -1;

	tell_last_login(g);
	if (!enter_jail(g, problem)) {
		attempt_refuse(&g->attempt, AUTHENTICATION_FAULT, problem);
	} else if (room == NULL || !become(g, &keyholder)) {
		attempt_refuse(
		    &g->attempt, AUTHENTICATION_FAULT, strerror(errno));
	} else if (!lock_in(g, keyholder)) {
		log_failure(g, strerror(errno));
		attempt_turn_away(&g->attempt, AUTHENTICATION_FAULT);
	} else if (!receive_export(g, room, &exported)) {
		log_failure(g, "the gate handed no connection over");
	} else {
		close(g->visit->talk);
		alarm(0);
		stack_release();
		return run_session(g, keyholder, room, exported);
	}
	ipc_room_free(room);
	return EXIT_FAILURE;
}

/* Of others there is nothing here when he becomes the user. */
static void
forget_others(struct guest *g)
{
	progress_forget(g->things->progress);
	g->attempt.given.progress = g->attempt.interview.progress = NULL;
}

/* ---- where somebody stays root ---- */

/* He may read what the way has to say about it. */
static void
keep_shut(const struct guest *g, const char *problem)
{
	const char *told = g->attempt.login.greeting;

	if (told != NULL)
		attempt_tell(&g->attempt, view_of_string(told));
	attempt_refuse(&g->attempt, AUTHENTICATION_FAULT, problem);
}

/*
 * What the way opened stays open, whatever it is; what is the session's
 * does not, and its seat is given up by its end alone. The log is the
 * login's: a session may not tell of its own death.
 */
static void
let_go(struct guest *g)
{
	alarm(0);
	close(g->visit->client);
	close(g->visit->talk);
	close(g->things->successes);
	attempt_leave_services(&g->attempt);
	if (g->things->keyholder >= 0)
		close(g->things->keyholder);
	seat_leave(&g->seat);
}

static int
enter_in_custody(struct guest *g)
{
	const char *problem = custody_open(&g->attempt);
	pid_t keeper = getpid(), session;

	forget_others(g);
	if (problem != NULL) {
		keep_shut(g, problem);
		return EXIT_SUCCESS;
	}
	/* The zygote knows this process, and no other of his. */
	session = tell_success(g) ? custody_fork() : -1;
	if (session == 0) {
		set_alarm(g->visit->visitor.deadline);
		custody_leave(&g->attempt);
		g->keeper = keeper;
		return enter(g);
	}
	if (session < 0)
		attempt_refuse(
		    &g->attempt, AUTHENTICATION_FAULT, strerror(errno));
	let_go(g);
	if (session > 0)
		custody_wait(session);
	custody_close(&g->attempt);
	return session > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- from the beginning ---- */

/* Who has proved himself may read why, if the administrator wrote it. */
static void
keep_out(const struct guest *g)
{
	struct buffer text;

	buffer_init(&text, PLACARD_MAX);
	if (placard_read(LOCALACCOUNT_NOLOGIN, &text))
		attempt_tell(&g->attempt, buffer_view(&text));
	buffer_clear(&text);
	attempt_refuse(&g->attempt, AUTHENTICATION_CLOSED,
	    LOCALACCOUNT_NOLOGIN " is there");
}

/* Nobody has a use for the folder behind that. */
static bool
check_in(struct guest *g)
{
	bool is_in = checkin_pass(
	    &g->attempt, g->things->handlers, g->things->identities, &g->seat);

	if (g->things->identities >= 0)
		close(g->things->identities);
	return is_in;
}

/* Who has proved himself, and is not let in all the same; he was told. */
static bool
is_kept_out(struct guest *g)
{
	const bool is_forced = restriction_is_set(
	    &g->attempt.login.restrictions, RESTRICTION_COMMAND);
	const char *problem = is_forced ? command_problem(g) : NULL;

	if (localaccount_is_kept_out(&g->attempt.candidate.account)) {
		keep_out(g);
		return true;
	}
	if (problem != NULL)
		attempt_refuse(&g->attempt, AUTHENTICATION_FAULT, problem);
	return problem != NULL || !check_in(g);
}

/* Of who was let in by nothing that he tried. */
static int
end_of(const struct attempt *a)
{
	if (a->interview.is_late)
		return GUEST_LATE;
	if (a->is_to_blame)
		return GUEST_FAILED;
	return a->failures > 0 ? GUEST_UNJUDGED : GUEST_UNTRIED;
}

static int
lead(struct guest *g)
{
	int keep[KEEP_MAX] = { g->visit->client, g->visit->talk,
		g->things->keyholder, g->things->identities,
		g->things->successes, IPC_FD_LOG };
	size_t count = 6 + servicelink_list(g->things->services, &keep[6]);

	set_alarm(g->visit->visitor.deadline);
	if (!keep_only(keep, count))
		return EXIT_FAILURE;
	if (!prove(g))
		return end_of(&g->attempt);
	if (is_kept_out(g)) {
		custody_decline(&g->attempt);
		return EXIT_SUCCESS;
	}
	/* Of handlers and programs; pam_umask(8) may have another. */
	umask(g->attempt.candidate.profile->umask);
	if (custody_is_wanted(&g->attempt))
		return enter_in_custody(g);
	forget_others(g);
	return enter(g);
}

void
guest_run(const struct guest_things *things, struct visit *visit)
{
	struct guest guest = {
		.things = things,
		.visit = visit,
		.seat = { .fd = -1 },
		.lastlog = -1,
		.is_root = geteuid() == 0,
	};

	/*
	 * The zygote overwrites what it frees for our sake. We serve one
	 * stranger; his secrets are wiped one by one.
	 */
	heap_overwrite_freed(false);
	_exit(lead(&guest));
}
