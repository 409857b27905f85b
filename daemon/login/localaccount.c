/* Accounts, from the user database, and whether they may be used. */
#include "daemon/login/localaccount.h"

#include "daemon/login/heap.h"

#include <errno.h>
#include <grp.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_GROUP_COUNT = 32, GROUP_COUNT_MAX = 65536 };

enum { SHADOW_SIZE = 16384 };

/* Nobody, on every system there is. */
enum { DECOY_ID = 65534 };

static bool
copy_entry(struct localaccount *a, const struct passwd *entry)
{
	const char *shell = entry->pw_shell;

	if (shell == NULL || *shell == '\0')
		shell = "/bin/sh";
	a->name = strdup(entry->pw_name);
	a->home = strdup(entry->pw_dir == NULL ? "/" : entry->pw_dir);
	a->shell = strdup(shell);
	a->uid = entry->pw_uid;
	a->gid = entry->pw_gid;
	return a->name != NULL && a->home != NULL && a->shell != NULL;
}

static bool
find_groups(struct localaccount *a)
{
	int count = FIRST_GROUP_COUNT;

	for (;;) {
		int room = count;
		gid_t *groups;

		groups = realloc(a->groups, (size_t)room * sizeof *groups);
		if (groups == NULL)
			return false;
		a->groups = groups;
		if (getgrouplist(a->name, a->gid, groups, &count) >= 0)
			break;
		if (room >= GROUP_COUNT_MAX)
			return false;
		count = count > room ? count : room * 2;
	}
	a->group_count = (size_t)count;
	return true;
}

/* Only root can see this. */
static const char *
problem_of(const struct spwd *entry, struct localaccount *a)
{
	long today = (long)(time(NULL) / 86400);

	a->is_locked = entry->sp_pwdp != NULL && entry->sp_pwdp[0] == '!';
	a->must_change = entry->sp_lstchg == 0;
	/* As shadow(5) has it; a negative maximum is none. */
	a->is_password_old = entry->sp_lstchg > 0 && entry->sp_max >= 0 &&
	    today - entry->sp_lstchg > entry->sp_max;
	/* Day 0 is how many close an account; -1 stands for no day. */
	if (entry->sp_expire >= 0 && entry->sp_expire < today)
		return "account has expired";
	return NULL;
}

/*
 * Hashes are read, this one and what stands beside it in the file, and a
 * session comes of us: they are wiped, as is what the library frees.
 */
static const char *
find_problem(const char *name, struct localaccount *a)
{
	char *room = geteuid() == 0 ? malloc(SHADOW_SIZE) : NULL;
	struct spwd *entry = NULL;
	const char *problem = NULL;
	struct spwd found;

	if (room == NULL)
		return geteuid() == 0 ? "out of memory" : NULL;
	heap_overwrite_freed(true);
	if (getspnam_r(name, &found, room, SHADOW_SIZE, &entry) == ERANGE)
		problem = "its line in the shadow file is too long";
	else if (entry != NULL)
		problem = problem_of(entry, a);
	heap_overwrite_freed(false);
	OPENSSL_cleanse(room, SHADOW_SIZE);
	free(room);
	return problem;
}

bool
localaccount_find(const char *name, struct localaccount *a)
{
	const struct passwd *entry;

	*a = (struct localaccount){ 0 };
	entry = getpwnam(name);
	if (entry == NULL)
		return true;
	if (!copy_entry(a, entry) || !find_groups(a)) {
		localaccount_clear(a);
		return false;
	}
	a->problem = find_problem(a->name, a);
	a->exists = true;
	return true;
}

bool
localaccount_make_decoy(const char *name, struct localaccount *a)
{
	struct passwd entry = {
		.pw_name = (char *)(uintptr_t)name,
		.pw_dir = (char *)(uintptr_t) "/nonexistent",
		.pw_shell = (char *)(uintptr_t) "/bin/false",
		.pw_uid = DECOY_ID,
		.pw_gid = DECOY_ID,
	};

	*a = (struct localaccount){ 0 };
	if (!copy_entry(a, &entry)) {
		localaccount_clear(a);
		return false;
	}
	return true;
}

void
localaccount_clear(struct localaccount *a)
{
	free(a->name);
	free(a->home);
	free(a->shell);
	free(a->groups);
	*a = (struct localaccount){ 0 };
}

/* A group without a name is in no rule. */
static char *
group_name(gid_t gid)
{
	const struct group *entry = getgrgid(gid);

	return strdup(entry == NULL ? "" : entry->gr_name);
}

bool
localaccount_group_names(
    const struct localaccount *a, char ***names, size_t *count)
{
	char **list = calloc(a->group_count + 1, sizeof *list);

	if (list == NULL)
		return false;
	for (size_t i = 0; i < a->group_count; i++) {
		list[i] = group_name(a->groups[i]);
		if (list[i] == NULL) {
			localaccount_free_group_names(list, i);
			return false;
		}
	}
	*names = list;
	*count = a->group_count;
	return true;
}

void
localaccount_free_group_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

const char *
localaccount_refusal(const struct localaccount *a, bool needs_shell)
{
	struct stat st;

	if (a->problem != NULL)
		return a->problem;
	if (!needs_shell)
		return NULL;
	if (stat(a->shell, &st) != 0)
		return "its shell does not exist";
	if (!S_ISREG(st.st_mode) ||
	    (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		return "its shell is not executable";
	return NULL;
}

bool
localaccount_is_kept_out(const struct localaccount *a)
{
	return a->uid != 0 && access(LOCALACCOUNT_NOLOGIN, F_OK) == 0;
}
