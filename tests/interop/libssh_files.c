/*
 * libssh's SFTP: libssh_files PORT USER KEY TASK ARGUMENT..., where a task
 * is "put HERE THERE OFFSET", "get THERE HERE OFFSET", "list FOLDER",
 * "rename FROM TO" or "remove NAME".
 */
#include <errno.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <libssh/sftp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 30000 };

static ssh_session session;
static sftp_session sftp;

static void
die(const char *what)
{
	fprintf(stderr, "libssh_files: %s: %s (SFTP %d)\n", what,
	    session == NULL ? strerror(errno) : ssh_get_error(session),
	    sftp == NULL ? -1 : sftp_get_error(sftp));
	exit(EXIT_FAILURE);
}

static void
set(enum ssh_options_e option, const void *value)
{
	if (ssh_options_set(session, option, value) != SSH_OK)
		die("option");
}

static void
log_in(const char *port, const char *user, const char *path)
{
	ssh_key key = NULL;
	int off = 0;

	session = ssh_new();
	set(SSH_OPTIONS_HOST, "127.0.0.1");
	set(SSH_OPTIONS_PROCESS_CONFIG, &off);
	set(SSH_OPTIONS_PORT_STR, port);
	set(SSH_OPTIONS_USER, user);
	if (ssh_connect(session) != SSH_OK)
		die("connect");
	if (ssh_pki_import_privkey_file(path, NULL, NULL, NULL, &key) !=
		SSH_OK ||
	    ssh_userauth_publickey(session, NULL, key) != SSH_AUTH_SUCCESS)
		die("login");
	ssh_key_free(key);
	sftp = sftp_new(session);
	if (sftp == NULL || sftp_init(sftp) != SSH_OK)
		die("sftp");
}

static void
put(const char *here, const char *there, const char *offset)
{
	uint64_t at = strtoull(offset, NULL, 10);
	FILE *from = fopen(here, "rb");
	sftp_file to = sftp_open(
	    sftp, there, O_WRONLY | O_CREAT | (at == 0 ? O_TRUNC : 0), 0644);
	char block[BLOCK];
	size_t n;

	if (from == NULL || to == NULL ||
	    fseek(from, (long)at, SEEK_SET) != 0 || sftp_seek64(to, at) != 0)
		die(there);
	while ((n = fread(block, 1, sizeof block, from)) > 0)
		if (sftp_write(to, block, n) != (ssize_t)n)
			die("write");
	if (sftp_close(to) != SSH_OK)
		die("close");
	fclose(from);
}

static void
get(const char *there, const char *here, const char *offset)
{
	uint64_t at = strtoull(offset, NULL, 10);
	FILE *to = fopen(here, at == 0 ? "wb" : "r+b");
	sftp_file from = sftp_open(sftp, there, O_RDONLY, 0);
	char block[BLOCK];
	ssize_t n;

	if (from == NULL || to == NULL || fseek(to, (long)at, SEEK_SET) != 0 ||
	    sftp_seek64(from, at) != 0)
		die(there);
	while ((n = sftp_read(from, block, sizeof block)) > 0)
		if (fwrite(block, 1, (size_t)n, to) != (size_t)n)
			die(here);
	if (n < 0 || sftp_close(from) != SSH_OK || fclose(to) != 0)
		die("read");
}

static void
list(const char *path)
{
	sftp_dir folder = sftp_opendir(sftp, path);
	sftp_attributes entry;

	if (folder == NULL)
		die(path);
	while ((entry = sftp_readdir(sftp, folder)) != NULL) {
		printf("%s\n", entry->name);
		sftp_attributes_free(entry);
	}
	if (!sftp_dir_eof(folder) || sftp_closedir(folder) != SSH_OK)
		die("readdir");
}

int
main(int argc, char **argv)
{
	const char *task = argc > 5 ? argv[4] : "";

	if (argc < 6)
		die("usage");
	log_in(argv[1], argv[2], argv[3]);
	if (strcmp(task, "put") == 0 && argc == 8)
		put(argv[5], argv[6], argv[7]);
	else if (strcmp(task, "get") == 0 && argc == 8)
		get(argv[5], argv[6], argv[7]);
	else if (strcmp(task, "list") == 0)
		list(argv[5]);
	else if (strcmp(task, "rename") == 0 && argc == 7) {
		if (sftp_rename(sftp, argv[5], argv[6]) != SSH_OK)
			die("rename");
	} else if (sftp_unlink(sftp, argv[5]) != SSH_OK)
		die("remove");
	sftp_free(sftp);
	ssh_disconnect(session);
	ssh_free(session);
	return EXIT_SUCCESS;
}
