/* The zygote's loop: supervisor, gates, children; nothing here blocks. */
#include "daemon/login/zygote.h"

#include "daemon/confine/confine.h"
#include "daemon/ipc/ipc.h"
#include "daemon/log/log.h"
#include "daemon/log/repetition.h"
#include "daemon/log/shortage.h"
#include "daemon/login/checkin.h"
#include "daemon/login/custody.h"
#include "daemon/login/guest.h"
#include "daemon/login/heap.h"
#include "daemon/login/orders.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	WAITING_MAX = 1024,
	WAITING_PER_SOURCE_MAX = 64,
	/* Gates, and whatever else is open. */
	FILES_OWN = 256,
	/* The gate, which tells him and the log, comes before us. */
	GATE_FIRST_MS = 1000,
	/* And so does the login. */
	LOGIN_FIRST_MS = 500,
	/* Messages taken from one socket before the others have their turn. */
	MESSAGES_A_TURN = 16,
	/* Crashes after which this generation has had its day. */
	CRASHES_MAX = 16,
};

struct zygote {
	const struct login_settings *settings;
	struct guest_things things; /* what every child is lent */
	struct orders orders;
	struct gatelinks gates;
	struct servicelinks services;
	int successes; /* where children say that they made it */
	struct turnstile turnstile;
	struct daybook daybook;
	struct reputation reputation;
	struct identityfile_sweep sweep;
	TAILQ_HEAD(, visit) running; /* not succeeded yet */
	uint8_t *room; /* for one message; wiped after each */
	sigset_t outside; /* the signal mask to wait with */
	uint32_t crashes;
	struct repetition no_process; /* lines about a fork that failed */
	uint64_t end; /* when it ends at the latest; 0: not retired */
};

static volatile sig_atomic_t has_dead_children;

static void
note_child(int signal_number)
{
	(void)signal_number;
	has_dead_children = 1;
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
retire(struct zygote *z)
{
	if (z->end == 0)
		z->end = now_ms() + z->settings->login_time;
}

/* ---- gates ---- */

static void
wipe_room(struct zygote *z, const struct ipc_message *message)
{
	OPENSSL_cleanse(z->room, message->body.len + 8);
}

static void
refuse(struct zygote *z, const struct visit_gate *gate, const char *reason)
{
	gatelink_refuse(&z->gates, gate, reason, now_ms());
}

/*
 * His time began with his connection, which the gate knows and ends; by our
 * own clock it is that of his ticket, if the gate is a liar.
 */
static uint64_t
end_of(const struct zygote *z, const struct visit *visit, uint64_t now)
{
	uint64_t began = visit->made < now ? visit->made : now;

	return began + z->settings->login_time + GATE_FIRST_MS;
}

static void
take_spawn(struct zygote *z, const struct visit_gate *gate,
    struct ipc_message *message)
{
	struct visit_checks checks = {
		.crypto = z->things.crypto,
		.ticket_key = secret_view(&z->orders.ticket_key),
		.listen = &z->settings->listen,
		.now = now_ms(),
	};
	const char *refusal;
	struct visit *visit = visit_open(&checks, gate, message, &refusal);
	struct visit *other;

	if (visit == NULL) {
		refuse(z, gate, refusal);
		return;
	}
	visit->visitor.deadline = end_of(z, visit, checks.now);
	if (!turnstile_enter(
		&z->turnstile, &visit->visitor, &visit->peer.address)) {
		refuse(z, gate, "too many of its source wait for a login");
		visit_free(visit);
	}
	other = (struct visit *)turnstile_surplus(&z->turnstile);
	if (other != NULL) {
		refuse(z, &other->gate, "too many wait for a login");
		visit_free(other);
	}
}

/* False when the gate is gone. */
static bool
serve_gate(struct zygote *z, const struct gatelink *link)
{
	struct ipc_message message;
	enum sp_status status;

	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		status = ipc_receive(link->socket, IPC_ROLE_GATE,
		    IPC_ROLE_LOGIN, z->room, &message);
		if (status == SP_ERR_AGAIN)
			return true;
		if (status == SP_ERR_DESCRIPTORS) {
			shortage_log(
			    IPC_ROLE_GATE, link->gate.id, message.type);
			wipe_room(z, &message);
			continue;
		}
		if (status == SP_ERR_UNEXPECTED_MESSAGE)
			refuse(z, &link->gate, "it may not be sent");
		if (status != SP_OK)
			return false;
		if (message.type != IPC_SPAWN) {
			ipc_close_fds(&message);
			refuse(z, &link->gate, "it belongs to a talk");
			return false;
		}
		take_spawn(z, &link->gate, &message);
		wipe_room(z, &message);
	}
	return true;
}

/* ---- children ---- */

static void
forget(struct zygote *z, struct visit *visit)
{
	TAILQ_REMOVE(&z->running, visit, link);
	turnstile_leave(&z->turnstile, &visit->visitor);
	visit_free(visit);
}

static struct visit *
find_running(struct zygote *z, pid_t pid)
{
	struct visit *visit;

	TAILQ_FOREACH(visit, &z->running, link)
	{
		if (visit->pid == pid)
			return visit;
	}
	return NULL;
}

/* How it ended, to be held against his source. */
static void
tell(struct zygote *z, const struct visit *visit, enum conduct_kind kind)
{
	if (!visit->is_spared)
		reputation_tell(&z->reputation, kind, &visit->peer.address,
		    visit->spawn.claim.is_made, now_ms());
}

/* What is others' does not go into a child. */
static void
forget_others(struct zygote *z)
{
	struct turnstile_visitor *waiting;

	secret_clear(&z->orders.ticket_key);
	while ((waiting = turnstile_dismiss(&z->turnstile)) != NULL)
		visit_free((struct visit *)waiting);
}

/*
 * Who comes from a gate that a reload retired may have begun with a host
 * key that our keyholder does not have: his session does without.
 */
static bool
has_host_key(const struct zygote *z, const struct visit *visit)
{
	const struct control_host_keys *keys = &z->things.host_keys;
	uint64_t of =
	    control_host_keys_of(keys, view_of_string(visit->listener));
	uint8_t hash[VISIT_HOST_KEY_LEN];

	for (size_t i = 0; i < keys->count; i++)
		if ((keys->keys[i].listeners & of) != 0 &&
		    digest_of(z->things.crypto, DIGEST_SHA256,
			&keys->keys[i].blob, 1, hash) == SP_OK &&
		    memcmp(hash, visit->host_key, sizeof hash) == 0)
			return true;
	return false;
}

/* Strangers can bring it about as often as they like. */
static void
log_no_process(struct zygote *z, int error)
{
	struct log_field fields[4] = {
		log_text(FIELD_ROLE, "login"),
		log_text(FIELD_REASON, strerror(error)),
		log_text(FIELD_REMEDY, "allow more processes"),
	};
	size_t count = 3;
	uint64_t left_out;

	if (!repetition_allows(&z->no_process, now_ms(), &left_out))
		return;
	if (left_out > 0)
		fields[count++] = log_number(FIELD_COUNT, left_out);
	log_event(EVENT_PROCESS_FAILED, fields, count);
}

static void
start(struct zygote *z, struct visit *visit)
{
	pid_t pid;

	if (!visit_spend(visit, &z->daybook)) {
		refuse(z, &visit->gate, "its ticket was used before");
		turnstile_leave(&z->turnstile, &visit->visitor);
		visit_free(visit);
		return;
	}
	visit->progress = progress_take(z->things.progress);
	servicelink_open(&z->services);
	pid = fork();
	if (pid == 0) {
		forget_others(z);
		if (!confine_unshield())
			_exit(EXIT_FAILURE);
		if (!has_host_key(z, visit))
			z->things.keyholder = -1; /* guest closes it */
		sigprocmask(SIG_SETMASK, &z->outside, NULL);
		guest_run(&z->things, visit);
	}
	servicelink_close(&z->services);
	visit->pid = pid;
	TAILQ_INSERT_TAIL(&z->running, visit, link);
	if (pid < 0) {
		log_no_process(z, errno);
		forget(z, visit);
		return;
	}
	visit_hand_on(visit);
	if (z->things.identities >= 0)
		identityfile_sweep(&z->sweep, z->things.identities);
}

static void
start_all(struct zygote *z)
{
	struct turnstile_visitor *next;

	while ((next = turnstile_next(&z->turnstile)) != NULL)
		start(z, (struct visit *)next);
}

/* The kernel says whose word it is. */
static void
serve_successes(struct zygote *z)
{
	struct ipc_message message;
	struct visit *visit;

	while (ipc_receive(z->successes, IPC_ROLE_LOGIN, IPC_ROLE_LOGIN,
		   z->room, &message) == SP_OK) {
		visit = find_running(z, message.pid);
		if (visit == NULL)
			continue;
		tell(z, visit, CONDUCT_SUCCESS);
		forget(z, visit);
	}
}

/* Until it is there this one goes on: one bad login harms no other. */
static void
ask_for_another(struct zygote *z)
{
	if (ipc_send(z->orders.control, IPC_WORN, view_of(NULL, 0), NULL, 0) !=
	    SP_OK)
		log_event(EVENT_PROCESS_FAILED,
		    LOG_FIELDS(log_text(FIELD_ROLE, "login"),
			log_text(FIELD_REASON,
			    "many logins crashed, and the supervisor takes no "
			    "message")));
}

/* It ended by itself where it had asked a module, and was to come back. */
static void
log_quit(const struct zygote *z, const struct visit *visit)
{
	const struct access_settings *access = &z->settings->access;
	struct progress_place seen;
	size_t way;

	if (!progress_read(visit->progress, &seen) || seen.stage < PROGRESS_WAY)
		return;
	way = seen.stage - PROGRESS_WAY;
	if (way < access->auth_count)
		log_event(EVENT_MODULE_ERROR,
		    LOG_FIELDS(log_text(FIELD_MODULE, access->auths[way].name),
			log_text(FIELD_DETAIL, "process_ended"),
			log_text(FIELD_REASON,
			    "the module ended the login that asked it")));
}

/* Others end a process by these, for what is no fault of its client. */
static bool
is_crash(int signal_number)
{
	return signal_number != SIGKILL && signal_number != SIGTERM &&
	    signal_number != SIGALRM;
}

/* What is to be held against the source of one who was not let in. */
static enum conduct_kind
conduct_of(int status)
{
	if (WIFSIGNALED(status))
		return is_crash(WTERMSIG(status)) ? CONDUCT_CRASH
						  : CONDUCT_NONE;
	switch (WEXITSTATUS(status)) {
	case GUEST_UNTRIED:
		return CONDUCT_NOAUTH;
	case GUEST_FAILED:
		return CONDUCT_AUTHFAIL;
	case GUEST_LATE:
		return CONDUCT_GRACE_EXCEEDED;
	}
	return CONDUCT_NONE;
}

static void
reap(struct zygote *z)
{
	int status;
	pid_t pid;

	has_dead_children = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct visit *visit = find_running(z, pid);
		bool was_late = visit != NULL && visit->is_late;

		if (WIFEXITED(status) && visit != NULL)
			log_quit(z, visit);
		if (WIFSIGNALED(status) && !was_late) {
			custody_log_death(pid, WTERMSIG(status));
			if (visit != NULL && ++z->crashes % CRASHES_MAX == 0)
				ask_for_another(z);
		}
		if (visit == NULL)
			continue;
		tell(z, visit, conduct_of(status));
		forget(z, visit);
	}
}

/* ---- time ---- */

/* Who waits for his client is told of by the gate. */
static void
log_hang(const struct zygote *z, const struct visit *visit)
{
	const struct access_settings *access = &z->settings->access;
	struct progress_place seen;
	char address[CIDR_TEXT_SIZE];
	char text[256] = "looking up the account hangs";

	if (!progress_read(visit->progress, &seen))
		return;
	if (seen.stage >= PROGRESS_WAY) {
		size_t way = seen.stage - PROGRESS_WAY;

		if (way >= access->auth_count)
			return;
		snprintf(text, sizeof text, "the way \"%s\" (module %s) hangs",
		    access->auths[way].name, access->auths[way].type);
	}
	cidr_format_address(&visit->peer.address, address);
	log_event(EVENT_LOGIN_HANGS,
	    LOG_FIELDS(log_text(FIELD_USER, seen.user),
		log_text(FIELD_ADDRESS, address),
		log_number(FIELD_PORT, visit->peer.port),
		log_text(FIELD_REASON, text)));
}

/* A login that waits for its gate ends by itself, and says so. */
static uint64_t
kill_at(const struct visit *visit)
{
	return visit->visitor.deadline + LOGIN_FIRST_MS;
}

static void
end_late_ones(struct zygote *z, uint64_t now)
{
	struct turnstile_visitor *waiting;
	struct visit *visit;

	while ((waiting = turnstile_expire(&z->turnstile, now)) != NULL)
		visit_free((struct visit *)waiting);
	TAILQ_FOREACH(visit, &z->running, link)
	{
		if (kill_at(visit) > now || visit->is_late)
			continue;
		visit->is_late = true;
		log_hang(z, visit);
		kill(visit->pid, SIGKILL);
	}
}

/* When there is something to do if nothing happens; 0 for never. */
static uint64_t
next_deadline(const struct zygote *z)
{
	uint64_t first = z->end == 0 ? UINT64_MAX : z->end;
	const struct visit *visit;
	const uint64_t others[] = {
		turnstile_deadline(&z->turnstile),
		gatelink_deadline(&z->gates),
	};

	TAILQ_FOREACH(visit, &z->running, link)
	{
		if (!visit->is_late && kill_at(visit) < first)
			first = kill_at(visit);
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (others[i] < first)
			first = others[i];
	return first;
}

/* ---- the loop ---- */

static bool
is_done(const struct zygote *z)
{
	if (z->end == 0)
		return false;
	return now_ms() >= z->end ||
	    (z->gates.count == 0 && z->turnstile.waiting == 0 &&
		TAILQ_EMPTY(&z->running));
}

/*
 * No session can be without: who asks before the supervisor has told of
 * them waits.
 */
static bool
knows_host_keys(const struct zygote *z)
{
	return z->things.host_keys.count > 0;
}

static void
wait_for_events(struct zygote *z, struct pollfd *fds)
{
	uint64_t deadline = next_deadline(z);
	uint64_t now = now_ms();
	uint64_t left = deadline > now ? deadline - now : 0;
	struct timespec timeout = {
		.tv_sec = (time_t)(left / 1000),
		.tv_nsec = (long)(left % 1000) * 1000000,
	};

	fds[0] = (struct pollfd){ .fd = z->orders.control, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = z->successes, .events = POLLIN };
	for (size_t i = 0; i < z->gates.count; i++)
		fds[2 + i] = (struct pollfd){
			.fd =
			    knows_host_keys(z) ? z->gates.links[i].socket : -1,
			.events = POLLIN,
		};
	if (ppoll(fds, 2 + z->gates.count,
		deadline == UINT64_MAX ? NULL : &timeout, &z->outside) > 0)
		return;
	for (size_t i = 0; i < 2 + z->gates.count; i++)
		fds[i].revents = 0;
}

static void
serve(struct zygote *z, const struct pollfd *fds)
{
	/* From the end: a gate that goes is replaced by the last. */
	for (size_t i = z->gates.count; i-- > 0;) {
		if (fds[2 + i].revents != 0 &&
		    !serve_gate(z, &z->gates.links[i]))
			gatelink_drop(&z->gates, i);
	}
	/* Before the dead, so that who succeeded and ended is no failure. */
	if (fds[1].revents != 0)
		serve_successes(z);
	if (has_dead_children)
		reap(z);
	if (fds[0].revents != 0)
		orders_follow(&z->orders, z->room);
	if (z->orders.is_retired)
		retire(z);
	end_late_ones(z, now_ms());
	gatelink_sum_up(&z->gates, now_ms());
	start_all(z);
}

static bool
catch_children(struct zygote *z)
{
	struct sigaction action = { .sa_handler = note_child };
	sigset_t inside;

	sigemptyset(&inside);
	sigaddset(&inside, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &inside, &z->outside) == 0 &&
	    sigaction(SIGCHLD, &action, NULL) == 0;
}

/*
 * Each who waits has two descriptors here. Without any left the next
 * message would come without its own, and its gate be refused for it.
 */
static uint32_t
waiting_max(size_t files)
{
	size_t room = files > FILES_OWN ? (files - FILES_OWN) / 2 : 0;

	if (room == 0)
		return 1;
	return room < WAITING_MAX ? (uint32_t)room : WAITING_MAX;
}

static bool
prepare(struct zygote *z, const struct zygote_given *given)
{
	struct turnstile_limits limits = {
		.running = given->settings->max_logins,
		.running_per_source = given->settings->max_logins_per_source,
		.waiting = waiting_max(confine_raise_files()),
		.waiting_per_source = WAITING_PER_SOURCE_MAX,
	};
	int on = 1;
	int pair[2];

	z->settings = given->settings;
	z->things = (struct guest_things){
		.settings = given->settings,
		.auths = given->auths,
		.handlers = given->handlers,
		.crypto = given->crypto,
		.denial = given->denial,
		.keyholder = -1,
		.identities = -1,
		.services = &z->services,
	};
	orders_init(&z->orders, IPC_FD_CONTROL, &z->things, &z->gates,
	    &z->daybook, &z->services, &z->reputation);
	z->orders.wants_identities =
	    checkin_is_wanted(&given->settings->access, given->handlers);
	reputation_init(&z->reputation, &given->settings->penalties);
	turnstile_init(&z->turnstile, &limits);
	TAILQ_INIT(&z->running);
	z->room = malloc(IPC_ROOM);
	if (z->room == NULL || !catch_children(z) || !ipc_pair(pair) ||
	    !servicelink_init(&z->services, given->settings->access.auth_count))
		return false;
	z->things.progress = progress_new();
	z->successes = pair[0];
	z->things.successes = pair[1];
	heap_close_gaps();
	return setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) ==
	    0;
}

int
zygote_run(const struct zygote_given *given)
{
	struct zygote *z = calloc(1, sizeof *z);
	struct pollfd *fds = calloc(2 + GATELINK_MAX, sizeof *fds);

	if (z == NULL || fds == NULL || !prepare(z, given) ||
	    ipc_send(z->orders.control, IPC_READY, view_of(NULL, 0), NULL, 0) !=
		SP_OK) {
		log_event(EVENT_PROCESS_FAILED,
		    LOG_FIELDS(log_text(FIELD_ROLE, "login"),
			log_text(FIELD_REASON, "it could not begin")));
		return EXIT_FAILURE;
	}
	while (!is_done(z) && !z->orders.has_lost) {
		wait_for_events(z, fds);
		serve(z, fds);
	}
	return z->orders.has_lost ? EXIT_FAILURE : EXIT_SUCCESS;
}
