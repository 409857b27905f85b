/*
 * libssh2's SFTP: libssh2_files PORT USER KEY TASK ARGUMENT..., where a task
 * is "put HERE THERE OFFSET", "get THERE HERE OFFSET", "list FOLDER",
 * "rename FROM TO" or "remove NAME".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libssh2.h>
#include <libssh2_sftp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 30000 };

static LIBSSH2_SESSION *session;
static LIBSSH2_SFTP *sftp;

static void
die(const char *what)
{
	char *text = strerror(errno);

	if (session != NULL)
		libssh2_session_last_error(session, &text, NULL, 0);
	fprintf(stderr, "libssh2_files: %s: %s (SFTP %lu)\n", what, text,
	    sftp == NULL ? 0 : libssh2_sftp_last_error(sftp));
	exit(EXIT_FAILURE);
}

static void
log_in(const char *port, const char *user, const char *path)
{
	struct sockaddr_in there = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&there, sizeof there) != 0 ||
	    libssh2_init(0) != 0)
		die("connect");
	session = libssh2_session_init();
	if (session == NULL || libssh2_session_handshake(session, fd) != 0)
		die("handshake");
	if (libssh2_userauth_publickey_fromfile(
		session, user, NULL, path, NULL) != 0)
		die("login");
	sftp = libssh2_sftp_init(session);
	if (sftp == NULL)
		die("sftp");
}

static void
put(const char *here, const char *there, const char *offset)
{
	uint64_t at = strtoull(offset, NULL, 10);
	FILE *from = fopen(here, "rb");
	LIBSSH2_SFTP_HANDLE *to = libssh2_sftp_open(sftp, there,
	    LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT |
		(at == 0 ? LIBSSH2_FXF_TRUNC : 0),
	    0644);
	char block[BLOCK], *next;
	ssize_t n, sent;

	if (from == NULL || to == NULL || fseek(from, (long)at, SEEK_SET) != 0)
		die(there);
	libssh2_sftp_seek64(to, at);
	while ((n = (ssize_t)fread(block, 1, sizeof block, from)) > 0)
		for (next = block; n > 0; next += sent, n -= sent) {
			sent = libssh2_sftp_write(to, next, (size_t)n);
			if (sent <= 0)
				die("write");
		}
	if (libssh2_sftp_close(to) != 0)
		die("close");
	fclose(from);
}

static void
get(const char *there, const char *here, const char *offset)
{
	uint64_t at = strtoull(offset, NULL, 10);
	FILE *to = fopen(here, at == 0 ? "wb" : "r+b");
	LIBSSH2_SFTP_HANDLE *from =
	    libssh2_sftp_open(sftp, there, LIBSSH2_FXF_READ, 0);
	char block[BLOCK];
	ssize_t n;

	if (from == NULL || to == NULL || fseek(to, (long)at, SEEK_SET) != 0)
		die(there);
	libssh2_sftp_seek64(from, at);
	while ((n = libssh2_sftp_read(from, block, sizeof block)) > 0)
		if (fwrite(block, 1, (size_t)n, to) != (size_t)n)
			die(here);
	if (n < 0 || libssh2_sftp_close(from) != 0 || fclose(to) != 0)
		die("read");
}

static void
list(const char *path)
{
	LIBSSH2_SFTP_HANDLE *folder = libssh2_sftp_opendir(sftp, path);
	LIBSSH2_SFTP_ATTRIBUTES attributes;
	char name[512];
	int n;

	if (folder == NULL)
		die(path);
	while ((n = libssh2_sftp_readdir(
		    folder, name, sizeof name, &attributes)) > 0)
		printf("%s\n", name);
	if (n < 0 || libssh2_sftp_closedir(folder) != 0)
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
		if (libssh2_sftp_rename(sftp, argv[5], argv[6]) != 0)
			die("rename");
	} else if (libssh2_sftp_unlink(sftp, argv[5]) != 0)
		die("remove");
	libssh2_sftp_shutdown(sftp);
	libssh2_session_disconnect(session, "done");
	libssh2_session_free(session);
	return EXIT_SUCCESS;
}
