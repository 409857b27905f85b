/* Where a path leads in the tree, part by part. */
#include "modules/sftp/mounttree.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LINKS_MAX = 40 };

/* What is to be asked next. */
enum phase {
	PHASE_PART, /* nothing: the next part is to be taken */
	PHASE_LOOK, /* whether the part is a link */
	PHASE_READ, /* what the link says */
	PHASE_RESOLVE, /* where it leads, as its storage has it */
};

static const char long_text[] = "The name is too long";
static const char nonsense_text[] = "The storage's answer makes no sense";

static uint32_t walk(struct mounttree *);

static uint32_t
fail(struct mounttree *t, uint32_t status, const char *reason)
{
	mounttree_reply(t)->reason = reason;
	return status;
}

/* ---- the path ---- */

static void
go_up(struct mounttree *t)
{
	while (t->len > 0 && t->done[--t->len] != '/')
		;
	t->done[t->len] = '\0';
}

/* Behind what is done; and what is to be asked about it. */
static uint32_t
go_down(struct mounttree *t, const char *part, size_t len)
{
	const struct mount *mount;
	const char *inner;

	if (len + 2 > sizeof t->done - t->len)
		return fail(t, SP_FILE_BAD_MESSAGE, long_text);
	t->done[t->len] = '/';
	memcpy(t->done + t->len + 1, part, len);
	t->len += len + 1;
	t->done[t->len] = '\0';
	/* The folders of mounts are no links, whatever they cover. */
	if (mounttree_is_mount(t, t->done) || mounttree_has_below(t, t->done))
		return SP_FILE_OK;
	mount = mounttree_find(t, t->done, &inner);
	if (mount->links == MOUNT_BY_READING)
		t->phase = PHASE_LOOK;
	else if (mount->links == MOUNT_BY_RESOLVING)
		t->phase = PHASE_RESOLVE;
	return SP_FILE_OK;
}

/* Takes the next part from what is still to do. */
static uint32_t
take_part(struct mounttree *t)
{
	const char *part = t->todo + strspn(t->todo, "/");
	size_t len = strcspn(part, "/");
	const char *rest = part + len + strspn(part + len, "/");
	uint32_t status = SP_FILE_OK;

	if (len == 2 && memcmp(part, "..", 2) == 0)
		go_up(t);
	else if (len > 0 && !(len == 1 && part[0] == '.'))
		status = go_down(t, part, len);
	memmove(t->todo, rest, strlen(rest) + 1);
	return status;
}

/* A link's text comes in front of what is still to do. */
static uint32_t
follow(struct mounttree *t)
{
	struct sp_view text = t->reply.name;
	char todo[PATH_MAX];
	int len;

	if (text.len == 0 || text.len >= sizeof todo ||
	    memchr(text.data, '\0', text.len) != NULL)
		return fail(t, SP_FILE_FAILED, nonsense_text);
	len = snprintf(todo, sizeof todo, "%.*s/%s", (int)text.len,
	    (const char *)text.data, t->todo);
	if (len < 0 || (size_t)len >= sizeof todo)
		return fail(t, SP_FILE_BAD_MESSAGE, long_text);
	if (++t->links > LINKS_MAX)
		return fail(
		    t, SP_FILE_FAILED, "Too many levels of symbolic links");
	if (text.data[0] == '/')
		t->len = 0;
	else
		go_up(t);
	t->done[t->len] = '\0';
	memcpy(t->todo, todo, (size_t)len + 1);
	return SP_FILE_OK;
}

/* It is the storage's to say what its links mean. */
static uint32_t
take_resolved(struct mounttree *t)
{
	const char *inner;
	const struct mount *mount = mounttree_find(t, t->done, &inner);
	struct sp_view name = t->reply.name;
	char path[PATH_MAX];

	if (name.len == 0 || name.len >= sizeof path ||
	    memchr(name.data, '\0', name.len) != NULL)
		return fail(t, SP_FILE_FAILED, nonsense_text);
	memcpy(path, name.data, name.len);
	path[name.len] = '\0';
	if (!policy_is_plain(path))
		return fail(t, SP_FILE_FAILED, nonsense_text);
	if (name.len == 1)
		path[--name.len] = '\0';
	if (mount->len + name.len >= sizeof t->done)
		return fail(t, SP_FILE_BAD_MESSAGE, long_text);
	memcpy(t->done, mount->path, mount->len);
	memcpy(t->done + mount->len, path, name.len + 1);
	t->len = mount->len + name.len;
	return SP_FILE_OK;
}

/* ---- the storages ---- */

static uint32_t
ask(struct mounttree *t)
{
	const char *inner;
	const struct mount *mount = mounttree_find(t, t->done, &inner);
	struct sp_reply *reply = mounttree_reply(t);

	if (t->phase == PHASE_LOOK)
		return mount->ops.stat(reply, mount->store, inner, false);
	if (t->phase == PHASE_READ)
		return mount->ops.read_symlink(reply, mount->store, inner);
	return mount->ops.resolve(reply, mount->store, inner);
}

static uint32_t
hear(struct mounttree *t, uint32_t status)
{
	const struct sp_file_attr *attr = &t->reply.attr;
	unsigned phase = t->phase;

	t->phase = PHASE_PART;
	/* The last part need not be there. */
	if (phase == PHASE_LOOK && status == SP_FILE_NOT_FOUND &&
	    t->todo[0] == '\0')
		return SP_FILE_OK;
	if (status != SP_FILE_OK)
		return status;
	if (phase == PHASE_READ)
		return follow(t);
	if (phase == PHASE_RESOLVE)
		return take_resolved(t);
	if ((attr->has & SP_FILE_HAS_MODE) != 0 && S_ISLNK(attr->mode))
		t->phase = PHASE_READ;
	return SP_FILE_OK;
}

static uint32_t
has_answered(struct mounttree *t, uint32_t status)
{
	status = hear(t, status);
	return status == SP_FILE_OK ? walk(t) : status;
}

/* In a loop: a path may have many parts, and links as many again. */
static uint32_t
walk(struct mounttree *t)
{
	uint32_t status = SP_FILE_OK;

	while (status == SP_FILE_OK) {
		if (t->phase == PHASE_PART && t->todo[0] == '\0')
			break;
		if (t->phase == PHASE_PART) {
			status = take_part(t);
			continue;
		}
		status = ask(t);
		if (status == SP_FILE_LATER)
			return mounttree_go(t, status, has_answered);
		status = hear(t, status);
	}
	if (status != SP_FILE_OK)
		return status;
	if (t->len == 0)
		memcpy(t->done, "/", 2);
	mounttree_reply(t)->name = sp_text(t->done);
	return SP_FILE_OK;
}

/* What is not absolute begins where a client does. */
static uint32_t
has_home(struct mounttree *t, uint32_t status)
{
	struct sp_view home = t->reply.name;
	char todo[PATH_MAX];
	int len;

	if (status != SP_FILE_OK)
		return status;
	len = snprintf(todo, sizeof todo, "%.*s/%s", (int)home.len,
	    (const char *)home.data, t->todo);
	if (len < 0 || (size_t)len >= sizeof todo)
		return fail(t, SP_FILE_BAD_MESSAGE, long_text);
	memcpy(t->todo, todo, (size_t)len + 1);
	return walk(t);
}

uint32_t
mountwalk_resolve(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct mounttree *t = mounttree_begin(reply, store);
	const struct mount *first = &t->mounts[0];
	size_t len = strlen(path);

	t->len = t->links = 0;
	t->done[0] = '\0';
	t->phase = PHASE_PART;
	if (len >= sizeof t->todo)
		return mounttree_end(
		    t, fail(t, SP_FILE_BAD_MESSAGE, long_text));
	memcpy(t->todo, path, len + 1);
	if (path[0] == '/')
		return mounttree_end(t, walk(t));
	return mounttree_end(t,
	    mounttree_go(t,
		first->ops.home(mounttree_reply(t), first->store, ""),
		has_home));
}
