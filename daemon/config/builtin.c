/* The built-in configuration, in the language of the files. */
#include "daemon/config/builtin.h"

#include "lib/wire/view.h"

#include <dirent.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of the keys in a user's folder; and how long a file's name may be. */
enum { KEYS_MAX = 32, KEY_NAME_MAX = 64 };

/* Takes its way by PAM, and its name behind that of the keys. */
static const char system_service[] =
    "server = { listen = [ \"0.0.0.0:22\", \"[::]:22\" ]; };\n"
    "auth = {\n"
    "	keys = { type = \"authorized_keys\";\n"
    "		file = \"%%h/.ssh/authorized_keys\"; };\n"
    "%s"
    "};\n"
    "handlers = { login = { type = \"login\"; };\n"
    "	files = { type = \"sftp\"; }; };\n"
    "profiles = {\n"
    "	staff = { accept = [ \"keys\"%s ]; shell = \"login\";\n"
    "		exec = \"login\"; sftp = \"files\"; scp = \"files\";\n"
    "		env = [ \"LANG\", \"LC_*\" ]; };\n"
    "};\n"
    "rules = (\n"
    "	{ user = \"root\"; refuse = true; },\n"
    "	{ use = \"staff\"; }\n"
    ");\n";

static const char pam_way[] =
    "	pam = { type = \"pam\"; service = \"sallyport\"; };\n";

/* Where PAM looks for what that service is. */
static const char *const pam_files[] = { "/etc/pam.d/sallyport",
	"/usr/lib/pam.d/sallyport" };

/* Takes his keys' files besides, and at its end the user's name. */
static const char own_service[] =
    "server = { listen = [ \"127.0.0.1:2222\" ]; };\n"
    "auth = {\n"
    "	keys = { type = \"authorized_keys\";\n"
    "		file = [ \"%%h/.ssh/authorized_keys\"%s ]; };\n"
    "};\n"
    "handlers = { login = { type = \"login\"; };\n"
    "	files = { type = \"sftp\"; }; };\n"
    "profiles = {\n"
    "	own = { accept = [ \"keys\" ]; shell = \"login\";\n"
    "		exec = \"login\"; sftp = \"files\"; scp = \"files\";\n"
    "		env = [ \"LANG\", \"LC_*\" ]; };\n"
    "};\n"
    "rules = ( { user = \"%s\"; use = \"own\"; } );\n";

/* A name that stands for itself in a path and in a string. */
static bool
is_public_key(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_@.+-";
	static const char *const ends[] = { "-cert.pub", ".pub" };
	size_t len = strlen(name), end = strlen(ends[1]);

	if (len <= end || len > KEY_NAME_MAX || name[0] == '.' ||
	    name[strspn(name, plain)] != '\0' ||
	    strcmp(name + len - end, ends[1]) != 0)
		return false;
	end = strlen(ends[0]);
	return len <= end || strcmp(name + len - end, ends[0]) != 0;
}

static int
select_key(const struct dirent *entry)
{
	return is_public_key(entry->d_name);
}

/* Whatever he can prove with a key of his own: the rest of the list. */
static const char *
list_keys(struct arena *arena, const char *home)
{
	const char *folder = arena_format(arena, "%s/.ssh", home);
	const char *list = "";
	struct dirent **entries;
	int count = scandir(folder, &entries, select_key, alphasort);

	for (int i = 0; i < count; i++) {
		if (i < KEYS_MAX)
			list =
			    arena_format(arena, "%s,\n\t\t    \"%%h/.ssh/%s\"",
				list, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return list;
}

/* Without a stack of its own, PAM's for others would decide. */
static bool
has_pam(void)
{
	for (size_t i = 0; i < sizeof pam_files / sizeof pam_files[0]; i++) {
		if (SP_HAS_PAM && access(pam_files[i], R_OK) == 0)
			return true;
	}
	return false;
}

bool
builtin_source(
    struct arena *arena, struct source *source, struct mistakes *mistakes)
{
	const struct passwd *account;
	uid_t uid = geteuid();
	const char *text;

	if (uid == 0) {
		text = has_pam()
		    ? arena_format(arena, system_service, pam_way, ", \"pam\"")
		    : arena_format(arena, system_service, "", "");
	} else {
		account = getpwuid(uid);
		if (account == NULL ||
		    strpbrk(account->pw_name, "\"\\*?[]{}\n\r\t") != NULL) {
			mistake_add(mistakes, BUILTIN_NAME, 0,
			    "uid %u has no account with a plain name",
			    (unsigned)uid);
			return false;
		}
		text = arena_format(arena, own_service,
		    list_keys(arena, account->pw_dir), account->pw_name);
	}
	source_of_text(arena, BUILTIN_NAME, view_of_string(text), source);
	return true;
}
