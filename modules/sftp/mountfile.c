/* What is open in one of the storages, and folders that hold mounts. */
#include "modules/sftp/mounttree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COPY_BUFFER = 65536 };

static struct mountfile *
file_of(struct sp_file *file)
{
	return (struct mountfile *)(void *)file;
}

void
mountfile_free(struct mountfile *file)
{
	LIST_REMOVE(file, link);
	free(file->path);
	free(file);
}

/* The call is about a new one; false, with a reason, without memory. */
static bool
begin_file(struct mounttree *t, const struct mount *mount, const char *folder)
{
	struct mountfile *file = calloc(1, sizeof *file);

	t->file = NULL;
	if (file != NULL && folder != NULL)
		file->path = strdup(folder);
	if (file == NULL || (folder != NULL && file->path == NULL)) {
		free(file);
		mounttree_reply(t)->reason = "Out of memory";
		return false;
	}
	file->mount = mount;
	file->next = 1;
	LIST_INSERT_HEAD(&t->files, file, link);
	t->file = file;
	return true;
}

static uint32_t
opened(struct mounttree *t, uint32_t status)
{
	struct mountfile *file = t->file;

	t->file = NULL;
	if (status != SP_FILE_OK || t->reply.file == NULL) {
		mountfile_free(file);
		return status;
	}
	file->file = t->reply.file;
	t->reply.file = (struct sp_file *)(void *)file;
	return status;
}

uint32_t
mountfile_open(struct sp_reply *reply, struct sp_store *store, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	struct mounttree *t = mounttree_begin(reply, store);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (mounttree_is_mount(t, path) || mounttree_has_below(t, path)) {
		t->reply.reason = "Is a directory";
		return mounttree_end(t, SP_FILE_FAILED);
	}
	if (!begin_file(t, mount, NULL))
		return mounttree_end(t, SP_FILE_FAILED);
	return mounttree_end(t,
	    mounttree_go(t,
		mount->ops.open(
		    mounttree_reply(t), mount->store, inner, flags, attr),
		opened));
}

uint32_t
mountfile_close(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *opaque)
{
	struct mountfile *file = file_of(opaque);
	const struct mount *mount = file->mount;
	struct sp_file *inner = file->file;

	(void)store;
	mountfile_free(file);
	if (inner == NULL)
		return SP_FILE_OK;
	return mount->ops.close(reply, mount->store, inner);
}

/* ---- bytes and attributes: files alone ---- */

uint32_t
mountfile_read(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *opaque, uint64_t offset, const struct iovec *parts,
    size_t count)
{
	const struct mountfile *file = file_of(opaque);

	(void)store;
	return file->mount->ops.read(
	    reply, file->mount->store, file->file, offset, parts, count);
}

uint32_t
mountfile_write(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *opaque, uint64_t offset, struct sp_view data)
{
	const struct mountfile *file = file_of(opaque);

	(void)store;
	return file->mount->ops.write(
	    reply, file->mount->store, file->file, offset, data);
}

uint32_t
mountfile_stat(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *opaque)
{
	const struct mountfile *file = file_of(opaque);

	(void)store;
	return file->mount->ops.fstat(reply, file->mount->store, file->file);
}

uint32_t
mountfile_setstat(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *opaque, const struct sp_file_attr *attr)
{
	const struct mountfile *file = file_of(opaque);

	(void)store;
	return file->mount->ops.fsetstat(
	    reply, file->mount->store, file->file, attr);
}

uint32_t
mountfile_measure(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *opaque)
{
	const struct mountfile *file = file_of(opaque);

	(void)store;
	return file->mount->ops.fmeasure(reply, file->mount->store, file->file);
}

uint32_t
mountfile_sync(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *opaque)
{
	const struct mountfile *file = file_of(opaque);

	(void)store;
	return file->mount->ops.sync(reply, file->mount->store, file->file);
}

/* ---- copying ---- */

static uint32_t
has_written(struct mounttree *t, uint32_t status)
{
	t->reply.count = (size_t)t->left;
	return status;
}

static uint32_t
has_read(struct mounttree *t, uint32_t status)
{
	const struct mount *mount = t->to->mount;
	struct sp_view data = t->reply.data;

	if (status != SP_FILE_OK)
		return status;
	if (t->reply.count > 0)
		data = (struct sp_view){ t->buffer, t->reply.count };
	if (data.len == 0)
		return SP_FILE_EOF;
	if (data.len > t->left) {
		mounttree_reply(t)->reason =
		    "The storage's answer makes no sense";
		return SP_FILE_FAILED;
	}
	t->left = data.len;
	return mounttree_go(t,
	    mount->ops.write(mounttree_reply(t), mount->store, t->to->file,
		t->to_offset, data),
	    has_written);
}

uint32_t
mountfile_copy(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *opaque, uint64_t from_offset, struct sp_file *to,
    uint64_t to_offset, uint64_t len)
{
	const struct mountfile *file = file_of(opaque);
	const struct mount *mount = file->mount;
	struct mounttree *t = mounttree_begin(reply, store);
	struct iovec part;

	t->to = file_of(to);
	if (t->to->mount == mount && mount->ops.copy != NULL)
		return mount->ops.copy(reply, mount->store, file->file,
		    from_offset, t->to->file, to_offset, len);
	if (t->buffer == NULL)
		t->buffer = malloc(COPY_BUFFER);
	if (t->buffer == NULL) {
		t->reply.reason = "Out of memory";
		return mounttree_end(t, SP_FILE_FAILED);
	}
	t->to_offset = to_offset;
	t->left = len < COPY_BUFFER ? len : COPY_BUFFER;
	part = (struct iovec){ t->buffer, (size_t)t->left };
	return mounttree_end(t,
	    mounttree_go(t,
		mount->ops.read(mounttree_reply(t), mount->store, file->file,
		    from_offset, &part, 1),
		has_read));
}

/* ---- folders ---- */

/* A folder that is covered, or is not there, holds the mounts alone. */
static uint32_t
seen_folder(struct mounttree *t, uint32_t status)
{
	struct mountfile *file = t->file;
	const struct mount *mount = file->mount;
	const struct sp_file_attr *attr = &t->reply.attr;
	const char *inner;

	if (status == SP_FILE_OK && (attr->has & SP_FILE_HAS_MODE) != 0 &&
	    S_ISDIR(attr->mode)) {
		mounttree_find(t, file->path, &inner);
		return mounttree_go(t,
		    mount->ops.open_folder(
			mounttree_reply(t), mount->store, inner),
		    opened);
	}
	t->file = NULL;
	file->has_ended = true;
	mounttree_reply(t)->file = (struct sp_file *)(void *)file;
	return SP_FILE_OK;
}

uint32_t
mountfile_open_folder(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct mounttree *t = mounttree_begin(reply, store);
	bool has_mounts = mounttree_has_below(t, path);
	const char *inner;
	const struct mount *mount = mounttree_find(t, path, &inner);

	if (!begin_file(t, mount, has_mounts ? path : NULL))
		return mounttree_end(t, SP_FILE_FAILED);
	if (has_mounts && strcmp(inner, "/") != 0)
		return mounttree_end(t, mounttree_look(t, path, seen_folder));
	return mounttree_end(t,
	    mounttree_go(t,
		mount->ops.open_folder(mounttree_reply(t), mount->store, inner),
		opened));
}

/* The name by which a mount, or what is above it, is in the folder. */
static struct sp_view
name_in(const struct mountfile *folder, const struct mount *mount)
{
	size_t len = strcmp(folder->path, "/") == 0 ? 0 : strlen(folder->path);
	const char *name = mount->path + len + 1;

	if (strncmp(mount->path, folder->path, len) != 0 ||
	    mount->path[len] != '/')
		return sp_text("");
	return (struct sp_view){ (const uint8_t *)name, strcspn(name, "/") };
}

/* Whether one of the mounts before the last has a name in the folder. */
static bool
is_name(const struct mounttree *t, const struct mountfile *folder,
    struct sp_view name, size_t last)
{
	for (size_t i = 1; folder->path != NULL && i < last; i++) {
		struct sp_view other = name_in(folder, &t->mounts[i]);

		if (other.len == name.len && name.len > 0 &&
		    memcmp(other.data, name.data, name.len) == 0)
			return true;
	}
	return false;
}

static uint32_t
seen_mount(struct mounttree *t, uint32_t status)
{
	struct sp_file_attr attr = mounttree_folder();

	if (status == SP_FILE_OK && S_ISDIR(t->reply.attr.mode))
		attr = t->reply.attr;
	mounttree_reply(t)->attr = attr;
	t->reply.name = t->entry;
	return SP_FILE_OK;
}

/* Each name once, however many mounts are below it. */
static uint32_t
next_mount(struct mounttree *t)
{
	struct mountfile *folder = t->file;
	char path[PATH_MAX];
	size_t len;

	for (; folder->path != NULL && folder->next < t->count;
	     folder->next++) {
		const struct mount *mount = &t->mounts[folder->next];

		t->entry = name_in(folder, mount);
		if (t->entry.len == 0 ||
		    is_name(t, folder, t->entry, folder->next))
			continue;
		folder->next++;
		len = (size_t)((const char *)t->entry.data - mount->path) +
		    t->entry.len;
		if (len >= sizeof path)
			return SP_FILE_FAILED;
		memcpy(path, mount->path, len);
		path[len] = '\0';
		return mounttree_look(t, path, seen_mount);
	}
	return SP_FILE_EOF;
}

/* What a mount covers is not seen. */
static uint32_t
has_entry(struct mounttree *t, uint32_t status)
{
	struct mountfile *folder = t->file;
	const struct mount *mount = folder->mount;

	while (status == SP_FILE_OK &&
	    is_name(t, folder, t->reply.name, t->count)) {
		status = mount->ops.next_entry(
		    mounttree_reply(t), mount->store, folder->file);
		if (status == SP_FILE_LATER)
			return mounttree_go(t, status, has_entry);
	}
	if (status != SP_FILE_EOF)
		return status;
	folder->has_ended = true;
	mounttree_reply(t);
	return next_mount(t);
}

uint32_t
mountfile_next_entry(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *opaque)
{
	struct mounttree *t = mounttree_begin(reply, store);
	struct mountfile *folder = file_of(opaque);
	const struct mount *mount = folder->mount;

	t->file = folder;
	if (folder->has_ended)
		return mounttree_end(t, next_mount(t));
	return mounttree_end(t,
	    mounttree_go(t,
		mount->ops.next_entry(
		    mounttree_reply(t), mount->store, folder->file),
		has_entry));
}
