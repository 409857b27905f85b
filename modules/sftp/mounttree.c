/* The mounts, which of them has a path, and operations on names. */
#include "modules/sftp/mounttree.h"

#include "modules/sftp/guardstand.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char fixed_text[] = "This folder is part of the configuration";
static const char exists_text[] = "File exists";
static const char across_text[] =
    "Invalid cross-device link: the two are in different storages";

/* ---- beginning and ending ---- */

static enum mount_links
links_of(const struct sp_storage_ops *ops)
{
	if (ops->read_symlink != NULL)
		return MOUNT_BY_READING;
	return ops->resolve != NULL ? MOUNT_BY_RESOLVING : MOUNT_BY_TEXT;
}

/* A storage is asked for what its own operations are, or for nothing. */
static void
complete(struct sp_storage_ops *ops)
{
	guardstand_complete(ops);
	if (ops->link == NULL)
		ops->link = guardstand_ops.link;
	if (ops->make_symlink == NULL)
		ops->make_symlink = guardstand_ops.make_symlink;
	if (ops->read_symlink == NULL)
		ops->read_symlink = guardstand_ops.read_symlink;
	if (ops->measure == NULL)
		ops->measure = guardstand_ops.measure;
	if (ops->fmeasure == NULL)
		ops->fmeasure = guardstand_ops.fmeasure;
	if (ops->sync == NULL)
		ops->sync = guardstand_ops.sync;
}

static bool
add_mount(struct mounttree *t, struct sp_chan *chan, const char *path,
    const struct sp_storage *storage, const char **problem)
{
	struct mount *mount = &t->mounts[t->count];

	*mount = (struct mount){
		.path = path,
		.len = strlen(path),
		.links = links_of(storage->ops),
		.ops = *storage->ops,
	};
	mount->store = storage->ops->attach(chan, storage->conf, problem);
	if (mount->store == NULL)
		return false;
	complete(&mount->ops);
	if (mount->ops.follow_none != NULL)
		mount->ops.follow_none(mount->store);
	t->count++;
	return true;
}

static void
detach(struct sp_store *store)
{
	struct mounttree *t = mounttree_of(store);

	while (t->count > 0) {
		const struct mount *mount = &t->mounts[--t->count];

		mount->ops.detach(mount->store);
	}
	while (!LIST_EMPTY(&t->files))
		mountfile_free(LIST_FIRST(&t->files));
	free(t->mounts);
	free(t->buffer);
	free(t);
}

struct sp_store *
mounttree_attach(struct sp_chan *chan, const struct sp_storage *first,
    const struct sp_groups *groups, const char **about, const char **problem)
{
	const struct policy_mount *mounts = groups->items;
	struct mounttree *t = calloc(1, sizeof *t);
	bool is_there;

	*about = "/";
	*problem = "out of memory";
	if (t == NULL)
		return NULL;
	LIST_INIT(&t->files);
	t->mounts = calloc(groups->count + 1, sizeof *t->mounts);
	is_there = t->mounts != NULL && add_mount(t, chan, "", first, problem);
	for (size_t i = 0; is_there && i < groups->count; i++) {
		*about = mounts[i].path;
		is_there = add_mount(
		    t, chan, mounts[i].path, mounts[i].storage, problem);
	}
	if (is_there)
		return (struct sp_store *)(void *)t;
	detach((struct sp_store *)(void *)t);
	return NULL;
}

struct mounttree *
mounttree_of(struct sp_store *store)
{
	return (struct mounttree *)(void *)store;
}

/* ---- calls ---- */

static void
on_done(struct sp_reply *reply, uint32_t status)
{
	struct mounttree *t = (struct mounttree *)((char *)reply -
	    offsetof(struct mounttree, reply));

	if (!t->is_waiting)
		return;
	t->is_waiting = false;
	if (status == SP_FILE_LATER)
		status = SP_FILE_FAILED;
	status = mounttree_end(t, t->next(t, status));
	if (status != SP_FILE_LATER)
		t->asked->done(t->asked, status);
}

struct sp_reply *
mounttree_reply(struct mounttree *t)
{
	t->reply = (struct sp_reply){
		.size = sizeof t->reply,
		.done = on_done,
	};
	return &t->reply;
}

struct mounttree *
mounttree_begin(struct sp_reply *asked, struct sp_store *store)
{
	struct mounttree *t = mounttree_of(store);

	t->asked = asked;
	t->is_waiting = false;
	mounttree_reply(t);
	return t;
}

uint32_t
mounttree_end(struct mounttree *t, uint32_t status)
{
	struct sp_reply old = *t->asked;

	if (status == SP_FILE_LATER)
		return status;
	*t->asked = t->reply;
	t->asked->size = old.size;
	t->asked->done = old.done;
	return status;
}

uint32_t
mounttree_go(struct mounttree *t, uint32_t status, mounttree_step *next)
{
	if (status != SP_FILE_LATER)
		return next(t, status);
	t->next = next;
	t->is_waiting = true;
	return status;
}

/* ---- paths ---- */

static bool
is_in(const char *path, const struct mount *mount)
{
	return strncmp(path, mount->path, mount->len) == 0 &&
	    (path[mount->len] == '/' || path[mount->len] == '\0');
}

const struct mount *
mounttree_find(const struct mounttree *t, const char *path, const char **inner)
{
	const struct mount *mount = &t->mounts[0];

	for (size_t i = 1; i < t->count; i++)
		if (is_in(path, &t->mounts[i]) && t->mounts[i].len > mount->len)
			mount = &t->mounts[i];
	*inner = path[mount->len] == '\0' ? "/" : path + mount->len;
	return mount;
}

bool
mounttree_is_mount(const struct mounttree *t, const char *path)
{
	for (size_t i = 1; i < t->count; i++)
		if (strcmp(t->mounts[i].path, path) == 0)
			return true;
	return false;
}

bool
mounttree_has_below(const struct mounttree *t, const char *path)
{
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);

	for (size_t i = 1; i < t->count; i++)
		if (strncmp(t->mounts[i].path, path, len) == 0 &&
		    t->mounts[i].path[len] == '/')
			return true;
	return false;
}

/* What is there whatever the storages have. */
static bool
is_fixed(const struct mounttree *t, const char *path)
{
	return mounttree_is_mount(t, path) || mounttree_has_below(t, path);
}

static uint32_t
refuse(struct sp_reply *reply, uint32_t status, const char *reason)
{
	reply->reason = reason;
	return status;
}

/* ---- looking ---- */

struct sp_file_attr
mounttree_folder(void)
{
	return (struct sp_file_attr){
		.has = SP_FILE_HAS_MODE,
		.mode = S_IFDIR | 0555,
	};
}

/* A folder of the storage's is itself; what else is there is covered. */
static uint32_t
looked(struct mounttree *t, uint32_t status)
{
	const struct sp_file_attr *attr = &t->reply.attr;

	if (status == SP_FILE_OK && (attr->has & SP_FILE_HAS_MODE) != 0 &&
	    S_ISDIR(attr->mode))
		return status;
	mounttree_reply(t)->attr = mounttree_folder();
	return SP_FILE_OK;
}

/* Those above a mount, which may be there for that alone. */
static bool
is_above(const struct mounttree *t, const char *path)
{
	return mounttree_has_below(t, path) && !mounttree_is_mount(t, path) &&
	    strcmp(path, "/") != 0;
}

uint32_t
mounttree_look(struct mounttree *t, const char *path, mounttree_step *next)
{
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	return mounttree_go(t,
	    mount->ops.stat(mounttree_reply(t), mount->store, inner, false),
	    next);
}

static uint32_t
look(struct sp_reply *reply, struct sp_store *store, const char *path,
    bool follow)
{
	struct mounttree *t = mounttree_of(store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (!is_above(t, path))
		return mount->ops.stat(reply, mount->store, inner, follow);
	mounttree_begin(reply, store);
	return mounttree_end(t, mounttree_look(t, path, looked));
}

static uint32_t
measure(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct mounttree *t = mounttree_of(store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	return mount->ops.measure(
	    reply, mount->store, is_above(t, path) ? "/" : inner);
}

static uint32_t
read_symlink(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct mounttree *t = mounttree_of(store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (is_fixed(t, path))
		return refuse(reply, SP_FILE_FAILED, "It is a folder");
	return mount->ops.read_symlink(reply, mount->store, inner);
}

static bool
locate(struct sp_store *store, const char *path, char *room, size_t size)
{
	const char *inner;
	const struct mount *mount =
	    mounttree_find(mounttree_of(store), path, &inner);

	return mount->ops.locate != NULL &&
	    mount->ops.locate(mount->store, inner, room, size);
}

static uint32_t
home(struct sp_reply *reply, struct sp_store *store, const char *user)
{
	const struct mount *first = &mounttree_of(store)->mounts[0];

	return first->ops.home(reply, first->store, user);
}

/* ---- changing ---- */

static uint32_t
set(struct sp_reply *reply, struct sp_store *store, const char *path,
    const struct sp_file_attr *attr, bool follow)
{
	struct mounttree *t = mounttree_of(store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (is_above(t, path))
		return refuse(reply, SP_FILE_DENIED, fixed_text);
	return mount->ops.setstat(reply, mount->store, inner, attr, follow);
}

static uint32_t
remove_file(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct mounttree *t = mounttree_of(store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (is_fixed(t, path))
		return refuse(reply, SP_FILE_DENIED, fixed_text);
	return mount->ops.remove(reply, mount->store, inner);
}

static uint32_t
remove_folder(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct mounttree *t = mounttree_of(store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (is_fixed(t, path))
		return refuse(reply, SP_FILE_DENIED, fixed_text);
	return mount->ops.remove_folder(reply, mount->store, inner);
}

static uint32_t
make_folder(struct sp_reply *reply, struct sp_store *store, const char *path,
    const struct sp_file_attr *attr)
{
	struct mounttree *t = mounttree_of(store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (is_fixed(t, path))
		return refuse(reply, SP_FILE_FAILED, exists_text);
	return mount->ops.make_folder(reply, mount->store, inner, attr);
}

static uint32_t
make_symlink(struct sp_reply *reply, struct sp_store *store, const char *text,
    const char *path)
{
	struct mounttree *t = mounttree_of(store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (is_fixed(t, path))
		return refuse(reply, SP_FILE_FAILED, exists_text);
	return mount->ops.make_symlink(reply, mount->store, text, inner);
}

/* The one storage that has both; NULL: it cannot be done, with a reason. */
static const struct mount *
find_both(const struct mounttree *t, const char *from, const char *to,
    const char **inner, const char **inner_to, const char **reason)
{
	const struct mount *mount = mounttree_find(t, from, inner);

	*reason = NULL;
	if (is_fixed(t, from) || is_fixed(t, to))
		*reason = fixed_text;
	else if (mounttree_find(t, to, inner_to) != mount)
		*reason = across_text;
	return *reason == NULL ? mount : NULL;
}

static uint32_t
rename_it(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to, bool replace)
{
	const char *inner, *inner_to, *reason;
	const struct mount *mount = find_both(
	    mounttree_of(store), from, to, &inner, &inner_to, &reason);

	if (mount == NULL)
		return refuse(reply, SP_FILE_FAILED, reason);
	return mount->ops.rename(reply, mount->store, inner, inner_to, replace);
}

static uint32_t
link_it(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to)
{
	const char *inner, *inner_to, *reason;
	const struct mount *mount = find_both(
	    mounttree_of(store), from, to, &inner, &inner_to, &reason);

	if (mount == NULL)
		return refuse(reply, SP_FILE_FAILED, reason);
	return mount->ops.link(reply, mount->store, inner, inner_to);
}

const struct sp_storage_ops mounttree_ops = {
	.size = sizeof mounttree_ops,
	.detach = detach,
	.open = mountfile_open,
	.close = mountfile_close,
	.read = mountfile_read,
	.write = mountfile_write,
	.stat = look,
	.fstat = mountfile_stat,
	.setstat = set,
	.fsetstat = mountfile_setstat,
	.open_folder = mountfile_open_folder,
	.next_entry = mountfile_next_entry,
	.remove = remove_file,
	.make_folder = make_folder,
	.remove_folder = remove_folder,
	.rename = rename_it,
	.link = link_it,
	.make_symlink = make_symlink,
	.read_symlink = read_symlink,
	.resolve = mountwalk_resolve,
	.home = home,
	.measure = measure,
	.fmeasure = mountfile_measure,
	.sync = mountfile_sync,
	.copy = mountfile_copy,
	.locate = locate,
};
