/* Hooks, of a host that starts programs which end as a test has them. */
#include "modules/sftp/hook.h"

#include <errno.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RUNS = 16 };

struct sp_chan {
	uint64_t given[1000];
	size_t given_count;
};

/* A program that was started. */
struct sp_run {
	char what[300]; /* its path, event and time, and what of */
	char env[2000]; /* each with a ";" behind */
	void (*ended)(void *arg, const struct sp_outcome *);
	void *arg;
	bool is_over, was_wanted;
};

static struct sp_chan chan;
static struct sp_run runs[RUNS];
static size_t run_count;
static bool cannot_start, has_no_identity;
static struct hooks hooks;
static uint32_t late_status;

/* ---- the host ---- */

void *
sp_chan_alloc(struct sp_chan *c, size_t size)
{
	size_t at = c->given_count;

	c->given_count += size / sizeof c->given[0] + 1;
	assert_true(c->given_count <= sizeof c->given / sizeof c->given[0]);
	return &c->given[at];
}

const char *
sp_chan_get(struct sp_chan *c, const char *key)
{
	(void)c;
	return strcmp(key, "peer") == 0 ? "192.0.2.7" : NULL;
}

const char *
sp_chan_expand(struct sp_chan *c, const char *text, const char *const *words)
{
	(void)c;
	(void)words;
	if (strcmp(text, "%u") == 0)
		return "alice";
	return has_no_identity && strcmp(text, "%i") == 0 ? NULL : text;
}

const char *const *
sp_chan_make_env(
    struct sp_chan *c, const char *const *variables, bool with_clients)
{
	(void)c;
	assert_false(with_clients);
	return variables;
}

bool
sp_match_any(const struct sp_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (fnmatch(patterns->items[i], text, 0) == 0)
			return true;
	return false;
}

bool
sp_check_program(const char *path, char *err, size_t size)
{
	snprintf(err, size, "%s is none", path);
	return strcmp(path, "/none") != 0;
}

void
sp_log(int priority, const char *event, const char *format, ...)
{
	(void)priority;
	(void)format;
	assert_string_equal(event, "hook_failed");
}

/* Of places among programs that wait there are so many. */
static size_t places;

bool
sp_chan_keep_places(struct sp_chan *c, size_t count)
{
	(void)c;
	if (count > places)
		return false;
	places -= count;
	return true;
}

void
sp_chan_give_back_places(struct sp_chan *c, size_t count)
{
	(void)c;
	places += count;
}

struct sp_run *
sp_chan_run(struct sp_chan *c, const struct sp_siderun *siderun)
{
	struct sp_run *run = &runs[run_count];
	size_t len = 0;

	assert_ptr_equal(c, &chan);
	errno = EAGAIN;
	if (cannot_start)
		return NULL;
	assert_true(run_count++ < RUNS);
	*run = (struct sp_run){ .ended = siderun->ended, .arg = siderun->arg };
	snprintf(run->what, sizeof run->what, "%s %s %s",
	    siderun->program->path, siderun->event, siderun->path);
	for (size_t i = 0; siderun->program->env[i] != NULL; i++)
		len += (size_t)snprintf(run->env + len, sizeof run->env - len,
		    "%s;", siderun->program->env[i]);
	return run;
}

void
sp_run_leave(struct sp_run *run, bool is_wanted)
{
	assert_false(run->is_over);
	run->is_over = true;
	run->was_wanted = is_wanted;
}

/* ---- calls ---- */

static void
on_done(void *arg, uint32_t status)
{
	assert_ptr_equal(arg, &chan);
	assert_int_equal(late_status, SP_FILE_LATER);
	late_status = status;
}

/* The program exits so; what the call came to, if it did. */
static uint32_t
exit_with(size_t number, uint32_t status)
{
	const struct sp_outcome outcome = {
		.size = sizeof outcome,
		.has_ended = true,
		.status = status,
	};

	assert_true(number < run_count && !runs[number].is_over);
	runs[number].is_over = true;
	late_status = SP_FILE_LATER;
	runs[number].ended(runs[number].arg, &outcome);
	return late_status;
}

#define LIST(...) \
	{ \
		.items = (const char *const[]){ __VA_ARGS__ }, \
		.count = sizeof((const char *const[]){ __VA_ARGS__ }) / \
		    sizeof(char *) \
	}

static const struct hook_conf three[] = {
	{ .before = LIST("rename", "delete"), .run = LIST("/one"), .time = 5 },
	{ .before = LIST("rename"),
	    .path = LIST("/in/*"),
	    .run = LIST("/two", "-x"),
	    .env = LIST("A=b"),
	    .time = 5 },
	{ .after = LIST("upload", "rename"), .run = LIST("/three"), .time = 5 },
};

static const struct hook_call moved = {
	.event = HOOK_RENAME,
	.path = "/x",
	.target = "/in/x",
	.file = "/srv/x",
};

static int
set_up(void **state)
{
	static const struct sp_groups groups = { .items = three, .count = 3 };

	(void)state;
	chan.given_count = 0;
	run_count = 0;
	cannot_start = has_no_identity = false;
	places = 3;
	return hook_init(&hooks, &chan, &groups, 2, on_done, &chan) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	hook_leave(&hooks);
	hook_clear(&hooks);
	assert_int_equal(places, 3);
	return 0;
}

static uint32_t
tell(const struct hook_call *call, enum hook_time time)
{
	struct hook_call own = *call;

	own.time = time;
	own.is_settled = time == HOOK_AFTER;
	return hook_tell(&hooks, &own);
}

/* ---- tests ---- */

static void
those_that_are_waited_for_run_one_after_the_other(void **state)
{
	(void)state;
	assert_int_equal(tell(&moved, HOOK_BEFORE), SP_FILE_LATER);
	assert_int_equal(run_count, 1);
	assert_string_equal(runs[0].what, "/one rename /x");
	assert_int_equal(exit_with(0, 0), SP_FILE_LATER);
	assert_string_equal(runs[1].what, "/two rename /x");
	assert_string_equal(runs[1].env,
	    "SALLYPORT_EVENT=rename;SALLYPORT_WHEN=before;SALLYPORT_PATH=/x;"
	    "SALLYPORT_TARGET=/in/x;SALLYPORT_FILE=/srv/x;"
	    "SALLYPORT_USER=alice;SALLYPORT_SOURCE=192.0.2.7;"
	    "SALLYPORT_PROFILE=;A=b;");
	assert_int_equal(exit_with(1, 0), SP_FILE_OK);
	assert_int_equal(run_count, 2);
}

static void
the_first_that_refuses_is_the_last(void **state)
{
	(void)state;
	assert_int_equal(tell(&moved, HOOK_BEFORE), SP_FILE_LATER);
	assert_int_equal(exit_with(0, 1), SP_FILE_DENIED);
	assert_int_equal(run_count, 1);
	cannot_start = true;
	assert_int_equal(tell(&moved, HOOK_BEFORE), SP_FILE_DENIED);
	/* Who is not waited for keeps nobody from anything. */
	assert_int_equal(tell(&moved, HOOK_AFTER), SP_FILE_OK);
}

static void
a_path_is_one_of_those_it_is_for(void **state)
{
	struct hook_call call = {
		.event = HOOK_RENAME, .path = "/x", .target = "/y"
	};

	(void)state;
	assert_int_equal(tell(&call, HOOK_BEFORE), SP_FILE_LATER);
	assert_int_equal(exit_with(0, 0), SP_FILE_OK);
	assert_true(hook_is_for(&hooks, HOOK_RENAME, HOOK_AFTER, "/x", "/y"));
	assert_false(hook_is_for(&hooks, HOOK_MKDIR, HOOK_BEFORE, "/x", NULL));
	call.event = HOOK_MKDIR;
	assert_int_equal(tell(&call, HOOK_BEFORE), SP_FILE_OK);
	assert_int_equal(tell(&call, HOOK_AFTER), SP_FILE_OK);
	assert_int_equal(run_count, 1);
}

static void
who_would_be_one_too_many_waits(void **state)
{
	(void)state;
	assert_int_equal(tell(&moved, HOOK_AFTER), SP_FILE_OK);
	assert_int_equal(tell(&moved, HOOK_AFTER), SP_FILE_OK);
	assert_int_equal(tell(&moved, HOOK_AFTER), SP_FILE_LATER);
	assert_int_equal(run_count, 2);
	assert_int_equal(exit_with(1, 1), SP_FILE_OK);
	assert_int_equal(run_count, 3);
	/* What is asked waits as well, for one to end, and for its own. */
	assert_int_equal(tell(&moved, HOOK_BEFORE), SP_FILE_LATER);
	assert_int_equal(run_count, 3);
	assert_int_equal(exit_with(0, 0), SP_FILE_LATER);
	assert_int_equal(run_count, 4);
	assert_int_equal(exit_with(2, 5), SP_FILE_LATER);
	assert_int_equal(exit_with(3, 5), SP_FILE_DENIED);
}

static void
at_the_end_what_has_happened_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		tell(&moved, HOOK_AFTER);
	hook_leave(&hooks);
	hook_clear(&hooks);
	assert_int_equal(run_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(runs[i].is_over && runs[i].was_wanted);
	assert_int_equal(set_up(NULL), 0);
	assert_int_equal(tell(&moved, HOOK_BEFORE), SP_FILE_LATER);
	hook_leave(&hooks);
	hook_clear(&hooks);
	assert_true(runs[0].is_over && !runs[0].was_wanted);
}

/* As a storage may that knows no difference of case. */
static void
a_pattern_in_small_letters_fits_any(void **state)
{
	(void)state;
	assert_true(
	    hook_is_for(&hooks, HOOK_RENAME, HOOK_BEFORE, "/IN/X", NULL));
	assert_int_equal(
	    tell(&(struct hook_call){ .event = HOOK_RENAME, .path = "/In/X" },
		HOOK_BEFORE),
	    SP_FILE_LATER);
	assert_int_equal(exit_with(0, 0), SP_FILE_LATER);
	assert_string_equal(runs[1].what, "/two rename /In/X");
	assert_int_equal(exit_with(1, 0), SP_FILE_OK);
}

static void
what_will_be_told_has_a_place_before_it_happens(void **state)
{
	struct hook_call call = {
		.event = HOOK_UPLOAD, .time = HOOK_AFTER, .path = "/x"
	};
	size_t mine = 9, others = 9;

	(void)state;
	/* Those that are asked before need none. */
	assert_true(
	    hook_keep_places(&hooks, HOOK_DELETE, "/in/x", NULL, &mine));
	assert_int_equal(mine, 0);
	places = 1;
	assert_false(hook_keep_places(
	    &hooks, HOOK_UPLOAD | HOOK_RENAME, "/x", "/y", &mine));
	assert_int_equal(places, 1);
	assert_true(hook_keep_places(&hooks, HOOK_UPLOAD, "/x", NULL, &mine));
	assert_int_equal(mine, 1);
	assert_false(
	    hook_keep_places(&hooks, HOOK_UPLOAD, "/x", NULL, &others));
	call.places = &mine;
	hook_mention(&hooks, &call);
	assert_int_equal(run_count, 1);
	assert_int_equal(mine, 0);
	assert_int_equal(places, 1);
	places = 3;
}

static void
results_are_told_with_what_they_are_of(void **state)
{
	struct hook_call call = {
		.event = HOOK_UPLOAD,
		.time = HOOK_AFTER,
		.path = "/x",
		.result = HOOK_RESULT_CUT,
		.bytes = 5,
		.time_ms = 7,
	};

	(void)state;
	hook_mention(&hooks, &call);
	assert_non_null(strstr(runs[0].env,
	    "SALLYPORT_RESULT=cut;SALLYPORT_BYTES=5;"
	    "SALLYPORT_MILLISECONDS=7;"));
}

static const struct hook_conf judges[] = {
	{ .after = LIST("upload"), .wait = true, .run = LIST("/one") },
	{ .after = LIST("upload"), .wait = true, .run = LIST("/two") },
};

/* What stays whatever a program says is told to all, and none is ended. */
static void
nobody_keeps_programs_from_what_is_there_by_leaving(void **state)
{
	static const struct sp_groups groups = { .items = judges, .count = 2 };
	struct hook_call call = {
		.event = HOOK_UPLOAD,
		.time = HOOK_WHOLE,
		.path = "/x",
		.is_settled = true,
	};

	(void)state;
	assert_true(hook_init(&hooks, &chan, &groups, 1, on_done, &chan));
	assert_int_equal(hook_tell(&hooks, &call), SP_FILE_LATER);
	assert_int_equal(run_count, 1);
	hook_leave(&hooks);
	assert_int_equal(run_count, 2);
	hook_clear(&hooks);
	assert_true(runs[0].was_wanted && runs[1].was_wanted);
}

static const struct {
	struct hook_conf conf;
	const char *text;
} checked[] = {
	{ { .run = LIST("/x") }, "is for nothing" },
	{ { .before = LIST("look"), .run = LIST("/x") }, "\"look\"" },
	{ { .after = LIST("upload", ""), .run = LIST("/x") }, "\"\"" },
	{ { .after = LIST("upload", "mkdir"), .wait = true, .run = LIST("/x") },
	    ".wait" },
	{ { .before = LIST("upload"), .wait = true, .run = LIST("/x") },
	    ".wait" },
	{ { .after = LIST("mkdir"), .run = LIST("/none") },
	    ".run: /none is none" },
	{ { .after = LIST("mkdir"),
	      .run = LIST("/x"),
	      .env = LIST("SALLYPORT_PATH=/") },
	    ".env" },
	{ { .after = LIST("upload"), .wait = true, .run = LIST("/x") }, NULL },
};

static void
options_that_make_no_sense_are_told(void **state)
{
	char err[500];

	(void)state;
	for (size_t i = 0; i < sizeof checked / sizeof checked[0]; i++) {
		const struct sp_groups groups = { .items = &checked[i].conf,
			.count = 1 };
		bool is_good = hook_check(&groups, err, sizeof err);

		assert_int_equal(is_good, checked[i].text == NULL);
		if (!is_good)
			assert_non_null(strstr(err, checked[i].text));
	}
}

static const struct hook_conf named = {
	.after = LIST("mkdir"),
	.run = LIST("/x", "%i"),
};

static void
a_value_that_may_not_be_put_in_keeps_him_out(void **state)
{
	const struct sp_groups groups = { .items = &named, .count = 1 };
	struct hooks other;

	(void)state;
	has_no_identity = true;
	assert_false(hook_init(&other, &chan, &groups, 1, on_done, &chan));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(those_that_are_waited_for_run_one_after_the_other),
		TEST(the_first_that_refuses_is_the_last),
		TEST(a_path_is_one_of_those_it_is_for),
		TEST(who_would_be_one_too_many_waits),
		TEST(at_the_end_what_has_happened_is_told),
		TEST(a_pattern_in_small_letters_fits_any),
		TEST(what_will_be_told_has_a_place_before_it_happens),
		TEST(results_are_told_with_what_they_are_of),
		TEST(nobody_keeps_programs_from_what_is_there_by_leaving),
		TEST(options_that_make_no_sense_are_told),
		TEST(a_value_that_may_not_be_put_in_keeps_him_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
