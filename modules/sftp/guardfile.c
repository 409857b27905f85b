/* Files from their opening to their end; uploads that appear there. */
#include "modules/sftp/guard.h"

#include "modules/sftp/guardhook.h"
#include "modules/sftp/partname.h"
#include "modules/sftp/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	WRITING =
	    SP_FILE_WRITE | SP_FILE_APPEND | SP_FILE_CREATE | SP_FILE_TRUNCATE,
	/* A part is made by who opens it. */
	PART_FLAGS = SP_FILE_CREATE | SP_FILE_EXCLUSIVE,
};

static const char whole_text[] = "Files are replaced as a whole here";

void
guardfile_free(struct guard *g, struct guard_file *file)
{
	if (file == NULL)
		return;
	if (file->places > 0)
		sp_chan_give_back_places(g->chan, file->places);
	free(file->path);
	free(file->part);
	free(file);
}

/* The call is about a new one; false without memory. */
static bool
begin_file(struct guard *g)
{
	g->file = calloc(1, sizeof *g->file);
	if (g->file != NULL)
		g->file->path = strdup(g->path);
	return g->file != NULL && g->file->path != NULL;
}

/* It will not be opened. */
static void
give_up(struct guard *g)
{
	guardfile_free(g, g->file);
	g->file = NULL;
}

/* ---- opening ---- */

static uint32_t
give(struct guard *g)
{
	struct guard_file *file = g->file;

	g->file = NULL;
	/* Its end will be told of. */
	file->places = g->places;
	g->places = 0;
	LIST_INSERT_HEAD(&g->files, file, link);
	guard_reply(g)->file = (struct sp_file *)(void *)file;
	return SP_FILE_OK;
}

/* What has not the mode that it must have is not whole. */
static uint32_t
has_mode(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK && status != SP_FILE_UNSUPPORTED)
		g->file->has_failed = true;
	return give(g);
}

static uint32_t
opened(struct guard *g, uint32_t status)
{
	struct sp_file_attr attr = { .has = SP_FILE_HAS_MODE, .mode = g->mode };

	if (status == SP_FILE_OK && g->reply.file == NULL)
		status = guard_doubt(g);
	if (status != SP_FILE_OK) {
		give_up(g);
		return status;
	}
	g->file->file = g->reply.file;
	g->file->begun_ms = transfer_clock();
	if (!g->is_new || g->mode == 0)
		return give(g);
	return guard_go(g,
	    g->inner->fsetstat(guard_reply(g), g->store, g->file->file, &attr),
	    has_mode);
}

/* With what it is opened there; nothing but this writes behind its end. */
static uint32_t
open_there(struct guard *g, uint32_t status)
{
	const char *path = g->file->part != NULL ? g->file->part : g->path;
	uint32_t flags = g->file->flags & ~(uint32_t)SP_FILE_APPEND;

	(void)status;
	if ((g->file->flags & SP_FILE_APPEND) != 0)
		flags |= SP_FILE_WRITE;
	if (g->is_resumed)
		flags &= ~(uint32_t)(PART_FLAGS | SP_FILE_TRUNCATE);
	else if (g->file->part != NULL || g->is_first)
		flags |= PART_FLAGS;
	g->attr.mode = policy_mode(&g->policy, &g->attr, false);
	g->attr.has |= SP_FILE_HAS_MODE;
	return guard_go(g,
	    g->inner->open(guard_reply(g), g->store, path, flags, &g->attr),
	    opened);
}

/* ---- as a part ---- */

/* Its size is where one who appends goes on. */
static uint32_t
measured_part(struct guard *g, uint32_t status)
{
	if (status == SP_FILE_OK)
		g->file->end = g->reply.attr.size;
	return open_there(g, status);
}

static uint32_t
took_part(struct guard *g, uint32_t status)
{
	g->is_resumed = status == SP_FILE_OK;
	g->is_new = !g->is_resumed;
	if (!g->is_resumed)
		return open_there(g, status);
	return guard_go(g,
	    g->inner->stat(guard_reply(g), g->store, g->file->part, false),
	    measured_part);
}

static uint32_t
open_part(struct guard *g, bool exists, unsigned may)
{
	struct guard_file *file = g->file;
	uint32_t flags = file->flags;

	if (exists && (flags & SP_FILE_TRUNCATE) == 0) {
		give_up(g);
		return guard_refuse(g, SP_FILE_DENIED, whole_text);
	}
	if (partname_make(g->path, g->waiting, sizeof g->waiting))
		file->part = strdup(g->waiting);
	if (file->part == NULL) {
		give_up(g);
		return guard_refuse(
		    g, SP_FILE_BAD_MESSAGE, "The name is too long");
	}
	file->may_replace =
	    (may & POLICY_OVERWRITE) != 0 && (flags & SP_FILE_EXCLUSIVE) == 0;
	file->may_wait = (may & POLICY_RESUME) != 0;
	g->is_new = true;
	if (!file->may_wait ||
	    (flags & (SP_FILE_TRUNCATE | SP_FILE_EXCLUSIVE)) != 0 ||
	    !partname_waiting(g->path, g->waiting, sizeof g->waiting))
		return open_there(g, SP_FILE_OK);
	return guard_go(g,
	    g->inner->rename(
		guard_reply(g), g->store, g->waiting, file->part, false),
	    took_part);
}

/* ---- what may be opened ---- */

/* The right that an opening for writing needs. */
static unsigned
right_to_write(uint32_t flags, bool exists, unsigned may)
{
	if (!exists)
		return POLICY_UPLOAD;
	if ((flags & SP_FILE_TRUNCATE) == 0 && (may & POLICY_OVERWRITE) == 0)
		return POLICY_RESUME;
	return POLICY_OVERWRITE;
}

/* Whether a file is there is known. */
static uint32_t
seen(struct guard *g, uint32_t status)
{
	struct sp_file_attr there = g->reply.attr;
	bool exists = status == SP_FILE_OK;
	unsigned may = policy_rights(&g->policy, g->path);
	const char *reason = NULL;
	uint32_t flags = g->file->flags;

	if (exists && (flags & SP_FILE_EXCLUSIVE) != 0)
		status = guard_refuse(g, SP_FILE_FAILED, "File exists");
	else if (exists ||
	    (status == SP_FILE_NOT_FOUND && (flags & SP_FILE_CREATE) != 0))
		status = policy_ask(&g->policy, g->path,
		    right_to_write(flags, exists, may), &reason);
	if (status != SP_FILE_OK) {
		give_up(g);
		if (reason != NULL)
			g->reply.reason = reason;
		return status;
	}
	if (exists && (there.has & SP_FILE_HAS_MODE) != 0 &&
	    !S_ISREG(there.mode)) {
		give_up(g);
		return guard_refuse(
		    g, SP_FILE_FAILED, "It is not a regular file");
	}
	g->is_new = !exists;
	/* One that comes in between is as safe as one that was there. */
	g->is_first = !exists && (may & POLICY_OVERWRITE) == 0;
	g->mode = g->policy.conf->file_mode;
	if (exists && (flags & SP_FILE_TRUNCATE) == 0) {
		g->file->end = there.size;
		if ((may & POLICY_OVERWRITE) == 0)
			g->file->floor = there.size;
	}
	if (!g->policy.is_atomic)
		return open_there(g, status);
	/* What takes the place of another looks like it. */
	if (exists && g->mode == 0 && (there.has & SP_FILE_HAS_MODE) != 0)
		g->mode = there.mode & 0777;
	return open_part(g, exists, may);
}

/* A file that is emptied, where all may be done to it, is as a new one. */
static bool
is_all_the_same(const struct guard *g)
{
	const struct policy *policy = &g->policy;

	return !policy->looks_at_paths && !policy->conf->read_only &&
	    policy->conf->file_mode == 0 &&
	    (g->flags & (SP_FILE_TRUNCATE | SP_FILE_EXCLUSIVE)) ==
	    SP_FILE_TRUNCATE;
}

static uint32_t
may_write(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK) {
		give_up(g);
		return status;
	}
	if (is_all_the_same(g))
		return open_there(g, status);
	return guard_go(g,
	    g->inner->stat(guard_reply(g), g->store, g->path,
		!g->policy.looks_at_paths &&
		    (g->flags & SP_FILE_EXCLUSIVE) == 0),
	    seen);
}

/* Nobody is asked about what is refused anyway. */
static uint32_t
may_read(struct guard *g, uint32_t status)
{
	const unsigned any = POLICY_UPLOAD | POLICY_OVERWRITE | POLICY_RESUME;

	if (status != SP_FILE_OK) {
		give_up(g);
		return status;
	}
	if ((g->flags & WRITING) == 0)
		return open_there(g, status);
	if ((policy_rights(&g->policy, g->path) & any) == 0)
		return may_write(g, status);
	return guardhook_before(g, HOOK_UPLOAD, may_write);
}

static uint32_t
begin_open(struct guard *g, uint32_t status)
{
	if (!begin_file(g)) {
		give_up(g);
		return guard_refuse(g, SP_FILE_FAILED, "Out of memory");
	}
	g->file->flags = g->flags;
	g->is_new = g->is_resumed = g->is_first = false;
	g->mode = 0;
	if ((g->flags & SP_FILE_READ) == 0)
		return may_read(g, status);
	return guardhook_before(g, HOOK_DOWNLOAD, may_read);
}

uint32_t
guardfile_open(struct sp_reply *reply, struct sp_store *store, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	struct guard *g = guard_begin(reply, store);

	g->flags = flags;
	g->attr = *attr;
	/* Who wants neither could still look at it. */
	if ((flags & SP_FILE_READ) != 0 || (flags & WRITING) == 0)
		g->rights = POLICY_DOWNLOAD;
	if ((flags & SP_FILE_READ) != 0)
		g->events |= HOOK_DOWNLOAD;
	if ((flags & WRITING) != 0)
		g->events |= HOOK_UPLOAD;
	/* A link is no place for a file that must not be there yet. */
	g->follows = (flags & SP_FILE_EXCLUSIVE) == 0;
	g->perform = begin_open;
	return guard_end(g, guard_find(g, path, NULL));
}

/* ---- folders ---- */

static uint32_t
opened_folder(struct guard *g, uint32_t status)
{
	if (status == SP_FILE_OK && g->reply.file == NULL)
		status = guard_doubt(g);
	if (status == SP_FILE_OK) {
		g->file->file = g->reply.file;
		return give(g);
	}
	give_up(g);
	return status;
}

static uint32_t
begin_folder(struct guard *g, uint32_t status)
{
	(void)status;
	if (!begin_file(g)) {
		give_up(g);
		return guard_refuse(g, SP_FILE_FAILED, "Out of memory");
	}
	g->file->is_folder = true;
	return guard_go(g,
	    g->inner->open_folder(guard_reply(g), g->store, g->path),
	    opened_folder);
}

uint32_t
guardfile_open_folder(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct guard *g = guard_begin(reply, store);

	g->rights = POLICY_LIST;
	g->follows = true;
	g->perform = begin_folder;
	return guard_end(g, guard_find(g, path, NULL));
}

/* ---- closing ---- */

static uint32_t
end(struct guard *g, uint32_t status, const char *reason)
{
	transfer_log(g->chan, g->file,
	    status == SP_FILE_OK ? NULL
		: reason != NULL ? reason
				 : "it failed");
	give_up(g);
	guard_reply(g)->reason = reason;
	return status;
}

static uint32_t
removed_part(struct guard *g, uint32_t status)
{
	(void)status;
	return end(g, g->failure, g->failure_reason);
}

static uint32_t
discard(struct guard *g, uint32_t status, const char *reason)
{
	g->failure = status;
	g->failure_reason = reason;
	return guard_go(g,
	    g->inner->remove(guard_reply(g), g->store, g->file->part),
	    removed_part);
}

/* All is well, and was told. */
static uint32_t
was_told(struct guard *g, uint32_t status)
{
	(void)status;
	return end(g, SP_FILE_OK, NULL);
}

static uint32_t
tell_download(struct guard *g, uint32_t status)
{
	if ((g->file->flags & SP_FILE_READ) == 0 || !g->file->was_read)
		return was_told(g, status);
	return guardhook_came(g, HOOK_DOWNLOAD, was_told);
}

/* What is there is there: nobody can refuse it any more. */
static uint32_t
tell(struct guard *g)
{
	g->file->has_appeared = true;
	g->file->result = HOOK_RESULT_WHOLE;
	if ((g->file->flags & WRITING) == 0)
		return tell_download(g, SP_FILE_OK);
	return guardhook_came(g, HOOK_UPLOAD, tell_download);
}

/* What waited to be resumed has been overtaken. */
static uint32_t
removed_waiting(struct guard *g, uint32_t status)
{
	(void)status;
	return tell(g);
}

static uint32_t
appeared(struct guard *g, uint32_t status)
{
	g->file->is_appearing = false;
	if (status != SP_FILE_OK)
		return discard(g,
		    g->file->may_replace ||
			    (g->file->flags & SP_FILE_EXCLUSIVE) != 0
			? SP_FILE_FAILED
			: SP_FILE_DENIED,
		    "The file cannot appear under its name");
	if (!g->file->may_wait ||
	    !partname_waiting(g->file->path, g->waiting, sizeof g->waiting))
		return tell(g);
	g->file->has_appeared = true;
	return guard_go(g,
	    g->inner->remove(guard_reply(g), g->store, g->waiting),
	    removed_waiting);
}

static uint32_t
may_appear(struct guard *g, uint32_t status)
{
	struct guard_file *file = g->file;

	if (status != SP_FILE_OK)
		return discard(g, status, g->reply.reason);
	file->is_appearing = true;
	return guard_go(g,
	    g->inner->rename(guard_reply(g), g->store, file->part, file->path,
		file->may_replace),
	    appeared);
}

/* It is there already, whatever is said of it. */
static uint32_t
was_accepted(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		return end(g, status, g->reply.reason);
	return tell(g);
}

static uint32_t
told_failure(struct guard *g, uint32_t status)
{
	(void)status;
	return end(g, g->failure, g->failure_reason);
}

static uint32_t
judged_failure(struct guard *g, uint32_t status)
{
	(void)status;
	return guardhook_came(g, HOOK_UPLOAD, told_failure);
}

/* What has come of it is there, and is told of as what it is. */
static uint32_t
end_badly(struct guard *g, uint32_t status, const char *reason)
{
	if (g->file->is_folder || (g->file->flags & WRITING) == 0)
		return end(g, status, reason);
	g->file->result = HOOK_RESULT_FAILED;
	g->failure = status;
	g->failure_reason = reason;
	return guardhook_whole(g, judged_failure);
}

static uint32_t
closed(struct guard *g, uint32_t status)
{
	struct guard_file *file = g->file;

	if (file->part == NULL) {
		if (status != SP_FILE_OK || file->has_failed)
			return end_badly(g, status, g->reply.reason);
		if (file->is_folder)
			return end(g, status, NULL);
		file->result = HOOK_RESULT_WHOLE;
		if ((file->flags & WRITING) == 0)
			return tell(g);
		return guardhook_whole(g, was_accepted);
	}
	file->result = HOOK_RESULT_WHOLE;
	if (file->has_failed)
		return discard(
		    g, SP_FILE_FAILED, "The file is not whole; it is gone");
	if (status != SP_FILE_OK)
		return discard(g, status, g->reply.reason);
	return guardhook_whole(g, may_appear);
}

uint32_t
guardfile_close(
    struct sp_reply *reply, struct sp_store *store, struct sp_file *opaque)
{
	struct guard *g = guard_begin(reply, store);
	struct guard_file *file = (struct guard_file *)(void *)opaque;

	LIST_REMOVE(file, link);
	g->file = file;
	return guard_end(g,
	    guard_go(
		g, g->inner->close(&g->reply, g->store, file->file), closed));
}

void
guardfile_spoil(struct sp_file *opaque, const char *reason)
{
	struct guard_file *file = (struct guard_file *)(void *)opaque;

	file->has_failed = true;
	if (file->spoiled == NULL)
		file->spoiled = reason;
}

/* A storage that is still at work can be asked nothing more. */
static uint32_t
ask_last(struct guard *g, uint32_t status)
{
	if (status == SP_FILE_LATER)
		g->is_lost = true;
	return status;
}

void
guardfile_drop_part(struct guard *g, const struct guard_file *file)
{
	if (file->part == NULL || g->is_waiting || g->is_lost)
		return;
	ask_last(g, g->inner->remove(guard_reply(g), g->store, file->part));
}

/* Whether the part was kept, to be resumed. */
static bool
keep_part(struct guard *g, const struct guard_file *file)
{
	if (file->has_failed || !file->may_wait ||
	    !partname_waiting(file->path, g->waiting, sizeof g->waiting))
		return false;
	return ask_last(g,
		   g->inner->rename(guard_reply(g), g->store, file->part,
		       g->waiting, true)) == SP_FILE_OK;
}

void
guardfile_abandon(struct guard *g, struct guard_file *file)
{
	transfer_log(g->chan, file, "the client left");
	file->result = HOOK_RESULT_CUT;
	if (file->part == NULL)
		guardhook_mention(g, file);
	if (file->part == NULL || g->is_waiting || g->is_lost)
		return;
	if (ask_last(
		g, g->inner->close(guard_reply(g), g->store, file->file)) !=
		SP_FILE_LATER &&
	    !keep_part(g, file))
		guardfile_drop_part(g, file);
}

void
guardfile_come_late(struct guard *g, struct guard_file *file)
{
	transfer_log(g->chan, file, NULL);
	file->has_appeared = true;
	guardhook_mention(g, file);
}
