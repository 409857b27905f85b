/* The guard: rights by where paths lead, uploads that appear whole. */
#include "tests/unit/sftp/guardplace.h"

static void
no_path_leads_around_the_rights(void **state)
{
	static const struct {
		const char *path;
		uint32_t flags, status;
	} rows[] = {
		{ "/out/x", SP_FILE_READ, SP_FILE_OK },
		{ "/out/x", NEW, SP_FILE_DENIED },
		{ "/out/x", SP_FILE_WRITE, SP_FILE_DENIED },
		{ "/out/x", SP_FILE_READ | SP_FILE_TRUNCATE, SP_FILE_DENIED },
		{ "/out/new", NEW, SP_FILE_DENIED },
		{ "/out/new", SP_FILE_READ | SP_FILE_CREATE, SP_FILE_DENIED },
		{ "/all/../out/new", NEW, SP_FILE_DENIED },
		{ "//out//new", NEW, SP_FILE_DENIED },
		{ "/./out/./new", NEW, SP_FILE_DENIED },
		{ "out/new", NEW, SP_FILE_DENIED },
		{ "/all/to-out/new", NEW, SP_FILE_DENIED },
		{ "/all/to-out/x", NEW, SP_FILE_DENIED },
		{ "/all/to-out-x", NEW, SP_FILE_DENIED },
		{ "/all/to-out-x", SP_FILE_READ, SP_FILE_OK },
		{ "/all/to-new", NEW, SP_FILE_DENIED },
		/* The link is no file that could be made. */
		{ "/all/to-new", ONLY, SP_FILE_FAILED },
		{ "/all/less/new", NEW, SP_FILE_DENIED },
		{ "/all/../new", NEW, SP_FILE_DENIED },
		{ "/../../new", NEW, SP_FILE_DENIED },
		{ "/other/new", NEW, SP_FILE_DENIED },
		{ "/in/new", SP_FILE_READ, SP_FILE_DENIED },
		{ "/all/.hidden", SP_FILE_READ, SP_FILE_NOT_FOUND },
		{ "/all/.new", NEW, SP_FILE_NOT_FOUND },
		{ "/all/to-hidden", SP_FILE_READ, SP_FILE_NOT_FOUND },
		{ "/all/bad.exe", SP_FILE_READ, SP_FILE_DENIED },
		{ "/all/new.exe", NEW, SP_FILE_DENIED },
		{ "/all/.x.part", NEW, SP_FILE_NOT_FOUND },
		{ "/all/.x.0123456789abcdef.part", SP_FILE_READ,
		    SP_FILE_NOT_FOUND },
	};

	(void)state;
	assert_int_equal(symlink("../out", at("/all/to-out")), 0);
	assert_int_equal(symlink("/out/x", at("/all/to-out-x")), 0);
	assert_int_equal(symlink("/out/new", at("/all/to-new")), 0);
	assert_int_equal(symlink(".hidden", at("/all/to-hidden")), 0);
	for (int late = 0; late < 2; late++) {
		is_late = late == 1;
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			int before = count_entries();
			uint32_t status = open_it(rows[i].path, rows[i].flags);

			if (status != rows[i].status)
				print_error("%s: %u\n", rows[i].path, status);
			assert_int_equal(status, rows[i].status);
			if (status == SP_FILE_OK)
				close_it(reply.file);
			assert_int_equal(count_entries(), before);
		}
	}
	assert_string_equal(held("/out/x"), "out");
}

/* What a name can be moved or linked to. */
static void
both_ends_need_the_right(void **state)
{
	static const struct {
		const char *from, *to;
		uint32_t status;
	} rows[] = {
		{ "/all/x", "/all/y", SP_FILE_OK },
		{ "/all/y", "/all/sub/../x", SP_FILE_OK },
		{ "/all/x", "/out/y", SP_FILE_DENIED },
		{ "/out/x", "/all/y", SP_FILE_DENIED },
		{ "/all/x", "/all/less/y", SP_FILE_DENIED },
		{ "/all/x", "/all/.y", SP_FILE_NOT_FOUND },
		{ "/all/.hidden", "/all/y", SP_FILE_NOT_FOUND },
		{ "/all/bad.exe", "/all/y", SP_FILE_DENIED },
		{ "/all/x", "/all/y.exe", SP_FILE_DENIED },
		/* What has rights of its own stays where it is. */
		{ "/all/less", "/all/more", SP_FILE_DENIED },
		{ "/all", "/all2", SP_FILE_DENIED },
		{ "/all/sub", "/all/less", SP_FILE_DENIED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t status = wait_for(guard.ops.rename(
		    fresh(), store, rows[i].from, rows[i].to, true));

		if (status != rows[i].status)
			print_error("%s %s\n", rows[i].from, rows[i].to);
		assert_int_equal(status, rows[i].status);
		if (status == SP_FILE_OK)
			continue;
		status = wait_for(
		    guard.ops.link(fresh(), store, rows[i].from, rows[i].to));
		assert_int_not_equal(status, SP_FILE_OK);
	}
	assert_int_equal(
	    wait_for(guard.ops.remove_folder(fresh(), store, "/all/less")),
	    SP_FILE_DENIED);
}

/* One who may rename in /all puts a link where a folder was. */
static void
a_link_that_comes_in_between_is_not_followed(void **state)
{
	char was[PATH_MAX];
	uint32_t status;

	(void)state;
	snprintf(was, sizeof was, "%s/all/was", root);
	is_late = true;
	status = guard.ops.open(fresh(), store, "/all/sub/new", NEW, &no_attr);
	assert_int_equal(status, SP_FILE_LATER);
	assert_int_equal(rename(at("/all/sub"), was), 0);
	assert_int_equal(symlink("/out", at("/all/sub")), 0);
	assert_int_not_equal(wait_for(status), SP_FILE_OK);
	assert_string_equal(held("/out/new"), "");
	assert_int_equal(access(at("/out/new"), F_OK), -1);
}

/* Who may upload and not overwrite, where another is faster. */
static void
a_file_that_comes_in_between_is_kept(void **state)
{
	struct sp_reply *r;
	uint32_t status;

	(void)state;
	conf.upload = 0;
	leave();
	attach();
	is_late = true;
	status = guard.ops.open(fresh(), store, "/in/new", NEW, &no_attr);
	assert_int_equal(status, SP_FILE_LATER);
	r = open_reply;
	open_reply = NULL;
	r->done(r, open_status); /* it is resolved, and looked for */
	assert_int_equal(open_status, SP_FILE_NOT_FOUND);
	put("/in/new", "first");
	assert_int_equal(wait_for(status), SP_FILE_FAILED);
	assert_string_equal(held("/in/new"), "first");
}

static void
an_upload_appears_when_it_is_whole(void **state)
{
	struct sp_file *file;

	(void)state;
	for (int late = 0; late < 2; late++) {
		is_late = late == 1;
		assert_int_equal(open_it("/all/new", NEW), SP_FILE_OK);
		file = reply.file;
		assert_int_equal(write_it(file, 0, "half"), SP_FILE_OK);
		assert_int_equal(access(at("/all/new"), F_OK), -1);
		assert_int_equal(stat_it("/all/new"), SP_FILE_NOT_FOUND);
		assert_int_equal(write_it(file, 4, " and half"), SP_FILE_OK);
		assert_int_equal(close_it(file), SP_FILE_OK);
		assert_string_equal(held("/all/new"), "half and half");
		assert_true(told.is_upload && told.is_whole);
		assert_int_equal(told.bytes, 13);
		assert_string_equal(told.path, "/all/new");
		assert_int_equal(remove(at("/all/new")), 0);
	}
}

static void
two_uploads_of_a_name_do_not_mix(void **state)
{
	struct sp_file *a, *b;
	int before = count_entries();

	(void)state;
	open_it("/all/new", NEW);
	a = reply.file;
	open_it("/all/new", NEW);
	b = reply.file;
	write_it(a, 0, "aaaa");
	write_it(b, 0, "bb");
	assert_int_equal(close_it(a), SP_FILE_OK);
	assert_string_equal(held("/all/new"), "aaaa");
	assert_int_equal(close_it(b), SP_FILE_OK);
	assert_string_equal(held("/all/new"), "bb");
	assert_int_equal(count_entries(), before + 1);
}

/* The right, and O_EXCL, are asked again where it appears. */
static void
what_came_before_it_is_kept(void **state)
{
	static const struct {
		const char *path;
		uint32_t flags, status;
	} rows[] = {
		{ "/in/new", NEW, SP_FILE_DENIED },
		{ "/all/new", ONLY, SP_FILE_FAILED },
	};
	int before = count_entries();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sp_file *file;

		assert_int_equal(
		    open_it(rows[i].path, rows[i].flags), SP_FILE_OK);
		file = reply.file;
		write_it(file, 0, "late");
		put(rows[i].path, "first");
		assert_int_equal(close_it(file), rows[i].status);
		assert_non_null(reply.reason);
		assert_string_equal(held(rows[i].path), "first");
		assert_false(told.is_whole);
	}
	assert_int_equal(count_entries(), before + 2);
	assert_int_equal(open_it("/in/new", NEW), SP_FILE_DENIED);
	assert_int_equal(open_it("/all/new", ONLY), SP_FILE_FAILED);
}

static void
one_that_was_cut_is_gone_or_waits(void **state)
{
	int before = count_entries();
	struct sp_file *file;

	(void)state;
	open_it("/all/new", NEW);
	write_it(reply.file, 0, "half");
	leave();
	assert_int_equal(count_entries(), before);
	assert_false(told.is_whole);
	assert_int_equal(told.bytes, 4);

	attach();
	open_it("/in/new", NEW);
	write_it(reply.file, 0, "half");
	leave();
	assert_int_equal(access(at("/in/new"), F_OK), -1);
	assert_string_equal(held("/in/.new.part"), "half");

	attach();
	assert_int_equal(stat_it("/in/new"), SP_FILE_OK);
	assert_int_equal(reply.attr.size, 4);
	assert_int_equal(open_it("/in/new", MORE), SP_FILE_OK);
	file = reply.file;
	/* Only one can have it. */
	assert_int_equal(access(at("/in/.new.part"), F_OK), -1);
	assert_int_equal(write_it(file, 4, " done"), SP_FILE_OK);
	assert_int_equal(close_it(file), SP_FILE_OK);
	assert_string_equal(held("/in/new"), "half done");
	assert_int_equal(count_entries(), before + 1);
}

static void
what_is_not_whole_does_not_appear(void **state)
{
	int before = count_entries();
	struct sp_file *file;

	(void)state;
	conf.file_size = 8;
	open_it("/in/new", NEW);
	file = reply.file;
	assert_int_equal(write_it(file, 0, "12345678"), SP_FILE_OK);
	assert_int_equal(write_it(file, 8, "9"), SP_FILE_DENIED);
	assert_int_equal(write_it(file, UINT64_MAX, "9"), SP_FILE_DENIED);
	assert_int_equal(close_it(file), SP_FILE_FAILED);
	assert_int_equal(count_entries(), before);
	/* Who appends is no better off. */
	open_it("/in/new", NEW | SP_FILE_APPEND);
	file = reply.file;
	assert_int_equal(write_it(file, 0, "12345678"), SP_FILE_OK);
	assert_int_equal(write_it(file, 0, "9"), SP_FILE_DENIED);
	leave();
	assert_int_equal(count_entries(), before);
}

static void
who_may_only_resume_overwrites_nothing(void **state)
{
	struct sp_file_attr attr = { .has = SP_FILE_HAS_SIZE, .size = 1 };
	struct sp_file *file;

	(void)state;
	leave();
	conf.folders = (struct sp_groups){ .items = grow_only, .count = 1 };
	conf.upload = 0;
	attach();
	assert_int_equal(open_it("/all/x", NEW), SP_FILE_DENIED);
	assert_int_equal(open_it("/all/x", SP_FILE_WRITE), SP_FILE_OK);
	file = reply.file;
	assert_int_equal(write_it(file, 0, "X"), SP_FILE_DENIED);
	assert_int_equal(write_it(file, 2, "X"), SP_FILE_DENIED);
	assert_int_equal(
	    wait_for(guard.ops.fsetstat(fresh(), store, file, &attr)),
	    SP_FILE_DENIED);
	assert_int_equal(write_it(file, 3, "X"), SP_FILE_OK);
	close_it(file);
	assert_string_equal(held("/all/x"), "allX");
	assert_int_equal(
	    open_it("/all/x", SP_FILE_WRITE | SP_FILE_APPEND), SP_FILE_OK);
	file = reply.file;
	assert_int_equal(write_it(file, 0, "Y"), SP_FILE_OK);
	close_it(file);
	assert_string_equal(held("/all/x"), "allXY");
}

static void
modes_are_what_the_configuration_says(void **state)
{
	struct sp_file_attr attr = { .has = SP_FILE_HAS_MODE, .mode = 0777 };
	mode_t old = umask(0077);
	struct stat st;

	(void)state;
	conf.file_mode = 0664;
	conf.folder_mode = 02775;
	wait_for(guard.ops.open(fresh(), store, "/all/new", NEW, &attr));
	close_it(reply.file);
	assert_int_equal(stat(at("/all/new"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_int_equal(wait_for(guard.ops.setstat(
			     fresh(), store, "/all/new", &attr, true)),
	    SP_FILE_OK);
	stat(at("/all/new"), &st);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_int_equal(
	    wait_for(guard.ops.make_folder(fresh(), store, "/all/dir", &attr)),
	    SP_FILE_OK);
	stat(at("/all/dir"), &st);
	assert_int_equal(st.st_mode & 07777, 02775);
	assert_int_equal(
	    wait_for(guard.ops.setstat(fresh(), store, "/out/x", &attr, true)),
	    SP_FILE_DENIED);
	umask(old);
}

static void
hidden_names_are_not_listed(void **state)
{
	unsigned found = 0;
	struct sp_file *folder;

	(void)state;
	open_it("/all/growing", NEW);
	assert_int_equal(
	    wait_for(guard.ops.open_folder(fresh(), store, "/all")),
	    SP_FILE_OK);
	folder = reply.file;
	while (guard.ops.next_entry(fresh(), store, folder) == SP_FILE_OK) {
		bool is_dots =
		    sp_view_is(reply.name, ".") || sp_view_is(reply.name, "..");

		assert_true(is_dots || reply.name.data[0] != '.');
		found++;
	}
	assert_int_equal(found, 2 + 4); /* x, bad.exe, less, sub */
	close_it(folder);
}

/* One who may only upload sees nothing of what others have there. */
static void
a_file_opened_for_nothing_is_one_to_read(void **state)
{
	static const uint32_t flags[] = { 0, SP_FILE_EXCLUSIVE };

	(void)state;
	put("/in/theirs", "theirs");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    open_it("/in/theirs", flags[i]), SP_FILE_DENIED);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(no_path_leads_around_the_rights),
		TEST(both_ends_need_the_right),
		TEST(a_link_that_comes_in_between_is_not_followed),
		TEST(a_file_opened_for_nothing_is_one_to_read),
		TEST(a_file_that_comes_in_between_is_kept),
		TEST(an_upload_appears_when_it_is_whole),
		TEST(two_uploads_of_a_name_do_not_mix),
		TEST(what_came_before_it_is_kept),
		TEST(one_that_was_cut_is_gone_or_waits),
		TEST(what_is_not_whole_does_not_appear),
		TEST(who_may_only_resume_overwrites_nothing),
		TEST(modes_are_what_the_configuration_says),
		TEST(hidden_names_are_not_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
