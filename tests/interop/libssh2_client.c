/*
 * libssh2 as a client, called as ./caller is: runs a command with what is on
 * standard input, and ends with its exit status.
 */
#include "tests/interop/invocation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libssh2.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static LIBSSH2_SESSION *session;
static int fd;
static struct invocation options;
/* The key is this host's, which vouches for a user of its own. */
static const char *client_host, *client_user;

static void
die(const char *what)
{
	char *text = strerror(errno);

	if (session != NULL)
		libssh2_session_last_error(session, &text, NULL, 0);
	fprintf(stderr, "libssh2_client: %s: %s\n", what, text);
	exit(COMMANDLINE_FAILED);
}

static void
prefer(int kind, const char *names)
{
	if (names != NULL &&
	    libssh2_session_method_pref(session, kind, names) != 0)
		die(names);
}

static void
prefer_both(int one, int other, const char *names)
{
	prefer(one, names);
	prefer(other, names);
}

static void
set_options(void)
{
	prefer(LIBSSH2_METHOD_KEX, options.kex);
	prefer(LIBSSH2_METHOD_HOSTKEY, options.host_key);
	prefer_both(
	    LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_CRYPT_SC, options.cipher);
	prefer_both(LIBSSH2_METHOD_MAC_CS, LIBSSH2_METHOD_MAC_SC, options.mac);
	prefer_both(LIBSSH2_METHOD_COMP_CS, LIBSSH2_METHOD_COMP_SC,
	    options.compression);
}

/* The same answer to all that is asked; libssh2 frees it. */
static void
answer_prompts(const char *name, int name_len, const char *instruction,
    int instruction_len, int count,
    const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
    LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **abstract)
{
	(void)name;
	(void)name_len;
	(void)instruction;
	(void)instruction_len;
	(void)prompts;
	(void)abstract;
	for (int i = 0; i < count; i++) {
		responses[i].text = strdup(options.answer);
		responses[i].length = (unsigned)strlen(options.answer);
	}
}

static int
vouch(const char *user)
{
	char public[4096];

	snprintf(public, sizeof public, "%s.pub", options.key);
	return libssh2_userauth_hostbased_fromfile_ex(session, user,
	    (unsigned)strlen(user), public, options.key, NULL, client_host,
	    (unsigned)strlen(client_host), client_user,
	    (unsigned)strlen(client_user));
}

static void
take_option(int letter, const char *value)
{
	*(letter == 'V' ? &client_host : &client_user) = value;
}

static void
log_in(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(options.port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const char *user = options.user == NULL ? "" : options.user;
	int status;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	if (libssh2_session_handshake(session, fd) != 0)
		die("handshake");
	if (options.password != NULL)
		status =
		    libssh2_userauth_password(session, user, options.password);
	else if (client_host != NULL && client_user != NULL)
		status = vouch(user);
	else if (options.answer != NULL)
		status = libssh2_userauth_keyboard_interactive(
		    session, user, answer_prompts);
	else
		status = libssh2_userauth_publickey_fromfile(
		    session, user, options.certificate, options.key, NULL);
	if (status != 0)
		die("login");
}

/* Whether it was more than to wait; dies of anything else. */
static int
moved(ssize_t n, const char *what)
{
	if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
		die(what);
	return n > 0;
}

static int
drain(LIBSSH2_CHANNEL *channel, int stream, FILE *to)
{
	static char block[32768];
	ssize_t n =
	    libssh2_channel_read_ex(channel, stream, block, sizeof block);

	if (!moved(n, "read"))
		return 0;
	if (fwrite(block, 1, (size_t)n, to) != (size_t)n)
		die("output");
	return 1;
}

static void
wait_for_socket(void)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (libssh2_session_block_directions(session) &
	    LIBSSH2_SESSION_BLOCK_OUTBOUND)
		p.events |= POLLOUT;
	poll(&p, 1, 50);
}

static void
exchange(LIBSSH2_CHANNEL *channel, const char *input, size_t len)
{
	int has_ended = 0;

	libssh2_session_set_blocking(session, 0);
	while (!libssh2_channel_eof(channel)) {
		int busy = drain(channel, 0, stdout) +
		    drain(channel, SSH_EXTENDED_DATA_STDERR, stderr);

		if (len > 0) {
			ssize_t n = libssh2_channel_write(channel, input, len);

			if (moved(n, "write")) {
				input += n;
				len -= (size_t)n;
				busy++;
			}
		} else if (!has_ended) {
			has_ended = libssh2_channel_send_eof(channel) == 0;
		}
		if (!busy)
			wait_for_socket();
	}
	libssh2_session_set_blocking(session, 1);
}

static int
run(const char *command)
{
	size_t len;
	const char *input = invocation_input(&len);
	LIBSSH2_CHANNEL *channel = libssh2_channel_open_session(session);
	int status;

	if (channel == NULL || libssh2_channel_exec(channel, command) != 0)
		die("exec");
	exchange(channel, input, len);
	if (libssh2_channel_close(channel) != 0)
		die("close");
	libssh2_channel_wait_closed(channel);
	status = libssh2_channel_get_exit_status(channel);
	libssh2_channel_free(channel);
	return status;
}

int
main(int argc, char **argv)
{
	int status;

	invocation_parse(&options, argc, argv, "V:U:", take_option,
	    "usage: libssh2_client, as caller is called");
	if (options.command == NULL || libssh2_init(0) != 0 ||
	    (session = libssh2_session_init()) == NULL)
		die("session");
	libssh2_session_flag(session, LIBSSH2_FLAG_COMPRESS, 1);
	set_options();
	log_in();
	status = run(options.command);
	libssh2_session_disconnect(session, "done");
	libssh2_session_free(session);
	close(fd);
	libssh2_exit();
	return status;
}
