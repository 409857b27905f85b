/*
 * An SSH client on our own engine, to meet servers that are not ours: logs
 * in, runs one command with what is on standard input, and ends with its
 * exit status, or with 255 and a line that says why not.
 */
#include "lib/crypto/cipher.h"
#include "lib/crypto/mac.h"
#include "lib/pubkey/pubkey.h"
#include "lib/pump/pump.h"
#include "lib/transport/compression.h"
#include "lib/transport/kexmethod.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FAILED = 255 };
enum { FILE_MAX = 64 * 1024, INPUT_MAX = 64 * 1024 * 1024 };

enum method { NONE, PUBLICKEY, PASSWORD, KEYBOARD };

/* What the command line asks for. */
static struct {
	uint16_t port;
	const char *user;
	const char *command;
	enum method method;
	const char *password; /* and the answer to every prompt */
	struct sp_key *key;
	const char *signature; /* what the key signs with */
	struct sp_algorithms algorithms;
	uint64_t rekey_bytes;
	const char *host_key; /* the line of the server's key */
	FILE *notes; /* a line for each key exchange */
} options = { .user = "root" };

struct call {
	struct pump *pump;
	struct pump_waiter waiter;
	uint32_t channel;
	struct buffer input; /* what was not sent yet */
	bool is_sending;
	int status; /* what we end with */
};

static struct sp_crypto *crypto;
static struct event_base *base;

__attribute__((format(printf, 1, 2), noreturn)) static void
die(const char *format, ...)
{
	va_list args;

	fputs("caller: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(FAILED);
}

static void
check(enum sp_status status, const char *what)
{
	if (status != SP_OK)
		die("%s: %s", what, sp_status_text(status));
}

/* ---- the session ---- */

/* As much as window and output take; then waits for either. */
static void
send_input(struct call *call)
{
	struct sp_engine *e = pump_engine(call->pump);
	size_t taken;

	if (!call->is_sending)
		return;
	while (buffer_len(&call->input) > 0) {
		check(sp_channel_write(e, call->channel, 0,
			  buffer_view(&call->input), &taken),
		    "write");
		if (taken == 0) {
			pump_wait(call->pump, &call->waiter);
			return;
		}
		buffer_consume(&call->input, taken);
	}
	call->is_sending = false;
	check(sp_channel_eof(e, call->channel), "eof");
}

static void
resume(struct pump_waiter *waiter)
{
	struct call *call =
	    (struct call *)((char *)waiter - offsetof(struct call, waiter));

	send_input(call);
	pump_kick(call->pump);
}

static void
request_exec(struct call *call)
{
	struct buffer b;
	struct writer w;

	buffer_init(&b, FILE_MAX);
	writer_init(&w, &b);
	writer_cstring(&w, options.command);
	check(writer_finish(&w), "exec");
	check(sp_channel_request(pump_engine(call->pump), call->channel, "exec",
		  true, buffer_view(&b)),
	    "exec");
	buffer_clear(&b);
}

static void
on_reply(struct call *call, const struct sp_event *event)
{
	if (!event->u.channel_reply.success)
		die("the server does not run commands");
	call->is_sending = true;
	send_input(call);
}

static void
on_data(struct call *call, const struct sp_event *event)
{
	struct sp_view data = event->u.channel_data.data;
	FILE *to = event->u.channel_data.type == 0 ? stdout : stderr;

	if (fwrite(data.data, 1, data.len, to) != data.len)
		die("output: %s", strerror(errno));
	sp_channel_took(pump_engine(call->pump), event->channel, data.len);
}

static void
on_request(struct call *call, const struct sp_event *event)
{
	struct sp_view name = event->u.channel_request.name;
	struct reader r;

	reader_init(&r, event->u.channel_request.data);
	if (view_equal_string(name, "exit-status")) {
		call->status = (int)reader_u32(&r);
		check(reader_finish(&r), "exit-status");
	} else if (view_equal_string(name, "exit-signal")) {
		struct sp_view by = reader_string(&r);

		fprintf(stderr, "caller: ended by SIG%.*s\n", (int)by.len,
		    (const char *)by.data);
	}
	if (event->token != 0)
		check(sp_channel_answer(
			  pump_engine(call->pump), event->token, false),
		    "answer");
}

/* ---- getting in ---- */

static void
judge_host_key(struct call *call, const struct sp_event *event)
{
	struct sp_key_line line;
	bool is_right;

	check(sp_key_parse_line(view_of_string(options.host_key), &line),
	    "the host key's line");
	is_right = sp_key_line_is(&line, event->u.host_key.blob);
	if (!is_right)
		fputs("caller: the host key is another\n", stderr);
	check(
	    sp_host_key_answer(pump_engine(call->pump), event->token, is_right),
	    "host key");
}

static void
authenticate(struct call *call)
{
	struct sp_engine *e = pump_engine(call->pump);
	enum sp_status status = SP_ERR_STATE;

	switch (options.method) {
	case NONE:
		status = sp_auth_none(e, options.user);
		break;
	case PUBLICKEY:
		status = sp_auth_publickey(e, options.user, options.signature,
		    sp_key_blob(options.key), true);
		break;
	case PASSWORD:
		status = sp_auth_password(
		    e, options.user, view_of_string(options.password), NULL);
		break;
	case KEYBOARD:
		status = sp_auth_keyboard_interactive(e, options.user, "");
		break;
	}
	check(status, "authentication");
}

static void
prove(struct call *call)
{
	check(sp_auth_publickey(pump_engine(call->pump), options.user,
		  options.signature, sp_key_blob(options.key), false),
	    "publickey");
}

static void
sign(struct call *call, const struct sp_event *event)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	check(sp_key_sign(options.key, options.signature,
		  event->u.auth_sign.data, signature, &len),
	    "sign");
	check(sp_auth_signed(pump_engine(call->pump), event->token,
		  view_of(signature, len)),
	    "sign");
}

static void
respond(struct call *call, const struct sp_event *event)
{
	struct sp_view responses[32];
	size_t count = event->u.auth_prompt.count;

	if (count > sizeof responses / sizeof responses[0])
		die("the server has %zu prompts", count);
	for (size_t i = 0; i < count; i++)
		responses[i] = view_of_string(options.password);
	check(sp_auth_respond(
		  pump_engine(call->pump), event->token, responses, count),
	    "respond");
}

static void
note_exchange(const struct sp_event *event)
{
	const struct sp_view *named[] = { &event->u.kex.method,
		&event->u.kex.host_key_algorithm, &event->u.kex.cipher_out,
		&event->u.kex.mac_out, &event->u.kex.compression_out };
	static const char *const names[] = { "kex", "host_key", "cipher", "mac",
		"compression" };

	if (options.notes == NULL)
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		fprintf(options.notes, "%s=%.*s%c", names[i],
		    (int)named[i]->len, (const char *)named[i]->data,
		    i + 1 < sizeof names / sizeof names[0] ? ' ' : '\n');
}

/* ---- the connection ---- */

static void
on_closed(struct call *call, const struct sp_event *event)
{
	if (event->u.closed.status == SP_ERR_BY_APPLICATION &&
	    !event->u.closed.by_peer)
		return;
	fprintf(stderr, "caller: %s: %.*s\n",
	    sp_status_text(event->u.closed.status),
	    (int)event->u.closed.description.len,
	    (const char *)event->u.closed.description.data);
	call->status = FAILED;
}

static void
on_login_event(struct call *call, const struct sp_event *event)
{
	struct sp_engine *e = pump_engine(call->pump);

	switch (event->kind) {
	case SP_EVENT_HOST_KEY:
		judge_host_key(call, event);
		break;
	case SP_EVENT_AUTH_READY:
		authenticate(call);
		break;
	case SP_EVENT_AUTH_KEY_OK:
		prove(call);
		break;
	case SP_EVENT_AUTH_SIGN:
		sign(call, event);
		break;
	case SP_EVENT_AUTH_PROMPT:
		respond(call, event);
		break;
	case SP_EVENT_AUTH_FAILED:
		die("refused; the server takes %.*s",
		    (int)event->u.auth_failed.methods.len,
		    (const char *)event->u.auth_failed.methods.data);
	case SP_EVENT_AUTHENTICATED:
		check(sp_channel_open(
			  e, "session", view_of(NULL, 0), &call->channel),
		    "open a channel");
		break;
	case SP_EVENT_GLOBAL_REQUEST:
		if (event->token != 0)
			check(sp_global_answer(
				  e, event->token, false, view_of(NULL, 0)),
			    "answer");
		break;
	default:
		break;
	}
}

static void
on_event(struct pump *pump, const struct sp_event *event, void *arg)
{
	struct call *call = arg;

	switch (event->kind) {
	case SP_EVENT_KEX_DONE:
		note_exchange(event);
		send_input(call);
		break;
	case SP_EVENT_CHANNEL_CONFIRMED:
		request_exec(call);
		break;
	case SP_EVENT_CHANNEL_REFUSED:
		die("the server opens no session");
	case SP_EVENT_CHANNEL_REPLY:
		on_reply(call, event);
		break;
	case SP_EVENT_CHANNEL_REQUEST:
		on_request(call, event);
		break;
	case SP_EVENT_CHANNEL_DATA:
		on_data(call, event);
		break;
	case SP_EVENT_CHANNEL_WRITABLE:
		send_input(call);
		break;
	case SP_EVENT_CHANNEL_CLOSED:
		call->is_sending = false;
		sp_engine_disconnect(
		    pump_engine(pump), SP_DISCONNECT_BY_APPLICATION, "done");
		break;
	case SP_EVENT_CLOSED:
		call->is_sending = false;
		on_closed(call, event);
		break;
	default:
		on_login_event(call, event);
		break;
	}
}

static void
on_over(struct pump *pump, void *arg)
{
	struct call *call = arg;

	if (call->waiter.is_waiting)
		pump_unwait(pump, &call->waiter);
	event_base_loopbreak(base);
}

static const struct pump_owner owner = { .event = on_event, .over = on_over };

static int
open_socket(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(options.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect: %s", strerror(errno));
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	fcntl(s, F_SETFL, O_NONBLOCK);
	return s;
}

static int
make_call(struct call *call)
{
	struct sp_engine_config config = {
		.role = SP_CLIENT,
		.crypto = crypto,
		.algorithms = options.algorithms,
		.rekey_bytes = options.rekey_bytes,
		.now_ms = pump_now(),
	};
	struct sp_engine *e;

	check(sp_engine_new(&config, &e), "engine");
	check(sp_engine_enable_connection(e), "engine");
	call->waiter.resume = resume;
	call->status = FAILED;
	call->pump = pump_new(base, open_socket(), e, &owner, call);
	if (call->pump == NULL)
		die("out of memory");
	pump_kick(call->pump);
	event_base_dispatch(base);
	pump_free(call->pump);
	return call->status;
}

/* ---- the command line ---- */

static void
read_all(FILE *f, struct buffer *b)
{
	uint8_t block[4096];
	size_t n;

	while ((n = fread(block, 1, sizeof block, f)) > 0)
		check(buffer_append(b, view_of(block, n)), "input");
	if (ferror(f))
		die("input: %s", strerror(errno));
}

static void
load_key(const char *path)
{
	FILE *f = fopen(path, "re");
	struct buffer text;

	if (f == NULL)
		die("%s: %s", path, strerror(errno));
	buffer_init(&text, FILE_MAX);
	read_all(f, &text);
	fclose(f);
	check(
	    sp_key_parse(crypto, buffer_view(&text), NULL, &options.key), path);
	buffer_clear(&text);
	options.method = PUBLICKEY;
}

/* Every algorithm of a kind there is, as a name-list. */
__attribute__((noreturn)) static void
list(const char *kind)
{
	static const struct {
		const char *kind;
		algorithm_row *row;
	} tables[] = { { "kex", kexmethod_row },
		{ "host_key", pubkey_host_row },
		{ "user_key", pubkey_user_row }, { "cipher", cipher_row },
		{ "mac", mac_row }, { "compression", compression_row } };
	struct buffer names;

	buffer_init(&names, FILE_MAX);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (strcmp(tables[i].kind, kind) == 0)
			check(algorithm_names(
				  tables[i].row, ALGORITHM_ASK, &names),
			    kind);
	printf("%.*s\n", (int)buffer_len(&names),
	    (const char *)buffer_view(&names).data);
	buffer_clear(&names);
	exit(0);
}

static void
answer_with(enum method method, const char *password)
{
	options.method = method;
	options.password = password;
}

static bool
parse_algorithms(int option)
{
	struct sp_algorithms *all = &options.algorithms;

	switch (option) {
	case 'k':
		all->kex = optarg;
		return true;
	case 'h':
		all->host_key = optarg;
		return true;
	case 'c':
		all->cipher = optarg;
		return true;
	case 'm':
		all->mac = optarg;
		return true;
	case 'z':
		all->compression = optarg;
		return true;
	default:
		return false;
	}
}

static void
parse_option(int option)
{
	switch (option) {
	case 'p':
		options.port = (uint16_t)strtoul(optarg, NULL, 10);
		break;
	case 'u':
		options.user = optarg;
		break;
	case 'H':
		options.host_key = optarg;
		break;
	case 'i':
		load_key(optarg);
		break;
	case 's':
		options.signature = optarg;
		break;
	case 'w':
		answer_with(PASSWORD, optarg);
		break;
	case 'K':
		answer_with(KEYBOARD, optarg);
		break;
	case 'r':
		options.rekey_bytes = strtoull(optarg, NULL, 10);
		break;
	case 'n':
		options.notes = fopen(optarg, "we");
		if (options.notes == NULL)
			die("%s: %s", optarg, strerror(errno));
		break;
	case 'Q':
		list(optarg);
	default:
		if (!parse_algorithms(option))
			exit(FAILED);
	}
}

static void
parse_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(
		    argc, argv, "p:u:H:i:s:w:K:r:n:Q:k:h:c:m:z:")) != -1)
		parse_option(option);
	if (options.port == 0 || options.host_key == NULL || optind + 1 != argc)
		die("usage: caller -p PORT -H HOSTKEYLINE [-u USER]\n"
		    "    [-i KEYFILE [-s ALGORITHM] | -w PASSWORD | -K "
		    "ANSWER]\n"
		    "    [-k KEX] [-h HOSTKEY] [-c CIPHER] [-m MAC] "
		    "[-z COMPRESSION]\n"
		    "    [-r REKEYBYTES] [-n NOTES] COMMAND\n"
		    "or: caller -Q kex|host_key|user_key|cipher|mac|"
		    "compression");
	options.command = argv[optind];
	if (options.key != NULL && options.signature == NULL)
		options.signature = sp_key_type(options.key);
}

int
main(int argc, char **argv)
{
	struct call call = { .pump = NULL };
	int status;

	crypto = sp_crypto_new();
	base = event_base_new();
	if (crypto == NULL || base == NULL)
		die("out of memory");
	parse_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	buffer_init(&call.input, INPUT_MAX);
	read_all(stdin, &call.input);
	status = make_call(&call);
	if (fflush(stdout) != 0)
		die("output: %s", strerror(errno));
	if (options.notes != NULL)
		fclose(options.notes);
	buffer_clear(&call.input);
	sp_key_free(options.key);
	event_base_free(base);
	sp_crypto_free(crypto);
	return status;
}
