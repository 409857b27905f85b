/* A configuration examined: projections sealed, mistakes as text. */
#include "daemon/supervisor/examination.h"

#include "tests/unit/alloc_fail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/examination_test.XXXXXX";
static char what[4096];

static const char good[] =
    "server = { listen = \"127.0.0.1:0\"; gates = 3; };\n"
    "auth = { keys = { type = \"authorized_keys\"; }; };\n"
    "handlers = { login = { type = \"login\"; }; };\n"
    "profiles = { all = { accept = \"keys\"; exec = \"login\"; }; };\n"
    "rules = ( { use = \"all\"; } );\n";

static void
write_config(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static int
set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	return fd < 0 ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static const struct schema_row no_options[] = { { 0 } };

static bool
describe(void *arg, enum loader_kind kind, const char *type,
    struct loader_module *module, char *problem, size_t size)
{
	(void)arg;
	(void)type;
	(void)problem;
	(void)size;
	module->serves = kind == LOADER_AUTH ? "publickey" : "shell,exec";
	module->options = no_options;
	return true;
}

static bool
crash(void *arg, enum loader_kind kind, const char *type,
    struct loader_module *module, char *problem, size_t size)
{
	(void)arg;
	(void)kind;
	(void)type;
	(void)module;
	(void)problem;
	(void)size;
	_exit(99);
}

static bool
examine(struct examination *e, loader_describer *describer)
{
	const struct loader_request request = {
		.path = path,
		.describe = describer,
	};

	what[0] = '\0';
	return examination_run(e, &request, what, sizeof what);
}

static void
a_good_one_gives_sealed_projections(void **state)
{
	struct examination e;
	struct gate_settings gate;
	struct arena arena;
	uint8_t bytes[65536];
	ssize_t len;

	(void)state;
	write_config(good);
	assert_true(examine(&e, describe));
	assert_int_equal(e.settings.gates, 3);
	assert_int_equal(e.settings.listen.count, 1);
	len = pread(e.gate, bytes, sizeof bytes, 0);
	assert_true(len > 0);
	arena_init(&arena);
	assert_int_equal(
	    projection_read_gate(view_of(bytes, (size_t)len), &arena, &gate),
	    SP_OK);
	assert_int_equal(gate.gates, 3);
	/* What the modules said, though none is loaded here. */
	assert_string_equal(gate.methods, "publickey");
	arena_clear(&arena);
	assert_true(pwrite(e.gate, "x", 1, 0) < 0);
	assert_true(ftruncate(e.login, 0) < 0);
	assert_int_equal(fcntl(e.keyholder, F_GET_SEALS),
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	examination_clear(&e);
	examination_clear(&e);
}

static void
read_with_failures(void *context)
{
	const struct loader_request request = { .path = path,
		.describe = describe };
	struct pollfd verdict = { .events = POLLIN };
	struct examination e;
	pid_t reader;
	bool is_good;

	(void)context;
	what[0] = '\0';
	alloc_fail_pause(true);
	assert_true(examination_begin(&e, &request, what, sizeof what));
	reader = e.reader;
	verdict.fd = e.verdict;
	assert_int_equal(poll(&verdict, 1, EXAMINATION_TIME), 1);
	alloc_fail_pause(false);
	is_good = examination_end(&e, what, sizeof what);
	alloc_fail_stop();
	assert_int_equal(is_good, !alloc_fail_happened());
	assert_true(is_good || strstr(what, strerror(ENOMEM)) != NULL);
	examination_clear(&e);
	assert_int_equal(waitpid(reader, NULL, 0), reader);
}

static void
without_memory_it_is_not_taken_and_nobody_ends(void **state)
{
	(void)state;
	write_config(good);
	assert_true(alloc_fail_count(read_with_failures, NULL) > 0);
	alloc_fail_each(read_with_failures, NULL);
}

static void
every_mistake_is_told(void **state)
{
	struct examination e;

	(void)state;
	write_config("server = { listn = \"x\"; };\nrulez = ( );\n");
	assert_false(examine(&e, describe));
	assert_non_null(strstr(what, ":1: server.listn"));
	assert_non_null(strstr(what, ":2: rulez"));
}

static void
a_module_that_crashes_is_no_configuration(void **state)
{
	struct examination e;

	(void)state;
	write_config(good);
	assert_false(examine(&e, crash));
	assert_non_null(strstr(what, "crashed"));
}

static void
without_gates_named_there_is_one_a_core(void **state)
{
	struct examination e;
	char text[sizeof good];
	char *place;

	(void)state;
	strcpy(text, good);
	place = strstr(text, "gates = 3;");
	memset(place, ' ', strlen("gates = 3;"));
	write_config(text);
	assert_true(examine(&e, describe));
	assert_true(e.settings.gates >= 1);
	examination_clear(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_gives_sealed_projections),
		cmocka_unit_test(
		    without_memory_it_is_not_taken_and_nobody_ends),
		cmocka_unit_test(every_mistake_is_told),
		cmocka_unit_test(a_module_that_crashes_is_no_configuration),
		cmocka_unit_test(without_gates_named_there_is_one_a_core),
	};

	alloc_fail_install();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
