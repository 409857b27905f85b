/* A session's log socket: asked for as root, used as the user. */
#include "daemon/login/sessionlog.h"

#include "daemon/ipc/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	/* What a session may have queued: a few of the longest records. */
	QUEUE_MAX = 65536,
	/* A full queue is tried again: for two seconds. */
	TRIES = 1000,
	PAUSE_NS = 2000000,
};

/*
 * The login's queue may be full of what others say. That it can be written
 * to does not mean that a descriptor can be sent, so it is not asked.
 */
static enum sp_status
ask(int login_log, int end)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	enum sp_status status;

	for (int i = 0; i < TRIES; i++) {
		status = ipc_send(
		    login_log, IPC_SESSION_LOG, view_of(NULL, 0), &end, 1);
		if (status != SP_ERR_AGAIN)
			return status;
		nanosleep(&pause, NULL);
	}
	return SP_ERR_AGAIN;
}

int
sessionlog_open(int login_log)
{
	const int queue = QUEUE_MAX;
	enum sp_status status;
	int pair[2];

	if (!ipc_pair(pair))
		return -1;
	/* Where it fails the system's own bound holds. */
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &queue, sizeof queue);
	status = ask(login_log, pair[1]);
	close(pair[1]);
	if (status == SP_OK || status == SP_ERR_EOF)
		return pair[0];
	close(pair[0]);
	errno = EAGAIN;
	return -1;
}

bool
sessionlog_take(int session_log, int login_log)
{
	if (dup3(session_log, login_log, O_CLOEXEC) < 0)
		return false;
	close(session_log);
	return true;
}
