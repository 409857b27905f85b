/* Landlock: everything its version knows is handled, little is allowed. */
#include "daemon/confine/landlock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's struct of version 6, which older headers do not have. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

#define TRUNCATE_RIGHT (1ULL << 14)
#define IOCTL_RIGHT    (1ULL << 15)
/* Rights a rule may give to something that is no folder. */
#define FILE_RIGHTS \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
	    LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE_RIGHT | IOCTL_RIGHT)

static int
version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

bool
landlock_is_there(void)
{
	return version() > 0;
}

/* All rights of the file system that a version handles. */
static uint64_t
all_fs_rights(int abi)
{
	if (abi >= 5)
		return (1ULL << 16) - 1;
	if (abi >= 3)
		return (1ULL << 15) - 1;
	return abi == 2 ? (1ULL << 14) - 1 : (1ULL << 13) - 1;
}

static int
create(const struct ruleset *rules, int abi)
{
	size_t size = sizeof rules->fs;

	if (abi >= 6)
		size = sizeof *rules;
	else if (abi >= 4)
		size = sizeof rules->fs + sizeof rules->net;
	return (int)syscall(SYS_landlock_create_ruleset, rules, size, 0);
}

/* Takes (closes) the ruleset. */
static bool
restrict_self(int ruleset)
{
	bool done = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	int saved = errno;

	close(ruleset);
	errno = saved;
	return done;
}

bool
landlock_deny_all(void)
{
	int abi = version();
	struct ruleset rules = {
		.net = 3, /* bind and connect */
		.scoped = 3, /* abstract sockets and signals */
	};
	int ruleset;

	if (abi <= 0) {
		errno = ENOSYS;
		return false;
	}
	rules.fs = all_fs_rights(abi);
	ruleset = create(&rules, abi);
	return ruleset >= 0 && restrict_self(ruleset);
}

static bool
allow(int ruleset, uint64_t rights, int folder, const char *name)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat st;
	bool done;

	rule.parent_fd = openat(folder, name, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (rule.parent_fd < 0 || fstat(rule.parent_fd, &st) != 0) {
		if (rule.parent_fd >= 0)
			close(rule.parent_fd);
		return true; /* gone in between: nothing to allow */
	}
	rule.allowed_access =
	    S_ISDIR(st.st_mode) ? rights : rights & FILE_RIGHTS;
	done = S_ISLNK(st.st_mode) ||
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == 0;
	close(rule.parent_fd);
	return done;
}

/* Whether path is, or lies below, the folder (both real paths). */
static bool
is_within(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 &&
	    (path[len] == '\0' || path[len] == '/' || strcmp(folder, "/") == 0);
}

enum place { FREE, ABOVE, DENIED };

static enum place
place_of(const char *path, char *const *denied, size_t n)
{
	enum place place = FREE;

	for (size_t i = 0; i < n; i++) {
		if (is_within(path, denied[i]))
			return DENIED;
		if (is_within(denied[i], path))
			place = ABOVE;
	}
	return place;
}

static bool allow_beside(
    int ruleset, uint64_t rights, const char *path, char *const *, size_t);

static bool
allow_entry(int ruleset, uint64_t rights, const char *path, int folder,
    const char *name, char *const *denied, size_t n)
{
	char below[PATH_MAX];

	snprintf(below, sizeof below, "%s/%s",
	    strcmp(path, "/") == 0 ? "" : path, name);
	switch (place_of(below, denied, n)) {
	case FREE:
		return allow(ruleset, rights, folder, name);
	case ABOVE:
		return allow_beside(ruleset, rights, below, denied, n);
	case DENIED:
		return true;
	}
	return false;
}

/* Allows what a folder above a denied one holds, but the way to it. */
static bool
allow_beside(int ruleset, uint64_t rights, const char *path,
    char *const *denied, size_t n)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool done = true;

	if (dir == NULL)
		return true; /* what we cannot list, nobody of us can */
	while (done && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		done = allow_entry(ruleset, rights, path, dirfd(dir),
		    entry->d_name, denied, n);
	}
	closedir(dir);
	return done;
}

/* Folders above stay readable as folders; theirs is no secret. */
static bool
allow_all_but(int ruleset, uint64_t rights, char *const *denied, size_t n)
{
	return allow(ruleset, LANDLOCK_ACCESS_FS_READ_DIR, AT_FDCWD, "/") &&
	    allow_beside(ruleset, rights, "/", denied, n);
}

bool
landlock_deny_folders(const char *const *paths, size_t n)
{
	int abi = version();
	const struct ruleset rules = { .fs = all_fs_rights(abi) };
	char **denied;
	size_t count = 0;
	int ruleset;
	bool done;

	if (abi <= 0) {
		errno = ENOSYS;
		return false;
	}
	denied = calloc(n + 1, sizeof *denied);
	ruleset = denied == NULL ? -1 : create(&rules, abi);
	for (size_t i = 0; ruleset >= 0 && i < n; i++) {
		denied[count] = realpath(paths[i], NULL);
		if (denied[count] != NULL)
			count++;
	}
	done = ruleset >= 0 &&
	    allow_all_but(ruleset, rules.fs, denied, count) &&
	    restrict_self(ruleset);
	for (size_t i = 0; i < count; i++)
		free(denied[i]);
	free(denied);
	return done;
}
