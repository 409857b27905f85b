/*
 * A storage before a storage: it asks the policy, makes uploads appear
 * whole, and tells the log of each transfer. What decides is where a path
 * leads, which the storage behind is asked first; what is then done is done
 * to that path, in which no link is followed any more.
 */
#ifndef SP_SFTP_GUARD_H
#define SP_SFTP_GUARD_H

#include "modules/sftp/hook.h"
#include "modules/sftp/policy.h"

#include <limits.h>
#include <stddef.h>
#include <sys/queue.h>

struct event;

struct guard;

/* Goes on with a call where the storage's operation has ended so. */
typedef uint32_t guard_step(struct guard *, uint32_t status);

/* What is open. */
struct guard_file {
	struct sp_file *file; /* the storage's; NULL: not yet */
	bool is_folder;
	uint32_t flags;
	char *path;
	char *part; /* NULL: it is no upload that appears at its end */
	bool may_replace; /* what has the part's final name by then */
	bool may_wait; /* the part, to be resumed */
	bool has_failed; /* what was written is not whole */
	bool is_appearing; /* the storage is giving it its name */
	bool has_appeared; /* under its name, closed, whatever comes now */
	unsigned told; /* of enum guardhook_told: which hooks were begun with */
	enum hook_result result;
	size_t places; /* among programs that wait, for those to be told */
	const char *spoiled; /* why not, or why what was read is not; or NULL */
	uint64_t floor; /* what is below was there and stays */
	uint64_t end; /* where APPEND goes on */
	bool was_read;
	uint64_t bytes_in, bytes_out, begun_ms;
	LIST_ENTRY(guard_file) link;
};

struct guard {
	struct sp_storage_ops ops; /* the guard's own: for who asks */
	struct sp_chan *chan;
	struct policy policy;
	struct sp_storage_ops behind; /* the storage's, with what it lacks */
	const struct sp_storage_ops *inner; /* those; or none, when lost */
	struct sp_store *store;
	uint64_t time_ms; /* how long it may take for one thing; 0: any */
	struct event *deadline; /* of that; or NULL */
	bool is_lost; /* it took longer, and is asked nothing more */
	LIST_HEAD(, guard_file) files;
	struct hooks hooks;
	struct guard_file *late; /* it may still get its name; or NULL */
	uint64_t bytes_read; /* from all files */

	/* the call at hand */
	struct sp_reply *asked; /* to be filled in */
	struct sp_reply reply; /* the storage's */
	guard_step *next; /* when it has answered */
	bool is_waiting; /* for the storage */
	bool is_hooked; /* it waits for a program */
	unsigned events; /* of enum hook_event */
	guard_step *perform; /* when its paths are known and allowed */
	unsigned rights, target_rights;
	bool follows, has_target, is_second;
	uint32_t flags, mode, failure;
	const char *failure_reason;
	bool replace, is_new, is_resumed, is_first;
	size_t places; /* for programs to be told of the call */
	struct sp_file_attr attr;
	struct guard_file *file; /* being opened or closed */
	struct guard_file *at, *from; /* that are open; the latter is copied */
	uint64_t count;
	char leaf[NAME_MAX + 1];
	char path[PATH_MAX], target[PATH_MAX], waiting[PATH_MAX];
	char located[PATH_MAX], located_target[PATH_MAX]; /* for programs */
	char resolved[PATH_MAX]; /* of a storage that knows no links */
};

/*
 * Takes the store, which is detached with the guard's or when this fails.
 * The options were checked and stay.
 */
SP_MUST_USE bool
guard_init(struct guard *, struct sp_chan *, const struct policy_conf *,
    const struct sp_storage_ops *, struct sp_store *);

/* What to call g->ops with. */
struct sp_store *guard_store(struct guard *);

/* ---- for its parts ---- */

struct guard *guard_of(struct sp_store *);

/* A call begins, and ends with a status or SP_FILE_LATER. */
struct guard *guard_begin(struct sp_reply *, struct sp_store *);
uint32_t guard_end(struct guard *, uint32_t status);

/* What the storage is to fill in, emptied. */
struct sp_reply *guard_reply(struct guard *);

/* The storage's operation ended so, or will: then goes on with the step. */
uint32_t guard_go(struct guard *, uint32_t status, guard_step *);

/* A refusal, with its reason. */
uint32_t guard_refuse(struct guard *, uint32_t status, const char *reason);

/* Finds where the paths lead (target: or NULL), asks, and performs. */
uint32_t guard_find(struct guard *, const char *path, const char *target);

/* A last step: as the storage says; and where it says a path. */
guard_step guard_done;
guard_step guard_named;

/* What the storage said cannot be. */
uint32_t guard_doubt(struct guard *);

/* The operations on what is open (guardfile.c) ... */
uint32_t guardfile_open(struct sp_reply *, struct sp_store *, const char *path,
    uint32_t flags, const struct sp_file_attr *);
uint32_t
guardfile_close(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t
guardfile_open_folder(struct sp_reply *, struct sp_store *, const char *path);
/*
 * What was written to it, or read from it, is not whole, which the storage
 * cannot know: an upload that would appear does not. The reason stays.
 */
void guardfile_spoil(struct sp_file *, const char *reason);

/* ... at their ends, with the channel gone ... */
void guardfile_abandon(struct guard *, struct guard_file *);
void guardfile_drop_part(struct guard *, const struct guard_file *);
void guardfile_free(struct guard *, struct guard_file *); /* NULL: nothing */

/* ... and where the storage, given up, gives one its name after all. */
void guardfile_come_late(struct guard *, struct guard_file *);

/* ... with their bytes (guardbytes.c) ... */
uint32_t guardbytes_read(struct sp_reply *, struct sp_store *, struct sp_file *,
    uint64_t offset, const struct iovec *, size_t count);
uint32_t guardbytes_write(struct sp_reply *, struct sp_store *,
    struct sp_file *, uint64_t offset, struct sp_view);
uint32_t
guardbytes_copy(struct sp_reply *, struct sp_store *, struct sp_file *from,
    uint64_t from_offset, struct sp_file *to, uint64_t to_offset, uint64_t len);
uint32_t
guardbytes_stat(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t guardbytes_setstat(struct sp_reply *, struct sp_store *,
    struct sp_file *, const struct sp_file_attr *);
uint32_t
guardbytes_next_entry(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t
guardbytes_measure(struct sp_reply *, struct sp_store *, struct sp_file *);
uint32_t
guardbytes_sync(struct sp_reply *, struct sp_store *, struct sp_file *);

/* ... and on names (guardname.c). */
uint32_t guardname_stat(
    struct sp_reply *, struct sp_store *, const char *path, bool follow);
uint32_t guardname_setstat(struct sp_reply *, struct sp_store *,
    const char *path, const struct sp_file_attr *, bool follow);
uint32_t
guardname_remove(struct sp_reply *, struct sp_store *, const char *path);
uint32_t guardname_make_folder(struct sp_reply *, struct sp_store *,
    const char *path, const struct sp_file_attr *);
uint32_t
guardname_remove_folder(struct sp_reply *, struct sp_store *, const char *path);
uint32_t guardname_rename(struct sp_reply *, struct sp_store *,
    const char *from, const char *to, bool replace);
uint32_t guardname_link(
    struct sp_reply *, struct sp_store *, const char *from, const char *to);
uint32_t guardname_make_symlink(
    struct sp_reply *, struct sp_store *, const char *text, const char *path);
uint32_t
guardname_read_symlink(struct sp_reply *, struct sp_store *, const char *path);
uint32_t
guardname_resolve(struct sp_reply *, struct sp_store *, const char *path);
uint32_t guardname_home(struct sp_reply *, struct sp_store *, const char *user);
uint32_t
guardname_measure(struct sp_reply *, struct sp_store *, const char *path);

#endif
