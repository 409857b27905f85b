/*
 * sallyport-login: lets in who proves himself.
 *
 *	sallyport-login [--module-dir DIR] [--deny DIR]...
 *	sallyport-login --describe auth|handler|storage TYPE [--module-dir DIR]
 *
 * Started by the supervisor with the descriptors of ipc.h. Runs as root (or
 * as the user the daemon was started by), since it becomes who logs in.
 * May see: who may come in (its projection), the user database, key files
 * as their owners. May do: verify, fork itself, become a user. It never
 * decodes what a gate exported before it is that user. Dies when it is
 * told to retire or its supervisor is gone; sessions it became live on.
 *
 * With --describe it writes what a module says about itself, for who must
 * not load modules, and ends.
 */
#include "daemon/confine/confine.h"
#include "daemon/ipc/ipc.h"
#include "daemon/ipc/kinship.h"
#include "daemon/log/log.h"
#include "daemon/login/heap.h"
#include "daemon/login/preparation.h"
#include "daemon/modload/description.h"
#include "daemon/modload/modoptions.h"

#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What freed memory is filled with. */
enum { EXIT_USAGE = 64 };

struct arguments {
	struct modload_folder folder;
	struct denial denial;
	const char *kind; /* NULL: no description is wanted */
	const char *type;
};

/* ---- describing ---- */

static bool
write_all(struct sp_view bytes)
{
	return fwrite(bytes.data, 1, bytes.len, stdout) == bytes.len &&
	    fflush(stdout) == 0;
}

/* What it serves; NULL: it is none of that kind. */
static const char *
serves(const struct modload_module *module, const char *kind)
{
	if (strcmp(kind, "auth") == 0)
		return module->auth.methods;
	if (strcmp(kind, "handler") == 0)
		return module->handler.accepts;
	return module->storage.size > 0 ? "" : NULL;
}

static void
describe(const struct arguments *arguments, struct arena *arena,
    char problem[MODLOAD_PROBLEM_SIZE], struct description *description)
{
	bool is_auth = strcmp(arguments->kind, "auth") == 0;
	struct modload_module module;

	description->problem = problem;
	if (!modload_open(
		&arguments->folder, arguments->type, &module, problem))
		return;
	description->serves = serves(&module, arguments->kind);
	if (description->serves == NULL) {
		snprintf(problem, MODLOAD_PROBLEM_SIZE,
		    "module \"%s\" is no %s", arguments->type,
		    is_auth ? "way to prove oneself" : arguments->kind);
		return;
	}
	description->rows = modoptions_rows(arena, &module, problem);
	description->has_service = is_auth && module.auth.service != NULL;
	if (description->rows != NULL)
		description->problem = NULL;
}

static int
run_describe(const struct arguments *arguments)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";
	struct description description = { 0 };
	struct buffer bytes;
	struct arena arena;
	bool is_written;

	arena_init(&arena);
	buffer_init(&bytes, DESCRIPTION_MAX);
	describe(arguments, &arena, problem, &description);
	is_written = description_encode(&description, &bytes) == SP_OK &&
	    write_all(buffer_view(&bytes));
	buffer_clear(&bytes);
	arena_clear(&arena);
	return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- serving ---- */

static int
fail(const char *reason, const char *remedy)
{
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(log_text(FIELD_ROLE, "login"),
		log_text(FIELD_REASON, reason),
		log_text(FIELD_REMEDY, remedy)));
	return EXIT_FAILURE;
}

/* 0, 1 and 2 are never anything else by accident. */
static void
open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd >= 0)
		close(fd);
	for (int i = 0; i <= 2; i++)
		fcntl(i, F_SETFD, 0);
}

/* The whole of the sealed memfd; freed with the arena. */
static bool
read_projection(struct arena *arena, struct sp_view *projection)
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
	*projection = (struct sp_view){ room, size };
	return true;
}

static int
run_zygote(struct arguments *arguments, struct arena *arena)
{
	char problem[MODLOAD_PROBLEM_SIZE];
	struct login_settings settings;
	struct zygote_given given;
	struct sp_view projection;

	log_open(IPC_FD_LOG, LOG_LEVEL_INFO);
	if (!read_projection(arena, &projection) ||
	    projection_read_login(projection, arena, &settings) != SP_OK)
		return fail("its part of the settings cannot be read",
		    "it is started by sallyportd alone");
	log_open(IPC_FD_LOG, (enum log_level)settings.log_level);
	if (!preparation_make(
		&given, &settings, &arguments->folder, arena, problem))
		return fail(problem, "see sallyportd check");
	denial_settle(&arguments->denial);
	given.denial = &arguments->denial;
	if (!confine_hide_memory())
		return fail("its memory cannot be hidden", "see prctl(2)");
	return zygote_run(&given);
}

static int
serve(struct arguments *arguments)
{
	struct arena arena;
	int status;

	/* Before anything is read that a session must not find. */
	heap_overwrite_freed(true);
	confine_remember_limits();
	confine_shield();
	open_standard();
	signal(SIGPIPE, SIG_IGN);
	if (geteuid() == 0 && setgroups(0, NULL) != 0)
		return EXIT_FAILURE;
	arena_init(&arena);
	status = run_zygote(arguments, &arena);
	arena_clear(&arena);
	return status;
}

/* In the tree it was built in, the modules are below the program. */
static const char *
default_folder(void)
{
	static const char below[] = "modules";
	static char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
	char *slash;

	if (len <= 0)
		return SP_MODULE_DIR;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL ||
	    (size_t)(slash + 1 - path) + sizeof below > sizeof path)
		return SP_MODULE_DIR;
	memcpy(slash + 1, below, sizeof below);
	return access(path, X_OK) == 0 ? path : SP_MODULE_DIR;
}

static bool
read_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "module-dir", required_argument, NULL, 'm' },
		{ "describe", required_argument, NULL, 'd' },
		{ "deny", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	*arguments = (struct arguments){
		.folder = { .path = default_folder(), .owner = geteuid() },
	};
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'm')
			arguments->folder.path = optarg;
		else if (letter == 'd')
			arguments->kind = optarg;
		else if (letter != 'n' ||
		    !denial_add(&arguments->denial, optarg))
			return false;
	}
	if (arguments->kind != NULL && optind + 1 == argc)
		arguments->type = argv[optind++];
	return optind == argc &&
	    (arguments->kind == NULL || arguments->type != NULL);
}

int
main(int argc, char **argv)
{
	struct arguments arguments;

	if (!read_arguments(argc, argv, &arguments)) {
		fprintf(stderr,
		    "sallyport-login is started by sallyportd, not by hand\n");
		return EXIT_USAGE;
	}
	kinship_require("sallyport-login");
	return arguments.kind == NULL ? serve(&arguments)
				      : run_describe(&arguments);
}
