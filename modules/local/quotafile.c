/* Files that grow and shrink below a quota. */
#include "modules/local/lease.h"
#include "modules/local/localquota.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Others make and remove the same name. */
enum { OPEN_TRIES = 8 };

static const char used_text[] = "Somebody else changes the file";

/*
 * From now on nobody gives back what is in it, so that what is known of its
 * size holds: somebody has reserved so much. False where it may not be used,
 * or its last name was taken away before.
 */
static bool
hold(struct sp_file *file)
{
	struct stat st;

	file->is_held = lease_share(file->fd) && fstat(file->fd, &st) == 0 &&
	    st.st_nlink > 0;
	if (file->is_held)
		file->reserved = (uint64_t)st.st_size;
	return file->is_held;
}

static uint32_t
refuse_use(struct sp_reply *reply)
{
	reply->reason = used_text;
	return SP_FILE_FAILED;
}

/* ---- growing ---- */

static uint64_t
size_of(const struct sp_file *file)
{
	struct stat st;

	return fstat(file->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/*
 * So that it may be so large; *base is what was reserved before. What others
 * have made it meanwhile they have reserved.
 */
static bool
reserve_to(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t end, uint64_t *base)
{
	*base = file->reserved;
	if (end <= *base)
		return true;
	if (size_of(file) > *base)
		*base = file->reserved = size_of(file);
	if (end <= *base)
		return true;
	if (!localquota_reserve(store->quota, reply, end - *base, 0))
		return false;
	file->reserved = end;
	return true;
}

/* It may not have become what it was to be. */
static void
settle(struct sp_store *store, struct sp_file *file, uint64_t base)
{
	uint64_t size = size_of(file);

	if (size < base)
		size = base;
	if (size >= file->reserved)
		return;
	quota_return(&store->quota->quota, file->reserved - size, 0);
	file->reserved = size;
}

/* At its end, wherever that is: others may append as well. */
static uint32_t
append(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t offset, struct sp_view data)
{
	if (!localquota_reserve(store->quota, reply, data.len, 0))
		return SP_FILE_FAILED;
	return localfile_write(reply, store, file, offset, data);
}

uint32_t
quotafile_write(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, uint64_t offset, struct sp_view data)
{
	uint64_t base;
	uint32_t status;

	/* What cannot be is refused there. */
	if (store->quota == NULL || !file->writes || offset > INT64_MAX ||
	    data.len > INT64_MAX - offset)
		return localfile_write(reply, store, file, offset, data);
	if (!file->is_held)
		return refuse_use(reply);
	if (file->appends)
		return append(reply, store, file, offset, data);
	if (!reserve_to(reply, store, file, offset + data.len, &base))
		return SP_FILE_FAILED;
	status = localfile_write(reply, store, file, offset, data);
	if (status != SP_FILE_OK)
		settle(store, file, base);
	return status;
}

uint32_t
quotafile_copy(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *from, uint64_t from_offset, struct sp_file *to,
    uint64_t to_offset, uint64_t len)
{
	uint64_t base, there = size_of(from);
	uint32_t status;

	if (store->quota == NULL || !to->writes || from_offset >= there ||
	    to_offset > INT64_MAX)
		return localfile_copy(
		    reply, store, from, from_offset, to, to_offset, len);
	if (!to->is_held)
		return refuse_use(reply);
	if (len > there - from_offset)
		len = there - from_offset;
	if (len > INT64_MAX - to_offset)
		len = INT64_MAX - to_offset;
	if (to->appends) {
		reply->reason = "Files are not copied to the end of others";
		return SP_FILE_FAILED;
	}
	if (!reserve_to(reply, store, to, to_offset + len, &base))
		return SP_FILE_FAILED;
	status =
	    localfile_copy(reply, store, from, from_offset, to, to_offset, len);
	settle(store, to, base);
	return status;
}

/* ---- another size ---- */

/*
 * Nobody else has it open now. Of a file without a name somebody may have
 * given all back a moment ago, as it seemed that he was the last.
 */
static bool
have_alone(const struct sp_file *file)
{
	struct stat st;

	return lease_alone(file->fd) && fstat(file->fd, &st) == 0 &&
	    st.st_nlink > 0;
}

/* What is cut off is given back only where nobody else could write there. */
static uint32_t
shrink(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t size)
{
	bool is_alone = have_alone(file), is_done;
	uint64_t old = size_of(file);
	int error;

	if (!is_alone && !hold(file))
		return refuse_use(reply);
	is_done = ftruncate(file->fd, (off_t)size) == 0;
	error = errno;
	if (is_done && is_alone && old > size)
		quota_return(&store->quota->quota, old - size, 0);
	if (is_alone && !hold(file) && is_done)
		return refuse_use(reply);
	errno = error;
	return filestatus_end(reply, is_done);
}

static uint32_t
grow(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t size)
{
	uint64_t base;
	bool is_done;
	int error;

	if (!reserve_to(reply, store, file, size, &base))
		return SP_FILE_FAILED;
	is_done = ftruncate(file->fd, (off_t)size) == 0;
	error = errno;
	if (!is_done)
		settle(store, file, base);
	errno = error;
	return filestatus_end(reply, is_done);
}

static uint32_t
resize(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t size)
{
	if (size > INT64_MAX) {
		errno = EFBIG;
		return filestatus_fail(reply);
	}
	if (!file->is_held)
		return refuse_use(reply);
	return size < size_of(file) ? shrink(reply, store, file, size)
				    : grow(reply, store, file, size);
}

uint32_t
quotafile_setstat(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, const struct sp_file_attr *attr)
{
	struct sp_file_attr rest = *attr;
	uint32_t status;

	/* Who opened it to read cannot change its size anyway. */
	if (store->quota == NULL || file->folder != NULL || !file->writes ||
	    (attr->has & SP_FILE_HAS_SIZE) == 0)
		return localfile_setstat(reply, store, file, attr);
	status = resize(reply, store, file, attr->size);
	rest.has &= ~(uint32_t)SP_FILE_HAS_SIZE;
	if (status != SP_FILE_OK || rest.has == 0)
		return status;
	return localfile_setstat(reply, store, file, &rest);
}

/* As long as it takes to do so. */
static uint32_t
resize_by_name(struct sp_reply *reply, struct sp_store *store, const char *path,
    int flags, uint64_t size)
{
	struct sp_file file = {
		.fd = localstore_open(store, path, O_WRONLY | flags, 0),
		.writes = true,
	};
	uint32_t status = SP_FILE_FAILED;
	struct stat st;

	if (file.fd < 0)
		return filestatus_fail(reply);
	errno = EINVAL;
	if (fstat(file.fd, &st) != 0 || !S_ISREG(st.st_mode))
		status = filestatus_fail(reply);
	else if (!hold(&file))
		status = refuse_use(reply);
	else
		status = resize(reply, store, &file, size);
	close(file.fd);
	return status;
}

uint32_t
quotafile_setstat_by_name(struct sp_reply *reply, struct sp_store *store,
    const struct localquota_task *task)
{
	struct sp_file_attr rest = task->attr;
	uint32_t status = resize_by_name(reply, store, task->path,
	    task->is_so ? 0 : O_NOFOLLOW, task->attr.size);

	rest.has &= ~(uint32_t)SP_FILE_HAS_SIZE;
	if (status != SP_FILE_OK || rest.has == 0)
		return status;
	return localname_setstat(reply, store, task->path, &rest, task->is_so);
}

/* ---- opening and closing ---- */

static uint32_t
take(struct sp_reply *reply, struct sp_store *store, uint32_t flags)
{
	struct sp_file *file = reply->file;
	uint32_t status = SP_FILE_OK;

	file->writes = (flags & (SP_FILE_WRITE | SP_FILE_APPEND)) != 0;
	file->appends = (flags & SP_FILE_APPEND) != 0;
	if (!hold(file))
		status = refuse_use(reply);
	else if ((flags & SP_FILE_TRUNCATE) != 0 && file->writes)
		status = resize(reply, store, file, 0);
	if (status != SP_FILE_OK) {
		reply->file = NULL;
		localstore_drop(file);
	}
	return status;
}

static bool
is_there(const struct sp_store *store, const char *path)
{
	int fd = localstore_open(store, path, O_PATH, 0);
	bool is_other = fd < 0 && errno != ENOENT;

	if (fd >= 0)
		close(fd);
	return fd >= 0 || is_other;
}

/* Made by us, or not at all: else the name would be reserved twice. */
static uint32_t
create(struct sp_reply *reply, struct sp_store *store,
    const struct localquota_task *task, uint32_t flags)
{
	uint32_t status;

	if (!localquota_reserve(store->quota, reply, 0, 1))
		return SP_FILE_FAILED;
	status = localfile_open(reply, store, task->path,
	    flags | SP_FILE_CREATE | SP_FILE_EXCLUSIVE, &task->attr);
	if (status != SP_FILE_OK)
		quota_return(&store->quota->quota, 0, 1);
	return status;
}

uint32_t
quotafile_open(struct sp_reply *reply, struct sp_store *store,
    const struct localquota_task *task)
{
	const uint32_t makes =
	    SP_FILE_CREATE | SP_FILE_TRUNCATE | SP_FILE_EXCLUSIVE;
	uint32_t status = SP_FILE_FAILED, flags = task->flags & ~makes;
	bool may_create = (task->flags & SP_FILE_CREATE) != 0;
	bool is_new = may_create && (task->flags & SP_FILE_EXCLUSIVE) != 0;

	for (int i = 0; i < OPEN_TRIES && status != SP_FILE_OK; i++) {
		bool is_old = !is_new && is_there(store, task->path);

		reply->reason = NULL;
		status = may_create && !is_old
		    ? create(reply, store, task, flags)
		    : localfile_open(
			  reply, store, task->path, flags, &task->attr);
		/* It came or went between the two. */
		if (status != SP_FILE_OK &&
		    (is_new || !may_create ||
			is_old == is_there(store, task->path)))
			break;
	}
	return status == SP_FILE_OK ? take(reply, store, task->flags) : status;
}

/* Nobody can open it any more, so that of those who have it one is the last. */
static void
leave_behind(struct sp_store *store, struct sp_file *file)
{
	struct stat st;

	if (file->is_held && fstat(file->fd, &st) == 0 && st.st_nlink == 0 &&
	    lease_alone(file->fd))
		quota_return(&store->quota->quota, (uint64_t)st.st_size, 1);
}

uint32_t
quotafile_close(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	if (store->quota != NULL && file->folder == NULL)
		leave_behind(store, file);
	return localfile_close(reply, store, file);
}
