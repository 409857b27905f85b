/*
 * sallyport-modtest: tries a module outside of the daemon.
 *
 *	sallyport-modtest [--script FILE] [--identity NAME] [--peer ADDRESS]
 *	    MODULE.so [OPTION=VALUE ...]
 *
 * Runs as: whoever writes the module, with nobody's rights but his own. May
 * see and do: what he may. It loads the module as the daemon does, but for
 * who may own the file, tells what it is, and then does what it is told to,
 * by hand or by a script. What it calls of an auth module it calls in this
 * process, where a debugger and sanitizers see it; a handler is served by a
 * session in a process of its own. Dies at the end of its input.
 */
#include "cli/modtest/assignment.h"
#include "cli/modtest/attendant.h"
#include "cli/modtest/errand.h"
#include "daemon/config/value.h"
#include "daemon/confine/confine.h"
#include "daemon/ipc/ipc.h"
#include "daemon/log/line.h"
#include "daemon/modload/modoptions.h"
#include "daemon/modload/trust.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sallyport/key.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 64, LINES_MAX = 64 };

static const char usage[] =
    "usage: sallyport-modtest [--script FILE] [--identity NAME] "
    "[--peer ADDRESS]\n"
    "           MODULE.so [OPTION=VALUE ...]\n";

struct arguments {
	const char *script; /* NULL: by hand */
	const char *identity;
	struct cidr_address peer;
	const char *file;
	char *const *words; /* the options */
	size_t count;
};

/* The module under test, for each kind that it is. */
struct subject {
	char folder[PATH_MAX];
	char type[NAME_MAX + 1];
	struct modload_module module;
	struct module_settings settings;
	struct modgroup auth, handler, storage;
	bool is_auth, is_handler, is_storage;
};

/* ---- the log ---- */

/* What the module and its host say, on standard error. */
static void
show_record(struct sp_view body)
{
	struct record record;
	struct buffer line;

	buffer_init(&line, LINE_MAX_LEN);
	if (record_decode(body, &record) == SP_OK &&
	    line_write_text(&record, &line) == SP_OK)
		fprintf(stderr, "log: %.*s\n", (int)buffer_len(&line),
		    (const char *)buffer_view(&line).data);
	buffer_clear(&line);
}

/* ---- loading ---- */

static bool
complain(const char *what, const char *why)
{
	fprintf(stderr, "sallyport-modtest: %s: %s\n", what, why);
	return false;
}

/* A path becomes the folder and type that the daemon would look for. */
static bool
find(struct subject *subject, const char *path)
{
	char file[PATH_MAX];
	char *slash;
	size_t len;

	if (realpath(path, file) == NULL)
		return complain(path, strerror(errno));
	slash = strrchr(file, '/');
	len = strlen(slash + 1);
	if (len <= 3 || strcmp(slash + 1 + len - 3, ".so") != 0)
		return complain(path, "a module's file is called NAME.so");
	memcpy(subject->type, slash + 1, len - 3);
	subject->type[len - 3] = '\0';
	slash[slash == file ? 1 : 0] = '\0';
	memcpy(subject->folder, file, strlen(file) + 1);
	return true;
}

/* What a daemon of root's would say of it here. */
static void
tell_trust(const char *path)
{
	char problem[MODLOAD_PROBLEM_SIZE], file[PATH_MAX];

	if (realpath(path, file) != NULL && !trust_check(file, 0, 2, problem))
		printf(
		    "  a daemon of root's would refuse it here: %s\n", problem);
}

static bool
load_group(struct subject *subject, enum sp_kind kind, struct modgroup *group,
    struct arena *arena)
{
	const struct modload_folder folder = {
		.path = subject->folder,
		.owner = geteuid(),
		.is_lax = true,
	};
	char problem[MODLOAD_PROBLEM_SIZE] = "";

	if (modgroup_load(
		group, kind, &subject->settings, &folder, arena, problem))
		return true;
	return complain(subject->type, problem);
}

static bool
load(struct subject *subject, const struct arguments *arguments,
    const struct schema_row *rows, struct arena *arena)
{
	struct mistakes mistakes;
	bool is_good;

	mistake_init(&mistakes);
	subject->settings = (struct module_settings){
		.name = subject->type,
		.type = subject->type,
		.options = assignment_read(
		    arena, rows, arguments->words, arguments->count, &mistakes),
		.serves = subject->module.handler.accepts,
	};
	mistake_print(&mistakes, stderr);
	is_good = mistakes.count == 0 && subject->settings.options != NULL;
	mistake_clear(&mistakes);
	return is_good &&
	    (!subject->is_auth ||
		load_group(subject, SP_KIND_AUTH, &subject->auth, arena)) &&
	    (!subject->is_handler ||
		load_group(
		    subject, SP_KIND_HANDLER, &subject->handler, arena)) &&
	    (!subject->is_storage ||
		load_group(subject, SP_KIND_STORAGE, &subject->storage, arena));
}

/* ---- describing ---- */

static void
describe_option(const struct schema_row *row)
{
	printf("    %-16s %s; %s", row->name, row->meaning,
	    value_type_name(row->type));
	if (row->dflt == NULL)
		puts(", must be given");
	else
		printf(", default \"%s\"\n", row->dflt);
}

static void
describe_auth(const struct sp_auth_ops *auth)
{
	printf("  auth: %s%s%s\n", auth->methods,
	    auth->open == NULL ? "" : "; opens sessions",
	    auth->service == NULL ? "" : "; has a service");
}

static void
describe(const struct subject *subject, const struct schema_row *rows,
    const char *path)
{
	const struct sp_module *self = &subject->module.self;

	printf("%s %s: %s\n  module interface %u.%u; this program has %d.%d\n",
	    self->name, self->version == NULL ? "-" : self->version,
	    self->summary == NULL ? "-" : self->summary, self->abi_major,
	    self->abi_minor, SP_ABI_MAJOR, SP_ABI_MINOR);
	if (subject->is_auth)
		describe_auth(&subject->module.auth);
	if (subject->is_handler)
		printf("  handler: %s\n", subject->module.handler.accepts);
	if (subject->is_storage)
		puts("  storage: a handler such as sftp serves it");
	tell_trust(path);
	puts(rows->name == NULL ? "  options: none" : "  options:");
	for (; rows->name != NULL; rows++)
		describe_option(rows);
}

/* ---- orders ---- */

/* The service is told to end; false where it cannot. */
static bool
dismiss(const struct errand_given *given)
{
	struct answer answer;
	bool is_good;

	if (given->auth == NULL)
		return true;
	answer_init(&answer);
	attendant_stop(given->attendant, &answer);
	is_good = !answer.is_failure;
	if (!is_good)
		answer_print(&answer, stdout);
	answer_clear(&answer);
	return is_good;
}

struct tally {
	size_t passed, failed;
};

/* An order of a script with the lines that must be the answer. */
struct scene {
	size_t line; /* where it stands */
	char *order; /* NULL: none yet */
	char *expected[LINES_MAX];
	size_t count;
};

static void
play(const struct errand_given *given, struct scene *scene, struct tally *tally)
{
	struct answer answer;
	bool is_right;

	if (scene->order == NULL)
		return;
	answer_init(&answer);
	errand_run(given, scene->order, &answer);
	is_right = answer_fits(
	    &answer, (const char *const *)scene->expected, scene->count);
	printf("%s %zu: %s\n", is_right ? "ok  " : "FAIL", scene->line,
	    scene->order);
	if (!is_right) {
		for (size_t i = 0; i < scene->count; i++)
			printf("  expected: %s\n", scene->expected[i]);
		answer_print(&answer, stdout);
	}
	*(is_right ? &tally->passed : &tally->failed) += 1;
	answer_clear(&answer);
	free(scene->order);
	for (size_t i = 0; i < scene->count; i++)
		free(scene->expected[i]);
	*scene = (struct scene){ .order = NULL };
}

/* One line of a script; false where it makes no sense. */
static bool
take_line(const struct errand_given *given, struct scene *scene, size_t number,
    const char *line, struct tally *tally)
{
	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (line[0] == '>') {
		play(given, scene, tally);
		scene->line = number;
		scene->order = strdup(line + 1 + strspn(line + 1, " "));
		return scene->order != NULL;
	}
	if (scene->order == NULL || scene->count == LINES_MAX)
		return false;
	scene->expected[scene->count] = strdup(line);
	return scene->expected[scene->count++] != NULL;
}

static int
run_script(const struct errand_given *given, const char *path)
{
	struct scene scene = { .order = NULL };
	struct tally tally = { 0 };
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0, number = 0;
	bool is_good = true;

	if (file == NULL) {
		complain(path, strerror(errno));
		return EXIT_FAILURE;
	}
	while (is_good && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		is_good = take_line(given, &scene, ++number, line, &tally);
	}
	play(given, &scene, &tally);
	free(line);
	fclose(file);
	if (!is_good)
		complain(path, "an answer without an order, or too long a one");
	tally.failed += !is_good;
	tally.failed += !dismiss(given);
	printf("%zu passed, %zu failed\n", tally.passed, tally.failed);
	return tally.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
run_by_hand(const struct errand_given *given)
{
	bool is_terminal = isatty(STDIN_FILENO) == 1;
	struct answer answer;
	char *line = NULL;
	size_t size = 0;

	for (;;) {
		if (is_terminal)
			fputs("> ", stdout);
		fflush(stdout);
		if (getline(&line, &size, stdin) <= 0)
			break;
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (strcmp(line, "help") == 0) {
			fputs(errand_help, stdout);
			continue;
		}
		answer_init(&answer);
		errand_run(given, line, &answer);
		answer_print(&answer, stdout);
		answer_clear(&answer);
	}
	free(line);
	return dismiss(given) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- beginning ---- */

static int
run(struct subject *subject, const struct arguments *arguments,
    struct arena *arena)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";
	struct errand_given given = {
		.identity = arguments->identity,
		.peer = { .address = arguments->peer },
	};
	const struct modload_folder folder = {
		.path = subject->folder,
		.owner = geteuid(),
		.is_lax = true,
	};
	const struct schema_row *rows = NULL;
	struct attendant attendant;
	struct sp_crypto *crypto;
	int status;

	if (modload_open(&folder, subject->type, &subject->module, problem))
		rows = modoptions_rows(arena, &subject->module, problem);
	if (rows == NULL) {
		complain(arguments->file, problem);
		return EXIT_FAILURE;
	}
	subject->is_auth = subject->module.auth.size > 0;
	subject->is_handler = subject->module.handler.size > 0;
	subject->is_storage = subject->module.storage.size > 0;
	describe(subject, rows, arguments->file);
	if (!load(subject, arguments, rows, arena))
		return EXIT_FAILURE;
	crypto = sp_crypto_new();
	if (crypto == NULL) {
		complain("libcrypto", "an algorithm is missing");
		return EXIT_FAILURE;
	}
	given.crypto = crypto;
	if (subject->is_auth) {
		if (!attendant_start(&attendant, &subject->auth)) {
			complain("its service", strerror(errno));
			return EXIT_FAILURE;
		}
		given.auth = &subject->auth;
		given.attendant = &attendant;
	}
	given.handler = subject->is_handler ? &subject->handler : NULL;
	given.settings = &subject->settings;
	status = arguments->script == NULL
	    ? run_by_hand(&given)
	    : run_script(&given, arguments->script);
	sp_crypto_free(crypto);
	return status;
}

static bool
read_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "script", required_argument, NULL, 's' },
		{ "identity", required_argument, NULL, 'i' },
		{ "peer", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int letter;

	*arguments = (struct arguments){ .script = NULL };
	while ((letter = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (letter == 's')
			arguments->script = optarg;
		else if (letter == 'i')
			arguments->identity = optarg;
		else if (letter != 'p' ||
		    !cidr_parse_address(optarg, &arguments->peer))
			return false;
	}
	if (optind >= argc)
		return false;
	arguments->file = argv[optind];
	arguments->words = argv + optind + 1;
	arguments->count = (size_t)(argc - optind - 1);
	return true;
}

int
main(int argc, char **argv)
{
	struct arguments arguments;
	static struct subject subject;
	struct arena arena;
	int status = EXIT_FAILURE;

	if (!read_arguments(argc, argv, &arguments)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	confine_remember_limits();
	signal(SIGPIPE, SIG_IGN);
	log_divert(show_record, LOG_LEVEL_DEBUG);
	arena_init(&arena);
	if (find(&subject, arguments.file))
		status = run(&subject, &arguments, &arena);
	arena_clear(&arena);
	return status;
}
