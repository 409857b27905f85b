/*
 * A tree of three of the machine's folders, whose storages answer now or
 * later, and of one storage without links, names or copies.
 */
#include "modules/local/localstore.h"
#include "modules/sftp/mounttree.h"
#include "tests/unit/sftp/workplace.h"

#include <fcntl.h>
#include <unistd.h>

struct sp_chan {
	int nothing;
};

static struct sp_chan chan;
static const struct sp_storage_ops *const ops = &mounttree_ops;
static struct sp_store *tree;

/* ---- the host ---- */

const char *
sp_chan_get(struct sp_chan *c, const char *key)
{
	(void)c;
	(void)key;
	return "user";
}

const char *
sp_chan_expand(struct sp_chan *c, const char *text, const char *const *words)
{
	(void)c;
	(void)words;
	return text;
}

bool
sp_match_any(const struct sp_list *patterns, const char *text)
{
	(void)patterns;
	(void)text;
	return false;
}

/* ---- storages that are late ---- */

static uint32_t
late_stat(struct sp_reply *r, struct sp_store *s, const char *path, bool follow)
{
	return later(r, localstore_ops.stat(r, s, path, follow));
}

static uint32_t
late_read_symlink(struct sp_reply *r, struct sp_store *s, const char *path)
{
	return later(r, localstore_ops.read_symlink(r, s, path));
}

static uint32_t
late_open(struct sp_reply *r, struct sp_store *s, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	return later(r, localstore_ops.open(r, s, path, flags, attr));
}

static uint32_t
late_open_folder(struct sp_reply *r, struct sp_store *s, const char *path)
{
	return later(r, localstore_ops.open_folder(r, s, path));
}

static uint32_t
late_next_entry(struct sp_reply *r, struct sp_store *s, struct sp_file *file)
{
	return later(r, localstore_ops.next_entry(r, s, file));
}

static uint32_t
late_home(struct sp_reply *r, struct sp_store *s, const char *user)
{
	return later(r, localstore_ops.home(r, s, user));
}

/* The parts are gone where it is later: what was read lies elsewhere. */
static uint32_t
late_read(struct sp_reply *r, struct sp_store *s, struct sp_file *file,
    uint64_t offset, const struct iovec *parts, size_t count)
{
	static uint8_t bytes[1000];
	const struct iovec own = { bytes,
		parts[0].iov_len < sizeof bytes ? parts[0].iov_len
						: sizeof bytes };
	uint32_t status;

	if (!is_late)
		return localstore_ops.read(r, s, file, offset, parts, count);
	status = localstore_ops.read(r, s, file, offset, &own, 1);
	r->data = (struct sp_view){ bytes, r->count };
	r->count = 0;
	return later(r, status);
}

/* ---- calls ---- */

/* Where a path leads; "" when it leads nowhere. */
static const char *
resolved(const char *path)
{
	static char text[PATH_MAX];

	text[0] = '\0';
	if (wait_for(ops->resolve(fresh(), tree, path)) == SP_FILE_OK)
		snprintf(text, sizeof text, "%.*s", (int)reply.name.len,
		    (const char *)reply.name.data);
	return text;
}

static uint32_t
stat_it(const char *path)
{
	return wait_for(ops->stat(fresh(), tree, path, false));
}

static struct sp_file *
open_it(const char *path, uint32_t flags)
{
	const struct sp_file_attr none = { .has = 0 };

	return wait_for(ops->open(fresh(), tree, path, flags, &none)) ==
		SP_FILE_OK
	    ? reply.file
	    : NULL;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names of a folder, sorted, but for "." and "..". */
static const char *
listed(const char *path)
{
	static char text[2000];
	char names[20][NAME_MAX + 1];
	size_t count = 0;
	struct sp_file *folder;

	if (wait_for(ops->open_folder(fresh(), tree, path)) != SP_FILE_OK)
		return NULL;
	folder = reply.file;
	while (wait_for(ops->next_entry(fresh(), tree, folder)) == SP_FILE_OK) {
		assert_true((reply.attr.has & SP_FILE_HAS_MODE) != 0);
		if (reply.name.data[0] == '.')
			continue;
		snprintf(names[count++], sizeof names[0], "%s%.*s",
		    S_ISDIR(reply.attr.mode) ? "+" : "", (int)reply.name.len,
		    (const char *)reply.name.data);
	}
	wait_for(ops->close(fresh(), tree, folder));
	qsort(names, count, sizeof names[0], by_text);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(text, names[i]);
		strcat(text, " ");
	}
	return text;
}

/* ---- the folders ---- */

static struct sp_storage_ops late, plain;
static char roots[4][PATH_MAX];
static struct localstore_conf confs[4];
static struct sp_storage storages[4];

static void
attach(void)
{
	static struct policy_mount mounts[3];
	const struct sp_groups groups = { .items = mounts, .count = 3 };
	static const char *const names[] = { "/first", "/second", "/third",
		"/plain" };
	static const char *const paths[] = { "/shared", "/deep/er/third",
		"/shared/plain" };
	const char *about, *problem;

	late = localstore_ops;
	late.stat = late_stat;
	late.read_symlink = late_read_symlink;
	late.open = late_open;
	late.open_folder = late_open_folder;
	late.next_entry = late_next_entry;
	late.home = late_home;
	late.read = late_read;
	plain = late;
	plain.read_symlink = NULL;
	plain.make_symlink = NULL;
	plain.resolve = NULL;
	plain.rename = NULL;
	plain.copy = NULL;
	plain.measure = NULL;
	for (size_t i = 0; i < 4; i++) {
		snprintf(roots[i], sizeof roots[i], "%s", at(names[i]));
		confs[i].root = roots[i];
		storages[i] = (struct sp_storage){ .size = sizeof storages[i],
			.ops = i == 3 ? &plain : &late,
			.conf = &confs[i] };
		if (i > 0)
			mounts[i - 1] = (struct policy_mount){
				.path = paths[i - 1],
				.storage = &storages[i],
			};
	}
	tree = mounttree_attach(&chan, &storages[0], &groups, &about, &problem);
}

static int
set_up(void **state)
{
	static const char *const made[] = { "/first", "/second", "/third",
		"/plain", "/first/sub", "/first/shared", "/second/sub",
		"/third/sub" };

	(void)state;
	make_root(made, sizeof made / sizeof made[0]);
	put("/first/x", "first");
	put("/first/shared/covered", "covered");
	put("/second/x", "second");
	put("/second/plain", "covered as well");
	put("/third/x", "third");
	put("/plain/x", "plain");
	is_late = false;
	open_reply = NULL;
	attach();
	assert_non_null(tree);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	is_late = false;
	if (tree != NULL)
		ops->detach(tree);
	tree = NULL;
	remove_root();
	return 0;
}

/* ---- tests ---- */

static void
mounts_are_where_they_were_put(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		is_late = i == 1;
		assert_string_equal(listed("/"), "+deep +shared +sub x ");
		assert_string_equal(listed("/shared"), "+plain +sub x ");
		assert_string_equal(listed("/deep"), "+er ");
		assert_string_equal(listed("/deep/er"), "+third ");
		assert_string_equal(listed("/deep/er/third"), "+sub x ");
		assert_string_equal(listed("/shared/plain"), "x ");
		assert_string_equal(listed("/sub"), "");
		assert_null(listed("/deep/other"));
		assert_int_equal(stat_it("/deep/er"), SP_FILE_OK);
		assert_true(S_ISDIR(reply.attr.mode));
		assert_int_equal(stat_it("/shared/plain"), SP_FILE_OK);
		assert_true(S_ISDIR(reply.attr.mode));
		assert_int_equal(stat_it("/shared/covered"), SP_FILE_NOT_FOUND);
		assert_int_equal(stat_it("/deep/other"), SP_FILE_NOT_FOUND);
		assert_null(open_it("/deep", SP_FILE_READ));
		assert_null(open_it("/shared", SP_FILE_READ));
	}
}

/* What is there below a mount's place, and is no folder, is covered too. */
static void
what_is_no_folder_is_covered(void **state)
{
	(void)state;
	put("/first/deep", "a file");
	assert_int_equal(symlink("/sub", at("/third/deep")), 0);
	for (int i = 0; i < 2; i++) {
		is_late = i == 1;
		assert_string_equal(listed("/"), "+deep +shared +sub x ");
		assert_string_equal(listed("/deep"), "+er ");
		assert_int_equal(stat_it("/deep"), SP_FILE_OK);
		assert_true(S_ISDIR(reply.attr.mode));
		assert_string_equal(
		    resolved("/deep/er/third/x"), "/deep/er/third/x");
	}
	assert_int_equal(remove(at("/first/deep")), 0);
	assert_int_equal(symlink("/sub", at("/first/deep")), 0);
	assert_string_equal(resolved("/deep/er/third/x"), "/deep/er/third/x");
	assert_string_equal(resolved("/deep/y"), "/deep/y");
	assert_int_not_equal(
	    ops->read_symlink(fresh(), tree, "/deep"), SP_FILE_OK);
}

static void
links_are_read_in_the_tree(void **state)
{
	static const struct {
		const char *path, *to;
	} rows[] = {
		{ "x", "/x" },
		{ ".", "/" },
		{ "/../..", "/" },
		{ "/shared/..//./shared/sub/../../x", "/x" },
		{ "shared/new", "/shared/new" },
		{ "/shared/none/new", "" },
		{ "/in-shared", "/shared/sub" },
		{ "/in-shared/../x", "/shared/x" },
		{ "/in-shared/new", "/shared/sub/new" },
		{ "/shared/out", "/x" },
		{ "/shared/up/third/x", "/deep/er/third/x" },
		{ "/shared/up/other", "/deep/er/other" },
		{ "/shared/up/none/x", "" },
		{ "/shared/far", "/etc/passwd" },
		{ "/shared/loop", "" },
		{ "/shared/plain/../x", "/shared/x" },
		{ "/shared/plain/a/b", "/shared/plain/a/b" },
		{ "/deep/er/third/first/shared/x", "/shared/x" },
	};

	(void)state;
	assert_int_equal(symlink("shared/sub", at("/first/in-shared")), 0);
	assert_int_equal(symlink("../x", at("/second/out")), 0);
	assert_int_equal(symlink("../deep/er/", at("/second/up")), 0);
	assert_int_equal(
	    symlink("../../../../../etc/passwd", at("/second/far")), 0);
	assert_int_equal(symlink("loop", at("/second/loop")), 0);
	assert_int_equal(symlink("/", at("/third/first")), 0);
	assert_int_equal(mkdir(at("/first/etc"), 0755), 0);
	for (int late_too = 0; late_too < 2; late_too++) {
		is_late = late_too == 1;
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			const char *to = resolved(rows[i].path);

			if (strcmp(to, rows[i].to) != 0)
				print_error("%s: %s\n", rows[i].path, to);
			assert_string_equal(to, rows[i].to);
		}
	}
}

static void
a_path_of_many_parts_and_links_ends(void **state)
{
	char path[PATH_MAX] = "", text[3000] = "";

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		strcat(text, "./");
	assert_int_equal(symlink(text, at("/first/l")), 0);
	for (size_t i = 0; i < 41; i++)
		strcat(path, "/l");
	for (int late_too = 0; late_too < 2; late_too++) {
		is_late = late_too == 1;
		assert_string_equal(resolved(path + 2), "/");
		assert_string_equal(resolved(path), "");
		assert_non_null(reply.reason);
	}
	memset(path, 'a', sizeof path - 1);
	assert_string_equal(resolved(path), "");
}

static void
nothing_goes_from_one_storage_to_another(void **state)
{
	static const struct {
		const char *from, *to;
		uint32_t status;
		const char *reason;
	} rows[] = {
		{ "/x", "/shared/y", SP_FILE_FAILED, "cross-device" },
		{ "/shared/x", "/y", SP_FILE_FAILED, "cross-device" },
		{ "/shared/x", "/shared/plain/y", SP_FILE_FAILED,
		    "cross-device" },
		{ "/shared", "/other", SP_FILE_FAILED, "configuration" },
		{ "/deep", "/other", SP_FILE_FAILED, "configuration" },
		{ "/sub", "/deep", SP_FILE_FAILED, "configuration" },
		{ "/sub", "/shared", SP_FILE_FAILED, "configuration" },
		{ "/shared/plain/x", "/shared/plain/y", SP_FILE_UNSUPPORTED,
		    NULL },
		{ "/shared/x", "/shared/sub/y", SP_FILE_OK, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t status =
		    ops->rename(fresh(), tree, rows[i].from, rows[i].to, true);

		assert_int_equal(status, rows[i].status);
		if (rows[i].reason == NULL)
			continue;
		assert_non_null(strstr(reply.reason, rows[i].reason));
		assert_int_equal(
		    ops->link(fresh(), tree, rows[i].from, rows[i].to), status);
		assert_non_null(strstr(reply.reason, rows[i].reason));
	}
	assert_string_equal(held("/second/sub/y"), "second");
	assert_int_equal(
	    ops->link(fresh(), tree, "/shared/sub/y", "/shared/z"), SP_FILE_OK);
}

static void
the_folders_of_mounts_stay(void **state)
{
	static const char *const paths[] = { "/shared", "/deep", "/deep/er",
		"/deep/er/third", "/shared/plain" };
	const struct sp_file_attr attr = { .has = SP_FILE_HAS_MODE,
		.mode = 0700 };

	(void)state;
	assert_int_equal(mkdir(at("/first/deep"), 0755), 0);
	assert_int_equal(rmdir(at("/third/sub")), 0);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		assert_int_equal(ops->remove_folder(fresh(), tree, paths[i]),
		    SP_FILE_DENIED);
		assert_int_equal(
		    ops->remove(fresh(), tree, paths[i]), SP_FILE_DENIED);
		assert_int_equal(
		    ops->make_folder(fresh(), tree, paths[i], &attr),
		    SP_FILE_FAILED);
		assert_int_equal(
		    ops->make_symlink(fresh(), tree, "/x", paths[i]),
		    SP_FILE_FAILED);
		assert_int_equal(stat_it(paths[i]), SP_FILE_OK);
	}
	assert_int_equal(
	    ops->setstat(fresh(), tree, "/deep", &attr, true), SP_FILE_DENIED);
	assert_int_equal(
	    ops->make_folder(fresh(), tree, "/deep/mine", &attr), SP_FILE_OK);
	assert_string_equal(listed("/deep"), "+er +mine ");
	assert_int_equal(
	    ops->remove_folder(fresh(), tree, "/deep/mine"), SP_FILE_OK);
}

static void
files_are_read_and_copied_from_any_to_any(void **state)
{
	static const char *const from[] = { "/x", "/shared/x",
		"/deep/er/third/x", "/shared/plain/x" };
	static const char *const held_at[] = { "/first", "/second", "/third",
		"/plain" };
	static const char *const to[] = { "/to", "/shared/to",
		"/deep/er/third/to", "/shared/plain/to" };

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		struct sp_file *a, *b;
		char path[PATH_MAX], content[100];
		uint64_t done = 0;
		uint32_t status;

		is_late = i >= 16;
		a = open_it(from[i % 4], SP_FILE_READ);
		b = open_it(to[i / 4 % 4],
		    SP_FILE_WRITE | SP_FILE_CREATE | SP_FILE_TRUNCATE);
		assert_non_null(a);
		assert_non_null(b);
		while ((status = wait_for(ops->copy(fresh(), tree, a, done, b,
			    done, 1 << 20))) == SP_FILE_OK)
			done += reply.count;
		assert_int_equal(status, SP_FILE_EOF);
		wait_for(ops->close(fresh(), tree, a));
		assert_int_equal(
		    wait_for(ops->close(fresh(), tree, b)), SP_FILE_OK);
		snprintf(path, sizeof path, "%s/x", held_at[i % 4]);
		snprintf(content, sizeof content, "%s", held(path));
		snprintf(path, sizeof path, "%s/to", held_at[i / 4 % 4]);
		assert_string_equal(held(path), content);
		assert_int_equal(done, strlen(content));
	}
}

static void
space_is_that_of_who_has_the_path(void **state)
{
	(void)state;
	assert_int_equal(ops->measure(fresh(), tree, "/deep/er"), SP_FILE_OK);
	assert_true(reply.space.blocks > 0);
	assert_int_equal(ops->measure(fresh(), tree, "/shared"), SP_FILE_OK);
	assert_int_equal(
	    ops->measure(fresh(), tree, "/shared/plain"), SP_FILE_UNSUPPORTED);
	assert_int_equal(
	    ops->measure(fresh(), tree, "/none"), SP_FILE_NOT_FOUND);
	assert_int_equal(wait_for(ops->home(fresh(), tree, "")), SP_FILE_OK);
	assert_true(sp_view_is(reply.name, "/"));
}

/* What is open then is closed, and nothing is said any more. */
static void
a_tree_may_end_at_any_time(void **state)
{
	(void)state;
	assert_non_null(open_it("/shared/x", SP_FILE_READ));
	assert_int_equal(ops->open_folder(fresh(), tree, "/deep"), SP_FILE_OK);
	is_late = true;
	assert_int_equal(
	    ops->resolve(fresh(), tree, "/shared/x"), SP_FILE_LATER);
	ops->detach(tree);
	tree = NULL;
}

static void
without_one_of_its_storages_there_is_no_tree(void **state)
{
	(void)state;
	ops->detach(tree);
	assert_int_equal(remove(at("/third/x")), 0);
	assert_int_equal(rmdir(at("/third/sub")), 0);
	assert_int_equal(rmdir(at("/third")), 0);
	attach();
	assert_null(tree);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(mounts_are_where_they_were_put),
		TEST(what_is_no_folder_is_covered),
		TEST(links_are_read_in_the_tree),
		TEST(a_path_of_many_parts_and_links_ends),
		TEST(nothing_goes_from_one_storage_to_another),
		TEST(the_folders_of_mounts_stay),
		TEST(files_are_read_and_copied_from_any_to_any),
		TEST(space_is_that_of_who_has_the_path),
		TEST(a_tree_may_end_at_any_time),
		TEST(without_one_of_its_storages_there_is_no_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
