/* Nothing is made right here: what is not plain is refused. */
#include "modules/git/repopath.h"

#include <string.h>

static const char suffix[] = ".git";

enum { SUFFIX_LEN = sizeof suffix - 1 };

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

static const char *
part_problem(const char *part, size_t len)
{
	if (len == 0)
		return "a part of the path is empty";
	if (part[0] == '-' || part[0] == '~')
		return "a part of the path begins with \"-\" or \"~\"";
	if (part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.')))
		return "a part of the path is \".\" or \"..\"";
	return NULL;
}

static const char *
parts_problem(const char *path)
{
	const char *problem = NULL;

	while (problem == NULL) {
		size_t len = strcspn(path, "/");

		problem = part_problem(path, len);
		if (path[len] == '\0')
			break;
		path += len + 1;
	}
	return problem;
}

const char *
repopath_read(const char *path, char room[REPOPATH_SIZE])
{
	const char *problem;
	size_t len;

	if (path[0] == '/')
		path++;
	len = strlen(path);
	if (len > 0 && path[len - 1] == '/')
		len--;
	if (len == 0)
		return "the path is empty";
	/* As much is kept for the suffix. */
	if (len + SUFFIX_LEN >= REPOPATH_SIZE)
		return "the path is too long";
	memcpy(room, path, len);
	room[len] = '\0';
	problem = has_control(room) ? "the path holds a control character"
				    : parts_problem(room);
	if (problem != NULL)
		room[0] = '\0';
	return problem;
}

bool
repopath_other(const char *path, char room[REPOPATH_SIZE])
{
	size_t len = strlen(path);
	const char *slash = strrchr(path, '/');
	const char *last = slash == NULL ? path : slash + 1;

	if (len + SUFFIX_LEN >= REPOPATH_SIZE)
		return false;
	memcpy(room, path, len + 1);
	if (len < SUFFIX_LEN || strcmp(path + len - SUFFIX_LEN, suffix) != 0) {
		memcpy(room + len, suffix, sizeof suffix);
		return true;
	}
	/* A folder of that very name has no other. */
	room[len - SUFFIX_LEN] = '\0';
	return strlen(last) > SUFFIX_LEN;
}
