/*
 * The guard before the machine's files in a folder of the test's own, and
 * before a storage that answers everything later; with a host that starts no
 * program, but keeps what one would have been told.
 */
#ifndef SP_TEST_GUARDPLACE_H
#define SP_TEST_GUARDPLACE_H

#include "daemon/config/pattern.h"
#include "modules/local/localstore.h"
#include "modules/sftp/guard.h"
#include "tests/unit/sftp/workplace.h"

#include <event2/event.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

struct sp_chan {
	int nothing;
};

static struct sp_chan chan;
static struct guard guard;
static struct sp_store *store;
static struct event_base *loop; /* of those tests that have times */

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
	return loop;
}

enum { PLACES = 4 };

/* The program that a hook has started; and how it ends. */
static struct {
	unsigned count, left, wanted;
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
	if (is_wanted)
		run.wanted++;
	else
		run.left++;
}

/* ---- a storage that is late ---- */

static inline uint32_t
late_resolve(struct sp_reply *r, struct sp_store *s, const char *path)
{
	return later(r, localstore_ops.resolve(r, s, path));
}

static inline uint32_t
late_stat(struct sp_reply *r, struct sp_store *s, const char *path, bool follow)
{
	return later(r, localstore_ops.stat(r, s, path, follow));
}

static inline uint32_t
late_open(struct sp_reply *r, struct sp_store *s, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	return later(r, localstore_ops.open(r, s, path, flags, attr));
}

static inline uint32_t
late_close(struct sp_reply *r, struct sp_store *s, struct sp_file *file)
{
	return later(r, localstore_ops.close(r, s, file));
}

static inline uint32_t
late_write(struct sp_reply *r, struct sp_store *s, struct sp_file *file,
    uint64_t offset, struct sp_view data)
{
	return later(r, localstore_ops.write(r, s, file, offset, data));
}

static inline uint32_t
late_rename(struct sp_reply *r, struct sp_store *s, const char *from,
    const char *to, bool replace)
{
	return later(r, localstore_ops.rename(r, s, from, to, replace));
}

static inline uint32_t
late_remove(struct sp_reply *r, struct sp_store *s, const char *path)
{
	return later(r, localstore_ops.remove(r, s, path));
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

static inline void
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

static inline uint32_t
open_it(const char *path, uint32_t flags)
{
	return wait_for(guard.ops.open(fresh(), store, path, flags, &no_attr));
}

static inline uint32_t
write_it(struct sp_file *file, uint64_t offset, const char *text)
{
	return wait_for(
	    guard.ops.write(fresh(), store, file, offset, sp_text(text)));
}

static inline uint32_t
close_it(struct sp_file *file)
{
	return wait_for(guard.ops.close(fresh(), store, file));
}

static inline uint32_t
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

static inline int
count_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)type;
	(void)ftw;
	entries++;
	return 0;
}

static inline int
count_entries(void)
{
	entries = 0;
	nftw(root, count_entry, 8, FTW_PHYS);
	return entries;
}

static inline int
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

static inline int
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

static inline void
leave(void)
{
	guard.ops.detach(store);
	store = NULL;
}

#endif
