/* The built-in configuration, in the language of the files. */
#include "daemon/config/builtin.h"

#include "lib/wire/view.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

static const char system_service[] =
    "server = { listen = [ \"0.0.0.0:22\", \"[::]:22\" ]; };\n"
    "auth = {\n"
    "	keys = { type = \"authorized_keys\";\n"
    "		file = \"%h/.ssh/authorized_keys\"; };\n"
    "};\n"
    "handlers = { login = { type = \"login\"; }; };\n"
    "profiles = {\n"
    "	staff = { accept = [ \"keys\" ]; shell = \"login\";\n"
    "		exec = \"login\"; env = [ \"LANG\", \"LC_*\" ]; };\n"
    "};\n"
    "rules = (\n"
    "	{ user = \"root\"; refuse = true; },\n"
    "	{ use = \"staff\"; }\n"
    ");\n";

/* Takes the user's name at its end. */
static const char own_service[] =
    "server = { listen = [ \"127.0.0.1:2222\" ]; };\n"
    "auth = {\n"
    "	keys = { type = \"authorized_keys\";\n"
    "		file = [ \"%%h/.ssh/authorized_keys\",\n"
    "		    \"%%h/.ssh/id_ed25519.pub\" ]; };\n"
    "};\n"
    "handlers = { login = { type = \"login\"; }; };\n"
    "profiles = {\n"
    "	own = { accept = [ \"keys\" ]; shell = \"login\";\n"
    "		exec = \"login\"; env = [ \"LANG\", \"LC_*\" ]; };\n"
    "};\n"
    "rules = ( { user = \"%s\"; use = \"own\"; } );\n";

bool
builtin_source(
    struct arena *arena, struct source *source, struct mistakes *mistakes)
{
	const char *text = system_service;
	const struct passwd *account;
	uid_t uid = geteuid();

	if (uid != 0) {
		account = getpwuid(uid);
		if (account == NULL ||
		    strpbrk(account->pw_name, "\"\\*?[]{}\n\r\t") != NULL) {
			mistake_add(mistakes, BUILTIN_NAME, 0,
			    "uid %u has no account with a plain name",
			    (unsigned)uid);
			return false;
		}
		text = arena_format(arena, own_service, account->pw_name);
	}
	source_of_text(arena, BUILTIN_NAME, view_of_string(text), source);
	return true;
}
