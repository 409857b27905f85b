/* Counting first, and operations on names. */
#include "modules/local/localquota.h"

#include "modules/local/lease.h"
#include "modules/local/treecount.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

/* So often it is looked whether another has counted. */
enum { LOOK_MS = 50 };

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- what is told ---- */

static uint32_t
refuse_unknown(
    const struct localquota *lq, struct sp_reply *reply, const char *problem)
{
	sp_log(LOG_ERR, "quota_unknown",
	    "what lies below %s cannot be counted, so that nothing may be "
	    "changed there: %s",
	    lq->store->root_path, problem);
	reply->reason = "What is there already cannot be counted";
	return SP_FILE_FAILED;
}

/* One line of a channel's is enough. */
static void
log_full(struct localquota *lq, uint64_t bytes, uint64_t names)
{
	struct quota_amount left = quota_left(&lq->quota);
	bool is_bytes = bytes > left.bytes || names == 0;

	if (lq->has_told)
		return;
	lq->has_told = true;
	sp_log(LOG_NOTICE, "quota_exceeded",
	    "below %s there is no room for %llu %s more: %s = %llu",
	    lq->store->root_path,
	    (unsigned long long)(is_bytes ? bytes : names),
	    is_bytes ? "bytes" : "files", is_bytes ? "quota" : "quota_files",
	    (unsigned long long)(is_bytes ? lq->quota.most.bytes
					  : lq->quota.most.names));
}

bool
localquota_reserve(struct localquota *lq, struct sp_reply *reply,
    uint64_t bytes, uint64_t names)
{
	if (quota_reserve(&lq->quota, bytes, names))
		return true;
	log_full(lq, bytes, names);
	reply->reason = "Disk quota exceeded";
	return false;
}

/* ---- counting ---- */

static void
look_again(struct localquota *lq, uint64_t ms)
{
	const struct timeval time = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	evtimer_add(lq->timer, &time);
}

static void
stop_counting(struct localquota *lq)
{
	treecount_free(lq->count);
	lq->count = NULL;
}

/* True when there is nothing more to wait for; *problem: it has failed. */
static bool
count(struct localquota *lq, const char **problem)
{
	if (quota_is_counted(&lq->quota))
		return true;
	if (!quota_claim_count(&lq->quota, lq->count != NULL, now_ms())) {
		look_again(lq, LOOK_MS);
		return false;
	}
	if (lq->count == NULL)
		lq->count = treecount_new(lq->store->root);
	*problem = "out of memory";
	if (lq->count == NULL)
		return true;
	switch (treecount_go_on(lq->count)) {
	case TREECOUNT_MORE:
		look_again(lq, 0);
		return false;
	case TREECOUNT_DONE:
		quota_set(&lq->quota, treecount_found(lq->count));
		*problem = NULL;
		break;
	case TREECOUNT_FAILED:
		*problem = treecount_problem(lq->count);
		break;
	}
	return true;
}

/* Whoever is told may do anything but ask for more at once. */
static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct localquota *lq = arg;
	struct sp_reply *reply = lq->asked;
	const char *problem = NULL;
	uint32_t status;

	(void)fd;
	(void)what;
	if (reply == NULL || !count(lq, &problem))
		return;
	status = problem != NULL ? refuse_unknown(lq, reply, problem)
				 : lq->task.run(reply, lq->store, &lq->task);
	stop_counting(lq);
	lq->asked = NULL;
	reply->done(reply, status);
}

/* The paths are borrowed for as long as the call lasts. */
static bool
keep(struct localquota *lq, const struct localquota_task *task)
{
	const size_t len = strlen(task->path),
		     target_len =
			 task->target == NULL ? 0 : strlen(task->target);

	if (len >= sizeof lq->path || target_len >= sizeof lq->target)
		return false;
	lq->task = *task;
	memcpy(lq->path, task->path, len + 1);
	lq->task.path = lq->path;
	if (task->target != NULL)
		memcpy(lq->target, task->target, target_len + 1);
	lq->task.target = task->target == NULL ? NULL : lq->target;
	return true;
}

/* Now, or when it is known what is there. */
static uint32_t
begin(struct sp_reply *reply, struct sp_store *store,
    const struct localquota_task *task)
{
	struct localquota *lq = store->quota;

	if (quota_is_counted(&lq->quota))
		return task->run(reply, store, task);
	if (!keep(lq, task)) {
		reply->reason = "The name is too long";
		return SP_FILE_BAD_MESSAGE;
	}
	lq->asked = reply;
	look_again(lq, 0);
	return SP_FILE_LATER;
}

/* ---- names ---- */

static uint32_t
make_name(struct sp_reply *reply, struct sp_store *store,
    const struct localquota_task *task)
{
	uint32_t status;

	if (!localquota_reserve(store->quota, reply, 0, 1))
		return SP_FILE_FAILED;
	if (task->flags == S_IFDIR)
		status = localname_make_folder(
		    reply, store, task->path, &task->attr);
	else if (task->flags == S_IFLNK)
		status = localname_make_symlink(
		    reply, store, task->target, task->path);
	else
		status = localname_link(reply, store, task->path, task->target);
	if (status != SP_FILE_OK)
		quota_return(&store->quota->quota, 0, 1);
	return status;
}

static uint32_t
make_folder(struct sp_reply *reply, struct sp_store *store, const char *path,
    const struct sp_file_attr *attr)
{
	const struct localquota_task task = {
		.run = make_name,
		.path = path,
		.flags = S_IFDIR,
		.attr = *attr,
	};

	return store->quota == NULL
	    ? localname_make_folder(reply, store, path, attr)
	    : begin(reply, store, &task);
}

static uint32_t
make_symlink(struct sp_reply *reply, struct sp_store *store, const char *text,
    const char *path)
{
	const struct localquota_task task = {
		.run = make_name,
		.path = path,
		.target = text,
		.flags = S_IFLNK,
	};

	return store->quota == NULL
	    ? localname_make_symlink(reply, store, text, path)
	    : begin(reply, store, &task);
}

/* A file is counted once while it is written, whatever names it has. */
static uint32_t
make_link(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to)
{
	const struct localquota_task task = {
		.run = make_name,
		.path = from,
		.target = to,
	};

	return store->quota == NULL ? localname_link(reply, store, from, to)
				    : begin(reply, store, &task);
}

static void
give_back(struct sp_store *store, struct lease_claim *claim, uint32_t status)
{
	struct quota_amount gone = lease_settle(claim);

	if (status == SP_FILE_OK)
		quota_return(&store->quota->quota, gone.bytes, gone.names);
}

static uint32_t
remove_now(struct sp_reply *reply, struct sp_store *store,
    const struct localquota_task *task)
{
	struct lease_claim claim;
	uint32_t status;

	lease_claim(&claim, store, task->path);
	status = localname_remove(reply, store, task->path);
	give_back(store, &claim, status);
	return status;
}

static uint32_t
remove_name(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	const struct localquota_task task = { .run = remove_now, .path = path };

	return store->quota == NULL ? localname_remove(reply, store, path)
				    : begin(reply, store, &task);
}

static uint32_t
remove_folder_now(struct sp_reply *reply, struct sp_store *store,
    const struct localquota_task *task)
{
	uint32_t status = localname_remove_folder(reply, store, task->path);

	if (status == SP_FILE_OK)
		quota_return(&store->quota->quota, 0, 1);
	return status;
}

static uint32_t
remove_folder(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	const struct localquota_task task = {
		.run = remove_folder_now,
		.path = path,
	};

	return store->quota == NULL
	    ? localname_remove_folder(reply, store, path)
	    : begin(reply, store, &task);
}

/* What it takes the place of is gone. */
static uint32_t
rename_now(struct sp_reply *reply, struct sp_store *store,
    const struct localquota_task *task)
{
	struct lease_claim claim = { .fd = -1 };
	uint32_t status;

	if (task->is_so)
		lease_claim(&claim, store, task->target);
	status = localname_rename(
	    reply, store, task->path, task->target, task->is_so);
	give_back(store, &claim, status);
	return status;
}

static uint32_t
rename_name(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to, bool replace)
{
	const struct localquota_task task = {
		.run = rename_now,
		.path = from,
		.target = to,
		.is_so = replace,
	};

	return store->quota == NULL
	    ? localname_rename(reply, store, from, to, replace)
	    : begin(reply, store, &task);
}

static uint32_t
setstat(struct sp_reply *reply, struct sp_store *store, const char *path,
    const struct sp_file_attr *attr, bool follow)
{
	const struct localquota_task task = {
		.run = quotafile_setstat_by_name,
		.path = path,
		.attr = *attr,
		.is_so = follow,
	};

	return store->quota == NULL || (attr->has & SP_FILE_HAS_SIZE) == 0
	    ? localname_setstat(reply, store, path, attr, follow)
	    : begin(reply, store, &task);
}

static uint32_t
open_file(struct sp_reply *reply, struct sp_store *store, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	const struct localquota_task task = {
		.run = quotafile_open,
		.path = path,
		.flags = flags,
		.attr = *attr,
	};

	if (store->quota == NULL)
		return localfile_open(reply, store, path, flags, attr);
	/* Who only reads waits for nothing. */
	return (flags & ~(uint32_t)SP_FILE_READ) == 0
	    ? quotafile_open(reply, store, &task)
	    : begin(reply, store, &task);
}

/* ---- room ---- */

static uint64_t
lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Before it is counted it is known how much there may be at most. */
static void
narrow(const struct quota *quota, struct sp_file_space *space)
{
	struct quota_amount left = quota_left(quota);
	uint64_t unit = space->fragment_size == 0 ? 1 : space->fragment_size;

	if (quota->most.bytes > 0) {
		space->blocks = lesser(space->blocks, quota->most.bytes / unit);
		space->available_blocks =
		    lesser(space->available_blocks, left.bytes / unit);
		space->free_blocks =
		    lesser(space->free_blocks, left.bytes / unit);
	}
	if (quota->most.names > 0) {
		space->files = lesser(space->files, quota->most.names);
		space->available_files =
		    lesser(space->available_files, left.names);
		space->free_files = lesser(space->free_files, left.names);
	}
}

static uint32_t
measure(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	uint32_t status = localname_measure(reply, store, path);

	if (status == SP_FILE_OK && store->quota != NULL)
		narrow(&store->quota->quota, &reply->space);
	return status;
}

static uint32_t
measure_file(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	uint32_t status = localfile_measure(reply, store, file);

	if (status == SP_FILE_OK && store->quota != NULL)
		narrow(&store->quota->quota, &reply->space);
	return status;
}

/* ---- beginning and end ---- */

static bool
counts(const void *data)
{
	const struct localstore_conf *conf = data;

	return conf->quota > 0 || conf->quota_files > 0;
}

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct localstore_conf *conf = data;

	if (!counts(conf) || conf->root[0] != '\0')
		return true;
	snprintf(err, err_size,
	    "quota is of what lies below a root: there must be one");
	return false;
}

/* One number for all that leads to the same root. */
static uint64_t *
find_numbers(struct sp_chan *chan, const struct sp_store *store)
{
	char key[96];
	struct stat st;
	int len;

	if (fstat(store->root, &st) != 0)
		return NULL;
	len = snprintf(key, sizeof key, "quota of root %llx %llx",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return sp_chan_counters(chan, key, (size_t)len);
}

static struct localquota *
make_quota(struct sp_chan *chan, struct sp_store *store,
    const struct localstore_conf *conf, const char **problem)
{
	uint64_t *numbers = find_numbers(chan, store);
	struct localquota *lq = NULL;

	*problem = "there is no room for what sessions of an identity share";
	if (numbers == NULL)
		return NULL;
	*problem = "out of memory";
	lq = calloc(1, sizeof *lq);
	if (lq == NULL)
		return NULL;
	lq->store = store;
	lq->quota = (struct quota){
		.numbers = numbers,
		.most = { conf->quota, (uint64_t)conf->quota_files },
	};
	lq->timer = evtimer_new(sp_chan_base(chan), on_time, lq);
	if (lq->timer != NULL)
		return lq;
	free(lq);
	return NULL;
}

static struct sp_store *
attach(struct sp_chan *chan, const void *data, const char **problem)
{
	struct sp_store *store = localstore_ops.attach(chan, data, problem);

	if (store == NULL || !counts(data))
		return store;
	store->quota = make_quota(chan, store, data, problem);
	if (store->quota != NULL)
		return store;
	localstore_ops.detach(store);
	return NULL;
}

static void
detach(struct sp_store *store)
{
	struct localquota *lq = store->quota;
	struct sp_reply reply;
	struct sp_file *file;

	while (lq != NULL && (file = LIST_FIRST(&store->files)) != NULL)
		quotafile_close(&reply, store, file);
	localstore_ops.detach(store);
	if (lq == NULL)
		return;
	event_free(lq->timer);
	stop_counting(lq);
	free(lq);
}

static void
follow_none(struct sp_store *store)
{
	localstore_ops.follow_none(store);
}

static bool
locate(struct sp_store *store, const char *path, char *room, size_t size)
{
	return localstore_ops.locate(store, path, room, size);
}

static uint32_t
home(struct sp_reply *reply, struct sp_store *store, const char *user)
{
	return localstore_ops.home(reply, store, user);
}

const struct sp_storage_ops localquota_ops = {
	.size = sizeof localquota_ops,
	.start = start,
	.attach = attach,
	.detach = detach,
	.open = open_file,
	.close = quotafile_close,
	.read = localfile_read,
	.write = quotafile_write,
	.stat = localname_stat,
	.fstat = localfile_stat,
	.setstat = setstat,
	.fsetstat = quotafile_setstat,
	.open_folder = localfile_open_folder,
	.next_entry = localfile_next_entry,
	.remove = remove_name,
	.make_folder = make_folder,
	.remove_folder = remove_folder,
	.rename = rename_name,
	.link = make_link,
	.make_symlink = make_symlink,
	.read_symlink = localname_read_symlink,
	.resolve = localname_resolve,
	.home = home,
	.measure = measure,
	.fmeasure = measure_file,
	.sync = localfile_sync,
	.copy = quotafile_copy,
	.follow_none = follow_none,
	.locate = locate,
	.counts = counts,
};
