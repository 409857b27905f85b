/* What is done with files that are open. */
#include "modules/sftp/guard.h"

#include <string.h>

static const char large_text[] = "The file is too large";
static const char kept_text[] = "What is there may not be overwritten";

static struct guard_file *
file_of(struct sp_file *file)
{
	return (struct guard_file *)(void *)file;
}

/* ---- reading and writing ---- */

static uint32_t
was_read(struct guard *g, uint32_t status)
{
	size_t len;

	g->at->was_read = true;
	if (status == SP_FILE_OK && g->reply.count > g->count)
		return guard_doubt(g);
	if (status != SP_FILE_OK)
		return status;
	len = g->reply.count > 0 ? g->reply.count : g->reply.data.len;
	g->at->bytes_out += len;
	g->bytes_read += len;
	return status;
}

uint32_t
guardbytes_read(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, uint64_t offset, const struct iovec *parts,
    size_t count)
{
	struct guard *g = guard_begin(reply, store);

	g->at = file_of(file);
	g->count = 0;
	for (size_t i = 0; i < count; i++)
		g->count += parts[i].iov_len;
	/* Who wants nothing of it has had what he wants. */
	if (count == 0)
		return guard_end(g, was_read(g, SP_FILE_EOF));
	return guard_end(g,
	    guard_go(g,
		g->inner->read(
		    &g->reply, g->store, g->at->file, offset, parts, count),
		was_read));
}

/* Whether len bytes may be put there. */
static uint32_t
check_place(struct guard *g, uint64_t offset, uint64_t len)
{
	uint64_t most = g->policy.conf->file_size;

	if (offset < g->at->floor)
		return guard_refuse(g, SP_FILE_DENIED, kept_text);
	if (most != 0 && (offset > most || len > most - offset))
		return guard_refuse(g, SP_FILE_DENIED, large_text);
	return SP_FILE_OK;
}

static uint32_t
was_written(struct guard *g, uint32_t status)
{
	if (status == SP_FILE_OK) {
		g->at->bytes_in += g->count;
		g->at->end += g->count;
	} else {
		g->at->has_failed = true;
	}
	return status;
}

uint32_t
guardbytes_write(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, uint64_t offset, struct sp_view data)
{
	struct guard *g = guard_begin(reply, store);
	uint32_t status;

	g->at = file_of(file);
	g->count = data.len;
	if ((g->at->flags & SP_FILE_APPEND) != 0)
		offset = g->at->end;
	status = check_place(g, offset, data.len);
	if (status == SP_FILE_OK)
		status = g->inner->write(
		    &g->reply, g->store, g->at->file, offset, data);
	return guard_end(g, guard_go(g, status, was_written));
}

static uint32_t
was_copied(struct guard *g, uint32_t status)
{
	if (status == SP_FILE_OK && g->reply.count > g->count)
		status = guard_doubt(g);
	g->count = g->reply.count;
	if (status == SP_FILE_OK)
		g->from->bytes_out += g->count;
	return status == SP_FILE_EOF ? status : was_written(g, status);
}

uint32_t
guardbytes_copy(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *from, uint64_t from_offset, struct sp_file *to,
    uint64_t to_offset, uint64_t len)
{
	struct guard *g = guard_begin(reply, store);
	uint64_t most = g->policy.conf->file_size;
	uint32_t status;

	g->at = file_of(to);
	g->from = file_of(from);
	if ((g->at->flags & SP_FILE_APPEND) != 0)
		to_offset = g->at->end;
	/* The source may end before that; then it is not too large. */
	if (most != 0 && to_offset < most && len > most - to_offset)
		len = most - to_offset;
	g->count = len;
	status = check_place(g, to_offset, len);
	if (status == SP_FILE_OK)
		g->from->was_read = true;
	if (status == SP_FILE_OK)
		status =
		    g->inner->copy(&g->reply, g->store, file_of(from)->file,
			from_offset, g->at->file, to_offset, len);
	return guard_end(g, guard_go(g, status, was_copied));
}

uint32_t
guardbytes_sync(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	struct guard *g = guard_begin(reply, store);

	return guard_end(g,
	    guard_go(g,
		g->inner->sync(&g->reply, g->store, file_of(file)->file),
		guard_done));
}

/* ---- attributes ---- */

uint32_t
guardbytes_stat(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	struct guard *g = guard_begin(reply, store);

	return guard_end(g,
	    guard_go(g,
		g->inner->fstat(&g->reply, g->store, file_of(file)->file),
		guard_done));
}

uint32_t
guardbytes_measure(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *file)
{
	struct guard *g = guard_begin(reply, store);

	return guard_end(g,
	    guard_go(g,
		g->inner->fmeasure(&g->reply, g->store, file_of(file)->file),
		guard_done));
}

/* A size is one of those who write the file. */
static uint32_t
check_attr(struct guard *g, const struct sp_file_attr *attr)
{
	uint32_t flags = g->at->flags, status = SP_FILE_OK;
	unsigned rights = 0;
	const char *reason = NULL;

	if ((attr->has & (SP_FILE_HAS_MODE | SP_FILE_HAS_OWNER)) != 0)
		rights |= POLICY_CHMOD;
	if ((attr->has & SP_FILE_HAS_TIMES) != 0)
		rights |= POLICY_TIMES;
	if ((attr->has & SP_FILE_HAS_SIZE) != 0) {
		if ((flags & (SP_FILE_WRITE | SP_FILE_APPEND)) == 0)
			return guard_refuse(
			    g, SP_FILE_DENIED, "It was not opened for writing");
		status = check_place(g, attr->size, 0);
	}
	if (status != SP_FILE_OK)
		return status;
	status = policy_ask(&g->policy, g->at->path, rights, &reason);
	if (status != SP_FILE_OK)
		g->reply.reason = reason;
	return status;
}

uint32_t
guardbytes_setstat(struct sp_reply *reply, struct sp_store *store,
    struct sp_file *file, const struct sp_file_attr *asked)
{
	struct guard *g = guard_begin(reply, store);
	struct sp_file_attr attr = *asked;
	uint32_t status;

	g->at = file_of(file);
	status = check_attr(g, &attr);
	if (g->policy.conf->file_mode != 0)
		attr.has &= ~(uint32_t)SP_FILE_HAS_MODE;
	if (status == SP_FILE_OK && attr.has != 0)
		status =
		    g->inner->fsetstat(&g->reply, g->store, g->at->file, &attr);
	return guard_end(g, guard_go(g, status, guard_done));
}

/* ---- folders ---- */

static uint32_t
next_entry(struct guard *g)
{
	return g->inner->next_entry(guard_reply(g), g->store, g->at->file);
}

static bool
is_entry(struct sp_view name)
{
	return name.len > 0 && name.len <= NAME_MAX &&
	    memchr(name.data, '/', name.len) == NULL &&
	    memchr(name.data, '\0', name.len) == NULL;
}

static uint32_t
has_entry(struct guard *g, uint32_t status)
{
	while (status == SP_FILE_OK && g->policy.looks_at_paths &&
	    policy_hides_entry(&g->policy, g->at->path, g->reply.name)) {
		status = next_entry(g);
		if (status == SP_FILE_LATER)
			return guard_go(g, status, has_entry);
	}
	if (status == SP_FILE_OK && !is_entry(g->reply.name))
		return guard_doubt(g);
	return status;
}

uint32_t
guardbytes_next_entry(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *folder)
{
	struct guard *g = guard_begin(reply, store);

	g->at = file_of(folder);
	return guard_end(g, guard_go(g, next_entry(g), has_entry));
}
