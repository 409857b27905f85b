/* Requests: checked here, done by the storage, answered by a step. */
#include "modules/sftp/operation.h"

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"
#include "modules/sftp/sftpanswer.h"

#include <stdio.h>
#include <string.h>

enum {
	COPY_STEP = 1048576,
	IDS_MAX = 1024, /* in one USERS_GROUPS_BY_ID, of either kind */
};

/* What a row needs before it is begun. */
enum needs {
	NEEDS_NOTHING = 0,
	NEEDS_PATH = 1,
	NEEDS_TARGET = 2,
	NEEDS_FILE = 4,
	NEEDS_FOLDER = 8,
};

/* Does it, and says what became of it; the step goes on. */
typedef uint32_t begin_function(struct conversation *);

/* ---- files ---- */

static uint32_t
begin_open(struct conversation *c)
{
	if (handletable_is_full(&c->handles)) {
		c->reply.reason = "Too many open handles";
		return SP_FILE_FAILED;
	}
	return c->ops->open(
	    &c->reply, c->store, c->path, c->request.flags, &c->request.attr);
}

static uint32_t
begin_open_folder(struct conversation *c)
{
	if (handletable_is_full(&c->handles)) {
		c->reply.reason = "Too many open handles";
		return SP_FILE_FAILED;
	}
	return c->ops->open_folder(&c->reply, c->store, c->path);
}

/* Of either kind. */
static uint32_t
begin_close(struct conversation *c)
{
	struct handletable_entry *entry =
	    handletable_find(&c->handles, c->request.handle, false);
	struct sp_file *file;

	if (entry == NULL)
		entry = handletable_find(&c->handles, c->request.handle, true);
	if (entry == NULL)
		return SP_FILE_FAILED;
	file = entry->file;
	handletable_remove(&c->handles, entry);
	return c->ops->close(&c->reply, c->store, file);
}

static uint32_t
begin_read(struct conversation *c)
{
	if ((c->entry->flags & SP_FILE_READ) == 0)
		return SP_FILE_DENIED;
	if (c->request.len > CONVERSATION_READ_MAX)
		c->request.len = CONVERSATION_READ_MAX;
	if (c->request.len == 0)
		return SP_FILE_EOF;
	c->is_reading = true;
	return SP_FILE_OK;
}

/* The answer is made where there is room for it. */
static void
after_read(struct conversation *c, uint32_t status)
{
	if (status != SP_FILE_OK)
		sftpanswer_done(c, status);
}

uint32_t
operation_check_write(struct conversation *c)
{
	c->entry = handletable_find(&c->handles, c->request.handle, false);
	if (c->entry == NULL)
		return SP_FILE_FAILED;
	if ((c->entry->flags & (SP_FILE_WRITE | SP_FILE_APPEND)) == 0)
		return SP_FILE_DENIED;
	return SP_FILE_OK;
}

static uint32_t
begin_sync(struct conversation *c)
{
	return c->ops->sync(&c->reply, c->store, c->entry->file);
}

static uint32_t
begin_copy(struct conversation *c)
{
	c->other_entry =
	    handletable_find(&c->handles, c->request.other_handle, false);
	if (c->other_entry == NULL || c->other_entry == c->entry)
		return SP_FILE_FAILED;
	if ((c->entry->flags & SP_FILE_READ) == 0 ||
	    (c->other_entry->flags & (SP_FILE_WRITE | SP_FILE_APPEND)) == 0)
		return SP_FILE_DENIED;
	if (c->request.len == 0)
		c->request.len = UINT64_MAX; /* to the end */
	c->is_copying = true;
	return SP_FILE_OK;
}

static void
copied(struct conversation *c, uint32_t status)
{
	bool is_open_ended = c->request.len == UINT64_MAX;
	size_t count = c->reply.count;

	if (status == SP_FILE_OK && count > 0 && count <= c->request.len) {
		c->request.offset += count;
		c->request.other_offset += count;
		if (!is_open_ended)
			c->request.len -= count;
		if (c->request.len > 0)
			return;
	}
	c->is_copying = false;
	/* As OpenSSH: the end of the file before that is the end. */
	if (status == SP_FILE_EOF)
		status = SP_FILE_OK;
	sftpanswer_done(c, status);
}

void
operation_copy(struct conversation *c)
{
	uint64_t len = c->request.len < COPY_STEP ? c->request.len : COPY_STEP;

	conversation_settle(c, copied,
	    c->ops->copy(conversation_reply(c), c->store, c->entry->file,
		c->request.offset, c->other_entry->file,
		c->request.other_offset, len));
}

/* ---- attributes ---- */

static uint32_t
begin_stat(struct conversation *c)
{
	return c->ops->stat(
	    &c->reply, c->store, c->path, c->request.kind == SFTPMESSAGE_STAT);
}

static uint32_t
begin_fstat(struct conversation *c)
{
	return c->ops->fstat(&c->reply, c->store, c->entry->file);
}

static uint32_t
begin_setstat(struct conversation *c)
{
	return c->ops->setstat(&c->reply, c->store, c->path, &c->request.attr,
	    c->request.kind == SFTPMESSAGE_SETSTAT);
}

static uint32_t
begin_fsetstat(struct conversation *c)
{
	return c->ops->fsetstat(
	    &c->reply, c->store, c->entry->file, &c->request.attr);
}

static uint32_t
begin_measure(struct conversation *c)
{
	return c->ops->measure(&c->reply, c->store, c->path);
}

static uint32_t
begin_fmeasure(struct conversation *c)
{
	return c->ops->fmeasure(&c->reply, c->store, c->entry->file);
}

/* ---- folders and names ---- */

static uint32_t
begin_entries(struct conversation *c)
{
	return c->ops->next_entry(&c->reply, c->store, c->entry->file);
}

static uint32_t
begin_remove(struct conversation *c)
{
	return c->ops->remove(&c->reply, c->store, c->path);
}

static uint32_t
begin_make_folder(struct conversation *c)
{
	return c->ops->make_folder(
	    &c->reply, c->store, c->path, &c->request.attr);
}

static uint32_t
begin_remove_folder(struct conversation *c)
{
	return c->ops->remove_folder(&c->reply, c->store, c->path);
}

static uint32_t
begin_rename(struct conversation *c)
{
	return c->ops->rename(&c->reply, c->store, c->path, c->target,
	    c->request.kind == SFTPMESSAGE_POSIX_RENAME);
}

static uint32_t
begin_link(struct conversation *c)
{
	return c->ops->link(&c->reply, c->store, c->path, c->target);
}

static uint32_t
begin_symlink(struct conversation *c)
{
	return c->ops->make_symlink(&c->reply, c->store, c->target, c->path);
}

static uint32_t
begin_read_symlink(struct conversation *c)
{
	return c->ops->read_symlink(&c->reply, c->store, c->path);
}

static uint32_t
begin_resolve(struct conversation *c)
{
	return c->ops->resolve(&c->reply, c->store, c->path);
}

static uint32_t
begin_home(struct conversation *c)
{
	return c->ops->home(&c->reply, c->store, c->path);
}

/* The home folder is known: what stands behind "~user" comes behind it. */
static void
expand(struct conversation *c, uint32_t status)
{
	struct sp_view home = c->reply.name;
	int len;

	if (status != SP_FILE_OK) {
		sftpanswer_done(c, status);
		return;
	}
	len = snprintf(c->path, sizeof c->path, "%.*s/%s", (int)home.len,
	    (const char *)home.data, c->target);
	if (len < 0 || (size_t)len >= sizeof c->path) {
		sftpanswer_status(c, SP_FILE_BAD_MESSAGE, NULL);
		return;
	}
	conversation_settle(c, sftpanswer_name,
	    c->ops->resolve(conversation_reply(c), c->store, c->path));
}

/* "~", "~user", "~/x" and "~user/x"; what begins otherwise is resolved. */
static uint32_t
begin_expand(struct conversation *c)
{
	size_t len = strcspn(c->path, "/");

	snprintf(c->target, sizeof c->target, "%s",
	    c->path[len] == '/' ? c->path + len + 1 : "");
	c->path[len] = '\0';
	return c->ops->home(&c->reply, c->store, c->path + 1);
}

/* ---- without a storage ---- */

static uint32_t
begin_version(struct conversation *c)
{
	struct buffer pairs;

	buffer_init(&pairs, CONVERSATION_ANSWERS);
	if (sftpmessage_announce(&pairs) != SP_OK)
		c->is_broken = true;
	sftpanswer(c,
	    &(struct sftpmessage){ .kind = SFTPMESSAGE_VERSION,
		.version = SFTPMESSAGE_PROTOCOL,
		.extensions = buffer_view(&pairs) });
	buffer_clear(&pairs);
	return SP_FILE_OK;
}

static uint32_t
begin_limits(struct conversation *c)
{
	sftpanswer(c,
	    &(struct sftpmessage){ .kind = SFTPMESSAGE_LIMITS_REPLY,
		.id = c->request.id,
		.limits = {
		    .packet = CONVERSATION_PACKET_MAX,
		    .read = CONVERSATION_READ_MAX,
		    .write = CONVERSATION_WRITE_MAX,
		    .handles = c->handles.max,
		} });
	return SP_FILE_OK;
}

typedef const char *name_function(struct longname_ids *, uint32_t id);

/* Of each id its name, or "" (OpenSSH's PROTOCOL 4.12). */
static bool
find_names(struct conversation *c, struct sp_view ids, name_function *name_of,
    struct buffer *names)
{
	struct reader r;
	struct writer w;

	if (ids.len % 4 != 0 || ids.len / 4 > IDS_MAX)
		return false;
	reader_init(&r, ids);
	writer_init(&w, names);
	while (r.left > 0)
		writer_cstring(&w, name_of(&c->ids, reader_u32(&r)));
	return writer_finish(&w) == SP_OK;
}

static uint32_t
begin_ids(struct conversation *c)
{
	uint32_t status = SP_FILE_BAD_MESSAGE;
	struct buffer users, groups;

	buffer_init(&users, (size_t)IDS_MAX * (4 + LONGNAME_NAME));
	buffer_init(&groups, (size_t)IDS_MAX * (4 + LONGNAME_NAME));
	if (find_names(c, c->request.uids, longname_user, &users) &&
	    find_names(c, c->request.gids, longname_group, &groups)) {
		sftpanswer(c,
		    &(struct sftpmessage){
			.kind = SFTPMESSAGE_USERS_GROUPS_REPLY,
			.id = c->request.id,
			.uids = buffer_view(&users),
			.gids = buffer_view(&groups) });
		status = SP_FILE_OK;
	}
	buffer_clear(&users);
	buffer_clear(&groups);
	return status;
}

/* Those were answered already, unless they failed. */
static void
answered(struct conversation *c, uint32_t status)
{
	if (status != SP_FILE_OK)
		sftpanswer_done(c, status);
}

/* ---- the table ---- */

#define PATH  NEEDS_PATH
#define BOTH  (NEEDS_PATH | NEEDS_TARGET)
#define FILE_ NEEDS_FILE

static const struct row {
	begin_function *begin;
	conversation_step *step;
	unsigned needs;
} rows[SFTPMESSAGE_UNKNOWN] = {
	[SFTPMESSAGE_INIT] = { begin_version, answered, 0 },
	[SFTPMESSAGE_OPEN] = { begin_open, sftpanswer_handle, PATH },
	[SFTPMESSAGE_CLOSE] = { begin_close, sftpanswer_done, 0 },
	[SFTPMESSAGE_READ] = { begin_read, after_read, FILE_ },
	[SFTPMESSAGE_LSTAT] = { begin_stat, sftpanswer_attr, PATH },
	[SFTPMESSAGE_FSTAT] = { begin_fstat, sftpanswer_attr, FILE_ },
	[SFTPMESSAGE_SETSTAT] = { begin_setstat, sftpanswer_done, PATH },
	[SFTPMESSAGE_FSETSTAT] = { begin_fsetstat, sftpanswer_done, FILE_ },
	[SFTPMESSAGE_OPENDIR] = { begin_open_folder, sftpanswer_handle, PATH },
	[SFTPMESSAGE_READDIR] = { begin_entries, sftpanswer_entries,
	    NEEDS_FOLDER },
	[SFTPMESSAGE_REMOVE] = { begin_remove, sftpanswer_done, PATH },
	[SFTPMESSAGE_MKDIR] = { begin_make_folder, sftpanswer_done, PATH },
	[SFTPMESSAGE_RMDIR] = { begin_remove_folder, sftpanswer_done, PATH },
	[SFTPMESSAGE_REALPATH] = { begin_resolve, sftpanswer_name, PATH },
	[SFTPMESSAGE_STAT] = { begin_stat, sftpanswer_attr, PATH },
	[SFTPMESSAGE_RENAME] = { begin_rename, sftpanswer_done, BOTH },
	[SFTPMESSAGE_READLINK] = { begin_read_symlink, sftpanswer_name, PATH },
	[SFTPMESSAGE_SYMLINK] = { begin_symlink, sftpanswer_done, BOTH },
	[SFTPMESSAGE_POSIX_RENAME] = { begin_rename, sftpanswer_done, BOTH },
	[SFTPMESSAGE_STATVFS] = { begin_measure, sftpanswer_space, PATH },
	[SFTPMESSAGE_FSTATVFS] = { begin_fmeasure, sftpanswer_space, FILE_ },
	[SFTPMESSAGE_HARDLINK] = { begin_link, sftpanswer_done, BOTH },
	[SFTPMESSAGE_FSYNC] = { begin_sync, sftpanswer_done, FILE_ },
	[SFTPMESSAGE_LSETSTAT] = { begin_setstat, sftpanswer_done, PATH },
	[SFTPMESSAGE_LIMITS] = { begin_limits, answered, 0 },
	[SFTPMESSAGE_EXPAND_PATH] = { begin_expand, expand, PATH },
	[SFTPMESSAGE_COPY_DATA] = { begin_copy, after_read, FILE_ },
	[SFTPMESSAGE_HOME_DIRECTORY] = { begin_home, sftpanswer_name, 0 },
	[SFTPMESSAGE_USERS_GROUPS_BY_ID] = { begin_ids, answered, 0 },
};

/* What a storage may lack. */
static bool
is_there(const struct conversation *c, enum sftpmessage_kind kind)
{
	const struct sp_storage_ops *ops = c->ops;

	switch (kind) {
	case SFTPMESSAGE_STATVFS:
		return ops->measure != NULL;
	case SFTPMESSAGE_FSTATVFS:
		return ops->fmeasure != NULL;
	case SFTPMESSAGE_HARDLINK:
		return ops->link != NULL;
	case SFTPMESSAGE_SYMLINK:
		return ops->make_symlink != NULL;
	case SFTPMESSAGE_READLINK:
		return ops->read_symlink != NULL;
	case SFTPMESSAGE_FSYNC:
		return ops->sync != NULL;
	case SFTPMESSAGE_COPY_DATA:
		return ops->copy != NULL;
	default:
		return true;
	}
}

/* A path that is empty names nothing, but as a place to begin at. */
static uint32_t
read_path(struct sp_view from, char path[PATH_MAX], bool may_be_empty)
{
	if (!view_to_string(from, path, PATH_MAX))
		return SP_FILE_BAD_MESSAGE;
	if (path[0] != '\0')
		return SP_FILE_OK;
	if (!may_be_empty)
		return SP_FILE_NOT_FOUND;
	memcpy(path, ".", 2);
	return SP_FILE_OK;
}

static uint32_t
prepare(struct conversation *c, const struct row *row)
{
	struct sftpmessage *m = &c->request;
	uint32_t status = SP_FILE_OK;

	if ((row->needs & NEEDS_PATH) != 0)
		status = read_path(m->path, c->path,
		    m->kind == SFTPMESSAGE_REALPATH ||
			m->kind == SFTPMESSAGE_EXPAND_PATH);
	if (status == SP_FILE_OK && (row->needs & NEEDS_TARGET) != 0)
		status = read_path(m->target, c->target, false);
	if ((row->needs & (NEEDS_FILE | NEEDS_FOLDER)) != 0) {
		c->entry = handletable_find(
		    &c->handles, m->handle, (row->needs & NEEDS_FOLDER) != 0);
		if (c->entry == NULL)
			return SP_FILE_FAILED;
	}
	return status;
}

void
operation_begin(struct conversation *c)
{
	enum sftpmessage_kind kind = c->request.kind;
	const struct row *row;
	uint32_t status;

	if (kind >= SFTPMESSAGE_UNKNOWN || rows[kind].begin == NULL ||
	    !is_there(c, kind)) {
		sftpanswer_status(c, SP_FILE_UNSUPPORTED, NULL);
		return;
	}
	row = &rows[kind];
	/* A home folder is asked for by a name; "" is one's own. */
	if (kind == SFTPMESSAGE_HOME_DIRECTORY &&
	    !view_to_string(c->request.path, c->path, sizeof c->path)) {
		sftpanswer_status(c, SP_FILE_BAD_MESSAGE, NULL);
		return;
	}
	conversation_reply(c);
	status = prepare(c, row);
	if (status == SP_FILE_OK && kind == SFTPMESSAGE_EXPAND_PATH &&
	    c->path[0] != '~')
		row = &rows[SFTPMESSAGE_REALPATH];
	if (status == SP_FILE_OK)
		conversation_settle(c, row->step, row->begin(c));
	else
		sftpanswer_status(c, status, NULL);
}
