/* The end of everything below. */
#include "daemon/supervisor/ending.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Milliseconds. Who is told again and again hears it once; who comes up later,
 * as the children of who ended, hears it at once.
 */
enum { TURN = 10, PATIENCE = 2000, END = 5000 };

/* False when there are none. */
static bool
signal_children(bool is_patient)
{
	char path[64];
	bool has_any = false;
	FILE *file;
	long pid;

	snprintf(
	    path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (fscanf(file, "%ld", &pid) == 1) {
		has_any = true;
		if (is_patient) {
			kill((pid_t)pid, SIGHUP);
			kill((pid_t)pid, SIGTERM);
			kill((pid_t)pid, SIGCONT);
		} else {
			kill((pid_t)pid, SIGKILL);
		}
	}
	fclose(file);
	return has_any;
}

void
ending_end_all(void)
{
	for (int spent = 0; spent < END; spent += TURN) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (!signal_children(spent < PATIENCE))
			return;
		poll(NULL, 0, TURN);
	}
}
