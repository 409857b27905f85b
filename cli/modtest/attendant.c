/* The supervisor's and the login program's part towards a service. */
#include "cli/modtest/attendant.h"

#include "daemon/ipc/control.h"
#include "daemon/modload/modlog.h"
#include "daemon/service/reception.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* So long it may take to see that nobody comes any more. */
enum { PATIENCE_MS = 10000, NAP_MS = 10, EARLY = 125 };

/* What is typed is not for it, nor for its programs. */
static bool
leave_input(void)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return nothing >= 0 && dup2(nothing, STDIN_FILENO) == STDIN_FILENO;
}

static int
serve(const struct modgroup *group, int control)
{
	int fd = reception_open(control), status;

	if (fd < 0 || !leave_input())
		return EXIT_FAILURE;
	modlog_set_speaker(group->name);
	status = group->module.auth.service(fd, group->conf);
	return reception_is_over() ? status : EARLY;
}

/* Names the login program to it. */
static bool
introduce(int control, int link)
{
	const struct control_peer peer = { .role = IPC_ROLE_LOGIN, .id = 1 };
	enum sp_status status;
	struct buffer body;

	buffer_init(&body, IPC_BODY_MAX);
	status = control_peer_encode(&peer, &body);
	if (status == SP_OK)
		status =
		    ipc_send(control, IPC_PEER, buffer_view(&body), &link, 1);
	buffer_clear(&body);
	return status == SP_OK;
}

static bool
start_process(struct attendant *a, int *link)
{
	int control[2], pair[2];

	if (!ipc_pair(control))
		return false;
	if (!ipc_pair(pair)) {
		close(control[0]);
		close(control[1]);
		return false;
	}
	fflush(NULL);
	a->process = fork();
	if (a->process == 0) {
		close(control[0]);
		close(pair[0]);
		close(pair[1]);
		_exit(serve(a->group, control[1]));
	}
	close(control[1]);
	a->control = control[0];
	*link = pair[0];
	if (a->process > 0 && introduce(a->control, pair[1])) {
		close(pair[1]);
		return true;
	}
	close(pair[1]);
	return false;
}

bool
attendant_start(struct attendant *a, const struct modgroup *group)
{
	int link;

	*a = (struct attendant){ .group = group, .control = -1 };
	if (!servicelink_init(&a->links, 1))
		return false;
	if (group->module.auth.service == NULL)
		return true;
	if (!start_process(a, &link))
		return false;
	servicelink_add(&a->links, group, 0, link);
	return true;
}

int
attendant_enter(struct attendant *a)
{
	int own;

	servicelink_open(&a->links);
	own = a->links.own[0];
	a->links.own[0] = -1;
	return own;
}

/* ---- its end ---- */

static void
hang_up(struct attendant *a)
{
	if (a->control >= 0)
		close(a->control);
	a->control = -1;
	if (a->links.links[0] >= 0)
		close(a->links.links[0]);
	a->links.links[0] = -1;
}

static void
tell_end(struct answer *answer, int status)
{
	if (WIFSIGNALED(status))
		answer_add(
		    answer, "SERVICE ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == EARLY)
		answer_add(answer, "SERVICE ended before it was told to");
	else
		answer_add(answer, "SERVICE %d", WEXITSTATUS(status));
	if (status != 0)
		answer->is_failure = true;
}

void
attendant_look_after(struct attendant *a, struct answer *answer)
{
	int status;

	if (a->process <= 0 ||
	    waitpid(a->process, &status, WNOHANG) != a->process)
		return;
	tell_end(answer, status);
	answer->is_failure = true;
	hang_up(a);
	a->process = 0;
	free(a->links.links);
	free(a->links.own);
	if (!attendant_start(a, a->group))
		answer_add(answer, "SERVICE cannot be started again");
}

/* False where it goes on. */
static bool
wait_for(pid_t process, int *status)
{
	const struct timespec nap = { .tv_nsec = NAP_MS * 1000000 };

	for (int waited = 0; waited < PATIENCE_MS; waited += NAP_MS) {
		if (waitpid(process, status, WNOHANG) == process)
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

void
attendant_stop(struct attendant *a, struct answer *answer)
{
	int status;

	hang_up(a);
	if (a->process > 0 && wait_for(a->process, &status)) {
		tell_end(answer, status);
	} else if (a->process > 0) {
		kill(a->process, SIGKILL);
		waitpid(a->process, &status, 0);
		answer_add(answer, "SERVICE did not end when it was told to");
		answer->is_failure = true;
	}
	a->process = 0;
	free(a->links.links);
	free(a->links.own);
	a->links = (struct servicelinks){ .count = 0 };
}
