/* Calls: where their paths lead, whether they may be, and how they end. */
#include "modules/sftp/guard.h"

#include "modules/sftp/guardhook.h"
#include "modules/sftp/guardstand.h"
#include "modules/sftp/transfer.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static const char late_text[] = "The storage does not answer";

static void on_done(struct sp_reply *, uint32_t);
static guard_step found;

/* ---- beginning and ending ---- */

static void
detach(struct sp_store *store)
{
	struct guard *g = guard_of(store);
	struct guard_file *file;

	guardhook_leave(g);
	while ((file = LIST_FIRST(&g->files)) != NULL) {
		LIST_REMOVE(file, link);
		guardfile_abandon(g, file);
		guardfile_free(g, file);
	}
	guardfile_free(g, g->file);
	guardfile_free(g, g->late);
	guardhook_give_back(g);
	hook_clear(&g->hooks);
	if (g->deadline != NULL)
		event_free(g->deadline);
	g->behind.detach(g->store);
	policy_clear(&g->policy);
}

static const struct sp_storage_ops all_ops = {
	.size = sizeof all_ops,
	.detach = detach,
	.open = guardfile_open,
	.close = guardfile_close,
	.read = guardbytes_read,
	.write = guardbytes_write,
	.stat = guardname_stat,
	.fstat = guardbytes_stat,
	.setstat = guardname_setstat,
	.fsetstat = guardbytes_setstat,
	.open_folder = guardfile_open_folder,
	.next_entry = guardbytes_next_entry,
	.remove = guardname_remove,
	.make_folder = guardname_make_folder,
	.remove_folder = guardname_remove_folder,
	.rename = guardname_rename,
	.link = guardname_link,
	.make_symlink = guardname_make_symlink,
	.read_symlink = guardname_read_symlink,
	.resolve = guardname_resolve,
	.home = guardname_home,
	.measure = guardname_measure,
	.fmeasure = guardbytes_measure,
	.sync = guardbytes_sync,
	.copy = guardbytes_copy,
};

bool
guard_init(struct guard *g, struct sp_chan *chan,
    const struct policy_conf *conf, const struct sp_storage_ops *inner,
    struct sp_store *store)
{
	*g = (struct guard){
		.ops = all_ops,
		.chan = chan,
		.behind = *inner,
		.store = store,
	};
	g->inner = &g->behind;
	guardstand_complete(&g->behind);
	LIST_INIT(&g->files);
	if (!policy_init(&g->policy, conf) || !guardhook_init(g, conf)) {
		policy_clear(&g->policy);
		inner->detach(store);
		return false;
	}
	if (inner->link == NULL)
		g->ops.link = NULL;
	if (inner->make_symlink == NULL)
		g->ops.make_symlink = NULL;
	if (inner->read_symlink == NULL)
		g->ops.read_symlink = NULL;
	if (inner->measure == NULL)
		g->ops.measure = NULL;
	if (inner->fmeasure == NULL)
		g->ops.fmeasure = NULL;
	if (inner->sync == NULL)
		g->ops.sync = NULL;
	if (inner->copy == NULL)
		g->ops.copy = NULL;
	if (g->policy.looks_at_paths && inner->follow_none != NULL)
		inner->follow_none(store);
	return true;
}

struct sp_store *
guard_store(struct guard *g)
{
	return (struct sp_store *)(void *)g;
}

struct guard *
guard_of(struct sp_store *store)
{
	return (struct guard *)(void *)store;
}

/* ---- calls ---- */

struct guard *
guard_begin(struct sp_reply *asked, struct sp_store *store)
{
	struct guard *g = guard_of(store);

	g->asked = asked;
	g->rights = g->target_rights = g->events = 0;
	g->follows = g->has_target = g->is_second = false;
	g->file = NULL;
	g->places = 0;
	guard_reply(g);
	return g;
}

static bool
is_status(uint32_t status)
{
	return status <= SP_FILE_BAD_MESSAGE || status == SP_FILE_UNSUPPORTED;
}

uint32_t
guard_end(struct guard *g, uint32_t status)
{
	struct sp_reply *asked = g->asked, old = *g->asked;

	if (status == SP_FILE_LATER)
		return status;
	guardhook_give_back(g);
	/* What had happened before it was given up is told as it is. */
	if (g->is_lost && status != SP_FILE_OK)
		status = guard_refuse(g, SP_FILE_FAILED, late_text);
	*asked = g->reply;
	asked->size = old.size;
	asked->done = old.done;
	return is_status(status) ? status : SP_FILE_FAILED;
}

struct sp_reply *
guard_reply(struct guard *g)
{
	g->reply = (struct sp_reply){
		.size = sizeof g->reply,
		.done = on_done,
	};
	return &g->reply;
}

/* The storage's operation has ended so, or is given up. */
static void
go_on(struct guard *g, uint32_t status)
{
	status = guard_end(g, g->next(g, status));
	if (status != SP_FILE_LATER)
		g->asked->done(g->asked, status);
}

/* Its time is over; it is asked for nothing more. */
static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct guard *g = arg;

	(void)fd;
	(void)what;
	if (!g->is_waiting)
		return;
	sp_log(LOG_ERR, "storage_late",
	    "the storage has not answered for %llu ms: it is given up",
	    (unsigned long long)g->time_ms);
	g->is_waiting = false;
	g->is_lost = true;
	g->inner = &guardstand_ops;
	guard_refuse(g, SP_FILE_FAILED, late_text);
	if (g->file == NULL || !g->file->is_appearing) {
		go_on(g, SP_FILE_FAILED);
		return;
	}
	/* Whether it does, only the storage's word can tell. */
	transfer_log(g->chan, g->file, late_text);
	g->late = g->file;
	g->file = NULL;
	g->asked->done(g->asked, guard_end(g, SP_FILE_FAILED));
}

/* Nobody waits for what it says now; but a file may have come by it. */
static void
on_too_late(struct guard *g, uint32_t status)
{
	struct guard_file *file = g->late;

	g->late = NULL;
	if (file != NULL && status == SP_FILE_OK)
		guardfile_come_late(g, file);
	guardfile_free(g, file);
}

/* Without memory for it there is no such time. */
static void
expect(struct guard *g)
{
	const struct timeval time = {
		.tv_sec = (time_t)(g->time_ms / 1000),
		.tv_usec = (suseconds_t)(g->time_ms % 1000 * 1000),
	};

	if (g->time_ms == 0)
		return;
	if (g->deadline == NULL)
		g->deadline = evtimer_new(sp_chan_base(g->chan), on_late, g);
	if (g->deadline != NULL)
		evtimer_add(g->deadline, &time);
}

uint32_t
guard_go(struct guard *g, uint32_t status, guard_step *next)
{
	if (status != SP_FILE_LATER)
		return next(g, status);
	g->next = next;
	g->is_waiting = true;
	expect(g);
	return status;
}

static void
on_done(struct sp_reply *reply, uint32_t status)
{
	struct guard *g =
	    (struct guard *)((char *)reply - offsetof(struct guard, reply));

	if (!g->is_waiting) {
		on_too_late(g, status);
		return;
	}
	g->is_waiting = false;
	if (g->deadline != NULL)
		evtimer_del(g->deadline);
	go_on(g, status == SP_FILE_LATER ? SP_FILE_FAILED : status);
}

uint32_t
guard_refuse(struct guard *g, uint32_t status, const char *reason)
{
	guard_reply(g)->reason = reason;
	return status;
}

uint32_t
guard_done(struct guard *g, uint32_t status)
{
	(void)g;
	return status;
}

uint32_t
guard_doubt(struct guard *g)
{
	sp_log(LOG_ERR, "storage_nonsense",
	    "the storage's answer about %s cannot be", g->path);
	return guard_refuse(
	    g, SP_FILE_FAILED, "The storage's answer makes no sense");
}

uint32_t
guard_named(struct guard *g, uint32_t status)
{
	struct sp_view name = g->reply.name;

	if (status == SP_FILE_OK &&
	    (name.len == 0 || name.len >= PATH_MAX ||
		memchr(name.data, '\0', name.len) != NULL))
		return guard_doubt(g);
	return status;
}

/* ---- paths ---- */

/* Both paths are known. */
static uint32_t
ask(struct guard *g)
{
	const char *reason = NULL;
	uint32_t status = policy_ask(&g->policy, g->path, g->rights, &reason);

	if (status == SP_FILE_OK && g->has_target)
		status = policy_ask(
		    &g->policy, g->target, g->target_rights, &reason);
	if (status == SP_FILE_OK && guardhook_is_odd(g)) {
		status = SP_FILE_DENIED;
		reason = "Control characters in names are not allowed here";
	}
	if (status == SP_FILE_OK && !guardhook_keep_places(g)) {
		status = SP_FILE_FAILED;
		reason = "Too many programs of the server's are waiting";
	}
	if (status != SP_FILE_OK)
		return guard_refuse(g, status, reason);
	guard_reply(g);
	return g->perform(g, SP_FILE_OK);
}

/*
 * What stays of a path when its last name, which is not to be followed, is
 * taken off; without a name there it is all of it.
 */
static bool
split(struct guard *g, const char *path, char folder[PATH_MAX])
{
	size_t len = strlen(path), end, at;

	g->leaf[0] = '\0';
	memcpy(folder, path, len + 1);
	if (g->follows)
		return true;
	for (end = len; end > 0 && path[end - 1] == '/'; end--)
		;
	for (at = end; at > 0 && path[at - 1] != '/'; at--)
		;
	if (end - at > NAME_MAX)
		return false;
	if (end == at || (end - at == 1 && path[at] == '.') ||
	    (end - at == 2 && memcmp(path + at, "..", 2) == 0))
		return true;
	memcpy(g->leaf, path + at, end - at);
	g->leaf[end - at] = '\0';
	folder[at] = '\0';
	if (at == 0)
		memcpy(folder, ".", 2);
	return true;
}

static uint32_t
find_one(struct guard *g, const char *path)
{
	char folder[PATH_MAX];

	if (!split(g, path, folder))
		return guard_refuse(
		    g, SP_FILE_BAD_MESSAGE, "The name is too long");
	return guard_go(
	    g, g->inner->resolve(guard_reply(g), g->store, folder), found);
}

static uint32_t
found(struct guard *g, uint32_t status)
{
	struct sp_view name = g->reply.name;
	char *path = g->is_second ? g->target : g->path, given[PATH_MAX];
	bool is_root = sp_view_is(name, "/");
	int len;

	status = guard_named(g, status);
	if (status != SP_FILE_OK)
		return status;
	if (g->has_target && !g->is_second)
		memcpy(given, g->target, sizeof given);
	len = snprintf(path, PATH_MAX, "%.*s%s%s",
	    is_root && g->leaf[0] != '\0' ? 0 : (int)name.len,
	    (const char *)name.data, g->leaf[0] == '\0' ? "" : "/", g->leaf);
	if (len <= 0 || len >= PATH_MAX || path[0] != '/')
		return guard_refuse(
		    g, SP_FILE_BAD_MESSAGE, "The name is too long");
	if (!g->has_target || g->is_second)
		return ask(g);
	g->is_second = true;
	return find_one(g, given);
}

uint32_t
guard_find(struct guard *g, const char *path, const char *target)
{
	g->has_target = target != NULL;
	if (target != NULL)
		snprintf(g->target, sizeof g->target, "%s", target);
	if (g->policy.looks_at_paths)
		return find_one(g, path);
	snprintf(g->path, sizeof g->path, "%s", path);
	return ask(g);
}
