/* Rights, patterns and modes. */
#include "modules/sftp/policy.h"

#include "modules/sftp/partname.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const policy_uploads[] = { "direct", "atomic", NULL };

const struct sp_opt policy_folder_options[] = {
	{ SP_OPT(struct policy_folder, path, SP_O_STR, NULL,
	    "the folder, as the client sees it; it and all below") },
	{ SP_OPT(struct policy_folder, may, SP_O_STRV, "",
	    "list, download, upload, overwrite, resume, delete, rename, "
	    "mkdir, link, chmod, times; else nothing") },
	{ .name = NULL },
};

const struct sp_opt policy_mount_options[] = {
	{ SP_OPT(struct policy_mount, path, SP_O_STR, NULL,
	    "the folder, as the client sees it; it need not be there") },
	{ SP_OPT(struct policy_mount, storage, SP_O_STORAGE, "local",
	    "where its files are: a module, with its options") },
	{ SP_OPT(struct policy_mount, read_only, SP_O_BOOL, "false",
	    "nothing in it can be changed") },
	{ .name = NULL },
};

static const struct right {
	unsigned right;
	const char *name, *reason;
} rights[] = {
	{ POLICY_LIST, "list", "Listing is not allowed here" },
	{ POLICY_DOWNLOAD, "download", "Downloading is not allowed here" },
	{ POLICY_UPLOAD, "upload", "Uploading is not allowed here" },
	{ POLICY_OVERWRITE, "overwrite", "Overwriting is not allowed here" },
	{ POLICY_RESUME, "resume", "Resuming is not allowed here" },
	{ POLICY_DELETE, "delete", "Deleting is not allowed here" },
	{ POLICY_RENAME, "rename", "Renaming is not allowed here" },
	{ POLICY_MKDIR, "mkdir", "Making folders is not allowed here" },
	{ POLICY_LINK, "link", "Linking is not allowed here" },
	{ POLICY_CHMOD, "chmod", "Changing modes is not allowed here" },
	{ POLICY_TIMES, "times", "Changing times is not allowed here" },
};

enum { RIGHTS = sizeof rights / sizeof rights[0] };

static unsigned
right_by_name(const char *name)
{
	for (size_t i = 0; i < RIGHTS; i++)
		if (strcmp(rights[i].name, name) == 0)
			return rights[i].right;
	return 0;
}

/* ---- options ---- */

bool
policy_is_plain(const char *path)
{
	if (path[0] != '/')
		return false;
	while (*path == '/' && path[1] != '\0') {
		size_t len = strcspn(++path, "/");

		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && memcmp(path, "..", 2) == 0))
			return false;
		path += len;
		if (path[0] == '/' && path[1] == '\0')
			return false;
	}
	return true;
}

static bool
check_folder(const struct policy_folder *folder, char *err, size_t size)
{
	if (!policy_is_plain(folder->path)) {
		snprintf(err, size,
		    "folders: \"%s\" is no path as \"/\" or \"/in/new\"",
		    folder->path);
		return false;
	}
	for (size_t i = 0; i < folder->may.count; i++) {
		if (right_by_name(folder->may.items[i]) != 0)
			continue;
		snprintf(err, size, "folders: there is no right \"%s\"",
		    folder->may.items[i]);
		return false;
	}
	return true;
}

static bool
check_mounts(const struct sp_groups *groups, char *err, size_t size)
{
	const struct policy_mount *mounts = groups->items;

	for (size_t i = 0; i < groups->count; i++) {
		const char *path = mounts[i].path;

		if (!policy_is_plain(path) || path[1] == '\0') {
			snprintf(err, size,
			    "mounts: \"%s\" is no path as \"/in\" or "
			    "\"/in/new\"",
			    path);
			return false;
		}
		for (size_t k = 0; k < i; k++) {
			if (strcmp(path, mounts[k].path) != 0)
				continue;
			snprintf(
			    err, size, "mounts: \"%s\" is there twice", path);
			return false;
		}
	}
	return true;
}

bool
policy_check(const struct policy_conf *conf, char *err, size_t size)
{
	const struct policy_folder *folders = conf->folders.items;

	for (size_t i = 0; i < conf->folders.count; i++) {
		if (!check_folder(&folders[i], err, size))
			return false;
		for (size_t k = 0; k < i; k++) {
			if (strcmp(folders[i].path, folders[k].path) != 0)
				continue;
			snprintf(err, size, "folders: \"%s\" is there twice",
			    folders[i].path);
			return false;
		}
	}
	return check_mounts(&conf->mounts, err, size);
}

bool
policy_init(struct policy *policy, const struct policy_conf *conf)
{
	const struct policy_folder *folders = conf->folders.items;
	size_t count = conf->folders.count;

	*policy = (struct policy){
		.conf = conf,
		.is_atomic = conf->upload == 1,
	};
	policy->looks_at_paths = policy->is_atomic || count > 0 ||
	    conf->hide.count > 0 || conf->deny.count > 0 ||
	    conf->mounts.count > 0 || conf->hooks.count > 0;
	policy->rules = calloc(count + 1, sizeof *policy->rules);
	if (policy->rules == NULL)
		return false;
	policy->count = count;
	for (size_t i = 0; i < count; i++) {
		policy->rules[i].path = folders[i].path;
		for (size_t k = 0; k < folders[i].may.count; k++)
			policy->rules[i].may |=
			    right_by_name(folders[i].may.items[k]);
	}
	return true;
}

void
policy_clear(struct policy *policy)
{
	free(policy->rules);
	policy->rules = NULL;
	policy->count = 0;
}

/* ---- rights ---- */

typedef int compare_function(const char *, const char *, size_t);

/* Whether a path is a folder or in it. */
static bool
is_in(const char *path, const char *folder, compare_function *compare)
{
	size_t len = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

	return compare(path, folder, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0');
}

static unsigned
rights_by(
    const struct policy *policy, const char *path, compare_function *compare)
{
	size_t longest = 0, len;
	unsigned may = 0;

	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		len = strlen(rule->path);
		if (len < longest || !is_in(path, rule->path, compare))
			continue;
		/* Two that differ in case alone both hold. */
		may = len == longest ? may & rule->may : rule->may;
		longest = len;
	}
	return may;
}

/* What is mounted is found by its path as it is written. */
static bool
is_on_read_only_mount(const struct policy *policy, const char *path)
{
	const struct policy_mount *mounts = policy->conf->mounts.items;
	bool is_read_only = false;
	size_t longest = 0;

	for (size_t i = 0; i < policy->conf->mounts.count; i++) {
		size_t len = strlen(mounts[i].path);

		if (len < longest || !is_in(path, mounts[i].path, strncmp))
			continue;
		is_read_only = mounts[i].read_only;
		longest = len;
	}
	return is_read_only;
}

unsigned
policy_rights(const struct policy *policy, const char *path)
{
	unsigned may = POLICY_ALL;

	if (policy->count > 0)
		may = rights_by(policy, path, strncmp) &
		    rights_by(policy, path, strncasecmp);
	if (policy->conf->read_only || is_on_read_only_mount(policy, path))
		may &= POLICY_LOOK;
	return may;
}

bool
policy_is_fixed(const struct policy *policy, const char *path)
{
	const struct policy_mount *mounts = policy->conf->mounts.items;

	for (size_t i = 0; i < policy->count; i++)
		if (is_in(policy->rules[i].path, path, strncasecmp))
			return true;
	for (size_t i = 0; i < policy->conf->mounts.count; i++)
		if (is_in(mounts[i].path, path, strncmp))
			return true;
	return false;
}

uint32_t
policy_ask(const struct policy *policy, const char *path, unsigned asked,
    const char **reason)
{
	unsigned may;

	if (policy_hides(policy, path))
		return SP_FILE_NOT_FOUND;
	*reason = "This name is not allowed here";
	if (policy_denies(policy, path))
		return SP_FILE_DENIED;
	may = policy_rights(policy, path);
	if (asked == POLICY_LOOK && (may & POLICY_LOOK) == 0) {
		*reason = "Looking is not allowed here";
		return policy_is_fixed(policy, path) ? SP_FILE_OK
						     : SP_FILE_DENIED;
	}
	if (asked == POLICY_LOOK)
		return SP_FILE_OK;
	for (size_t i = 0; i < RIGHTS; i++) {
		*reason = rights[i].reason;
		if ((asked & ~may & rights[i].right) != 0)
			return SP_FILE_DENIED;
	}
	return SP_FILE_OK;
}

/* ---- names ---- */

static void
lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

bool
policy_fits(const struct sp_list *patterns, const char *text)
{
	char low[PATH_MAX];

	if (sp_match_any(patterns, text))
		return true;
	snprintf(low, sizeof low, "%s", text);
	lower(low);
	return strcmp(low, text) != 0 && sp_match_any(patterns, low);
}

/* Whether one of its parts, or the way to one of them, fits. */
static bool
any_part_fits(const struct sp_list *patterns, const char *path)
{
	char way[PATH_MAX];
	size_t len;

	if (patterns->count == 0)
		return false;
	for (size_t at = 0; path[at] != '\0'; at += len) {
		at += strspn(path + at, "/");
		len = strcspn(path + at, "/");
		if (len == 0)
			break;
		/* Longer than a path can be: no pattern can judge it. */
		if (at + len >= sizeof way)
			return true;
		memcpy(way, path, at + len);
		way[at + len] = '\0';
		if (policy_fits(patterns, way + at) ||
		    policy_fits(patterns, way))
			return true;
	}
	return false;
}

bool
policy_hides(const struct policy *policy, const char *path)
{
	if (policy->is_atomic && partname_is_in(path))
		return true;
	return any_part_fits(&policy->conf->hide, path);
}

bool
policy_denies(const struct policy *policy, const char *path)
{
	return any_part_fits(&policy->conf->deny, path);
}

bool
policy_hides_entry(
    const struct policy *policy, const char *folder, struct sp_view name)
{
	char path[PATH_MAX];
	int len;

	if (sp_view_is(name, ".") || sp_view_is(name, ".."))
		return false;
	len = snprintf(path, sizeof path, "%s/%.*s",
	    strcmp(folder, "/") == 0 ? "" : folder, (int)name.len,
	    (const char *)name.data);
	return len < 0 || (size_t)len >= sizeof path ||
	    policy_hides(policy, path);
}

/* ---- modes ---- */

uint32_t
policy_mode(const struct policy *policy, const struct sp_file_attr *attr,
    bool is_folder)
{
	const struct policy_conf *conf = policy->conf;
	uint32_t forced = is_folder ? conf->folder_mode : conf->file_mode;
	uint32_t mode = is_folder ? 0777 : 0666;

	if (forced != 0)
		return forced;
	if ((attr->has & SP_FILE_HAS_MODE) != 0)
		mode = attr->mode & (is_folder ? 07777U : 0777U);
	return mode & ~(uint32_t)conf->umask;
}
