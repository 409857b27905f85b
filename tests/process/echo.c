/*
 * A name service that knows two accounts by other spellings too, as a
 * directory does that does not tell "Bob" and "bob@example" from "bob". It
 * takes the place of one that glibc has and a test needs not.
 */
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <strings.h>

__attribute__((visibility("default"))) enum nss_status
_nss_hesiod_getpwnam_r(const char *, struct passwd *, char *, size_t, int *);

enum nss_status
_nss_hesiod_getpwnam_r(
    const char *name, struct passwd *entry, char *room, size_t size, int *error)
{
	static char names[][6] = { "alice", "bob" };
	static char home[] = "/", shell[] = "/bin/bash", nothing[] = "";
	size_t len = strcspn(name, "@");
	uid_t uid = 64701;
	char *found = NULL;

	(void)room;
	(void)size;
	(void)error;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (len == strlen(names[i]) &&
		    strncasecmp(name, names[i], len) == 0) {
			found = names[i];
			uid += (uid_t)i;
		}
	if (found == NULL)
		return NSS_STATUS_NOTFOUND;
	*entry = (struct passwd){
		.pw_name = found,
		.pw_passwd = nothing,
		.pw_uid = uid,
		.pw_gid = uid,
		.pw_gecos = nothing,
		.pw_dir = home,
		.pw_shell = shell,
	};
	return NSS_STATUS_SUCCESS;
}
