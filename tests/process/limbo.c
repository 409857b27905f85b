/*
 * A name service that hangs where it is asked for one user, and knows
 * nobody. It takes the place of one that glibc has and a test needs not.
 */
#include <nss.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) enum nss_status
_nss_hesiod_getpwnam_r(const char *, struct passwd *, char *, size_t, int *);

enum nss_status
_nss_hesiod_getpwnam_r(
    const char *name, struct passwd *entry, char *room, size_t size, int *error)
{
	(void)entry;
	(void)room;
	(void)size;
	(void)error;
	while (strcmp(name, "sleeper") == 0)
		pause();
	return NSS_STATUS_NOTFOUND;
}
