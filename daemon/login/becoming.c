/* From root to the user. A daemon that is not root is the user already. */
#include "daemon/login/becoming.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

static bool
is_exactly(const struct localaccount *a)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	return getresuid(&ruid, &euid, &suid) == 0 &&
	    getresgid(&rgid, &egid, &sgid) == 0 && ruid == a->uid &&
	    euid == a->uid && suid == a->uid && rgid == a->gid &&
	    egid == a->gid && sgid == a->gid;
}

bool
becoming_user(const struct localaccount *a)
{
	if (geteuid() == 0 &&
	    (setgroups(a->group_count, a->groups) != 0 ||
		setresgid(a->gid, a->gid, a->gid) != 0 ||
		setresuid(a->uid, a->uid, a->uid) != 0))
		return false;
	if (!is_exactly(a) || (a->uid != 0 && setuid(0) == 0)) {
		errno = EPERM;
		return false;
	}
	return true;
}
