/*
 * Landlock knows only what is allowed, so a folder is denied by allowing
 * all that stands beside it and beside the folders above it. Nothing new
 * can be made in those: where the user could, his home or /tmp among them,
 * the folder is better not denied.
 */
#include "daemon/confine/denial.h"

#include "daemon/confine/confine.h"
#include "daemon/log/log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

bool
denial_add(struct denial *d, const char *folder)
{
	if (d->count == DENIAL_MAX)
		return false;
	d->folders[d->count++] = folder;
	return true;
}

static void
log_left_out(const char *folder, const char *reason)
{
	char detail[PATH_MAX + 64] = "a locked folder ";

	strncat(detail, folder, PATH_MAX);
	log_event(EVENT_UNCONFINED,
	    LOG_FIELDS(log_text(FIELD_DETAIL, detail),
		log_text(FIELD_REASON, reason)));
}

/* True when the user may make files in a folder above this one. */
static bool
is_below_writable(const char *folder)
{
	char path[PATH_MAX];
	char *slash;

	if (realpath(folder, path) == NULL)
		return true;
	while ((slash = strrchr(path, '/')) != NULL) {
		slash[slash == path ? 1 : 0] = '\0';
		if (access(path, W_OK) == 0)
			return true;
		if (slash == path)
			break;
	}
	return false;
}

void
denial_settle(struct denial *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->count && geteuid() != 0; i++) {
		if (is_below_writable(d->folders[i]))
			log_left_out(d->folders[i],
			    "a folder above it is the user's to write in");
		else
			d->folders[kept++] = d->folders[i];
	}
	d->count = kept;
}

bool
denial_enforce(const struct denial *d)
{
	return d->count == 0 || confine_deny_folders(d->folders, d->count) ||
	    errno == ENOSYS;
}
