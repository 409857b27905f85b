/* Operations that do nothing. */
#include "modules/sftp/guardstand.h"

#include "modules/sftp/guard.h"

#include <string.h>

static uint32_t
no_open(struct sp_reply *reply, struct sp_store *store, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	(void)reply;
	(void)store;
	(void)path;
	(void)flags;
	(void)attr;
	return SP_FILE_UNSUPPORTED;
}

static uint32_t
no_file(struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	(void)reply;
	(void)store;
	(void)file;
	return SP_FILE_UNSUPPORTED;
}

static uint32_t
no_read(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t offset, const struct iovec *parts, size_t count)
{
	(void)offset;
	(void)parts;
	(void)count;
	return no_file(reply, store, file);
}

static uint32_t
no_write(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t offset, struct sp_view data)
{
	(void)offset;
	(void)data;
	return no_file(reply, store, file);
}

static uint32_t
no_path(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	(void)path;
	return no_file(reply, store, NULL);
}

static uint32_t
no_stat(struct sp_reply *reply, struct sp_store *store, const char *path,
    bool follow)
{
	(void)follow;
	return no_path(reply, store, path);
}

static uint32_t
no_setstat(struct sp_reply *reply, struct sp_store *store, const char *path,
    const struct sp_file_attr *attr, bool follow)
{
	(void)attr;
	(void)follow;
	return no_path(reply, store, path);
}

static uint32_t
no_fsetstat(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, const struct sp_file_attr *attr)
{
	(void)attr;
	return no_file(reply, store, file);
}

static uint32_t
no_make_folder(struct sp_reply *reply, struct sp_store *store, const char *path,
    const struct sp_file_attr *attr)
{
	(void)attr;
	return no_path(reply, store, path);
}

static uint32_t
no_rename(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to, bool replace)
{
	(void)to;
	(void)replace;
	return no_path(reply, store, from);
}

static uint32_t
no_link(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to)
{
	(void)to;
	return no_path(reply, store, from);
}

static uint32_t
no_copy(struct sp_reply *reply, struct sp_store *store, struct sp_file *from,
    uint64_t from_offset, struct sp_file *to, uint64_t to_offset, uint64_t len)
{
	(void)from_offset;
	(void)to;
	(void)to_offset;
	(void)len;
	return no_file(reply, store, from);
}

const struct sp_storage_ops guardstand_ops = {
	.size = sizeof guardstand_ops,
	.open = no_open,
	.close = no_file,
	.read = no_read,
	.write = no_write,
	.stat = no_stat,
	.fstat = no_file,
	.setstat = no_setstat,
	.fsetstat = no_fsetstat,
	.open_folder = no_path,
	.next_entry = no_file,
	.remove = no_path,
	.make_folder = no_make_folder,
	.remove_folder = no_path,
	.rename = no_rename,
	.link = no_link,
	.make_symlink = no_link,
	.read_symlink = no_path,
	.resolve = no_path,
	.home = no_path,
	.measure = no_path,
	.fmeasure = no_file,
	.sync = no_file,
	.copy = no_copy,
};

/* ---- paths of which there is no more to know ---- */

/* The last part goes. */
static size_t
go_up(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}

static uint32_t
read_path(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct guard *g =
	    (struct guard *)((char *)reply - offsetof(struct guard, reply));
	size_t len = 0, part;

	(void)store;
	for (; *path != '\0'; path += part) {
		path += strspn(path, "/");
		part = strcspn(path, "/");
		if (part == 2 && memcmp(path, "..", 2) == 0) {
			len = go_up(g->resolved, len);
			continue;
		}
		if (part == 0 || (part == 1 && *path == '.'))
			continue;
		if (part + 2 > sizeof g->resolved - len)
			return SP_FILE_BAD_MESSAGE;
		g->resolved[len] = '/';
		memcpy(g->resolved + len + 1, path, part);
		len += part + 1;
	}
	if (len == 0)
		g->resolved[len++] = '/';
	reply->name = (struct sp_view){ (uint8_t *)g->resolved, len };
	return SP_FILE_OK;
}

static uint32_t
begin_at_top(struct sp_reply *reply, struct sp_store *store, const char *user)
{
	(void)store;
	reply->name = sp_text("/");
	return user[0] == '\0' ? SP_FILE_OK : SP_FILE_NOT_FOUND;
}

void
guardstand_complete(struct sp_storage_ops *ops)
{
	if (ops->write == NULL)
		ops->write = no_write;
	if (ops->setstat == NULL)
		ops->setstat = no_setstat;
	if (ops->fsetstat == NULL)
		ops->fsetstat = no_fsetstat;
	if (ops->remove == NULL)
		ops->remove = no_path;
	if (ops->make_folder == NULL)
		ops->make_folder = no_make_folder;
	if (ops->remove_folder == NULL)
		ops->remove_folder = no_path;
	if (ops->rename == NULL)
		ops->rename = no_rename;
	if (ops->resolve == NULL)
		ops->resolve = read_path;
	if (ops->home == NULL)
		ops->home = begin_at_top;
}
