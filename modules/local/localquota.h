/*
 * The storage `local` with a quota: its operations, before which what grows
 * is reserved (quota.h). Whatever changes how much there is waits until that
 * was counted once, which is done in pieces from the loop.
 *
 * Only what certainly is gone is given back: who makes a file smaller, or
 * takes its last name away, gives back what that was while he holds it alone
 * (lease.h), and who closes a file without a name if he is the last. Where
 * that cannot be had nothing is given back, and the next count, when no
 * session of the identity is left, puts it right.
 */
#ifndef SP_LOCAL_LOCALQUOTA_H
#define SP_LOCAL_LOCALQUOTA_H

#include "modules/local/localstore.h"
#include "modules/local/quota.h"

/* Its operations; without a quota they are those of localstore_ops. */
extern const struct sp_storage_ops localquota_ops;

/* ---- for its parts ---- */

struct event;
struct treecount;

/* An operation, with what it was asked for. */
struct localquota_task {
	uint32_t (*run)(struct sp_reply *, struct sp_store *,
	    const struct localquota_task *);
	const char *path, *target; /* the second may be NULL */
	uint32_t flags;
	struct sp_file_attr attr;
	bool is_so; /* whether to follow, or to replace */
};

/* Of a store. */
struct localquota {
	struct quota quota;
	struct sp_store *store;
	bool has_told; /* the log, that it is full */
	struct event *timer;
	struct treecount *count; /* while this one counts */
	struct sp_reply *asked; /* what waits; NULL: nothing does */
	struct localquota_task task;
	char path[PATH_MAX], target[PATH_MAX];
};

/* Reserves, or refuses: then the reply and the log say why. */
SP_MUST_USE bool localquota_reserve(
    struct localquota *, struct sp_reply *, uint64_t bytes, uint64_t names);

/* Files that are open (quotafile.c). What is opened for writing was counted. */
uint32_t quotafile_open(
    struct sp_reply *, struct sp_store *, const struct localquota_task *);
uint32_t
quotafile_close(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t quotafile_write(struct sp_reply *, struct sp_store *, struct sp_file *,
    uint64_t offset, struct sp_view);
uint32_t quotafile_setstat(struct sp_reply *, struct sp_store *,
    struct sp_file *, const struct sp_file_attr *);
uint32_t
quotafile_copy(struct sp_reply *, struct sp_store *, struct sp_file *from,
    uint64_t from_offset, struct sp_file *to, uint64_t to_offset, uint64_t len);
uint32_t quotafile_setstat_by_name(
    struct sp_reply *, struct sp_store *, const struct localquota_task *);

#endif
