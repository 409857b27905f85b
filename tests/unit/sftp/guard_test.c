/*
 * The guard before the machine's files in a folder of the test's own, and
 * before a storage that answers everything later.
 */
#include "daemon/config/pattern.h"
#include "modules/local/localstore.h"
#include "modules/sftp/guard.h"
#include "tests/unit/sftp/workplace.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

struct sp_chan {
	int nothing;
};

static struct sp_chan chan;
static struct guard guard;
static struct sp_store *store;

/* The last transfer that was told of. */
static struct {
	unsigned count;
	bool is_upload, is_whole;
	char path[200];
	uint64_t bytes;
} told;

/* ---- the host ---- */

bool
sp_match_any(const struct sp_list *patterns, const char *text)
{
	const struct string_list list = { patterns->items, patterns->count };

	return pattern_any_matches(&list, text);
}

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

void
sp_chan_log_transfer(struct sp_chan *c, const struct sp_transfer *transfer)
{
	(void)c;
	told.count++;
	told.is_upload = transfer->is_upload;
	told.is_whole = transfer->reason == NULL;
	told.bytes = transfer->bytes;
	snprintf(told.path, sizeof told.path, "%s", transfer->path);
}

void
sp_log(int priority, const char *event, const char *format, ...)
{
	(void)priority;
	(void)event;
	(void)format;
}

struct event_base *
sp_chan_base(struct sp_chan *c)
{
	(void)c;
	return NULL;
}

/* The program that a hook has started; and how it ends. */
static struct {
	unsigned count, left;
	char env[1000]; /* each with a ";" behind */
	void (*ended)(void *arg, const struct sp_outcome *);
	void *arg;
} run;

/* What a channel is given until its end. */
static uint64_t given[1000];
static size_t given_count;

void *
sp_chan_alloc(struct sp_chan *c, size_t size)
{
	size_t at = given_count;

	(void)c;
	given_count += size / sizeof given[0] + 1;
	assert_true(given_count <= sizeof given / sizeof given[0]);
	return &given[at];
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
sp_check_program(const char *path, char *err, size_t size)
{
	(void)path;
	(void)err;
	(void)size;
	return true;
}

struct sp_run *
sp_chan_run(struct sp_chan *c, const struct sp_siderun *siderun)
{
	size_t len = 0;

	assert_ptr_equal(c, &chan);
	assert_true(siderun->program->limits->time_ms > 0);
	run.count++;
	run.ended = siderun->ended;
	run.arg = siderun->arg;
	run.env[0] = '\0';
	for (size_t i = 0; siderun->program->env[i] != NULL; i++)
		len += (size_t)snprintf(run.env + len, sizeof run.env - len,
		    "%s;", siderun->program->env[i]);
	return (struct sp_run *)(void *)&run;
}

void
sp_run_leave(struct sp_run *r, bool is_wanted)
{
	assert_ptr_equal(r, &run);
	assert_false(is_wanted);
	run.left++;
}

/* ---- a storage that is late ---- */

static uint32_t
late_resolve(struct sp_reply *r, struct sp_store *s, const char *path)
{
	return later(r, localstore_ops.resolve(r, s, path));
}

static uint32_t
late_stat(struct sp_reply *r, struct sp_store *s, const char *path, bool follow)
{
	return later(r, localstore_ops.stat(r, s, path, follow));
}

static uint32_t
late_open(struct sp_reply *r, struct sp_store *s, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	return later(r, localstore_ops.open(r, s, path, flags, attr));
}

static uint32_t
late_close(struct sp_reply *r, struct sp_store *s, struct sp_file *file)
{
	return later(r, localstore_ops.close(r, s, file));
}

static uint32_t
late_write(struct sp_reply *r, struct sp_store *s, struct sp_file *file,
    uint64_t offset, struct sp_view data)
{
	return later(r, localstore_ops.write(r, s, file, offset, data));
}

static uint32_t
late_rename(struct sp_reply *r, struct sp_store *s, const char *from,
    const char *to, bool replace)
{
	return later(r, localstore_ops.rename(r, s, from, to, replace));
}

/* ---- calls ---- */

#define LIST(...) \
	{ \
		.items = (const char *const[]){ __VA_ARGS__ }, \
		.count = sizeof((const char *const[]){ __VA_ARGS__ }) / \
		    sizeof(char *) \
	}

static const struct policy_folder folders[] = {
	{ "/", LIST("list") },
	{ "/in", LIST("list", "upload", "resume") },
	{ "/out", LIST("list", "download", "delete") },
	{ "/all",
	    LIST("list", "download", "upload", "overwrite", "delete", "rename",
		"mkdir", "link", "chmod", "times") },
	{ "/all/less", LIST("list") },
};

static const struct policy_folder grow_only[] = {
	{ "/", LIST("list", "upload", "resume") },
};

static const struct policy_conf whole = {
	.folders = { .items = folders,
	    .count = sizeof folders / sizeof folders[0] },
	.hide = LIST(".*"),
	.deny = LIST("*.exe"),
	.upload = 1,
};

static struct policy_conf conf;
static const struct sp_file_attr no_attr;

static void
attach(void)
{
	static struct sp_storage_ops ops;
	const struct localstore_conf local = { .root = root };
	const char *problem;
	struct sp_store *inner = localstore_ops.attach(&chan, &local, &problem);

	ops = localstore_ops;
	ops.resolve = late_resolve;
	ops.stat = late_stat;
	ops.open = late_open;
	ops.close = late_close;
	ops.write = late_write;
	ops.rename = late_rename;
	assert_non_null(inner);
	assert_true(guard_init(&guard, &chan, &conf, &ops, inner));
	store = guard_store(&guard);
}

static uint32_t
open_it(const char *path, uint32_t flags)
{
	return wait_for(guard.ops.open(fresh(), store, path, flags, &no_attr));
}

static uint32_t
write_it(struct sp_file *file, uint64_t offset, const char *text)
{
	return wait_for(
	    guard.ops.write(fresh(), store, file, offset, sp_text(text)));
}

static uint32_t
close_it(struct sp_file *file)
{
	return wait_for(guard.ops.close(fresh(), store, file));
}

static uint32_t
stat_it(const char *path)
{
	return wait_for(guard.ops.stat(fresh(), store, path, true));
}

enum {
	NEW = SP_FILE_WRITE | SP_FILE_CREATE | SP_FILE_TRUNCATE,
	MORE = SP_FILE_WRITE | SP_FILE_CREATE,
	ONLY = SP_FILE_WRITE | SP_FILE_CREATE | SP_FILE_EXCLUSIVE,
};

/* ---- the folder ---- */

static int entries;

static int
count_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)type;
	(void)ftw;
	entries++;
	return 0;
}

static int
count_entries(void)
{
	entries = 0;
	nftw(root, count_entry, 8, FTW_PHYS);
	return entries;
}

static int
set_up(void **state)
{
	static const char *const made[] = { "/in", "/out", "/all", "/all/less",
		"/all/sub", "/other" };

	(void)state;
	make_root(made, sizeof made / sizeof made[0]);
	put("/out/x", "out");
	put("/all/x", "all");
	put("/all/.hidden", "hidden");
	put("/all/bad.exe", "bad");
	conf = whole;
	memset(&told, 0, sizeof told);
	is_late = false;
	open_reply = NULL;
	attach();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	is_late = false;
	if (store != NULL)
		guard.ops.detach(store);
	store = NULL;
	remove_root();
	return 0;
}

static void
leave(void)
{
	guard.ops.detach(store);
	store = NULL;
}

/* ---- tests ---- */

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

/* ---- hooks ---- */

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
		TEST(no_path_leads_around_the_rights),
		TEST(both_ends_need_the_right),
		TEST(a_link_that_comes_in_between_is_not_followed),
		TEST(a_file_opened_for_nothing_is_one_to_read),
		TEST(what_programs_judge_comes_by_uploads_alone),
		TEST(a_file_that_comes_in_between_is_kept),
		TEST(an_upload_appears_when_it_is_whole),
		TEST(two_uploads_of_a_name_do_not_mix),
		TEST(what_came_before_it_is_kept),
		TEST(one_that_was_cut_is_gone_or_waits),
		TEST(what_is_not_whole_does_not_appear),
		TEST(who_may_only_resume_overwrites_nothing),
		TEST(modes_are_what_the_configuration_says),
		TEST(hidden_names_are_not_listed),
		TEST(what_a_program_refuses_is_not_done),
		TEST(an_upload_appears_when_its_program_says_so),
		TEST(who_leaves_is_not_waited_for),
		TEST(names_that_could_mislead_a_program_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
