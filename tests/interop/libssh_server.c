/*
 * libssh as a server: every command is a mirror of what it is sent, with a
 * line on standard error and 7 as its exit status. One process a
 * connection.
 */
#include "tests/interop/invocation.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MIRRORED = 7 };

static ssh_bind listener;
static struct invocation options;
static const char *key_lines;
static ssh_channel channel;
static int has_command;

static void
die(const char *what, void *error)
{
	fprintf(stderr, "libssh_server: %s: %s\n", what, ssh_get_error(error));
	exit(1);
}

/* ---- who is let in ---- */

static int
on_password(ssh_session session, const char *name, const char *given, void *arg)
{
	(void)session;
	(void)arg;
	return strcmp(name, options.user) == 0 && options.password != NULL &&
		strcmp(given, options.password) == 0
	    ? SSH_AUTH_SUCCESS
	    : SSH_AUTH_DENIED;
}

static int
is_listed(ssh_key key)
{
	static char text[65536];
	FILE *f = fopen(key_lines, "re");
	char *base64;
	int found;

	if (f == NULL)
		return 0;
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	if (ssh_pki_export_pubkey_base64(key, &base64) != SSH_OK)
		return 0;
	found = strstr(text, base64) != NULL;
	ssh_string_free_char(base64);
	return found;
}

static int
on_key(ssh_session session, const char *name, struct ssh_key_struct *key,
    char state, void *arg)
{
	(void)session;
	(void)arg;
	if (strcmp(name, options.user) != 0 || !is_listed(key))
		return SSH_AUTH_DENIED;
	return state == SSH_PUBLICKEY_STATE_NONE ||
		state == SSH_PUBLICKEY_STATE_VALID
	    ? SSH_AUTH_SUCCESS
	    : SSH_AUTH_DENIED;
}

static int
answers_well(ssh_session session)
{
	const char *given = ssh_userauth_kbdint_getnanswers(session) == 1
	    ? ssh_userauth_kbdint_getanswer(session, 0)
	    : NULL;

	return given != NULL && options.password != NULL &&
	    strcmp(given, options.password) == 0;
}

/*
 * keyboard-interactive has no callback of its own. Whose response it is its
 * message does not say: only that user was asked.
 */
static int
on_message(ssh_session session, ssh_message message, void *arg)
{
	static const char *prompts[] = { "Word: " };
	static char echo[] = { 0 };

	(void)arg;
	if (ssh_message_type(message) != SSH_REQUEST_AUTH ||
	    ssh_message_subtype(message) != SSH_AUTH_METHOD_INTERACTIVE)
		return 1;
	if (ssh_message_auth_kbdint_is_response(message)) {
		if (!answers_well(session))
			return 1;
		ssh_message_auth_reply_success(message, 0);
		return 0;
	}
	if (strcmp(ssh_message_auth_user(message), options.user) != 0)
		return 1;
	ssh_message_auth_interactive_request(message, "", "", 1, prompts, echo);
	return 0;
}

/* ---- what he may do ---- */

static int
on_exec(ssh_session session, ssh_channel its, const char *command, void *arg)
{
	(void)session;
	(void)its;
	(void)command;
	(void)arg;
	has_command = 1;
	return SSH_OK;
}

static struct ssh_channel_callbacks_struct channel_callbacks = {
	.channel_exec_request_function = on_exec,
};

static ssh_channel
on_session(ssh_session session, void *arg)
{
	(void)arg;
	channel = ssh_channel_new(session);
	ssh_callbacks_init(&channel_callbacks);
	ssh_set_channel_callbacks(channel, &channel_callbacks);
	return channel;
}

static struct ssh_server_callbacks_struct server_callbacks = {
	.auth_password_function = on_password,
	.auth_pubkey_function = on_key,
	.channel_open_request_session_function = on_session,
};

static void
mirror(ssh_session session)
{
	static char block[32768];
	int n;

	while ((n = ssh_channel_read(channel, block, sizeof block, 0)) > 0)
		if (ssh_channel_write(channel, block, (uint32_t)n) != n)
			die("write", session);
	if (n < 0)
		die("read", session);
	ssh_channel_write_stderr(channel, "done\n", 5);
	ssh_channel_send_eof(channel);
	ssh_channel_request_send_exit_status(channel, MIRRORED);
	ssh_channel_close(channel);
}

static void
serve(ssh_session session)
{
	ssh_event event = ssh_event_new();

	ssh_callbacks_init(&server_callbacks);
	ssh_set_server_callbacks(session, &server_callbacks);
	ssh_set_message_callback(session, on_message, NULL);
	ssh_set_auth_methods(session,
	    SSH_AUTH_METHOD_PASSWORD | SSH_AUTH_METHOD_PUBLICKEY |
		SSH_AUTH_METHOD_INTERACTIVE);
	if (ssh_handle_key_exchange(session) != SSH_OK)
		die("key exchange", session);
	ssh_event_add_session(event, session);
	while (!has_command)
		if (ssh_event_dopoll(event, -1) == SSH_ERROR)
			die("poll", session);
	ssh_event_remove_session(event, session);
	mirror(session);
	/* A key exchange may be under way: until the client goes. */
	ssh_event_add_session(event, session);
	while (ssh_is_connected(session) &&
	    ssh_event_dopoll(event, 5000) == SSH_OK)
		continue;
	ssh_disconnect(session);
	ssh_free(session);
	ssh_event_free(event);
}

/* ---- the listener ---- */

static void
set(enum ssh_bind_options_e option, const void *value)
{
	if (value != NULL && ssh_bind_options_set(listener, option, value) != 0)
		die("option", listener);
}

static void
take_option(int letter, const char *value)
{
	if (letter == 'H')
		set(SSH_BIND_OPTIONS_HOSTKEY, value);
	else
		key_lines = value;
}

static void
set_options(void)
{
	int off = 0;

	set(SSH_BIND_OPTIONS_BINDADDR, "127.0.0.1");
	set(SSH_BIND_OPTIONS_PROCESS_CONFIG, &off);
	set(SSH_BIND_OPTIONS_BINDPORT_STR, options.port);
	set(SSH_BIND_OPTIONS_KEY_EXCHANGE, options.kex);
	set(SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, options.host_key);
	set(SSH_BIND_OPTIONS_CIPHERS_C_S, options.cipher);
	set(SSH_BIND_OPTIONS_CIPHERS_S_C, options.cipher);
	set(SSH_BIND_OPTIONS_HMAC_C_S, options.mac);
	set(SSH_BIND_OPTIONS_HMAC_S_C, options.mac);
}

int
main(int argc, char **argv)
{
	listener = ssh_bind_new();
	invocation_parse(&options, argc, argv, "H:a:", take_option,
	    "usage: libssh_server -p PORT -u USER -a KEYLINES -H HOSTKEY...");
	set_options();
	if (key_lines == NULL || options.user == NULL ||
	    ssh_bind_listen(listener) < 0)
		die("listen", listener);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		ssh_session session = ssh_new();

		if (ssh_bind_accept(listener, session) != SSH_OK)
			die("accept", listener);
		if (fork() == 0) {
			ssh_bind_free(listener);
			serve(session);
			exit(0);
		}
		ssh_disconnect(session);
		ssh_free(session);
	}
}
