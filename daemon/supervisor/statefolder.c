/* The state folder, its lock, and its host key. */
#include "daemon/supervisor/statefolder.h"

#include "daemon/supervisor/newfile.h"
#include "lib/wire/view.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sallyport/key.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool
find_default(char *room, size_t size)
{
	const char *data = getenv("XDG_DATA_HOME");
	const struct passwd *pw;

	if (geteuid() == 0) {
		snprintf(room, size, "%s", SP_STATEDIR);
		return true;
	}
	if (data != NULL && data[0] == '/') {
		snprintf(room, size, "%s/sallyport", data);
		return true;
	}
	pw = getpwuid(geteuid());
	if (pw == NULL || pw->pw_dir[0] != '/')
		return false;
	snprintf(room, size, "%s/.local/share/sallyport", pw->pw_dir);
	return true;
}

static const char *
check_folder(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return strerror(errno);
	if (!S_ISDIR(st.st_mode))
		return "it is no folder";
	if (st.st_uid != geteuid())
		return "it belongs to somebody else (chown it)";
	if ((st.st_mode & 022) != 0)
		return "others may write to it (chmod it to 0700)";
	return NULL;
}

static bool
take_lock(struct statefolder *folder, char *problem, size_t size)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof path, "%s/lock", folder->path);
	folder->lock =
	    open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (folder->lock < 0) {
		snprintf(
		    problem, size, "state lock %s: %s", path, strerror(errno));
		return false;
	}
	if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	snprintf(problem, size,
	    "state folder %s: another sallyportd runs with it; stop that one, "
	    "or choose another folder with --state",
	    folder->path);
	return false;
}

/* What is counted there is others' to change no more than to read. */
static const char *
check_identities(int folder)
{
	struct stat st;

	if (folder < 0 || fstat(folder, &st) != 0)
		return strerror(errno);
	if (st.st_uid != geteuid())
		return "it belongs to somebody else (chown it)";
	if ((st.st_mode & 077) != 0)
		return "others may enter it (chmod it to 0700)";
	return NULL;
}

/* It stays: who is in has to be counted by the next daemon, too. */
static bool
open_identities(struct statefolder *folder, char *problem, size_t size)
{
	char path[PATH_MAX + 16];
	const char *wrong;

	snprintf(path, sizeof path, "%s/identities", folder->path);
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		snprintf(problem, size, "state folder: %s: %s", path,
		    strerror(errno));
		return false;
	}
	folder->identities =
	    open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	wrong = check_identities(folder->identities);
	if (wrong == NULL)
		return true;
	snprintf(problem, size, "state folder: %s: %s", path, wrong);
	return false;
}

bool
statefolder_open(
    struct statefolder *folder, const char *path, char *problem, size_t size)
{
	char standard[PATH_MAX];
	const char *wrong = NULL;

	folder->lock = folder->identities = -1;
	if (path == NULL && !find_default(standard, sizeof standard)) {
		snprintf(problem, size,
		    "state folder: uid %u has no home; choose a folder with "
		    "--state",
		    (unsigned)geteuid());
		return false;
	}
	if (path == NULL)
		path = standard;
	if (!newfile_make_folders(path, 0700) ||
	    realpath(path, folder->path) == NULL)
		wrong = strerror(errno);
	if (wrong == NULL)
		wrong = check_folder(folder->path);
	if (wrong != NULL) {
		snprintf(problem, size,
		    "state folder %s: %s; choose another with --state", path,
		    wrong);
		return false;
	}
	if (take_lock(folder, problem, size) &&
	    open_identities(folder, problem, size))
		return true;
	statefolder_close(folder);
	return false;
}

void
statefolder_close(struct statefolder *folder)
{
	if (folder->lock >= 0)
		close(folder->lock);
	if (folder->identities >= 0)
		close(folder->identities);
	folder->lock = folder->identities = -1;
}

void
statefolder_key_path(const struct statefolder *folder, char *room, size_t size)
{
	snprintf(room, size, "%s/host_key_ed25519", folder->path);
}

/* In the child: the private key is never in the supervisor's memory. */
static int
make_key(const char *path)
{
	struct sp_crypto *crypto = sp_crypto_new();
	struct sp_key *key;
	char *text;

	if (crypto == NULL ||
	    sp_key_generate(crypto, "ssh-ed25519", &key) != SP_OK ||
	    sp_key_format(key, "sallyport", &text) != SP_OK)
		return ENOMEM;
	return newfile_write(path, view_of_string(text), 0600) ? 0 : errno;
}

bool
statefolder_make_key(
    const struct statefolder *folder, bool *made, char *problem, size_t size)
{
	char path[PATH_MAX + 32];
	int status = -1;
	pid_t pid;

	*made = false;
	statefolder_key_path(folder, path, sizeof path);
	if (access(path, F_OK) == 0)
		return true;
	pid = fork();
	if (pid == 0)
		_exit(make_key(path));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	*made = pid > 0 && status == 0;
	if (!*made)
		snprintf(problem, size, "host key %s cannot be made: %s", path,
		    pid > 0 && WIFEXITED(status) ? strerror(WEXITSTATUS(status))
						 : "its process failed");
	return *made;
}
