/*
 * Runs a command on another machine and shows what it writes: the engine
 * on a socket with poll(2), and nothing but public headers.
 *
 *	cc `pkg-config --cflags sallyport` exec_client.c \
 *	    `pkg-config --libs sallyport` -o exec_client
 *	./exec_client HOST PORT USER KEYFILE FINGERPRINT COMMAND
 *
 * FINGERPRINT is that of the host's key, as ssh-keygen -l shows it. The
 * command's exit status is ours; 255 where there is none.
 */
#include <sallyport/connection.h>
#include <sallyport/key.h>

#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct client {
	struct sp_crypto *crypto;
	struct sp_key *key;
	struct sp_engine *engine;
	const char *user;
	const char *fingerprint;
	const char *command;
	int exit_status;
	bool is_closed;
};

static _Noreturn void
die(const char *what, const char *why)
{
	fprintf(stderr, "exec_client: %s: %s\n", what, why);
	exit(255);
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct sp_key *
read_key(const struct sp_crypto *crypto, const char *path)
{
	uint8_t text[16384];
	struct sp_view view = { text, 0 };
	FILE *file = fopen(path, "r");
	enum sp_status status;
	struct sp_key *key;

	if (file == NULL)
		die(path, "cannot be opened");
	view.len = fread(text, 1, sizeof text, file);
	fclose(file);
	status = sp_key_parse(crypto, view, getenv("PASSPHRASE"), &key);
	if (status != SP_OK)
		die(path, sp_status_text(status));
	return key;
}

static int
connect_to(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found, *each;
	int fd = -1;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		die(host, "no such host or port");
	for (each = found; each != NULL && fd < 0; each = each->ai_next) {
		fd = socket(each->ai_family, each->ai_socktype, 0);
		if (fd >= 0 &&
		    connect(fd, each->ai_addr, each->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	if (fd < 0)
		die(host, "cannot be reached");
	return fd;
}

/* ---- what happens, and what we do ---- */

static enum sp_status
check_host(struct client *c, const struct sp_event *event)
{
	char fingerprint[SP_FINGERPRINT_SIZE] = "";
	bool is_right;

	is_right = sp_key_fingerprint(c->crypto, event->u.host_key.blob,
		       fingerprint) == SP_OK &&
	    strcmp(fingerprint, c->fingerprint) == 0;
	if (!is_right)
		fprintf(stderr, "the host's key is %s\n", fingerprint);
	return sp_host_key_answer(c->engine, event->token, is_right);
}

static enum sp_status
sign(struct client *c, const struct sp_event *event)
{
	uint8_t room[SP_SIGNATURE_MAX];
	struct sp_view signature = { room, 0 };
	enum sp_status status;

	status = sp_key_sign(c->key, sp_key_algorithm(c->key),
	    event->u.auth_sign.data, room, &signature.len);
	if (status != SP_OK)
		return status;
	return sp_auth_signed(c->engine, event->token, signature);
}

static enum sp_status
open_session(struct client *c)
{
	const struct sp_open session = { .type = SP_CHANNEL_SESSION };
	uint32_t channel;

	return sp_open_send(c->engine, &session, &channel);
}

static enum sp_status
start_command(struct client *c, uint32_t channel)
{
	const struct sp_request exec = { .kind = SP_REQUEST_EXEC,
		.u.command = sp_text(c->command) };
	enum sp_status status;

	status = sp_request_send(c->engine, channel, &exec, true);
	if (status != SP_OK)
		return status;
	return sp_channel_eof(c->engine, channel);
}

static void
show(struct client *c, const struct sp_event *event)
{
	uint32_t type = event->u.channel_data.type;
	struct sp_view data = event->u.channel_data.data;
	FILE *out = type == 0 ? stdout : stderr;

	fwrite(data.data, 1, data.len, out);
	sp_channel_took(c->engine, event->channel, data.len);
	/* What came while a request of the server's was open. */
	data = sp_channel_queue(c->engine, event->channel, type);
	fwrite(data.data, 1, data.len, out);
	sp_channel_consume(c->engine, event->channel, type, data.len);
}

static enum sp_status
hear(struct client *c, const struct sp_event *event)
{
	struct sp_request request;

	if (sp_request_read(event, &request) == SP_OK) {
		if (request.kind == SP_REQUEST_EXIT_STATUS)
			c->exit_status = (int)(request.u.exit_status & 255);
		if (request.kind == SP_REQUEST_EXIT_SIGNAL)
			fprintf(stderr, "killed by SIG%.*s\n",
			    (int)request.u.exit_signal.name.len,
			    (const char *)request.u.exit_signal.name.data);
	}
	if (event->token == 0)
		return SP_OK;
	return sp_channel_answer(c->engine, event->token, false);
}

static enum sp_status
act(struct client *c, const struct sp_event *event)
{
	const struct sp_view nothing = { NULL, 0 };

	switch (event->kind) {
	case SP_EVENT_HOST_KEY:
		return check_host(c, event);
	case SP_EVENT_AUTH_READY:
		return sp_auth_publickey(c->engine, c->user,
		    sp_key_algorithm(c->key), sp_key_blob(c->key), false);
	case SP_EVENT_AUTH_SIGN:
		return sign(c, event);
	case SP_EVENT_AUTH_FAILED:
		die(c->user, "the server does not take the key");
	case SP_EVENT_AUTHENTICATED:
		return open_session(c);
	case SP_EVENT_CHANNEL_CONFIRMED:
		return start_command(c, event->channel);
	case SP_EVENT_CHANNEL_REFUSED:
		die("the server", "opens no session");
	case SP_EVENT_CHANNEL_REPLY:
		if (!event->u.channel_reply.success)
			die(c->command, "the server refuses the command");
		return SP_OK;
	case SP_EVENT_CHANNEL_DATA:
		show(c, event);
		return SP_OK;
	case SP_EVENT_CHANNEL_REQUEST:
		return hear(c, event);
	case SP_EVENT_CHANNEL_CLOSED:
		sp_engine_disconnect(
		    c->engine, SP_DISCONNECT_BY_APPLICATION, "done");
		return SP_OK;
	case SP_EVENT_CHANNEL_OPEN:
		return sp_channel_refuse(c->engine, event->token,
		    SP_OPEN_ADMINISTRATIVELY_PROHIBITED, "not here");
	case SP_EVENT_GLOBAL_REQUEST:
		if (event->token == 0)
			return SP_OK;
		return sp_global_answer(
		    c->engine, event->token, false, nothing);
	case SP_EVENT_CLOSED:
		c->is_closed = true;
		if (event->u.closed.status != SP_ERR_BY_APPLICATION)
			fprintf(stderr, "connection: %s\n",
			    sp_status_text(event->u.closed.status));
		return SP_OK;
	default:
		return SP_OK;
	}
}

/* ---- the loop ---- */

static void
drain_events(struct client *c)
{
	struct sp_event event;
	enum sp_status status;

	while (sp_engine_next_event(c->engine, &event)) {
		status = act(c, &event);
		if (status != SP_OK)
			die("connection", sp_status_text(status));
	}
}

static void
move_bytes(struct client *c, int fd)
{
	uint8_t *room;
	size_t size = sp_engine_input_room(c->engine, &room);
	struct sp_view output = sp_engine_output(c->engine);
	struct pollfd polled = { .fd = fd };
	ssize_t n;

	polled.events =
	    (short)((size > 0 ? POLLIN : 0) | (output.len > 0 ? POLLOUT : 0));
	if (poll(&polled, 1, 1000) < 0)
		die("connection", "cannot be watched");
	if (polled.revents & POLLOUT) {
		n = send(fd, output.data, output.len, MSG_NOSIGNAL);
		if (n < 0)
			die("connection", "lost");
		sp_engine_output_sent(c->engine, (size_t)n);
	} else if (size > 0 && polled.revents != 0) {
		n = recv(fd, room, size, 0);
		if (n > 0)
			sp_engine_input(c->engine, (size_t)n);
		else
			sp_engine_input_eof(c->engine);
	}
	sp_engine_set_time(c->engine, now_ms());
}

int
main(int argc, char **argv)
{
	struct sp_engine_config config = { .role = SP_CLIENT };
	struct client c = { .exit_status = 255 };
	enum sp_status status;
	int fd;

	if (argc != 7)
		die("usage", "HOST PORT USER KEYFILE FINGERPRINT COMMAND");
	c.user = argv[3];
	c.fingerprint = argv[5];
	c.command = argv[6];
	c.crypto = sp_crypto_new();
	if (c.crypto == NULL)
		die("OpenSSL", "an algorithm is missing");
	c.key = read_key(c.crypto, argv[4]);
	config.crypto = c.crypto;
	config.now_ms = now_ms();
	status = sp_engine_new(&config, &c.engine);
	if (status == SP_OK)
		status = sp_engine_enable_connection(c.engine);
	if (status != SP_OK)
		die("engine", sp_status_text(status));
	fd = connect_to(argv[1], argv[2]);
	for (;;) {
		drain_events(&c);
		if (c.is_closed && sp_engine_output(c.engine).len == 0)
			break;
		move_bytes(&c, fd);
	}
	close(fd);
	sp_engine_free(c.engine);
	sp_key_free(c.key);
	sp_crypto_free(c.crypto);
	return c.exit_status;
}
