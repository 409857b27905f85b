/*
 * A repository is opened once, and git starts in what was opened: whoever
 * renames folders or makes links meanwhile changes nothing.
 */
#include "modules/git/repository.h"

#include "modules/git/repopath.h"

#include <sallyport/module.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What git looks for itself. What could lead it elsewhere is not there. */
static bool
is_repository(int folder)
{
	static const struct {
		const char *name;
		mode_t type; /* 0: must not be there */
	} parts[] = {
		{ "HEAD", S_IFREG },
		{ "objects", S_IFDIR },
		{ "refs", S_IFDIR },
		{ ".git", 0 },
		{ "commondir", 0 },
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct stat st;
		mode_t type = 0;

		if (fstatat(folder, parts[i].name, &st, AT_SYMLINK_NOFOLLOW) ==
		    0)
			type = st.st_mode & S_IFMT;
		else if (errno != ENOENT)
			return false;
		if (type != parts[i].type)
			return false;
	}
	return true;
}

static int
open_one(int root, const char *name)
{
	int folder = sp_open_beneath(root, name, O_PATH | O_DIRECTORY);

	if (folder < 0 || is_repository(folder))
		return folder;
	close(folder);
	errno = ENOENT;
	return -1;
}

int
repository_open(const char *root, const char *name, const char **problem)
{
	int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char other[REPOPATH_SIZE];
	bool leads_out;
	int found;

	if (folder < 0) {
		*problem = "there is no root for it";
		return -1;
	}
	found = open_one(folder, name);
	leads_out = found < 0 && errno == EXDEV;
	if (found < 0 && repopath_other(name, other))
		found = open_one(folder, other);
	*problem = found >= 0 ? NULL
	    : leads_out	      ? "its path leads out of the root"
			      : "there is no repository of that name";
	close(folder);
	return found;
}
