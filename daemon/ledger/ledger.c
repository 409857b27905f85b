/*
 * sallyport-ledger: what is counted across logins.
 *
 * Runs as: an account of its own that nobody else has, with an empty root,
 * no file system and few system calls; started by an ordinary user, as that
 * user, with all of it but the account and the root.
 * May see: where connections come from, and how they ended.
 * May do: write what sources owe into memory that it shares with gates and
 * logins, who read it.
 * Never: hear a stranger's byte, a name or a secret; let anybody in.
 * Dies when: the supervisor retires it or is gone. What it wrote stays, and
 * the next goes on with it.
 *
 * It finds open: the control socket, its part of the settings, the log.
 *
 *	sallyport-ledger
 */
#include "daemon/confine/confine.h"
#include "daemon/ipc/kinship.h"
#include "daemon/ledger/bookkeeper.h"
#include "daemon/log/log.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int
fail(const char *reason, const char *remedy)
{
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(log_text(FIELD_ROLE, "ledger"),
		log_text(FIELD_REASON, reason),
		log_text(FIELD_REMEDY, remedy)));
	return EXIT_FAILURE;
}

static bool
read_projection(struct arena *arena, struct ledger_settings *settings)
{
	enum sp_status status;
	struct stat st;
	void *bytes;

	if (fstat(IPC_FD_PROJECTION, &st) != 0 || st.st_size <= 0 ||
	    st.st_size > PROJECTION_MAX)
		return false;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
	    IPC_FD_PROJECTION, 0);
	if (bytes == MAP_FAILED)
		return false;
	status = projection_read_ledger(
	    view_of(bytes, (size_t)st.st_size), arena, settings);
	munmap(bytes, (size_t)st.st_size);
	close(IPC_FD_PROJECTION);
	return status == SP_OK;
}

/* NULL, or the step that failed, with errno set. */
static const char *
confine(void)
{
	struct confine_account account;

	/* gmtime_r(3) would read a file the first time. */
	tzset();
	if (!confine_hide_memory())
		return "hiding its memory";
	if (geteuid() == 0) {
		if (!confine_find_account(IPC_ROLE_LEDGER, &account))
			return "finding an account (make _sallyport-ledger)";
		if (!confine_empty_root())
			return "entering an empty root";
		if (!confine_become(&account))
			return "giving up root";
	}
	if (!confine_limits())
		return "setting limits";
	return confine_lock(IPC_ROLE_LEDGER) ? NULL : "locking itself";
}

static int
serve(const struct ledger_settings *settings, struct event_base *base)
{
	const struct bookkeeper_given given = {
		.base = base,
		.settings = settings,
		.control = IPC_FD_CONTROL,
	};
	const char *step = confine();
	char reason[256];

	if (step != NULL) {
		snprintf(
		    reason, sizeof reason, "%s: %s", step, strerror(errno));
		return fail(reason,
		    "start the daemon as root, or as a user with a kernel "
		    "that allows it");
	}
	return bookkeeper_serve(&given)
	    ? EXIT_SUCCESS
	    : fail("its event loop broke", "see memory");
}

static int
run(struct arena *arena)
{
	struct ledger_settings settings;
	struct event_base *base;
	int status;

	if (!read_projection(arena, &settings))
		return fail("its settings are malformed",
		    "install all programs in the same version");
	log_open(IPC_FD_LOG, (enum log_level)settings.log_level);
	base = event_base_new();
	if (base == NULL)
		return fail("no event loop", "see memory");
	status = serve(&settings, base);
	event_base_free(base);
	return status;
}

int
main(void)
{
	const int keep[] = { 0, 1, 2, IPC_FD_CONTROL, IPC_FD_PROJECTION,
		IPC_FD_LOG };
	struct arena arena;
	int status;

	kinship_require("sallyport-ledger");
	confine_shield();
	if (!confine_close_fds(keep, sizeof keep / sizeof *keep))
		return EXIT_FAILURE;
	/* A socket for each gate and login program, retired ones too. */
	confine_raise_files();
	signal(SIGPIPE, SIG_IGN);
	log_open(IPC_FD_LOG, LOG_LEVEL_DEBUG);
	arena_init(&arena);
	status = run(&arena);
	arena_clear(&arena);
	return status;
}
