/* A storage in memory: one folder of files, which goes with the channel. */
#include <sallyport/storage.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

enum { NAMES = 64, NAME_SIZE = 100 };

struct conf {
	uint64_t size; /* of all files together */
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, size, SP_O_SIZE, "16M", "room for all files") },
	{ .name = NULL },
};

struct node {
	char name[NAME_SIZE]; /* "/x"; "": a free place */
	uint8_t *data;
	uint64_t len;
};

/* A file that is open, or the folder with the next entry's place. */
struct sp_file {
	struct node *node;
	size_t next;
	LIST_ENTRY(sp_file) link;
};

struct sp_store {
	const struct conf *conf;
	uint64_t used;
	struct node nodes[NAMES];
	LIST_HEAD(, sp_file) files; /* that are open */
};

static struct sp_store *
attach(struct sp_chan *chan, const void *conf, const char **problem)
{
	struct sp_store *store = calloc(1, sizeof *store);

	(void)chan;
	*problem = "out of memory";
	if (store != NULL)
		store->conf = conf;
	return store;
}

static void
clear(struct sp_store *store, struct node *node)
{
	store->used -= node->len;
	free(node->data);
	memset(node, 0, sizeof *node);
}

static uint32_t
close_any(struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	(void)reply;
	(void)store;
	LIST_REMOVE(file, link);
	free(file);
	return SP_FILE_OK;
}

/* A client may leave with files open. */
static void
detach(struct sp_store *store)
{
	while (!LIST_EMPTY(&store->files))
		close_any(NULL, store, LIST_FIRST(&store->files));
	for (size_t i = 0; i < NAMES; i++)
		clear(store, &store->nodes[i]);
	free(store);
}

/* Paths are "/x": sftp makes them so where a storage has no resolve(). */
static struct node *
find(struct sp_store *store, const char *path)
{
	path += *path == '/';
	for (size_t i = 0; i < NAMES; i++)
		if (*path != '\0' && strcmp(store->nodes[i].name, path) == 0)
			return &store->nodes[i];
	return NULL;
}

static uint32_t
give(struct sp_reply *reply, struct sp_store *store, struct node *node)
{
	reply->file = calloc(1, sizeof *reply->file);
	if (reply->file == NULL)
		return SP_FILE_FAILED;
	reply->file->node = node;
	LIST_INSERT_HEAD(&store->files, reply->file, link);
	return SP_FILE_OK;
}

static uint32_t
open_file(struct sp_reply *reply, struct sp_store *store, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	struct node *node = find(store, path);

	(void)attr;
	path += *path == '/';
	if (node == NULL && (flags & SP_FILE_CREATE) == 0)
		return SP_FILE_NOT_FOUND;
	if (node != NULL && (flags & SP_FILE_EXCLUSIVE) != 0)
		return SP_FILE_FAILED;
	for (size_t i = 0; node == NULL && i < NAMES; i++)
		if (store->nodes[i].name[0] == '\0')
			node = &store->nodes[i];
	if (node == NULL || strlen(path) >= NAME_SIZE ||
	    strchr(path, '/') != NULL || *path == '\0') {
		reply->reason = "There is one folder, of short names";
		return SP_FILE_FAILED;
	}
	if ((flags & SP_FILE_TRUNCATE) != 0)
		clear(store, node);
	strcpy(node->name, path);
	return give(reply, store, node);
}

static uint32_t
read_file(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t offset, const struct iovec *parts, size_t count)
{
	const struct node *node = file->node;

	(void)store;
	for (size_t i = 0; i < count && offset < node->len; i++) {
		uint64_t len = node->len - offset;

		if (len > parts[i].iov_len)
			len = parts[i].iov_len;
		memcpy(parts[i].iov_base, node->data + offset, len);
		reply->count += len;
		offset += len;
	}
	return reply->count > 0 ? SP_FILE_OK : SP_FILE_EOF;
}

static uint32_t
write_file(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t offset, struct sp_view data)
{
	struct node *node = file->node;
	uint64_t left = store->conf->size - store->used;
	uint8_t *more;

	if (offset > node->len + left || data.len > node->len + left - offset) {
		reply->reason = "There is no more room";
		return SP_FILE_FAILED;
	}
	if (offset + data.len > node->len) {
		more = realloc(node->data, offset + data.len);
		if (more == NULL)
			return SP_FILE_FAILED;
		memset(more + node->len, 0, offset + data.len - node->len);
		store->used += offset + data.len - node->len;
		node->data = more;
		node->len = offset + data.len;
	}
	if (data.len > 0)
		memcpy(node->data + offset, data.data, data.len);
	return SP_FILE_OK;
}

static uint32_t
tell(struct sp_reply *reply, const struct node *node)
{
	reply->attr.has = SP_FILE_HAS_SIZE | SP_FILE_HAS_MODE;
	reply->attr.mode = node == NULL ? S_IFDIR | 0700 : S_IFREG | 0600;
	reply->attr.size = node == NULL ? 0 : node->len;
	return SP_FILE_OK;
}

static uint32_t
stat_path(struct sp_reply *reply, struct sp_store *store, const char *path,
    bool follow)
{
	const struct node *node = find(store, path);

	(void)follow;
	if (node == NULL && strcmp(path, "/") != 0 && strcmp(path, ".") != 0)
		return SP_FILE_NOT_FOUND;
	return tell(reply, node);
}

static uint32_t
stat_file(struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	(void)store;
	return tell(reply, file->node);
}

static uint32_t
open_folder(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	uint32_t status = stat_path(reply, store, path, true);

	if (status != SP_FILE_OK || find(store, path) != NULL)
		return SP_FILE_NOT_FOUND;
	return give(reply, store, NULL);
}

static uint32_t
next_entry(struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	while (file->next < NAMES) {
		const struct node *node = &store->nodes[file->next++];

		if (node->name[0] == '\0')
			continue;
		reply->name = sp_text(node->name);
		return tell(reply, node);
	}
	return SP_FILE_EOF;
}

static const struct sp_storage_ops storage = {
	.size = sizeof storage,
	.attach = attach,
	.detach = detach,
	.open = open_file,
	.close = close_any,
	.read = read_file,
	.write = write_file,
	.stat = stat_path,
	.fstat = stat_file,
	.open_folder = open_folder,
	.next_entry = next_entry,
};
SP_MODULE("memory", "1.0", "files in memory", struct conf, options,
    { SP_KIND_STORAGE, &storage });
