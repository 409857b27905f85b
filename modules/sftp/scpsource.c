/* Files that are sent, "scp -f". */
#include "modules/sftp/guard.h"
#include "modules/sftp/scpservice.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PARTS = 8 };

static const char shrunk_text[] = "it became shorter while it was sent";

static scpservice_step next_one;

static void
go_on(struct scpservice *s)
{
	scpservice_go(s, SP_FILE_OK, next_one);
}

/* Tells of it, and goes on. */
static void
skip(struct scpservice *s, const char *text)
{
	scpservice_warn(s, text);
	go_on(s);
}

static void
tell_times(struct scpservice *s, scpservice_step *step)
{
	scpservice_tell(s,
	    &(struct scprecord){ .kind = SCPRECORD_TIMES,
		.mtime = s->attr.mtime,
		.atime = s->attr.atime });
	scpservice_await(s, step);
}

static void
tell_name(struct scpservice *s, enum scprecord_kind kind, uint64_t size,
    scpservice_step *step)
{
	const char *slash = strrchr(s->path, '/');

	scpservice_tell(s,
	    &(struct scprecord){ .kind = kind,
		.mode = s->attr.mode & 07777,
		.size = size,
		.text = sp_text(slash == NULL ? s->path : slash + 1) });
	scpservice_await(s, step);
}

/* ---- a file ---- */

/* The client's answer to all of it was counted. */
static void
has_answered(struct scpservice *s, uint32_t status)
{
	(void)status;
	go_on(s);
}

static void
closed(struct scpservice *s, uint32_t status)
{
	scpservice_note(s, status);
	if (s->has_failed)
		scpservice_warn(s, s->failure);
	else
		scpservice_accept(s);
	scpservice_await(s, has_answered);
}

/* It was not to be sent. */
static void
dropped(struct scpservice *s, uint32_t status)
{
	(void)status;
	go_on(s);
}

static void
close_file(struct scpservice *s, scpservice_step *step)
{
	struct sp_file *file = s->file;

	s->file = NULL;
	s->is_sending = false;
	scpservice_go(
	    s, s->ops->close(scpservice_reply(s), s->store, file), step);
}

/* All of an empty file is read, too: the log has a line for it. */
static void
may_send(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK) {
		close_file(s, dropped);
		return;
	}
	s->offset = 0;
	s->has_failed = false;
	s->is_sending = true;
	if (s->left > 0)
		return;
	(void)s->ops->read(scpservice_reply(s), s->store, s->file, 0, NULL, 0);
	close_file(s, closed);
}

static void
tell_file(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK)
		close_file(s, dropped);
	else
		tell_name(s, SCPRECORD_FILE, s->left, may_send);
}

static void
measured(struct scpservice *s, uint32_t status)
{
	const uint32_t needed = SP_FILE_HAS_SIZE | SP_FILE_HAS_MODE;

	if (status == SP_FILE_OK &&
	    ((s->reply.attr.has & needed) != needed ||
		s->reply.attr.size > INT64_MAX))
		status = SP_FILE_FAILED;
	if (status != SP_FILE_OK) {
		scpservice_warn(s, scpservice_text(s, status));
		close_file(s, dropped);
		return;
	}
	s->attr = s->reply.attr;
	s->left = s->attr.size;
	if (s->command.keeps_times)
		tell_times(s, tell_file);
	else
		tell_file(s, SP_FILE_OK);
}

static void
opened_file(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK) {
		skip(s, scpservice_text(s, status));
		return;
	}
	s->file = s->reply.file;
	scpservice_go(
	    s, s->ops->fstat(scpservice_reply(s), s->store, s->file), measured);
}

/* ---- its bytes ---- */

static void
sent(struct scpservice *s, size_t len)
{
	s->offset += len;
	s->left -= len;
	if (s->left == 0)
		close_file(s, closed);
}

/* What is promised is sent: the rest is zeros, and then it is told. */
static void
give_up(struct scpservice *s, uint32_t status)
{
	if (status == SP_FILE_OK || status == SP_FILE_EOF) {
		s->reply.reason = shrunk_text;
		status = SP_FILE_FAILED;
	}
	scpservice_note(s, status);
	guardfile_spoil(s->file, s->failure);
}

/* The storage answered a read later, with bytes of its own. */
static void
came(struct scpservice *s, uint32_t status)
{
	struct sp_view data = s->reply.data;

	s->is_sending = true;
	if (status != SP_FILE_OK || data.len == 0) {
		give_up(s, status);
		return;
	}
	if (data.len > SCPSERVICE_READ)
		data.len = SCPSERVICE_READ;
	if (data.len > s->left)
		data.len = (size_t)s->left;
	if (buffer_append(&s->out, data) != SP_OK)
		s->is_over = true;
	else
		sent(s, data.len);
}

static void
fill_zeros(const struct iovec *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		memset(parts[i].iov_base, 0, parts[i].iov_len);
}

bool
scpsource_send(struct scpservice *s)
{
	struct iovec parts[PARTS];
	size_t count = PARTS, room;
	uint32_t status;

	room = sp_chan_reserve(s->chan,
	    s->left < SCPSERVICE_READ ? (size_t)s->left : SCPSERVICE_READ,
	    parts, &count);
	if (room == 0)
		return false;
	if (s->has_failed) {
		fill_zeros(parts, count);
		sp_chan_commit(s->chan, room);
		sent(s, room);
		return true;
	}
	status = s->ops->read(
	    scpservice_reply(s), s->store, s->file, s->offset, parts, count);
	if (status == SP_FILE_LATER) {
		sp_chan_commit(s->chan, 0);
		s->is_sending = false;
		scpservice_go(s, status, came);
	} else if (status != SP_FILE_OK || s->reply.count == 0 ||
	    s->reply.count > room) {
		sp_chan_commit(s->chan, 0);
		give_up(s, status);
	} else {
		sp_chan_commit(s->chan, s->reply.count);
		sent(s, s->reply.count);
	}
	return true;
}

/* ---- folders ---- */

static void
closed_folder(struct scpservice *s, uint32_t status)
{
	const struct scpservice_level *level = &s->levels[--s->depth];

	(void)status;
	scpservice_cut(s);
	s->base = level->base;
	if (level->was_told) {
		scpservice_tell(
		    s, &(struct scprecord){ .kind = SCPRECORD_END });
		scpservice_await(s, has_answered);
		return;
	}
	if (level->pattern != NULL && !level->had_match)
		scpservice_warn(s, "nothing there fits the pattern");
	go_on(s);
}

static void
close_folder(struct scpservice *s)
{
	struct sp_file *folder = s->levels[s->depth - 1].folder;

	s->levels[s->depth - 1].folder = NULL;
	scpservice_go(s, s->ops->close(scpservice_reply(s), s->store, folder),
	    closed_folder);
}

static void
enter(struct scpservice *s, const char *pattern)
{
	s->levels[s->depth++] = (struct scpservice_level){
		.base = s->base,
		.folder = s->reply.file,
		.pattern = pattern,
	};
	s->base = strcmp(s->path, ".") == 0 ? 0 : strlen(s->path);
}

static void
may_enter(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK) {
		close_folder(s);
		return;
	}
	s->levels[s->depth - 1].was_told = true;
	go_on(s);
}

static void
tell_folder(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK)
		close_folder(s);
	else
		tell_name(s, SCPRECORD_FOLDER, 0, may_enter);
}

static void
opened_folder(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK) {
		skip(s, scpservice_text(s, status));
		return;
	}
	enter(s, NULL);
	if (s->command.keeps_times)
		tell_times(s, tell_folder);
	else
		tell_folder(s, SP_FILE_OK);
}

static void
opened_pattern(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK)
		skip(s, scpservice_text(s, status));
	else {
		enter(s, s->command.paths[s->word - 1].pattern);
		go_on(s);
	}
}

/* ---- one after the other ---- */

static void
looked(struct scpservice *s, uint32_t status)
{
	const struct sp_file_attr none = { .has = 0 };
	uint32_t mode;

	s->attr = s->reply.attr;
	mode = (s->attr.has & SP_FILE_HAS_MODE) != 0 ? s->attr.mode : 0;
	if (status != SP_FILE_OK)
		skip(s, scpservice_text(s, status));
	else if (S_ISREG(mode))
		scpservice_go(s,
		    s->ops->open(scpservice_reply(s), s->store, s->path,
			SP_FILE_READ, &none),
		    opened_file);
	else if (!S_ISDIR(mode) || !s->command.is_recursive)
		skip(s, "not a regular file");
	else if (s->depth == s->depth_max)
		skip(s, "Too many folders in folders");
	else
		scpservice_go(s,
		    s->ops->open_folder(scpservice_reply(s), s->store, s->path),
		    opened_folder);
}

static void
look(struct scpservice *s)
{
	const char *slash = strrchr(s->path, '/');

	if (!scprecord_is_name(sp_text(slash == NULL ? s->path : slash + 1)))
		skip(s, "it has no name that could be sent");
	else
		scpservice_go(s,
		    s->ops->stat(scpservice_reply(s), s->store, s->path, true),
		    looked);
}

/* As a shell has it: names that begin with "." are meant by such alone. */
static bool
is_meant(const struct scpservice_level *level, const char *name)
{
	const struct sp_list patterns = { &level->pattern, 1 };

	if (level->pattern == NULL)
		return true;
	return (name[0] != '.' || level->pattern[0] == '.') &&
	    sp_match_any(&patterns, name);
}

static void
has_entry(struct scpservice *s, uint32_t status)
{
	struct scpservice_level *level = &s->levels[s->depth - 1];
	struct sp_view name = s->reply.name;
	char leaf[NAME_MAX + 1];

	scpservice_cut(s);
	if (status != SP_FILE_OK) {
		if (status != SP_FILE_EOF)
			scpservice_warn(s, scpservice_text(s, status));
		close_folder(s);
		return;
	}
	if (sp_view_is(name, ".") || sp_view_is(name, "..")) {
		go_on(s);
		return;
	}
	if (!view_to_string(name, leaf, sizeof leaf) ||
	    !scpservice_join(s, name)) {
		skip(s, "a name in it is too long");
		return;
	}
	if (!is_meant(level, leaf)) {
		go_on(s);
		return;
	}
	level->had_match = true;
	look(s);
}

static void
begin_word(struct scpservice *s)
{
	const struct scpcommand_path *word = &s->command.paths[s->word++];
	size_t len = strlen(word->path);

	while (len > 1 && word->path[len - 1] == '/')
		len--;
	s->base = 0;
	s->path[0] = '\0';
	if (!scpservice_join(s, view_of(word->path, len)))
		skip(s, "the path is too long");
	else if (word->pattern == NULL)
		look(s);
	else
		scpservice_go(s,
		    s->ops->open_folder(scpservice_reply(s), s->store, s->path),
		    opened_pattern);
}

static void
next_one(struct scpservice *s, uint32_t status)
{
	(void)status;
	if (s->depth > 0)
		scpservice_go(s,
		    s->ops->next_entry(scpservice_reply(s), s->store,
			s->levels[s->depth - 1].folder),
		    has_entry);
	else if (s->word < s->command.count)
		begin_word(s);
	else
		s->is_over = true;
}

/* The client says when it begins. */
void
scpsource_begin(struct scpservice *s)
{
	scpservice_await(s, next_one);
}
