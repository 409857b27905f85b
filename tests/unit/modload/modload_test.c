/* Which files are taken as modules, and what is made of their options. */
#include "daemon/modload/modgroup.h"
#include "tests/unit/modload/sample.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The beginning of struct sp_module as it lies in the file. */
struct head {
	uint32_t magic;
	uint16_t abi_major, abi_minor;
	uint32_t size;
	uint32_t opt_size;
};

static const struct head sample_head = {
	SP_MODULE_MAGIC,
	SP_ABI_MAJOR,
	SP_ABI_MINOR,
	sizeof(struct sp_module),
	sizeof(struct sp_opt),
};

static char top[64];
static char folder[128]; /* below top */
static uint8_t *bytes;
static size_t len;

static uint8_t *
read_whole(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *content;

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	content = malloc(*size);
	assert_int_equal(fread(content, 1, *size, file), *size);
	fclose(file);
	return content;
}

static int
set_up(void **state)
{
	(void)state;
	bytes = read_whole(SAMPLE, &len);
	snprintf(top, sizeof top, "/tmp/modload-test-XXXXXX");
	return mkdtemp(top) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[80];

	(void)state;
	free(bytes);
	snprintf(command, sizeof command, "rm -r %s", top);
	return system(command);
}

/* In a new folder each time: a path that was loaded is not loaded again. */
static void
write_sample(const uint8_t *content, size_t size)
{
	static unsigned count;
	char path[PATH_MAX];
	FILE *file;

	snprintf(folder, sizeof folder, "%s/%u", top, count++);
	assert_int_equal(mkdir(folder, 0755), 0);
	snprintf(path, sizeof path, "%s/sample.so", folder);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, size, file), size);
	fclose(file);
	assert_int_equal(chmod(path, 0644), 0);
}

static void
replace(const void *from, const void *to, size_t size)
{
	uint8_t *copy = malloc(len);
	uint8_t *at;
	size_t places = 0;

	memcpy(copy, bytes, len);
	for (at = copy;
	     (at = memmem(at, len - (size_t)(at - copy), from, size)) != NULL;
	     at += size) {
		memcpy(at, to, size);
		places++;
	}
	assert_true(places > 0);
	write_sample(copy, len);
	free(copy);
}

static bool
try_open(const char *type, struct modload_module *module,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	const struct modload_folder where = { .path = folder,
		.owner = geteuid() };

	return modload_open(&where, type, module, problem);
}

static void
assert_refused(const char *type, const char *because)
{
	struct modload_module module;
	char problem[MODLOAD_PROBLEM_SIZE] = "";

	assert_false(try_open(type, &module, problem));
	if (strstr(problem, because) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", problem, because);
}

static void
a_whole_module_is_taken(void **state)
{
	struct modload_module module;
	char problem[MODLOAD_PROBLEM_SIZE];

	(void)state;
	write_sample(bytes, len);
	assert_true(try_open("sample", &module, problem));
	assert_string_equal(module.self.name, "sample");
	assert_string_equal(module.auth.methods, "publickey");
	assert_int_equal(module.handler.size, 0);
	assert_string_equal(
	    modload_option(&module, module.self.opts, 0).name, "text");
	assert_null(modload_option(&module, module.self.opts, 18).name);
}

static void
a_head_with_wrong_numbers_is_refused(void **state)
{
	static const struct {
		struct head head;
		const char *because;
	} rows[] = {
		{ { 0x12345678, 1, 0, 88, 96 }, "magic" },
		{ { SP_MODULE_MAGIC, 2, 0, 88, 96 }, "rebuild the module" },
		{ { SP_MODULE_MAGIC, 1, 9, 88, 96 }, "upgrade the daemon" },
		{ { SP_MODULE_MAGIC, 1, 0, 8, 80 }, "damaged" },
		{ { SP_MODULE_MAGIC, 1, 0, 88, 8 }, "damaged" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		replace(&sample_head, &rows[i].head, sizeof sample_head);
		assert_refused("sample", rows[i].because);
	}
}

/* What such a module does not know of is absent. */
static void
shorter_rows_of_an_older_module_are_read(void **state)
{
	enum { OLD = offsetof(struct sp_opt, group) };
	const struct sp_opt row = { .name = "a", .type = SP_O_STR, .max = 7 };
	struct modload_module module = { .self.opt_size = OLD };
	struct sp_opt table[2] = { { .name = NULL } }, got;

	(void)state;
	memcpy(table, &row, OLD);
	memcpy((char *)table + OLD, &row, OLD);
	got = modload_option(&module, table, 0);
	assert_string_equal(got.name, "a");
	assert_int_equal(got.max, 7);
	assert_null(got.group);
	assert_int_equal(got.group_size, 0);
	assert_string_equal(modload_option(&module, table, 1).name, "a");
}

static void
a_file_without_the_symbol_is_refused(void **state)
{
	uint8_t *content;
	size_t size;

	(void)state;
	content = read_whole(EMPTY, &size);
	write_sample(content, size);
	free(content);
	assert_refused("sample", "exports no sp_module");
}

static void
a_file_that_is_no_shared_object_is_refused(void **state)
{
	(void)state;
	write_sample((const uint8_t *)"text", 4);
	assert_refused("sample", "cannot load");
}

static void
a_file_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_refused("absent", "no module \"absent\"");
}

static void
a_type_that_is_a_path_is_refused(void **state)
{
	static const char *const types[] = { "", "../sample", "/sample", "a b",
		"-x", "Sample", "a.b" };

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		assert_refused(types[i], "is no module");
}

static void
a_module_under_another_name_is_refused(void **state)
{
	char from[PATH_MAX], to[PATH_MAX];

	(void)state;
	write_sample(bytes, len);
	snprintf(from, sizeof from, "%s/sample.so", folder);
	snprintf(to, sizeof to, "%s/other.so", folder);
	assert_int_equal(rename(from, to), 0);
	assert_refused("other", "calls itself \"sample\"");
}

static void
what_others_may_write_is_refused(void **state)
{
	char path[PATH_MAX];

	(void)state;
	write_sample(bytes, len);
	snprintf(path, sizeof path, "%s/sample.so", folder);
	assert_int_equal(chmod(path, 0664), 0);
	assert_refused("sample", "chmod go-w");
	assert_int_equal(chmod(path, 0646), 0);
	assert_refused("sample", "chmod go-w");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_refused("sample", "chmod go-w");
	/* Sticky is not enough for the module folder itself. */
	assert_int_equal(chmod(folder, 01777), 0);
	assert_refused("sample", "chmod go-w");
	assert_int_equal(chmod(folder, 0755), 0);
}

static void
what_belongs_to_others_is_refused(void **state)
{
	char path[PATH_MAX];

	(void)state;
	if (geteuid() != 0)
		skip();
	write_sample(bytes, len);
	snprintf(path, sizeof path, "%s/sample.so", folder);
	assert_int_equal(chown(path, 64701, 64701), 0);
	assert_refused("sample", "belongs to user id 64701");
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(folder, 64701, 64701), 0);
	assert_refused("sample", "belongs to user id 64701");
	assert_int_equal(chown(folder, 0, 0), 0);
}

/* ---- options ---- */

static bool
load(struct arena *arena, const struct tree_node *options, enum sp_kind kind,
    struct modgroup *group, char problem[MODLOAD_PROBLEM_SIZE])
{
	const struct modload_folder where = { .path = folder,
		.owner = geteuid() };
	const struct module_settings settings = {
		.name = "mine",
		.type = "sample",
		.options = options,
		.serves = "",
	};

	write_sample(bytes, len);
	return modgroup_load(group, kind, &settings, &where, arena, problem);
}

static struct tree_node *
make_group(struct arena *arena)
{
	struct tree_node *group = tree_add(arena, NULL, TREE_GROUP, "mine");

	group->file = "a.conf";
	group->line = 1;
	return group;
}

static struct tree_node *
add_text(struct arena *arena, struct tree_node *group, const char *name,
    const char *text)
{
	struct tree_node *node = tree_add(arena, group, TREE_STRING, name);

	node->text = text;
	node->file = "a.conf";
	node->line = 7;
	return node;
}

static struct tree_node *
add_number(struct arena *arena, struct tree_node *group, const char *name,
    int64_t number)
{
	struct tree_node *node = tree_add(arena, group, TREE_INTEGER, name);

	node->number = number;
	node->file = "a.conf";
	node->line = 9;
	return node;
}

static void
options_that_are_not_set_have_their_defaults(void **state)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";
	struct modgroup group;
	const struct sample *s;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_true(
	    load(&arena, make_group(&arena), SP_KIND_AUTH, &group, problem));
	s = group.conf;
	assert_string_equal(s->text, "plain");
	assert_true(s->flag);
	assert_int_equal(s->number, 5);
	assert_int_equal(s->bytes, 65536);
	assert_int_equal(s->time, 30000);
	assert_int_equal(s->rate, 5242880);
	assert_int_equal(s->mode, 0640);
	assert_string_equal(s->path, "/etc/x");
	assert_int_equal(s->colour, 1);
	assert_int_equal(s->list.count, 2);
	assert_string_equal(s->list.items[1], "b");
	assert_int_equal(s->paths.count, 2);
	assert_string_equal(s->paths.items[0], "%h/a");
	assert_string_equal(s->patterns.items[0], "a*");
	assert_int_equal(s->who.count, 0);
	assert_string_equal(s->greeting, "Hi %i!\n");
	assert_string_equal(s->argv.items[1], "%1");
	assert_string_equal(s->env.items[0], "A=%u");
	assert_int_equal(s->group.time, 3000);
	assert_int_equal(s->groups.count, 0);
	arena_clear(&arena);
}

static void
options_that_are_set_arrive(void **state)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";
	struct tree_node *options;
	struct modgroup group;
	const struct sample *s;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	options = make_group(&arena);
	add_text(&arena, options, "text", "other");
	add_text(&arena, options, "time", "2m");
	add_text(&arena, options, "colour", "blue");
	add_text(&arena, options, "list", "alone");
	add_number(&arena, options, "number", 7);
	assert_true(load(&arena, options, SP_KIND_AUTH, &group, problem));
	s = group.conf;
	assert_string_equal(s->text, "other");
	assert_int_equal(s->time, 120000);
	assert_int_equal(s->colour, 2);
	assert_int_equal(s->list.count, 1);
	assert_string_equal(s->list.items[0], "alone");
	assert_int_equal(s->number, 7);
	arena_clear(&arena);
}

static struct tree_node *
add_member(struct arena *arena, struct tree_node *parent, enum tree_kind kind,
    const char *name, unsigned line)
{
	struct tree_node *node = tree_add(arena, parent, kind, name);

	node->file = "a.conf";
	node->line = line;
	return node;
}

static void
groups_of_options_arrive_and_their_mistakes_have_a_place(void **state)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";
	struct tree_node *options, *list, *group;
	const struct sample_inner *items;
	struct modgroup loaded;
	const struct sample *s;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	options = make_group(&arena);
	list = add_member(&arena, options, TREE_LIST, "groups", 3);
	group = add_member(&arena, list, TREE_GROUP, "", 4);
	add_text(&arena, group, "match", "one");
	group = add_member(&arena, list, TREE_GROUP, "", 5);
	add_text(&arena, group, "match", "two");
	add_text(&arena, group, "time", "1m");
	group = add_member(&arena, options, TREE_GROUP, "group", 6);
	add_text(&arena, group, "time", "5s");
	assert_true(load(&arena, options, SP_KIND_AUTH, &loaded, problem));
	s = loaded.conf;
	items = s->groups.items;
	assert_int_equal(s->groups.count, 2);
	assert_string_equal(items[0].match.items[0], "one");
	assert_int_equal(items[0].time, 2000);
	assert_string_equal(items[1].match.items[0], "two");
	assert_int_equal(items[1].time, 60000);
	assert_int_equal(s->group.time, 5000);
	group = add_member(&arena, list, TREE_GROUP, "", 8);
	add_text(&arena, group, "match", "[");
	assert_false(load(&arena, options, SP_KIND_AUTH, &loaded, problem));
	assert_non_null(strstr(problem, "a.conf:7: groups[2].match: "));
	arena_clear(&arena);
}

static void
a_wrong_option_is_told_with_its_place(void **state)
{
	static const struct {
		const char *name;
		const char *text;
	} rows[] = {
		{ "colour", "pink" },
		{ "colours", "red" },
		{ "time", "soon" },
		{ "mode", "999" },
		{ "path", "relative" },
		{ "flag", "maybe" },
	};
	char problem[MODLOAD_PROBLEM_SIZE] = "";
	struct tree_node *options;
	struct modgroup group;
	struct arena arena;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		arena_init(&arena);
		options = make_group(&arena);
		add_text(&arena, options, rows[i].name, rows[i].text);
		assert_false(
		    load(&arena, options, SP_KIND_AUTH, &group, problem));
		assert_non_null(strstr(problem, "a.conf:7: "));
		assert_non_null(strstr(problem, rows[i].name));
		arena_clear(&arena);
	}
	arena_init(&arena);
	options = make_group(&arena);
	add_number(&arena, options, "number", 10);
	assert_false(load(&arena, options, SP_KIND_AUTH, &group, problem));
	assert_non_null(strstr(problem, "a.conf:9: "));
	arena_clear(&arena);
}

static void
a_module_of_another_kind_or_that_does_not_start_is_refused(void **state)
{
	char problem[MODLOAD_PROBLEM_SIZE] = "";
	struct tree_node *options;
	struct modgroup group;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	options = make_group(&arena);
	assert_false(load(&arena, options, SP_KIND_HANDLER, &group, problem));
	assert_non_null(strstr(problem, "is no handler"));
	add_number(&arena, options, "number", 9);
	assert_false(load(&arena, options, SP_KIND_AUTH, &group, problem));
	assert_non_null(strstr(problem, "it is told not to start"));
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_module_is_taken),
		cmocka_unit_test(a_head_with_wrong_numbers_is_refused),
		cmocka_unit_test(shorter_rows_of_an_older_module_are_read),
		cmocka_unit_test(a_file_without_the_symbol_is_refused),
		cmocka_unit_test(a_file_that_is_no_shared_object_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_refused),
		cmocka_unit_test(a_type_that_is_a_path_is_refused),
		cmocka_unit_test(a_module_under_another_name_is_refused),
		cmocka_unit_test(what_others_may_write_is_refused),
		cmocka_unit_test(what_belongs_to_others_is_refused),
		cmocka_unit_test(options_that_are_not_set_have_their_defaults),
		cmocka_unit_test(options_that_are_set_arrive),
		cmocka_unit_test(
		    groups_of_options_arrive_and_their_mistakes_have_a_place),
		cmocka_unit_test(a_wrong_option_is_told_with_its_place),
		cmocka_unit_test(
		    a_module_of_another_kind_or_that_does_not_start_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
