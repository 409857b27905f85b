/* Laying the foundation: looked at first, then made, piece by piece. */
#include "daemon/supervisor/foundation.h"

#include "daemon/supervisor/newfile.h"
#include "daemon/supervisor/statefolder.h"
#include "daemon/supervisor/template.h"
#include "lib/wire/view.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder that the examples name; another is put in its place. */
static const char named_folder[] = "/etc/sallyport";
static const char repositories[] = "/srv/git";
/* The group of administrators that they name; where it is not, one of these. */
static const char named_group[] = "\"sudo\"";
static const char *const groups[] = { "sudo", "wheel", "adm", "root" };
static const char pam_folder[] = "/etc/pam.d";
static const char pam_file[] = "/etc/pam.d/sallyport";
static const char no_keys[] =
    "# Public keys, one a line: who has one of them is let in as git.\n";

struct foundation {
	const char *folder; /* of the configuration */
	const char *state; /* NULL: the daemon's own */
	bool is_git;
	bool is_usual; /* the folder that the daemon looks in by itself */
	uid_t uid; /* of the account git */
	gid_t gid;
	char config[PATH_MAX];
	char keys[PATH_MAX]; /* "" where there is no such file */
};

static bool
complain(const char *what, const char *why)
{
	fprintf(
	    stderr, "sallyportd init: %s: %s; nothing was made\n", what, why);
	return false;
}

/* ---- looking ---- */

static bool
is_new(const char *path)
{
	struct stat st;

	if (path[0] == '\0' || (lstat(path, &st) != 0 && errno == ENOENT))
		return true;
	return complain(path, "it is there already");
}

/* A folder that others may write to would let them be the configuration. */
static bool
is_safe_folder(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT || complain(path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return complain(path, "it is no folder");
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return complain(path,
		    "it must belong to root, and be writable by nobody else");
	return true;
}

static bool
find_account(struct foundation *f)
{
	const struct passwd *account = getpwnam("git");
	const struct spwd *shadow;

	if (account == NULL || account->pw_uid == 0)
		return complain("account git",
		    "there is none; make it: useradd --system --home-dir "
		    "/srv/git --shell /usr/sbin/nologin --password '*' git");
	f->uid = account->pw_uid;
	f->gid = account->pw_gid;
	shadow = getspnam("git");
	if (shadow != NULL && shadow->sp_pwdp != NULL &&
	    shadow->sp_pwdp[0] == '!')
		return complain("account git",
		    "it is locked; usermod --password '*' git lets keys in and "
		    "no password");
	return true;
}

static bool
look(struct foundation *f)
{
	const char *name = f->is_git ? "git.conf" : "sallyportd.conf";

	if (geteuid() != 0)
		return complain(
		    "this machine", "what serves all of it is made by root");
	if (f->folder[0] != '/' ||
	    strlen(f->folder) > PATH_MAX - sizeof "/keys/git" - 32 ||
	    f->folder[strcspn(f->folder, "\"\\%\n")] != '\0')
		return complain(f->folder,
		    "an absolute path without quotes, \\ and % is wanted");
	snprintf(f->config, sizeof f->config, "%s/%s", f->folder, name);
	if (f->is_git)
		snprintf(f->keys, sizeof f->keys, "%s/keys/git", f->folder);
	return is_safe_folder(f->folder) && is_new(f->config) &&
	    is_new(f->keys) && (!f->is_git || find_account(f));
}

/* ---- making ---- */

static bool
fail(const char *what)
{
	fprintf(stderr, "sallyportd init: %s: %s\n", what, strerror(errno));
	return false;
}

static bool
make_folder(const char *path, mode_t mode)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return true;
	if (!newfile_make_folders(path, mode))
		return fail(path);
	printf("made   %s\n", path);
	return true;
}

static bool
make_file(const char *path, const char *text)
{
	if (!newfile_write(path, view_of_string(text), 0644))
		return fail(path);
	printf("wrote  %s\n", path);
	return true;
}

/* The text, with one word where it has another; freed by the caller. */
static char *
fill_in(const char *text, const char *named, const char *wanted)
{
	size_t size = 0;
	char *filled = NULL;
	FILE *out = open_memstream(&filled, &size);
	const char *at;

	if (out == NULL)
		return NULL;
	while ((at = strstr(text, named)) != NULL) {
		fwrite(text, 1, (size_t)(at - text), out);
		fputs(wanted, out);
		text = at + strlen(named);
	}
	fputs(text, out);
	if (fclose(out) == 0)
		return filled;
	free(filled);
	return NULL;
}

/* In quotation marks. */
static void
choose_group(char room[16])
{
	size_t i = 0;

	while (i + 1 < sizeof groups / sizeof groups[0] &&
	    getgrnam(groups[i]) == NULL)
		i++;
	snprintf(room, 16, "\"%s\"", groups[i]);
}

static bool
make_config(const struct foundation *f)
{
	char group[16], *placed, *text = NULL;
	bool done;

	choose_group(group);
	placed = fill_in(f->is_git ? template_git : template_service,
	    named_folder, f->folder);
	if (placed != NULL)
		text = fill_in(placed, named_group, group);
	free(placed);
	if (text == NULL)
		return fail(f->config);
	done = make_file(f->config, text);
	free(text);
	return done;
}

/* Beside the usual folder alone; what the machine has for it already stays. */
static bool
make_pam(const struct foundation *f)
{
	struct stat st;

	if (!SP_HAS_PAM || f->is_git || !f->is_usual)
		return true;
	if (lstat(pam_file, &st) == 0) {
		printf("kept   %s\n", pam_file);
		return true;
	}
	return make_folder(pam_folder, 0755) &&
	    make_file(pam_file, template_pam);
}

static bool
make_host_key(const struct foundation *f)
{
	struct statefolder state;
	char path[PATH_MAX + 32];
	char problem[PATH_MAX + 256];
	bool is_made = false, done;

	done = statefolder_open(&state, f->state, problem, sizeof problem) &&
	    statefolder_make_key(&state, &is_made, problem, sizeof problem);
	statefolder_close(&state);
	if (!done) {
		fprintf(stderr, "sallyportd init: %s\n", problem);
		return false;
	}
	statefolder_key_path(&state, path, sizeof path);
	printf("%s  %s, the host key\n", is_made ? "made " : "kept ", path);
	return true;
}

/* It belongs to git, or is left as it is. */
static bool
make_repositories(const struct foundation *f)
{
	struct stat st;

	if (lstat(repositories, &st) == 0) {
		printf("kept   %s\n", repositories);
		return true;
	}
	if (!make_folder(repositories, 0750))
		return false;
	return lchown(repositories, f->uid, f->gid) == 0 || fail(repositories);
}

static bool
make(const struct foundation *f)
{
	char folder[PATH_MAX + 8];

	snprintf(folder, sizeof folder, "%s/keys", f->folder);
	return make_folder(f->folder, 0755) &&
	    (!f->is_git ||
		(make_folder(folder, 0755) && make_file(f->keys, no_keys) &&
		    make_repositories(f))) &&
	    make_pam(f) && make_host_key(f) && make_config(f);
}

static void
tell_next(const struct foundation *f)
{
	if (f->is_git)
		printf("\nNext: put public keys into %s, then\n"
		       "    sallyportd check %s &&\n"
		       "        systemctl enable --now "
		       "sallyport-restricted@git\n",
		    f->keys, f->config);
	else
		printf("\nNext:\n"
		       "    sallyportd check %s &&\n"
		       "        systemctl enable --now sallyport\n",
		    f->config);
}

int
foundation_lay(const struct options *options)
{
	struct foundation f = {
		.folder = options->file == NULL ? SP_SYSCONFDIR "/sallyport"
						: options->file,
		.state = options->state,
		.is_git = options->example == OPTIONS_EXAMPLE_GIT,
		.is_usual = options->file == NULL,
	};

	/* What the unit of that instance uses. */
	if (f.is_git && f.state == NULL)
		f.state = "/var/lib/sallyport-git";
	if (!look(&f))
		return EXIT_FAILURE;
	umask(022);
	if (!make(&f))
		return EXIT_FAILURE;
	tell_next(&f);
	return EXIT_SUCCESS;
}
