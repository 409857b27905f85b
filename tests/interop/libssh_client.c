/*
 * libssh as a client, called as ./caller is: runs a command with what is on
 * standard input, and ends with its exit status.
 */
#include "tests/interop/invocation.h"

#include <errno.h>
#include <libssh/libssh.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32768 };

static ssh_session session;
static struct invocation options;

static void
die(const char *what)
{
	fprintf(stderr, "libssh_client: %s: %s\n", what,
	    session == NULL ? strerror(errno) : ssh_get_error(session));
	exit(COMMANDLINE_FAILED);
}

static void
set(enum ssh_options_e option, const void *value)
{
	if (value != NULL && ssh_options_set(session, option, value) != SSH_OK)
		die("option");
}

static void
set_both(enum ssh_options_e one, enum ssh_options_e other, const void *value)
{
	set(one, value);
	set(other, value);
}

static void
set_options(void)
{
	uint64_t bytes = options.rekey_bytes == NULL
	    ? 0
	    : strtoull(options.rekey_bytes, NULL, 10);
	int off = 0;

	set(SSH_OPTIONS_HOST, "127.0.0.1");
	set(SSH_OPTIONS_PROCESS_CONFIG, &off);
	set(SSH_OPTIONS_PORT_STR, options.port);
	set(SSH_OPTIONS_USER, options.user);
	set(SSH_OPTIONS_KEY_EXCHANGE, options.kex);
	set(SSH_OPTIONS_HOSTKEYS, options.host_key);
	set_both(
	    SSH_OPTIONS_CIPHERS_C_S, SSH_OPTIONS_CIPHERS_S_C, options.cipher);
	set_both(SSH_OPTIONS_HMAC_C_S, SSH_OPTIONS_HMAC_S_C, options.mac);
	set(SSH_OPTIONS_COMPRESSION, options.compression);
	set(SSH_OPTIONS_REKEY_DATA, bytes == 0 ? NULL : &bytes);
}

/* The key, and its certificate where there is one. */
static ssh_key
load_key(void)
{
	ssh_key key = NULL, certificate = NULL;

	if (ssh_pki_import_privkey_file(options.key, NULL, NULL, NULL, &key) !=
	    SSH_OK)
		die("key");
	if (options.certificate == NULL)
		return key;
	if (ssh_pki_import_cert_file(options.certificate, &certificate) !=
		SSH_OK ||
	    ssh_pki_copy_cert_to_privkey(certificate, key) != SSH_OK)
		die("certificate");
	ssh_key_free(certificate);
	return key;
}

/* The same answer to all that is asked, round by round. */
static int
answer_prompts(void)
{
	int status = ssh_userauth_kbdint(session, NULL, NULL);

	while (status == SSH_AUTH_INFO) {
		int count = ssh_userauth_kbdint_getnprompts(session);

		for (int i = 0; i < count; i++)
			if (ssh_userauth_kbdint_setanswer(
				session, (unsigned)i, options.answer) < 0)
				die("answer");
		status = ssh_userauth_kbdint(session, NULL, NULL);
	}
	return status;
}

static void
log_in(void)
{
	ssh_key key;
	int status;

	if (ssh_connect(session) != SSH_OK)
		die("connect");
	if (options.password != NULL) {
		status = ssh_userauth_password(session, NULL, options.password);
	} else if (options.answer != NULL) {
		status = answer_prompts();
	} else if (options.key == NULL) {
		status = ssh_userauth_agent(session, NULL);
	} else {
		key = load_key();
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
	size_t len;
	const char *input = invocation_input(&len);
	ssh_channel channel = ssh_channel_new(session);
	int status;

	if (channel == NULL || ssh_channel_open_session(channel) != SSH_OK ||
	    ssh_channel_request_exec(channel, command) != SSH_OK)
		die("exec");
	exchange(channel, input, len);
	status = ssh_channel_get_exit_status(channel);
	ssh_channel_free(channel);
	return status < 0 ? COMMANDLINE_FAILED : status;
}

int
main(int argc, char **argv)
{
	int status;

	invocation_parse(&options, argc, argv, "", NULL,
	    "usage: libssh_client, as caller is called");
	session = ssh_new();
	if (session == NULL || options.command == NULL)
		die("session");
	set_options();
	log_in();
	status = run(options.command);
	ssh_disconnect(session);
	ssh_free(session);
	return status;
}
