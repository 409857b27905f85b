/* Files that come, "scp -t". */
#include "modules/sftp/guard.h"
#include "modules/sftp/scpservice.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char changed_text[] = "the client could not read all of it";

/* Folders that are being filled can be entered. */
enum { OWNERS = 0700 };

static bool
is_folder(const struct sp_file_attr *attr)
{
	return (attr->has & SP_FILE_HAS_MODE) != 0 && S_ISDIR(attr->mode);
}

/* ---- where to ---- */

static void
found_target(struct scpservice *s, uint32_t status)
{
	s->into_folder = status == SP_FILE_OK && is_folder(&s->reply.attr);
	if (s->command.needs_folder && !s->into_folder) {
		scpservice_warn(s,
		    status == SP_FILE_OK ? "Not a directory"
					 : scpservice_text(s, status));
		s->is_over = true;
		return;
	}
	if (strcmp(s->path, ".") != 0)
		s->base = strlen(s->path);
	scpservice_accept(s);
}

void
scpsink_begin(struct scpservice *s)
{
	int len =
	    snprintf(s->path, sizeof s->path, "%s", s->command.paths[0].path);

	if (len <= 0 || (size_t)len >= sizeof s->path) {
		scpservice_fail(s, "the path is too long");
		return;
	}
	scpservice_go(s,
	    s->ops->stat(scpservice_reply(s), s->store, s->path, true),
	    found_target);
}

/* ---- what is kept of modes and times ---- */

typedef uint32_t set_function(struct scpservice *, const struct sp_file_attr *);

static uint32_t
set_file(struct scpservice *s, const struct sp_file_attr *attr)
{
	return s->ops->fsetstat(scpservice_reply(s), s->store, s->file, attr);
}

static uint32_t
set_folder(struct scpservice *s, const struct sp_file_attr *attr)
{
	return s->ops->setstat(
	    scpservice_reply(s), s->store, s->path, attr, true);
}

/*
 * One of those that are still to be set, so that one which may not be
 * keeps the other from nothing; false where all are.
 */
static bool
set_next(struct scpservice *s, struct sp_file_attr *kept, set_function *set,
    scpservice_step *step)
{
	struct sp_file_attr one = *kept;

	one.has &= (kept->has & SP_FILE_HAS_TIMES) != 0 ? SP_FILE_HAS_TIMES
							: SP_FILE_HAS_MODE;
	if (one.has == 0)
		return false;
	kept->has &= ~one.has;
	scpservice_go(s, set(s, &one), step);
	return true;
}

static struct sp_file_attr
take_kept(struct scpservice *s, const struct scprecord *r)
{
	struct sp_file_attr kept = s->attr;

	kept.has = s->has_times ? SP_FILE_HAS_TIMES : 0;
	if (s->command.keeps_times)
		kept.has |= SP_FILE_HAS_MODE;
	kept.mode = r->mode;
	s->has_times = false;
	return kept;
}

/* What was said of it: that it went well, or the first that did not. */
static void
tell_end(struct scpservice *s)
{
	if (s->has_failed)
		scpservice_warn(s, s->failure);
	else
		scpservice_accept(s);
}

/* ---- files ---- */

static void
closed(struct scpservice *s, uint32_t status)
{
	scpservice_note(s, status);
	tell_end(s);
}

static void
close_file(struct scpservice *s)
{
	struct sp_file *file = s->file;

	s->file = NULL;
	scpservice_go(
	    s, s->ops->close(scpservice_reply(s), s->store, file), closed);
}

static void
was_set(struct scpservice *s, uint32_t status)
{
	scpservice_note(s, status);
	if (!set_next(s, &s->attr, set_file, was_set))
		close_file(s);
}

/* All has come, and the client says whether it was all there was. */
static void
has_come(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK)
		guardfile_spoil(s->file, changed_text);
	if (s->has_failed || status != SP_FILE_OK)
		close_file(s);
	else
		was_set(s, SP_FILE_OK);
}

static void
opened(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK) {
		scpservice_warn(s, scpservice_text(s, status));
		return;
	}
	s->file = s->reply.file;
	s->offset = 0;
	s->has_failed = false;
	s->frame.left = s->left;
	scpservice_await(s, has_come);
	scpservice_accept(s);
}

static void
begin_file(struct scpservice *s, const struct scprecord *r)
{
	const struct sp_file_attr asked = {
		.has = SP_FILE_HAS_MODE,
		.mode = r->mode & 0777,
	};

	s->attr = take_kept(s, r);
	s->left = r->size;
	if (s->size_max != 0 && r->size > s->size_max) {
		scpservice_warn(s, "The file is too large");
		return;
	}
	scpservice_go(s,
	    s->ops->open(scpservice_reply(s), s->store, s->path,
		SP_FILE_WRITE | SP_FILE_CREATE | SP_FILE_TRUNCATE, &asked),
	    opened);
}

/* What follows a failure is passed over; it is told of at the end. */
static void
wrote(struct scpservice *s, uint32_t status)
{
	scpservice_note(s, status);
}

void
scpsink_data(struct scpservice *s, struct sp_view data)
{
	uint64_t offset = s->offset;
	uint32_t status;

	s->offset += data.len;
	if (s->has_failed)
		return;
	status =
	    s->ops->write(scpservice_reply(s), s->store, s->file, offset, data);
	if (status == SP_FILE_LATER)
		scpservice_go(s, status, wrote);
	else
		wrote(s, status);
}

/* ---- folders ---- */

static void
enter(struct scpservice *s)
{
	struct scpservice_level *level = &s->levels[s->depth++];

	*level = (struct scpservice_level){ .base = s->base, .kept = s->attr };
	s->base = strlen(s->path);
	scpservice_accept(s);
}

static void
made_folder(struct scpservice *s, uint32_t status)
{
	if (status == SP_FILE_OK)
		enter(s);
	else
		scpservice_warn(s, scpservice_text(s, status));
}

static void
seen_folder(struct scpservice *s, uint32_t status)
{
	const struct sp_file_attr asked = {
		.has = SP_FILE_HAS_MODE,
		.mode = (s->attr.mode & 0777) | OWNERS,
	};

	if (status == SP_FILE_OK && is_folder(&s->reply.attr))
		enter(s);
	else if (status == SP_FILE_OK)
		scpservice_warn(s, "Not a directory");
	else if (status != SP_FILE_NOT_FOUND)
		scpservice_warn(s, scpservice_text(s, status));
	else
		scpservice_go(s,
		    s->ops->make_folder(
			scpservice_reply(s), s->store, s->path, &asked),
		    made_folder);
}

static void
begin_folder(struct scpservice *s, const struct scprecord *r)
{
	s->attr = take_kept(s, r);
	if (!s->command.is_recursive) {
		scpservice_fail(s, "protocol error: a folder without -r");
		return;
	}
	if (s->depth == s->depth_max) {
		scpservice_warn(s, "Too many folders in folders");
		return;
	}
	scpservice_go(s,
	    s->ops->stat(scpservice_reply(s), s->store, s->path, true),
	    seen_folder);
}

static void
was_set_folder(struct scpservice *s, uint32_t status)
{
	struct scpservice_level *level = &s->levels[s->depth - 1];

	scpservice_note(s, status);
	if (set_next(s, &level->kept, set_folder, was_set_folder))
		return;
	tell_end(s);
	s->base = level->base;
	s->depth--;
}

static void
end_folder(struct scpservice *s)
{
	if (s->depth == 0) {
		scpservice_fail(s, "protocol error: unexpected E");
		return;
	}
	scpservice_cut(s);
	s->has_failed = false;
	was_set_folder(s, SP_FILE_OK);
}

/* ---- lines ---- */

static void
begin(struct scpservice *s, const struct scprecord *r)
{
	bool is_there = true;

	scpservice_cut(s);
	if (s->depth > 0 || s->into_folder)
		is_there = scpservice_join(s, r->text);
	if (!is_there) {
		s->has_times = false;
		scpservice_warn(s, "The name is too long");
	} else if (r->kind == SCPRECORD_FILE)
		begin_file(s, r);
	else
		begin_folder(s, r);
}

void
scpsink_record(struct scpservice *s, const struct scprecord *r)
{
	switch (r->kind) {
	case SCPRECORD_FILE:
	case SCPRECORD_FOLDER:
		begin(s, r);
		break;
	case SCPRECORD_END:
		end_folder(s);
		break;
	case SCPRECORD_TIMES:
		s->attr.mtime = r->mtime;
		s->attr.atime = r->atime;
		s->has_times = true;
		scpservice_accept(s);
		break;
	case SCPRECORD_WARNING:
	case SCPRECORD_ERROR:
		break;
	}
}
