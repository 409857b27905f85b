/*
 * libssh as a client, called as ./caller is: runs a command with what is on
 * standard input, and ends with its exit status.
 */
#include <errno.h>
#include <libssh/libssh.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAILED = 255, INPUT_MAX = 64 * 1024 * 1024, BLOCK = 32768 };

static ssh_session session;
static const char *key_file;
static const char *password;

static void
die(const char *what)
{
	fprintf(stderr, "libssh_client: %s: %s\n", what,
	    session == NULL ? strerror(errno) : ssh_get_error(session));
	exit(FAILED);
}

static void
set(enum ssh_options_e option, const void *value)
{
	if (ssh_options_set(session, option, value) != SSH_OK)
		die("option");
}

static void
set_both(enum ssh_options_e one, enum ssh_options_e other, const void *value)
{
	set(one, value);
	set(other, value);
}

static void
parse_option(int option)
{
	uint64_t bytes;

	switch (option) {
	case 'p':
		set(SSH_OPTIONS_PORT_STR, optarg);
		break;
	case 'u':
		set(SSH_OPTIONS_USER, optarg);
		break;
	case 'i':
		key_file = optarg;
		break;
	case 'w':
		password = optarg;
		break;
	case 'k':
		set(SSH_OPTIONS_KEY_EXCHANGE, optarg);
		break;
	case 'h':
		set(SSH_OPTIONS_HOSTKEYS, optarg);
		break;
	case 'c':
		set_both(
		    SSH_OPTIONS_CIPHERS_C_S, SSH_OPTIONS_CIPHERS_S_C, optarg);
		break;
	case 'm':
		set_both(SSH_OPTIONS_HMAC_C_S, SSH_OPTIONS_HMAC_S_C, optarg);
		break;
	case 'z':
		set(SSH_OPTIONS_COMPRESSION, optarg);
		break;
	case 'r':
		bytes = strtoull(optarg, NULL, 10);
		set(SSH_OPTIONS_REKEY_DATA, &bytes);
		break;
	default:
		exit(FAILED);
	}
}

static void
log_in(void)
{
	ssh_key key = NULL;
	int status;

	if (ssh_connect(session) != SSH_OK)
		die("connect");
	if (password != NULL) {
		status = ssh_userauth_password(session, NULL, password);
	} else {
		if (key_file == NULL ||
		    ssh_pki_import_privkey_file(
			key_file, NULL, NULL, NULL, &key) != SSH_OK)
			die("key");
		status = ssh_userauth_publickey(session, NULL, key);
		ssh_key_free(key);
	}
	if (status != SSH_AUTH_SUCCESS)
		die("login");
}

/* What has come of one stream; false behind its end. */
static int
drain(ssh_channel channel, int is_stderr, FILE *to, int timeout_ms)
{
	static char block[BLOCK];
	int n;

	n = ssh_channel_read_timeout(
	    channel, block, sizeof block, is_stderr, timeout_ms);
	if (n == SSH_ERROR)
		die("read");
	if (n > 0 && fwrite(block, 1, (size_t)n, to) != (size_t)n)
		die("output");
	return n > 0;
}

static void
exchange(ssh_channel channel, const char *input, size_t len)
{
	while (len > 0) {
		uint32_t part = len > BLOCK ? BLOCK : (uint32_t)len;
		int n = ssh_channel_write(channel, input, part);

		if (n <= 0)
			die("write");
		input += n;
		len -= (size_t)n;
		drain(channel, 0, stdout, 0);
	}
	if (ssh_channel_send_eof(channel) != SSH_OK)
		die("eof");
	while (drain(channel, 0, stdout, -1))
		continue;
	while (drain(channel, 1, stderr, -1))
		continue;
}

static int
run(const char *command)
{
	static char input[INPUT_MAX];
	size_t len = fread(input, 1, sizeof input, stdin);
	ssh_channel channel = ssh_channel_new(session);
	int status;

	if (channel == NULL || ssh_channel_open_session(channel) != SSH_OK ||
	    ssh_channel_request_exec(channel, command) != SSH_OK)
		die("exec");
	exchange(channel, input, len);
	status = ssh_channel_get_exit_status(channel);
	ssh_channel_free(channel);
	return status < 0 ? FAILED : status;
}

int
main(int argc, char **argv)
{
	int off = 0, option, status;

	session = ssh_new();
	if (session == NULL)
		die("session");
	set(SSH_OPTIONS_HOST, "127.0.0.1");
	set(SSH_OPTIONS_PROCESS_CONFIG, &off);
	while ((option = getopt(argc, argv, "p:u:i:w:k:h:c:m:z:r:")) != -1)
		parse_option(option);
	if (optind + 1 != argc)
		die("command");
	log_in();
	status = run(argv[optind]);
	ssh_disconnect(session);
	ssh_free(session);
	return status;
}
