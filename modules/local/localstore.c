/* The root, and how paths lead from it. */
#include "modules/local/localstore.h"

#include "modules/local/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sp_store *
fail(struct sp_store *store, const char **problem, const char *text)
{
	*problem = text;
	if (store != NULL && store->root >= 0)
		close(store->root);
	if (store != NULL)
		free(store->start);
	free(store);
	return NULL;
}

/* As for a program: who has no home here is where all begins. */
static const char *
start_of(const struct sp_store *store, struct sp_chan *chan)
{
	const char *home = sp_chan_get(chan, "home");
	struct stat st;

	if (store->has_root || stat(home, &st) != 0 || !S_ISDIR(st.st_mode))
		return "/";
	return home;
}

static struct sp_store *
attach(struct sp_chan *chan, const void *data, const char **problem)
{
	const struct localstore_conf *conf = data;
	struct sp_store *store = calloc(1, sizeof *store);
	const char *root = "/";

	if (store == NULL)
		return fail(NULL, problem, "out of memory");
	LIST_INIT(&store->files);
	store->root = -1;
	store->user = sp_chan_get(chan, "user");
	store->has_root = conf->root[0] != '\0';
	if (store->has_root)
		root = sp_chan_expand(chan, conf->root, NULL);
	if (root == NULL)
		return fail(store, problem, "the root's name cannot be made");
	store->root_path = store->has_root ? root : "";
	store->start = strdup(start_of(store, chan));
	store->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (store->start == NULL)
		return fail(store, problem, "out of memory");
	if (store->root < 0)
		return fail(store, problem, strerror(errno));
	return store;
}

static void
detach(struct sp_store *store)
{
	const char *problem;

	while (!LIST_EMPTY(&store->files))
		localstore_drop(LIST_FIRST(&store->files));
	fail(store, &problem, NULL);
}

static void
follow_none(struct sp_store *store)
{
	store->is_straight = true;
}

/* ---- paths ---- */

bool
localstore_absolute(
    const struct sp_store *store, const char *path, char absolute[PATH_MAX])
{
	int len = path[0] == '/'
	    ? snprintf(absolute, PATH_MAX, "%s", path)
	    : snprintf(absolute, PATH_MAX, "%s/%s", store->start, path);

	if (len > 0 && len < PATH_MAX)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

int
localstore_open(
    const struct sp_store *store, const char *path, int flags, mode_t mode)
{
	char absolute[PATH_MAX];

	if (!localstore_absolute(store, path, absolute))
		return -1;
	flags |= O_CLOEXEC;
	/* openat2() takes nothing beside O_PATH that means nothing there. */
	if ((flags & O_PATH) == 0)
		flags |= O_NONBLOCK | O_NOCTTY;
	if (store->is_straight)
		return inroot_open_straight(store->root, absolute, flags, mode);
	if (store->has_root)
		return inroot_open(store->root, absolute, flags, mode);
	return open(absolute, flags, mode);
}

/* One call where the whole machine is seen; else the root's walls need three. */
bool
localstore_look(const struct sp_store *store, const char *path, bool follow,
    struct stat *st)
{
	char absolute[PATH_MAX];
	bool is_done;
	int fd, error;

	if (!store->has_root && !store->is_straight)
		return localstore_absolute(store, path, absolute) &&
		    fstatat(AT_FDCWD, absolute, st,
			follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
	fd =
	    localstore_open(store, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0);
	if (fd < 0)
		return false;
	is_done = fstat(fd, st) == 0;
	error = errno;
	close(fd);
	errno = error;
	return is_done;
}

int
localstore_open_parent(
    const struct sp_store *store, const char *path, char leaf[NAME_MAX + 1])
{
	char absolute[PATH_MAX], *end, *last;
	size_t len;

	if (!localstore_absolute(store, path, absolute))
		return -1;
	end = absolute + strlen(absolute);
	while (end > absolute && end[-1] == '/')
		*--end = '\0';
	last = end;
	while (last > absolute && last[-1] != '/')
		last--;
	len = (size_t)(end - last);
	if (len > NAME_MAX || len == 0 || strcmp(last, ".") == 0 ||
	    strcmp(last, "..") == 0) {
		errno = len > NAME_MAX ? ENAMETOOLONG : EBUSY;
		return -1;
	}
	memcpy(leaf, last, len + 1);
	*last = '\0';
	return localstore_open(store, absolute, O_PATH | O_DIRECTORY, 0);
}

/* ---- what is open ---- */

struct sp_file *
localstore_add(struct sp_store *store, int fd, DIR *folder)
{
	struct sp_file *file = calloc(1, sizeof *file);

	if (file == NULL) {
		if (folder != NULL)
			closedir(folder);
		else
			close(fd);
		errno = ENOMEM;
		return NULL;
	}
	file->fd = fd;
	file->folder = folder;
	LIST_INSERT_HEAD(&store->files, file, link);
	return file;
}

void
localstore_drop(struct sp_file *file)
{
	LIST_REMOVE(file, link);
	if (file->folder != NULL)
		closedir(file->folder);
	else if (file->fd >= 0)
		close(file->fd);
	free(file);
}

struct sp_file_attr
localstore_attr(const struct stat *st)
{
	return (struct sp_file_attr){
		.has = SP_FILE_HAS_SIZE | SP_FILE_HAS_OWNER | SP_FILE_HAS_MODE |
		    SP_FILE_HAS_TIMES,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mode = st->st_mode,
		.atime = (uint32_t)st->st_atime,
		.mtime = (uint32_t)st->st_mtime,
		.size = (uint64_t)st->st_size,
		.links = (uint32_t)st->st_nlink,
	};
}

/* Others' homes are no secret where the machine's files are seen. */
static uint32_t
home(struct sp_reply *reply, struct sp_store *store, const char *user)
{
	const struct passwd *account;

	reply->name = sp_text(store->start);
	if (user[0] == '\0' || strcmp(user, store->user) == 0)
		return SP_FILE_OK;
	account = store->has_root ? NULL : getpwnam(user);
	if (account == NULL)
		return SP_FILE_NOT_FOUND;
	snprintf(store->name, sizeof store->name, "%s", account->pw_dir);
	reply->name = sp_text(store->name);
	return SP_FILE_OK;
}

static bool
locate(struct sp_store *store, const char *path, char *room, size_t size)
{
	char absolute[PATH_MAX];
	int len;

	if (!localstore_absolute(store, path, absolute))
		return false;
	len = snprintf(room, size, "%s%s", store->root_path, absolute);
	return len > 0 && (size_t)len < size;
}

const struct sp_storage_ops localstore_ops = {
	.size = sizeof localstore_ops,
	.attach = attach,
	.detach = detach,
	.open = localfile_open,
	.close = localfile_close,
	.read = localfile_read,
	.write = localfile_write,
	.stat = localname_stat,
	.fstat = localfile_stat,
	.setstat = localname_setstat,
	.fsetstat = localfile_setstat,
	.open_folder = localfile_open_folder,
	.next_entry = localfile_next_entry,
	.remove = localname_remove,
	.make_folder = localname_make_folder,
	.remove_folder = localname_remove_folder,
	.rename = localname_rename,
	.link = localname_link,
	.make_symlink = localname_make_symlink,
	.read_symlink = localname_read_symlink,
	.resolve = localname_resolve,
	.home = home,
	.measure = localname_measure,
	.fmeasure = localfile_measure,
	.sync = localfile_sync,
	.copy = localfile_copy,
	.follow_none = follow_none,
	.locate = locate,
};
