/*
 * The auth module "authorized_keys": a user's public keys in files of
 * sshd(8)'s format, opened as that user. A line with options is not taken,
 * since what it would restrict could not be kept.
 */
#include <sallyport/key.h>
#include <sallyport/module.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* 100,000 keys. */
enum { FILE_MAX = 16 * 1024 * 1024 };

struct conf {
	struct sp_list file;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, file, SP_O_PATHV, "%h/.ssh/authorized_keys",
	    "files with the keys that let a user in") },
	{ .name = NULL },
};

/* Up to size bytes; less where the file has shrunk meanwhile. */
static size_t
read_all(int fd, char *room, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, room + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	return used;
}

/* The file's text, to be freed; NULL where there is none to be had. */
static char *
read_file(struct sp_login *login, const char *path, size_t *len)
{
	int fd = sp_login_open(login, path);
	struct stat st;
	char *text = NULL;

	if (fd < 0) {
		if (errno != ENOENT && errno != EPERM)
			sp_log(LOG_INFO, "file_unreadable", "%s: %s", path,
			    strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) != 0 || st.st_size > FILE_MAX)
		sp_log(LOG_WARNING, "file_too_large",
		    "%s has more than %d bytes and is not read", path,
		    FILE_MAX);
	else
		text = malloc((size_t)st.st_size + 1);
	if (text != NULL)
		*len = read_all(fd, text, (size_t)st.st_size);
	close(fd);
	return text;
}

/* True when a line without options holds the key. */
static bool
is_listed(const char *path, struct sp_view text, const struct sp_cred *cred)
{
	struct sp_key_line line;

	while (sp_key_find_line(&text, cred->key, &line)) {
		if (line.options.len == 0)
			return true;
		sp_log(LOG_NOTICE, "key_options",
		    "%s: the line of key %s has options (%.*s), which are not "
		    "supported: the key is refused",
		    path, cred->key_fingerprint,
		    line.options.len > 200 ? 200 : (int)line.options.len,
		    (const char *)line.options.data);
	}
	return false;
}

static bool
is_in_file(
    struct sp_login *login, const char *pattern, const struct sp_cred *cred)
{
	char path[PATH_MAX];
	bool is_found;
	char *text;
	size_t len;

	if (!sp_login_expand(login, pattern, path, sizeof path)) {
		sp_log(LOG_INFO, "file_name",
		    "\"%s\" gives no file name for this user", pattern);
		return false;
	}
	text = read_file(login, path, &len);
	if (text == NULL)
		return false;
	is_found = is_listed(
	    path, (struct sp_view){ (const uint8_t *)text, len }, cred);
	free(text);
	return is_found;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;

	for (size_t i = 0; i < conf->file.count; i++) {
		if (is_in_file(login, conf->file.items[i], cred))
			return SP_ALLOW;
	}
	return SP_NEXT;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
};

SP_MODULE("authorized_keys", "0.1", "public keys in users' own files",
    struct conf, options, { SP_KIND_AUTH, &auth });
