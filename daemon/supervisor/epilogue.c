/* The log goes on, until nobody is left who could say anything. */
#include "daemon/supervisor/epilogue.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* A terminal's signals are not meant for it: it has none. */
static void
leave_terminal(void)
{
	setsid();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
}

/* In the child. Without an event there is nothing to wait for: it returns. */
static void
write_on(struct logsource_sink *sink)
{
	prctl(PR_SET_NAME, "sallyport-log", 0, 0, 0);
	leave_terminal();
	journal_follow(sink->journal);
	if (event_reinit(sink->base) == 0)
		event_base_dispatch(sink->base);
}

bool
epilogue_begin(struct logsource_sink *sink)
{
	pid_t pid;
	int saved;

	if (LIST_EMPTY(&sink->sources))
		return true;
	pid = fork();
	if (pid == 0) {
		write_on(sink);
		_exit(EXIT_SUCCESS);
	}
	saved = errno;
	logsource_close_all(sink);
	errno = saved;
	return pid > 0;
}
