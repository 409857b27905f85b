/* Names beside a name. */
#include "modules/sftp/partname.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static const char ending[] = ".part";

static bool
write_name(const char *path, const char *middle, char *room, size_t size)
{
	const char *slash = strrchr(path, '/');
	const char *leaf = slash == NULL ? path : slash + 1;
	int len;

	if (strlen(leaf) > PARTNAME_MAX)
		return false;
	len = snprintf(room, size, "%.*s.%s%s%s", (int)(leaf - path), path,
	    leaf, middle, ending);
	return len > 0 && (size_t)len < size;
}

bool
partname_make(const char *path, char *room, size_t size)
{
	uint64_t number;
	char middle[24];

	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return false;
	snprintf(middle, sizeof middle, ".%016llx", (unsigned long long)number);
	return write_name(path, middle, room, size);
}

bool
partname_waiting(const char *path, char *room, size_t size)
{
	return write_name(path, "", room, size);
}

bool
partname_is_in(const char *path)
{
	size_t len, end = sizeof ending - 1;

	for (; *path != '\0'; path += len) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len > end + 1 && path[0] == '.' &&
		    strncasecmp(path + len - end, ending, end) == 0)
			return true;
	}
	return false;
}
