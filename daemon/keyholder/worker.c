/* The process that signs with slow keys. */
#include "daemon/keyholder/worker.h"

#include "daemon/confine/confine.h"
#include "daemon/ipc/work.h"
#include "daemon/keyholder/seclusion.h"
#include "daemon/log/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
	BEGIN_TIME_MAX = 30000, /* ms until it is confined */
	RESULT_MAX = 4096, /* the row of WORKED */
};

/* ---- an order ---- */

static enum sp_status
answer(const struct vault *vault, int socket, const struct work_order *order)
{
	struct work_result result = { .id = order->id };
	uint8_t room[SP_SIGNATURE_MAX];
	const char *algorithm;
	const struct vault_key *key =
	    vault_find_hash(vault, order->key, order->algorithm, &algorithm);
	struct buffer body;
	enum sp_status status;
	size_t len;

	if (key != NULL &&
	    sp_key_sign(key->key, algorithm, order->data, room, &len) == SP_OK)
		result.signature = view_of(room, len);
	buffer_init(&body, RESULT_MAX);
	status = work_result_encode(&result, &body);
	if (status == SP_OK)
		status =
		    ipc_send(socket, IPC_WORKED, buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	return status;
}

/* SP_ERR_AGAIN when there is none. Anything else ends the worker. */
static enum sp_status
serve_one(const struct vault *vault, int socket, uint8_t *room)
{
	struct work_order order;
	struct ipc_message message;
	enum sp_status status = ipc_receive(
	    socket, IPC_ROLE_KEYHOLDER, IPC_ROLE_WORKER, room, &message);

	if (status == SP_OK)
		status = work_order_decode(message.body, &order);
	return status == SP_OK ? answer(vault, socket, &order) : status;
}

static bool
wait_for_order(int socket)
{
	struct pollfd waiting = { .fd = socket, .events = POLLIN };
	int n;

	do {
		n = poll(&waiting, 1, -1);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

void
worker_serve(const struct vault *vault, int socket)
{
	uint8_t *room = ipc_room_new();
	enum sp_status status = room == NULL ? SP_ERR_MEMORY : SP_OK;

	while (status == SP_OK || status == SP_ERR_AGAIN)
		status = wait_for_order(socket) ? serve_one(vault, socket, room)
						: SP_ERR_INTERNAL;
	ipc_room_free(room);
}

/* ---- the process ---- */

static void
log_failure(const char *step)
{
	char reason[256];

	snprintf(reason, sizeof reason, "%s: %s", step, strerror(errno));
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(IPC_ROLE_WORKER)),
		log_text(FIELD_REASON, reason)));
}

/* Forget, drop, confine. The log is there until all of it is done. */
static bool
begin(struct vault *vault, int socket)
{
	const int keep[] = { 0, 1, 2, socket, IPC_FD_LOG };
	const char *step;

	vault_forget(vault, VAULT_QUICK);
	if (!confine_close_fds(keep, sizeof keep / sizeof *keep)) {
		log_failure("closing what it inherited");
		return false;
	}
	prctl(PR_SET_NAME, "sallyport-worker");
	step = seclusion_enter(IPC_ROLE_WORKER);
	if (step != NULL) {
		log_failure(step);
		return false;
	}
	log_open(-1, LOG_LEVEL_ERROR);
	close(IPC_FD_LOG);
	return ipc_send(socket, IPC_AT_WORK, view_of(NULL, 0), NULL, 0) ==
	    SP_OK;
}

static _Noreturn void
run(struct vault *vault, int socket)
{
	bool has_begun = begin(vault, socket);

	if (has_begun)
		worker_serve(vault, socket);
	vault_clear(vault);
	_exit(has_begun ? EXIT_SUCCESS : EXIT_FAILURE);
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool
has_begun(int socket)
{
	uint8_t *room = ipc_room_new();
	struct ipc_message message;
	bool has;

	has = room != NULL && ipc_wait(socket, now_ms() + BEGIN_TIME_MAX) &&
	    ipc_receive(socket, IPC_ROLE_WORKER, IPC_ROLE_KEYHOLDER, room,
		&message) == SP_OK &&
	    message.type == IPC_AT_WORK;
	ipc_room_free(room);
	return has;
}

bool
worker_start(struct vault *vault, int *socket)
{
	int pair[2];
	pid_t pid;

	*socket = -1;
	if (!vault_has_slow(vault))
		return true;
	if (!ipc_pair(pair))
		return false;
	pid = fork();
	if (pid == 0)
		run(vault, pair[1]);
	close(pair[1]);
	if (pid < 0 || !has_begun(pair[0])) {
		close(pair[0]);
		return false;
	}
	vault_forget(vault, VAULT_SLOW);
	*socket = pair[0];
	return true;
}
