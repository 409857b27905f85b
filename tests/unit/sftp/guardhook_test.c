/* Programs and a guard: who is asked, who is told, whoever leaves or is late. */
#include "tests/unit/sftp/guardplace.h"

static const struct hook_conf hooks[] = {
	{ .before = LIST("upload", "delete"),
	    .run = LIST("/bin/asks"),
	    .time = 1000 },
	{ .after = LIST("upload"),
	    .wait = true,
	    .run = LIST("/bin/judges"),
	    .time = 1000 },
};

static void
attach_with_hooks(void)
{
	leave();
	given_count = 0;
	memset(&run, 0, sizeof run);
	places = PLACES;
	conf.hooks = (struct sp_groups){ .items = hooks, .count = 2 };
	conf.hooks_at_once = 2;
	attach();
}

/* The program exits so; what became of the call. */
static uint32_t
exit_with(uint32_t exit_status, uint32_t signal_number)
{
	const struct sp_outcome outcome = {
		.size = sizeof outcome,
		.has_ended = true,
		.status = exit_status,
		.signal = signal_number,
	};

	late_status = SP_FILE_LATER;
	run.ended(run.arg, &outcome);
	return late_status;
}

static void
what_a_program_refuses_is_not_done(void **state)
{
	static const struct {
		uint32_t status, signal, answer;
	} rows[] = {
		{ 1, 0, SP_FILE_DENIED },
		{ 0, 15, SP_FILE_DENIED },
		{ 0, 0, SP_FILE_OK },
	};

	(void)state;
	attach_with_hooks();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(
		    guard.ops.remove(fresh(), store, "/all/../all/x"),
		    SP_FILE_LATER);
		assert_non_null(strstr(run.env,
		    "SALLYPORT_EVENT=delete;SALLYPORT_WHEN=before;"
		    "SALLYPORT_PATH=/all/x;SALLYPORT_FILE="));
		assert_int_equal(access(at("/all/x"), F_OK), 0);
		assert_int_equal(
		    exit_with(rows[i].status, rows[i].signal), rows[i].answer);
	}
	assert_int_equal(access(at("/all/x"), F_OK), -1);
	assert_int_equal(run.count, 3);
	/* Nobody is asked about what is refused anyway. */
	assert_int_equal(
	    guard.ops.remove(fresh(), store, "/in/x"), SP_FILE_DENIED);
	assert_int_equal(
	    guard.ops.open(fresh(), store, "/out/new", NEW, &no_attr),
	    SP_FILE_DENIED);
	assert_int_equal(run.count, 3);
}

/* Nor is it done by what no program is asked about. */
static void
what_programs_judge_comes_by_uploads_alone(void **state)
{
	const struct sp_file_attr shorter = { .has = SP_FILE_HAS_SIZE };

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(wait_for(guard.ops.setstat(
				     fresh(), store, "/all/x", &shorter, true)),
		    SP_FILE_DENIED);
		assert_string_equal(held("/all/x"), "all");
		conf.upload = 0;
		attach_with_hooks();
	}
	assert_int_equal(
	    wait_for(guard.ops.link(fresh(), store, "/all/x", "/all/y")),
	    SP_FILE_DENIED);
	assert_int_equal(access(at("/all/y"), F_OK), -1);
	assert_int_equal(run.count, 0);
	leave();
	conf.hooks.count = 0;
	attach();
	assert_int_equal(
	    wait_for(guard.ops.link(fresh(), store, "/all/x", "/all/y")),
	    SP_FILE_OK);
	assert_int_equal(wait_for(guard.ops.setstat(
			     fresh(), store, "/all/x", &shorter, true)),
	    SP_FILE_OK);
}

static void
an_upload_appears_when_its_program_says_so(void **state)
{
	int before = count_entries();
	struct sp_file *file;

	(void)state;
	attach_with_hooks();
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(
		    guard.ops.open(fresh(), store, "/in/new", NEW, &no_attr),
		    SP_FILE_LATER);
		assert_int_equal(exit_with(0, 0), SP_FILE_OK);
		file = reply.file;
		write_it(file, 0, "hello");
		assert_int_equal(
		    guard.ops.close(fresh(), store, file), SP_FILE_LATER);
		assert_non_null(strstr(run.env, "SALLYPORT_WHEN=after;"));
		assert_non_null(strstr(run.env, ".part;"));
		assert_non_null(strstr(run.env, "SALLYPORT_BYTES=5;"));
		assert_int_equal(access(at("/in/new"), F_OK), -1);
		assert_int_equal(
		    exit_with(1 - i, 0), i == 0 ? SP_FILE_DENIED : SP_FILE_OK);
		assert_int_equal(told.is_whole, i == 1);
		assert_int_equal(count_entries(), before + (int)i);
	}
	assert_string_equal(held("/in/new"), "hello");
}

/* Who leaves meanwhile has been refused. */
static void
who_leaves_is_not_waited_for(void **state)
{
	int before = count_entries();
	struct sp_file *file;

	(void)state;
	attach_with_hooks();
	guard.ops.open(fresh(), store, "/in/new", NEW, &no_attr);
	leave();
	assert_int_equal(run.left, 1);
	assert_int_equal(told.count, 0);

	attach();
	guard.ops.open(fresh(), store, "/in/new", NEW, &no_attr);
	assert_int_equal(exit_with(0, 0), SP_FILE_OK);
	file = reply.file;
	write_it(file, 0, "hello");
	guard.ops.close(fresh(), store, file);
	leave();
	assert_int_equal(run.left, 2);
	assert_int_equal(count_entries(), before);
	assert_true(told.count == 1 && !told.is_whole);
}

/* In direct mode: it is there, and its program hears so. */
static void
nobody_gets_by_a_program_by_leaving(void **state)
{
	static const char *const results[] = { "cut", "cut", "failed" };
	struct sp_file *file;

	(void)state;
	conf.upload = 0;
	for (unsigned i = 0; i < 3; i++) {
		attach_with_hooks();
		guard.ops.open(fresh(), store, "/in/new", NEW, &no_attr);
		assert_int_equal(exit_with(0, 0), SP_FILE_OK);
		file = reply.file;
		assert_int_equal(places, PLACES - 1);
		write_it(file, 0, "hello");
		if (i == 2)
			guardfile_spoil(file, "it was not whole there");
		/* Whether it is open still, or judged by now. */
		if (i > 0)
			assert_int_equal(guard.ops.close(fresh(), store, file),
			    SP_FILE_LATER);
		leave();
		assert_int_equal(run.left, 0);
		assert_int_equal(run.wanted, 1);
		assert_int_equal(places, PLACES);
		if (i != 1)
			assert_non_null(strstr(run.env, results[i]));
		assert_non_null(strstr(run.env, "SALLYPORT_EVENT=upload;"));
		assert_string_equal(held("/in/new"), "hello");
		assert_int_equal(unlink(at("/in/new")), 0);
		attach();
	}
}

static const struct hook_conf hearing = {
	.after = LIST("upload"),
	.run = LIST("/bin/hears"),
	.time = 1000,
};

/* An upload whose storage has not said yet that it is closed. */
static void
close_with_a_listener(void)
{
	struct sp_file *file;

	attach_with_hooks();
	leave();
	conf.hooks = (struct sp_groups){ .items = &hearing, .count = 1 };
	attach();
	loop = event_base_new();
	assert_non_null(loop);
	assert_int_equal(open_it("/in/new", NEW), SP_FILE_OK);
	file = reply.file;
	assert_int_equal(write_it(file, 0, "hello"), SP_FILE_OK);
	guard.time_ms = 20;
	is_late = true;
	late_status = SP_FILE_LATER;
	assert_int_equal(guard.ops.close(fresh(), store, file), SP_FILE_LATER);
}

static void
let_it_answer(void)
{
	struct sp_reply *r = open_reply;

	assert_non_null(r);
	open_reply = NULL;
	r->done(r, open_status);
}

static void
let_its_time_pass(void)
{
	assert_int_equal(event_base_loop(loop, EVLOOP_ONCE), 0);
	assert_int_equal(late_status, SP_FILE_FAILED);
	is_late = false;
}

static void
forget_times(void)
{
	leave();
	event_base_free(loop);
	loop = NULL;
	assert_int_equal(places, PLACES);
	attach();
}

/* Nobody knows whether it appears; and once it has, it is told of. */
static void
what_appears_too_late_is_told_of_then(void **state)
{
	(void)state;
	close_with_a_listener();
	let_it_answer(); /* the close; the rename is under way */
	let_its_time_pass();
	assert_int_equal(run.count, 0);
	assert_false(told.is_whole);
	let_it_answer();
	assert_int_equal(run.count, 1);
	assert_non_null(strstr(run.env, "SALLYPORT_RESULT=whole;"));
	assert_true(told.is_whole);
	forget_times();
	assert_string_equal(held("/in/new"), "hello");
}

/* That of a client who went on with it: what is removed then is no file. */
static void
what_had_appeared_before_the_time_passed_has_come(void **state)
{
	(void)state;
	close_with_a_listener();
	let_it_answer();
	guard.behind.remove = late_remove;
	let_it_answer();
	assert_int_equal(run.count, 0);
	assert_int_equal(event_base_loop(loop, EVLOOP_ONCE), 0);
	assert_int_equal(late_status, SP_FILE_OK);
	assert_int_equal(run.count, 1);
	assert_true(told.is_whole);
	is_late = false;
	assert_int_equal(stat_it("/in/new"), SP_FILE_FAILED);
	open_reply = NULL;
	forget_times();
}

/* In direct mode: what is there may not be whole. */
static void
what_is_closed_too_late_is_told_of_as_it_is(void **state)
{
	(void)state;
	conf.upload = 0;
	close_with_a_listener();
	let_its_time_pass();
	assert_int_equal(run.count, 1);
	assert_non_null(strstr(run.env, "SALLYPORT_RESULT=failed;"));
	let_it_answer();
	assert_int_equal(run.count, 1);
	forget_times();
}

static void
what_cannot_be_told_any_more_is_not_begun(void **state)
{
	int before = count_entries();

	(void)state;
	attach_with_hooks();
	places = 0;
	assert_int_equal(open_it("/in/new", NEW), SP_FILE_FAILED);
	assert_non_null(strstr(reply.reason, "waiting"));
	assert_int_equal(count_entries(), before);
	assert_int_equal(run.count, 0);
	places = PLACES;
}

static void
names_that_could_mislead_a_program_are_refused(void **state)
{
	(void)state;
	attach_with_hooks();
	put("/all/a\nb", "x");
	assert_int_equal(
	    guard.ops.remove(fresh(), store, "/all/a\nb"), SP_FILE_DENIED);
	assert_int_equal(
	    guard.ops.open(fresh(), store, "/all/a\x7f", NEW, &no_attr),
	    SP_FILE_DENIED);
	assert_int_equal(stat_it("/all/a\nb"), SP_FILE_OK);
	assert_int_equal(open_it("/all/a\nb", SP_FILE_READ), SP_FILE_OK);
	assert_int_equal(run.count, 0);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_programs_judge_comes_by_uploads_alone),
		TEST(what_a_program_refuses_is_not_done),
		TEST(an_upload_appears_when_its_program_says_so),
		TEST(who_leaves_is_not_waited_for),
		TEST(nobody_gets_by_a_program_by_leaving),
		TEST(what_cannot_be_told_any_more_is_not_begun),
		TEST(what_appears_too_late_is_told_of_then),
		TEST(what_had_appeared_before_the_time_passed_has_come),
		TEST(what_is_closed_too_late_is_told_of_as_it_is),
		TEST(names_that_could_mislead_a_program_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
