/*
 * sallyport-gate: strangers.
 *
 * Runs as: an account of its own that nobody else has, with an empty root,
 * no file system and few system calls; started by an ordinary user, as that
 * user, with all of it but the account and the root.
 * May see: what strangers send before they have proved who they are, the
 * public host keys, the algorithms and limits of the configuration.
 * May do: accept connections, speak the transport and authentication
 * protocols, ask the keyholder for signatures and a login for verdicts.
 * Never: hold a private key, believe a proof, hold a connection that has
 * logged in, open a file or a socket.
 * Dies when: the supervisor retires it or is gone, once its last stranger
 * has left.
 *
 * It finds open: the control socket, its part of the settings, the log.
 *
 *	sallyport-gate [--connection]
 *
 * With --connection it is given one connection and accepts none. Where each
 * has a gate of its own, the gate that accepts knows nobody but the
 * supervisor (porter.h).
 */
#include "daemon/gate/gate.h"

#include "daemon/config/entrance.h"
#include "daemon/confine/confine.h"
#include "daemon/gate/acceptor.h"
#include "daemon/gate/introduction.h"
#include "daemon/gate/porter.h"
#include "daemon/gate/stranger.h"
#include "daemon/gate/ward.h"
#include "daemon/ipc/kinship.h"
#include "daemon/log/log.h"
#include "lib/crypto/random.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GATE_MEMORY = 256 * 1024 * 1024 };

/* Two descriptors a stranger (his socket, his talk), and some of our own. */
enum { GATE_FDS_EACH = 2, GATE_FDS_OWN = 128 };

/* The process. */
struct program {
	struct gate gate;
	struct acceptors *acceptors;
	struct event control;
	/* Given up for the descriptors that a message brings; -1: none. */
	int spare[2];
	bool is_for_one; /* connection, which it was started for */
	bool has_keys;
	bool has_keyholder;
	bool has_login;
};

static uint8_t room[IPC_ROOM];

void
gate_stranger_left(struct gate *gate)
{
	if (gate->is_retiring && crowd_count(gate->crowd) == 0 &&
	    gate->newcomers == 0)
		event_base_loopbreak(gate->base);
}

/* ---- what the supervisor says ---- */

/*
 * He says things once. Where strangers have taken all descriptors there must
 * still be some for a new keyholder or login, or for a listener.
 */
static void
keep_spare(struct program *p)
{
	if (p->spare[0] < 0 && !ipc_pair(p->spare))
		p->spare[0] = p->spare[1] = -1;
}

static void
give_up_spare(struct program *p)
{
	for (size_t i = 0; i < 2; i++) {
		if (p->spare[i] >= 0)
			close(p->spare[i]);
		p->spare[i] = -1;
	}
}

static void
retire(struct program *p)
{
	acceptors_close(p->acceptors);
	p->gate.is_retiring = true;
	gate_stranger_left(&p->gate);
}

/* The supervisor is gone or mad: either way there is nobody to serve. */
static void
hang_up(struct program *p)
{
	event_del(&p->control);
	close(IPC_FD_CONTROL);
	retire(p);
}

/* Strangers are let in once there is somebody to answer them. */
static void
open_if_ready(struct program *p)
{
	bool is_served = p->has_keys && p->has_keyholder && p->has_login;

	if (is_served)
		ward_welcome(&p->gate);
	if (is_served || p->gate.porter != NULL)
		acceptors_open(p->acceptors);
}

static enum sp_status
take_peer(struct program *p, struct ipc_message *message)
{
	struct control_peer peer;
	enum sp_status status = control_peer_decode(message->body, &peer);

	if (status != SP_OK)
		return status;
	if (peer.role == IPC_ROLE_KEYHOLDER) {
		status =
		    notary_replace(p->gate.notary, message->fds[0], peer.link);
		if (status != SP_OK)
			return status;
		p->has_keyholder = true;
	} else if (peer.role == IPC_ROLE_LOGIN) {
		neighbour_replace(p->gate.login, message->fds[0]);
		p->has_login = true;
	} else if (peer.role == IPC_ROLE_LEDGER && p->gate.doorman != NULL) {
		doorman_replace(p->gate.doorman, message->fds[0]);
	} else {
		return SP_ERR_ARGUMENT;
	}
	message->fds[0] = -1;
	return SP_OK;
}

static enum sp_status
take_arrears(struct program *p, struct ipc_message *message)
{
	if (p->gate.doorman == NULL ||
	    !doorman_open(p->gate.doorman, message->fds[0]))
		return SP_ERR_ARGUMENT;
	message->fds[0] = -1;
	return SP_OK;
}

/* Each of the gates may meet the same source, and none counts for others. */
static void
share_sources(struct gate *gate)
{
	crowd_share(gate->crowd, gate->settings.gates);
	budget_share(gate->budget, gate->settings.gates);
}

static enum sp_status
take_listener(struct program *p, struct ipc_message *message)
{
	struct control_listener listener;
	enum sp_status status =
	    control_listener_decode(message->body, &listener);

	if (status != SP_OK)
		return status;
	if (!listener.is_steered)
		share_sources(&p->gate);
	if (!acceptors_add(p->acceptors, message->fds[0], listener.name))
		return SP_ERR_LIMIT;
	message->fds[0] = -1;
	return SP_OK;
}

/* A login speaks to a gate in talks, never here. */
static void
on_login_message(void *arg, struct ipc_message *message)
{
	struct gate *gate = arg;

	ipc_close_fds(message);
	neighbour_hang_up(
	    gate->login, sp_status_text(SP_ERR_UNEXPECTED_MESSAGE));
}

static const struct neighbour_owner login_owner = {
	.message = on_login_message,
};

static enum sp_status
take_message(struct program *p, struct ipc_message *message)
{
	enum sp_status status = SP_OK;

	if (message->type == IPC_HOST_KEYS) {
		status = notary_set_keys(p->gate.notary, message->body);
		p->has_keys = p->has_keys || status == SP_OK;
	} else if (message->type == IPC_PEER) {
		status = take_peer(p, message);
	} else if (message->type == IPC_ARREARS) {
		status = take_arrears(p, message);
	} else if (message->type == IPC_LISTENER) {
		status = take_listener(p, message);
	} else if (message->type == IPC_CONNECTION && p->is_for_one) {
		status = ward_take(&p->gate, message);
	} else if (message->type == IPC_RETIRE) {
		retire(p);
	} else {
		status = SP_ERR_UNEXPECTED_MESSAGE;
	}
	ipc_close_fds(message);
	open_if_ready(p);
	return status;
}

static void
on_control(evutil_socket_t fd, short what, void *arg)
{
	struct program *p = arg;
	struct ipc_message message;
	enum sp_status status;

	(void)what;
	give_up_spare(p);
	status =
	    ipc_receive(fd, IPC_ROLE_SUPERVISOR, IPC_ROLE_GATE, room, &message);
	if (status == SP_OK)
		status = take_message(p, &message);
	keep_spare(p);
	if (status == SP_OK || status == SP_ERR_AGAIN)
		return;
	if (status != SP_ERR_EOF)
		log_event(EVENT_PEER_REFUSED,
		    LOG_FIELDS(log_text(FIELD_ROLE, "supervisor"),
			log_text(FIELD_REASON, sp_status_text(status))));
	hang_up(p);
}

/* ---- starting ---- */

static bool
read_settings(struct gate *gate)
{
	struct stat file;
	enum sp_status status;
	void *bytes;
	size_t len;

	if (fstat(IPC_FD_PROJECTION, &file) != 0 || file.st_size <= 0 ||
	    file.st_size > PROJECTION_MAX)
		return false;
	len = (size_t)file.st_size;
	bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, IPC_FD_PROJECTION, 0);
	if (bytes == MAP_FAILED)
		return false;
	status = projection_read_gate(
	    view_of(bytes, len), &gate->arena, &gate->settings);
	munmap(bytes, len);
	close(IPC_FD_PROJECTION);
	return status == SP_OK;
}

/* A gate has its share of all that may wait, and never none. */
static uint32_t
max_waiting(const struct gate_settings *settings)
{
	uint32_t share = settings->max_waiting / settings->gates;

	if (settings->per_connection && share > CONTROL_ESCORTS_MAX)
		share = CONTROL_ESCORTS_MAX;
	return share > 0 ? share : 1;
}

/*
 * As many descriptors as the limits on strangers need. Less is no reason
 * not to start: who finds none left waits in the listener's queue.
 */
static void
raise_fd_limit(const struct gate_settings *settings)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	more.rlim_cur =
	    (rlim_t)max_waiting(settings) * GATE_FDS_EACH + GATE_FDS_OWN;
	if (entrance_has_proxies(
		settings->listen.items, settings->listen.count))
		more.rlim_cur += INTRODUCTIONS_MAX;
	more.rlim_max = more.rlim_cur;
	if (limit.rlim_cur >= more.rlim_cur ||
	    (limit.rlim_max < more.rlim_max &&
		setrlimit(RLIMIT_NOFILE, &more) == 0))
		return;
	if (limit.rlim_max > more.rlim_cur)
		limit.rlim_cur = more.rlim_cur;
	else
		limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static bool
set_up(struct program *p)
{
	struct gate *gate = &p->gate;
	const struct crowd_limits limits = {
		.max = max_waiting(&gate->settings),
		.max_per_origin = gate->settings.max_waiting_per_source,
		.time = gate->settings.login_time,
		.memory = GATE_MEMORY,
	};
	bool has_porter = gate->settings.per_connection && !p->is_for_one;
	uint64_t seed;

	p->spare[0] = p->spare[1] = -1;
	keep_spare(p);
	gate->crypto = sp_crypto_new();
	gate->base = event_base_new();
	if (gate->crypto == NULL || gate->base == NULL)
		return false;
	gate->crowd = crowd_new(
	    gate->base, &limits, has_porter ? porter_remove : stranger_remove);
	if (has_porter)
		gate->porter = porter_new(gate);
	if (random_bytes((uint8_t *)&seed, sizeof seed) == SP_OK)
		gate->budget = budget_new(seed);
	if (!p->is_for_one)
		gate->doorman =
		    doorman_new(gate->base, &gate->settings.penalties);
	gate->notary = notary_new(gate->base);
	gate->login =
	    neighbour_new(gate->base, IPC_ROLE_LOGIN, &login_owner, gate);
	p->acceptors = acceptors_new(gate);
	if (gate->crowd == NULL || gate->budget == NULL ||
	    gate->notary == NULL || gate->login == NULL ||
	    p->acceptors == NULL || (has_porter && gate->porter == NULL) ||
	    (!p->is_for_one && gate->doorman == NULL))
		return false;
	event_assign(&p->control, gate->base, IPC_FD_CONTROL,
	    EV_READ | EV_PERSIST, on_control, p);
	return event_add(&p->control, NULL) == 0;
}

/* For good; on failure the step that could not be done. */
static const char *
confine(bool is_root)
{
	struct confine_account account;

	if (is_root && !confine_find_account(IPC_ROLE_GATE, &account))
		return "finding the account _sallyport-gate";
	if (is_root && !confine_empty_root())
		return "making the root empty";
	if (is_root && !confine_become(&account))
		return "becoming the account _sallyport-gate";
	if (!confine_hide_memory())
		return "hiding the memory";
	if (!confine_limits())
		return "setting limits";
	if (!confine_lock(IPC_ROLE_GATE))
		return "denying system calls and files";
	return NULL;
}

static void
log_failure(const char *step, const char *reason)
{
	char text[256];

	snprintf(text, sizeof text, "%s: %s", step, reason);
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(
		log_text(FIELD_ROLE, "gate"), log_text(FIELD_REASON, text)));
}

static bool
start(struct program *p)
{
	static const int kept[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO,
		IPC_FD_CONTROL, IPC_FD_PROJECTION, IPC_FD_LOG };
	const struct gate_settings *settings = &p->gate.settings;
	const char *missing, *step;

	signal(SIGPIPE, SIG_IGN);
	log_open(IPC_FD_LOG, LOG_LEVEL_ERROR);
	if (!confine_close_fds(kept, sizeof kept / sizeof kept[0]) ||
	    !read_settings(&p->gate)) {
		log_failure("reading the settings", "they make no sense");
		return false;
	}
	log_open(IPC_FD_LOG, (enum log_level)settings->log_level);
	raise_fd_limit(settings);
	if (!set_up(p)) {
		log_failure("setting up", strerror(ENOMEM));
		return false;
	}
	/* Asked before system calls are denied, told when all is done. */
	missing = confine_missing();
	step = confine(geteuid() == 0);
	if (step != NULL) {
		log_failure(step, strerror(errno));
		return false;
	}
	if (missing != NULL)
		log_event(EVENT_UNCONFINED,
		    LOG_FIELDS(log_text(FIELD_DETAIL, missing),
			log_text(FIELD_REASON,
			    "not built in, or not in this kernel")));
	return true;
}

int
main(int argc, char **argv)
{
	static struct program program;

	kinship_require("sallyport-gate");
	program.is_for_one = argc > 1 && strcmp(argv[1], "--connection") == 0;
	if (!start(&program))
		return EXIT_FAILURE;
	if (ipc_send(IPC_FD_CONTROL, IPC_READY, view_of(NULL, 0), NULL, 0) !=
	    SP_OK)
		return EXIT_FAILURE;
	event_base_dispatch(program.gate.base);
	if (program.is_for_one)
		ward_end();
	/* What is held is the process's own, and goes with it. */
	return EXIT_SUCCESS;
}
