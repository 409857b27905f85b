/*
 * The storage `local`: the machine's files, with the rights of the user,
 * as whom the process runs. With a root nothing else can be reached, and
 * the root is "/".
 */
#ifndef SP_LOCAL_LOCALSTORE_H
#define SP_LOCAL_LOCALSTORE_H

#include "modules/local/filestatus.h"

#include <dirent.h>
#include <limits.h>
#include <sys/queue.h>
#include <sys/stat.h>

/* Its operations; its conf is a struct localstore_conf. */
extern const struct sp_storage_ops localstore_ops;

struct localstore_conf {
	const char *root; /* "": none */
	uint64_t quota; /* bytes below the root; 0: no limit */
	int64_t quota_files; /* names there; 0: no limit */
};

/* ---- for its parts ---- */

struct sp_file {
	int fd;
	DIR *folder; /* NULL: a file */
	/* Below a quota, of files alone (quotafile.c). */
	bool writes, appends;
	bool is_held; /* what is known of its size holds */
	uint64_t reserved; /* it may be so large */
	LIST_ENTRY(sp_file) link;
};

struct localquota;

struct sp_store {
	int root; /* "/" where there is none */
	bool has_root;
	const char *root_path; /* or "" */
	bool is_straight; /* no link is followed */
	char *start; /* where a client begins */
	const char *user; /* the account's name */
	LIST_HEAD(, sp_file) files;
	char name[PATH_MAX]; /* the last answer's */
	struct localquota *quota; /* NULL: none */
};

/* The path from the root; false with errno set when it is too long. */
bool localstore_absolute(
    const struct sp_store *, const char *path, char absolute[PATH_MAX]);

/* A descriptor; -1 with errno set. Never blocks, never a terminal's. */
int localstore_open(
    const struct sp_store *, const char *path, int flags, mode_t mode);

/* What is there, unopened; false with errno set. */
bool localstore_look(
    const struct sp_store *, const char *path, bool follow, struct stat *);

/*
 * A descriptor of the folder that a path's last part is in, for what does
 * something to a name. That is never "." or "..".
 */
int localstore_open_parent(
    const struct sp_store *, const char *path, char leaf[NAME_MAX + 1]);

/* Takes the descriptor, or the folder; NULL with errno set, both closed. */
struct sp_file *localstore_add(struct sp_store *, int fd, DIR *folder);
void localstore_drop(struct sp_file *);

struct sp_file_attr localstore_attr(const struct stat *);

/* The operations on what is open (localfile.c) ... */
uint32_t localfile_open(struct sp_reply *, struct sp_store *, const char *path,
    uint32_t flags, const struct sp_file_attr *);
uint32_t
localfile_close(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t localfile_read(struct sp_reply *, struct sp_store *, struct sp_file *,
    uint64_t offset, const struct iovec *, size_t count);
uint32_t localfile_write(struct sp_reply *, struct sp_store *, struct sp_file *,
    uint64_t offset, struct sp_view);
uint32_t localfile_stat(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t localfile_setstat(struct sp_reply *, struct sp_store *,
    struct sp_file *, const struct sp_file_attr *);
uint32_t
localfile_open_folder(struct sp_reply *, struct sp_store *, const char *path);
uint32_t localfile_next_entry(
    struct sp_reply *, struct sp_store *, struct sp_file *folder);
uint32_t
localfile_measure(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t localfile_sync(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t
localfile_copy(struct sp_reply *, struct sp_store *, struct sp_file *from,
    uint64_t from_offset, struct sp_file *to, uint64_t to_offset, uint64_t len);

/* ... and on names (localname.c). */
uint32_t localname_stat(
    struct sp_reply *, struct sp_store *, const char *path, bool follow);
uint32_t localname_setstat(struct sp_reply *, struct sp_store *,
    const char *path, const struct sp_file_attr *, bool follow);
uint32_t
localname_remove(struct sp_reply *, struct sp_store *, const char *path);
uint32_t localname_make_folder(struct sp_reply *, struct sp_store *,
    const char *path, const struct sp_file_attr *);
uint32_t
localname_remove_folder(struct sp_reply *, struct sp_store *, const char *path);
uint32_t localname_rename(struct sp_reply *, struct sp_store *,
    const char *from, const char *to, bool replace);
uint32_t localname_link(
    struct sp_reply *, struct sp_store *, const char *from, const char *to);
uint32_t localname_make_symlink(
    struct sp_reply *, struct sp_store *, const char *text, const char *path);
uint32_t
localname_read_symlink(struct sp_reply *, struct sp_store *, const char *path);
uint32_t
localname_resolve(struct sp_reply *, struct sp_store *, const char *path);
uint32_t
localname_measure(struct sp_reply *, struct sp_store *, const char *path);

/* The room on a descriptor's file system. */
uint32_t localname_space(struct sp_reply *, int fd);

#endif
