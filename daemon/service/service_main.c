/*
 * sallyport-service: what a module keeps between logins.
 *
 *	sallyport-service [--module-dir DIR] [--deny DIR]...
 *
 * Started by the supervisor with the descriptors of ipc.h, one for each
 * group of auth whose module has a service.
 * Runs as: root (or the user who started the daemon) until the module is
 * loaded, then as an account of its own.
 * May see: the options of its one group, and what logins ask it: passwords,
 * where the module hears them.
 * May do: what that account may; start programs, open connections. It gains
 * no privileges, and no call that only an administrator needs works.
 * Dies when: the supervisor retires it, or is gone, and the last login
 * program and login has hung up; or when the module says so, and is started
 * again.
 */
#include "daemon/config/projection.h"
#include "daemon/confine/confine.h"
#include "daemon/confine/denial.h"
#include "daemon/ipc/kinship.h"
#include "daemon/log/log.h"
#include "daemon/modload/modgroup.h"
#include "daemon/modload/modlog.h"
#include "daemon/service/reception.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_USAGE = 64 };

struct arguments {
	struct modload_folder folder;
	struct denial denial;
};

static int
fail(const char *reason, const char *remedy)
{
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(log_text(FIELD_ROLE, "service"),
		log_text(FIELD_REASON, reason),
		log_text(FIELD_REMEDY, remedy)));
	return EXIT_FAILURE;
}

/* The whole of the sealed memfd; freed with the arena. */
static bool
read_projection(struct arena *arena, struct service_settings *settings)
{
	uint8_t *room;
	struct stat st;
	size_t size;

	if (fstat(IPC_FD_PROJECTION, &st) != 0 || st.st_size < 0 ||
	    st.st_size > PROJECTION_MAX)
		return false;
	size = (size_t)st.st_size;
	room = arena_alloc(arena, size + 1, 1);
	if (pread(IPC_FD_PROJECTION, room, size, 0) != (ssize_t)size)
		return false;
	close(IPC_FD_PROJECTION);
	return projection_read_service(
		   (struct sp_view){ room, size }, arena, settings) == SP_OK;
}

/* NULL, or the step that failed, with errno set. */
static const char *
confine(const struct denial *denial)
{
	struct confine_account account;

	if (geteuid() == 0) {
		if (!confine_find_account(IPC_ROLE_SERVICE, &account))
			return "finding an account (make _sallyport-service)";
		if (!confine_become(&account))
			return "giving up root";
	}
	if (!confine_hide_memory())
		return "hiding its memory";
	if (!denial_enforce(denial))
		return "keeping out of the daemon's folders";
	return confine_fence() ? NULL : "locking itself";
}

/* The module's programs get none of them. */
static void
keep_from_programs(void)
{
	fcntl(IPC_FD_CONTROL, F_SETFD, FD_CLOEXEC);
	fcntl(IPC_FD_LOG, F_SETFD, FD_CLOEXEC);
}

static int
serve(const struct modgroup *group)
{
	int fd = reception_open(IPC_FD_CONTROL), status;

	if (fd < 0)
		return fail("no place for logins to come in", "see memory");
	if (ipc_send(IPC_FD_CONTROL, IPC_READY, view_of(NULL, 0), NULL, 0) !=
	    SP_OK)
		return EXIT_FAILURE;
	modlog_set_speaker(group->name);
	status = group->module.auth.service(fd, group->conf);
	modlog_set_speaker(NULL);
	if (reception_is_over())
		return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	return fail("the module ended its service before it was told to",
	    "see what it said before");
}

static int
run(struct arguments *arguments, struct arena *arena)
{
	char problem[MODLOAD_PROBLEM_SIZE], reason[256];
	struct service_settings settings;
	struct modgroup group;
	const char *step;

	if (!read_projection(arena, &settings))
		return fail("its part of the settings cannot be read",
		    "it is started by sallyportd alone");
	log_open(IPC_FD_LOG, (enum log_level)settings.log_level);
	if (!modgroup_load(&group, SP_KIND_AUTH, &settings.module,
		&arguments->folder, arena, problem))
		return fail(problem, "see sallyportd check");
	if (group.module.auth.service == NULL)
		return fail("the module has no service any more",
		    "reload the configuration");
	denial_settle(&arguments->denial);
	step = confine(&arguments->denial);
	if (step == NULL)
		return serve(&group);
	snprintf(reason, sizeof reason, "%s: %s", step, strerror(errno));
	return fail(reason,
	    "start the daemon as root, or as a user with a kernel that "
	    "allows it");
}

static bool
read_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "module-dir", required_argument, NULL, 'm' },
		{ "deny", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	*arguments = (struct arguments){
		.folder = { .path = SP_MODULE_DIR, .owner = geteuid() },
	};
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'm')
			arguments->folder.path = optarg;
		else if (letter != 'n' ||
		    !denial_add(&arguments->denial, optarg))
			return false;
	}
	return optind == argc;
}

int
main(int argc, char **argv)
{
	const int keep[] = { 0, 1, 2, IPC_FD_CONTROL, IPC_FD_PROJECTION,
		IPC_FD_LOG };
	struct arguments arguments;
	struct arena arena;
	int status;

	if (!read_arguments(argc, argv, &arguments)) {
		fprintf(stderr,
		    "sallyport-service is started by sallyportd, not by "
		    "hand\n");
		return EXIT_USAGE;
	}
	kinship_require("sallyport-service");
	if (!confine_close_fds(keep, sizeof keep / sizeof *keep))
		return EXIT_FAILURE;
	keep_from_programs();
	/* A socket for each login. */
	confine_raise_files();
	signal(SIGPIPE, SIG_IGN);
	log_open(IPC_FD_LOG, LOG_LEVEL_DEBUG);
	arena_init(&arena);
	status = run(&arguments, &arena);
	arena_clear(&arena);
	return status;
}
