/* Names, as the policy has them. */
#include "modules/sftp/guard.h"

#include "modules/sftp/guardhook.h"
#include "modules/sftp/partname.h"

#include <string.h>
#include <sys/stat.h>

static const char fixed_text[] = "This folder is part of the configuration";

static bool
is_folder_attr(const struct sp_file_attr *attr)
{
	return (attr->has & SP_FILE_HAS_MODE) != 0 && S_ISDIR(attr->mode);
}

/* ---- looking ---- */

static uint32_t
looked(struct guard *g, uint32_t status)
{
	bool may_wait = g->policy.is_atomic &&
	    (policy_rights(&g->policy, g->path) & POLICY_RESUME) != 0;

	/* Who resumes an upload asks how much of it is there. */
	if (status != SP_FILE_NOT_FOUND || !may_wait ||
	    !partname_waiting(g->path, g->waiting, sizeof g->waiting))
		return status;
	return guard_go(g,
	    g->inner->stat(guard_reply(g), g->store, g->waiting, false),
	    guard_done);
}

static uint32_t
look(struct guard *g, uint32_t status)
{
	(void)status;
	return guard_go(g,
	    g->inner->stat(&g->reply, g->store, g->path, g->follows), looked);
}

uint32_t
guardname_stat(struct sp_reply *reply, struct sp_store *store, const char *path,
    bool follow)
{
	struct guard *g = guard_begin(reply, store);
	size_t len = strlen(path);

	g->rights = POLICY_LOOK;
	g->follows = follow || (len > 0 && path[len - 1] == '/');
	g->perform = look;
	return guard_end(g, guard_find(g, path, NULL));
}

static uint32_t
read_symlink(struct guard *g, uint32_t status)
{
	(void)status;
	return guard_go(g, g->inner->read_symlink(&g->reply, g->store, g->path),
	    guard_named);
}

uint32_t
guardname_read_symlink(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct guard *g = guard_begin(reply, store);

	g->rights = POLICY_LOOK;
	g->perform = read_symlink;
	return guard_end(g, guard_find(g, path, NULL));
}

static uint32_t
resolve(struct guard *g, uint32_t status)
{
	(void)status;
	return guard_go(
	    g, g->inner->resolve(&g->reply, g->store, g->path), guard_named);
}

uint32_t
guardname_resolve(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct guard *g = guard_begin(reply, store);

	g->follows = true;
	g->perform = resolve;
	return guard_end(g, guard_find(g, path, NULL));
}

uint32_t
guardname_home(struct sp_reply *reply, struct sp_store *store, const char *user)
{
	struct guard *g = guard_begin(reply, store);

	return guard_end(g,
	    guard_go(
		g, g->inner->home(&g->reply, g->store, user), guard_named));
}

static uint32_t
measure(struct guard *g, uint32_t status)
{
	(void)status;
	return guard_go(
	    g, g->inner->measure(&g->reply, g->store, g->path), guard_done);
}

uint32_t
guardname_measure(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct guard *g = guard_begin(reply, store);

	g->rights = POLICY_LOOK;
	g->follows = true;
	g->perform = measure;
	return guard_end(g, guard_find(g, path, NULL));
}

/* ---- attributes ---- */

static uint32_t
set(struct guard *g)
{
	if (g->attr.has == 0)
		return SP_FILE_OK;
	return guard_go(g,
	    g->inner->setstat(
		guard_reply(g), g->store, g->path, &g->attr, g->follows),
	    guard_done);
}

/* What has its mode by the configuration keeps it. */
static uint32_t
set_unforced(struct guard *g, uint32_t status)
{
	const struct policy_conf *conf = g->policy.conf;
	bool is_folder = is_folder_attr(&g->reply.attr);

	if (status != SP_FILE_OK)
		return status;
	if ((is_folder ? conf->folder_mode : conf->file_mode) != 0)
		g->attr.has &= ~(uint32_t)SP_FILE_HAS_MODE;
	return set(g);
}

/* A size that is set changes a file that is there, and is no upload. */
static const char *
refusal_of_size(const struct guard *g)
{
	const struct policy_conf *conf = g->policy.conf;

	if ((g->attr.has & SP_FILE_HAS_SIZE) == 0)
		return NULL;
	if (conf->file_size != 0 && g->attr.size > conf->file_size)
		return "The file is too large";
	if (g->policy.is_atomic)
		return "Files are replaced as a whole here";
	return guardhook_concerns(g, HOOK_UPLOAD, g->path)
	    ? "Its size changes by an upload alone"
	    : NULL;
}

static uint32_t
begin_set(struct guard *g, uint32_t status)
{
	const struct policy_conf *conf = g->policy.conf;
	const char *refusal = refusal_of_size(g);

	(void)status;
	if (refusal != NULL)
		return guard_refuse(g, SP_FILE_DENIED, refusal);
	if ((g->attr.has & SP_FILE_HAS_MODE) == 0 ||
	    (conf->file_mode == 0 && conf->folder_mode == 0))
		return set(g);
	return guard_go(g,
	    g->inner->stat(&g->reply, g->store, g->path, g->follows),
	    set_unforced);
}

uint32_t
guardname_setstat(struct sp_reply *reply, struct sp_store *store,
    const char *path, const struct sp_file_attr *attr, bool follow)
{
	struct guard *g = guard_begin(reply, store);

	g->attr = *attr;
	if ((attr->has & SP_FILE_HAS_SIZE) != 0)
		g->rights |= POLICY_OVERWRITE;
	if ((attr->has & (SP_FILE_HAS_MODE | SP_FILE_HAS_OWNER)) != 0)
		g->rights |= POLICY_CHMOD;
	if ((attr->has & SP_FILE_HAS_TIMES) != 0)
		g->rights |= POLICY_TIMES;
	g->follows = follow;
	g->perform = begin_set;
	return guard_end(g, guard_find(g, path, NULL));
}

/* ---- making and removing ---- */

static uint32_t
removed_file(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		return status;
	return guardhook_after(g, HOOK_DELETE, guard_done);
}

static uint32_t
may_remove_file(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		return status;
	return guard_go(g, g->inner->remove(guard_reply(g), g->store, g->path),
	    removed_file);
}

static uint32_t
remove_file(struct guard *g, uint32_t status)
{
	(void)status;
	return guardhook_before(g, HOOK_DELETE, may_remove_file);
}

uint32_t
guardname_remove(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct guard *g = guard_begin(reply, store);

	g->rights = POLICY_DELETE;
	g->events = HOOK_DELETE;
	g->perform = remove_file;
	return guard_end(g, guard_find(g, path, NULL));
}

static uint32_t
removed_folder(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		return status;
	return guardhook_after(g, HOOK_RMDIR, guard_done);
}

static uint32_t
may_remove_folder(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		return status;
	return guard_go(g,
	    g->inner->remove_folder(guard_reply(g), g->store, g->path),
	    removed_folder);
}

static uint32_t
remove_folder(struct guard *g, uint32_t status)
{
	(void)status;
	if (policy_is_fixed(&g->policy, g->path))
		return guard_refuse(g, SP_FILE_DENIED, fixed_text);
	return guardhook_before(g, HOOK_RMDIR, may_remove_folder);
}

uint32_t
guardname_remove_folder(
    struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct guard *g = guard_begin(reply, store);

	g->rights = POLICY_DELETE;
	g->events = HOOK_RMDIR;
	g->perform = remove_folder;
	return guard_end(g, guard_find(g, path, NULL));
}

static uint32_t
has_folder_mode(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		return status;
	return guardhook_after(g, HOOK_MKDIR, guard_done);
}

/* The process's umask does not count where the mode is given. */
static uint32_t
made_folder(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK || g->policy.conf->folder_mode == 0)
		return has_folder_mode(g, status);
	g->attr.has = SP_FILE_HAS_MODE;
	return guard_go(g,
	    g->inner->setstat(
		guard_reply(g), g->store, g->path, &g->attr, false),
	    has_folder_mode);
}

static uint32_t
may_make_folder(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		return status;
	g->attr.mode = policy_mode(&g->policy, &g->attr, true);
	g->attr.has |= SP_FILE_HAS_MODE;
	return guard_go(g,
	    g->inner->make_folder(guard_reply(g), g->store, g->path, &g->attr),
	    made_folder);
}

static uint32_t
make_folder(struct guard *g, uint32_t status)
{
	(void)status;
	return guardhook_before(g, HOOK_MKDIR, may_make_folder);
}

uint32_t
guardname_make_folder(struct sp_reply *reply, struct sp_store *store,
    const char *path, const struct sp_file_attr *attr)
{
	struct guard *g = guard_begin(reply, store);

	g->attr = *attr;
	g->rights = POLICY_MKDIR;
	g->events = HOOK_MKDIR;
	g->perform = make_folder;
	return guard_end(g, guard_find(g, path, NULL));
}

/* ---- two names ---- */

static uint32_t
renamed(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		return status;
	return guardhook_after(g, HOOK_RENAME, guard_done);
}

static uint32_t
may_rename(struct guard *g, uint32_t status)
{
	bool replace = g->replace &&
	    (policy_rights(&g->policy, g->target) & POLICY_OVERWRITE) != 0;

	if (status != SP_FILE_OK)
		return status;
	return guard_go(g,
	    g->inner->rename(
		guard_reply(g), g->store, g->path, g->target, replace),
	    renamed);
}

/* What is moved keeps no rights, so that which has rights is not moved. */
static uint32_t
rename_it(struct guard *g, uint32_t status)
{
	(void)status;
	if (policy_is_fixed(&g->policy, g->path) ||
	    policy_is_fixed(&g->policy, g->target))
		return guard_refuse(g, SP_FILE_DENIED, fixed_text);
	return guardhook_before(g, HOOK_RENAME, may_rename);
}

uint32_t
guardname_rename(struct sp_reply *reply, struct sp_store *store,
    const char *from, const char *to, bool replace)
{
	struct guard *g = guard_begin(reply, store);

	g->replace = replace;
	g->rights = g->target_rights = POLICY_RENAME;
	g->events = HOOK_RENAME;
	g->perform = rename_it;
	return guard_end(g, guard_find(g, from, to));
}

static uint32_t
link_it(struct guard *g, uint32_t status)
{
	(void)status;
	/* What has a second name could be had, or come, by that one. */
	if (guardhook_concerns(g, HOOK_UPLOAD, g->target) ||
	    guardhook_concerns(g, HOOK_UPLOAD, g->path) ||
	    guardhook_concerns(g, HOOK_DOWNLOAD, g->path))
		return guard_refuse(g, SP_FILE_DENIED,
		    "A file that programs are told of has one name");
	return guard_go(g,
	    g->inner->link(&g->reply, g->store, g->path, g->target),
	    guard_done);
}

uint32_t
guardname_link(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to)
{
	struct guard *g = guard_begin(reply, store);

	g->rights = g->target_rights = POLICY_LINK;
	g->perform = link_it;
	return guard_end(g, guard_find(g, from, to));
}

static uint32_t
make_symlink(struct guard *g, uint32_t status)
{
	(void)status;
	return guard_go(g,
	    g->inner->make_symlink(&g->reply, g->store, g->target, g->path),
	    guard_done);
}

/* Where it leads is asked whenever it is followed. */
uint32_t
guardname_make_symlink(struct sp_reply *reply, struct sp_store *store,
    const char *text, const char *path)
{
	struct guard *g = guard_begin(reply, store);

	memcpy(g->target, text, strlen(text) + 1);
	g->rights = POLICY_LINK;
	g->perform = make_symlink;
	return guard_end(g, guard_find(g, path, NULL));
}
