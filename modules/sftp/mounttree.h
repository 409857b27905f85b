/*
 * Several storages as one tree: behind the first, others are mounted on
 * folders, whether these are there or not. A path goes to the storage with
 * the longest folder that it is or is in. Links are read in the tree as a
 * whole, part by part, so that all paths but those of resolve() must be
 * resolved.
 */
#ifndef SP_SFTP_MOUNTTREE_H
#define SP_SFTP_MOUNTTREE_H

#include "modules/sftp/policy.h"

#include <limits.h>
#include <stddef.h>
#include <sys/queue.h>

extern const struct sp_storage_ops mounttree_ops;

/*
 * Attaches the first storage, and each of the mounts (struct policy_mount,
 * which stay). NULL, with a sentence and what it is about, when one of them
 * cannot be.
 */
struct sp_store *
mounttree_attach(struct sp_chan *, const struct sp_storage *first,
    const struct sp_groups *mounts, const char **about, const char **problem);

/* ---- for its parts ---- */

struct mounttree;

/* Goes on with a call where a storage's operation has ended so. */
typedef uint32_t mounttree_step(struct mounttree *, uint32_t status);

/* How it is found out where a path leads. */
enum mount_links {
	MOUNT_BY_TEXT, /* there are no links */
	MOUNT_BY_RESOLVING, /* the storage says it of each part */
	MOUNT_BY_READING, /* each link is read */
};

struct mount {
	const char *path; /* "": the first */
	size_t len; /* of it */
	enum mount_links links;
	struct sp_storage_ops ops; /* with what the storage lacks */
	struct sp_store *store;
};

/* What is open. */
struct mountfile {
	const struct mount *mount;
	struct sp_file
	    *file; /* the storage's; NULL: a folder of mounts alone */
	/* a folder with mounts in it */
	char *path; /* else NULL */
	bool has_ended; /* the storage has no more entries */
	size_t next; /* the next mount to be looked at */
	LIST_ENTRY(mountfile) link;
};

struct mounttree {
	struct mount *mounts;
	size_t count;
	LIST_HEAD(, mountfile) files;

	/* the call at hand */
	struct sp_reply *asked; /* to be filled in */
	struct sp_reply reply; /* the storage's */
	mounttree_step *next; /* when it has answered */
	bool is_waiting;
	struct mountfile *file; /* being opened, listed, or copied from */
	struct sp_view entry; /* the name of a mount that is looked at */

	/* a path on its way */
	unsigned phase, links;
	size_t len; /* of done */
	char done[PATH_MAX], todo[PATH_MAX];

	/* a copy from one storage to another */
	struct mountfile *to;
	uint64_t to_offset, left;
	uint8_t *buffer;
};

struct mounttree *mounttree_of(struct sp_store *);

/* A call begins, and ends with a status or SP_FILE_LATER. */
struct mounttree *mounttree_begin(struct sp_reply *, struct sp_store *);
uint32_t mounttree_end(struct mounttree *, uint32_t status);

/* What the storage is to fill in, emptied. */
struct sp_reply *mounttree_reply(struct mounttree *);

/* The storage's operation ended so, or will: then goes on with the step. */
uint32_t mounttree_go(struct mounttree *, uint32_t status, mounttree_step *);

/* The storage that has a path, and the path in it. */
const struct mount *
mounttree_find(const struct mounttree *, const char *path, const char **inner);

/* Whether a mount is at the path, or below it. */
bool mounttree_is_mount(const struct mounttree *, const char *path);
bool mounttree_has_below(const struct mounttree *, const char *path);

/* What is seen of a folder that is there for its mounts. */
struct sp_file_attr mounttree_folder(void);

/* attr of a path, a link's own, from the storage that has it. */
uint32_t mounttree_look(struct mounttree *, const char *path, mounttree_step *);

/* Where paths lead (mountwalk.c) ... */
uint32_t
mountwalk_resolve(struct sp_reply *, struct sp_store *, const char *path);

/* ... and what is open (mountfile.c). */
uint32_t mountfile_open(struct sp_reply *, struct sp_store *, const char *path,
    uint32_t flags, const struct sp_file_attr *);
uint32_t
mountfile_close(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t mountfile_read(struct sp_reply *, struct sp_store *, struct sp_file *,
    uint64_t offset, const struct iovec *, size_t count);
uint32_t mountfile_write(struct sp_reply *, struct sp_store *, struct sp_file *,
    uint64_t offset, struct sp_view);
uint32_t mountfile_stat(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t mountfile_setstat(struct sp_reply *, struct sp_store *,
    struct sp_file *, const struct sp_file_attr *);
uint32_t
mountfile_open_folder(struct sp_reply *, struct sp_store *, const char *path);
uint32_t
mountfile_next_entry(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t
mountfile_measure(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t mountfile_sync(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t
mountfile_copy(struct sp_reply *, struct sp_store *, struct sp_file *from,
    uint64_t from_offset, struct sp_file *to, uint64_t to_offset, uint64_t len);
void mountfile_free(struct mountfile *);

#endif
