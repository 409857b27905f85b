/*
 * An SSH client on our own engine, to meet servers that are not ours: logs
 * in, runs one command with what is on standard input, and ends with its
 * exit status, or with 255 and a line that says why not. With -F it opens a
 * channel of another type in place of a session, and ends with 0 when that
 * has ended; or asks for one, says at which port, and mirrors it.
 */
#include "lib/crypto/cipher.h"
#include "lib/crypto/mac.h"
#include "lib/pubkey/pubkey.h"
#include "lib/pump/pump.h"
#include "lib/transport/compression.h"
#include "lib/transport/kexmethod.h"
#include "tests/endpoint.h"
#include "tests/interop/agent.h"
#include "tests/interop/authority.h"
#include "tests/interop/detour.h"
#include "tests/interop/invocation.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum method { NONE, PUBLICKEY, PASSWORD, KEYBOARD, HOSTBASED };

static const char usage[] =
    "usage: caller -p PORT -H HOSTKEYLINE | -T AUTHORITYLINE [-u USER]\n"
    "    [-i KEYFILE [-C CERTIFICATEFILE] [-s ALGORITHM] [-g AGENT] |\n"
    "    [-V CLIENTHOST -U CLIENTUSER [-o FILE | -O FILE]] |\n"
    "    -w PASSWORD | -K ANSWER] [-k KEX] [-h HOSTKEY] [-c CIPHER]\n"
    "    [-m MAC] [-z COMPRESSION] [-r REKEYBYTES] [-n NOTES]\n"
    "    [-F TYPE=TARGET] COMMAND\n"
    "or: caller -Q kex|host_key|user_key|cipher|mac|compression";

/* What the command line asks for. */
static struct invocation options;
static enum method method;
static const char *answer; /* the password, and to every prompt */
static const char *signature; /* what the key signs with */
static const char *host_key; /* the line of the server's key */
static const char *authority; /* the line of who certifies hosts */
static bool has_agent;
/* The key is this host's, which vouches for a user of its own. */
static const char *client_host, *client_user;
static const char *keep_in; /* a file for the signature */
static const char *take_from; /* a file with one to give in its place */
static FILE *notes; /* a line for each key exchange */
static struct detour detour; /* UNKNOWN: a session is opened */

static struct sp_key *key; /* NULL where an agent has it */
static struct sp_view blob; /* the key's, or its certificate's */
static struct sp_view held; /* the key's, where an agent has it */
static const char *algorithm; /* of the blob */

struct call {
	struct pump *pump;
	struct pump_waiter waiter;
	uint32_t channel;
	struct sp_view input; /* what was not sent yet */
	bool is_sending;
	int status; /* what we end with */
};

static struct sp_crypto *crypto;
static struct event_base *base;

/* ---- the session ---- */

/* As much as window and output take; then waits for either. */
static void
send_input(struct call *call)
{
	struct sp_engine *e = pump_engine(call->pump);
	size_t taken;

	if (!call->is_sending)
		return;
	while (call->input.len > 0) {
		endpoint_check(
		    sp_channel_write(e, call->channel, 0, call->input, &taken),
		    "write");
		if (taken == 0) {
			pump_wait(call->pump, &call->waiter);
			return;
		}
		call->input.data += taken;
		call->input.len -= taken;
	}
	call->is_sending = false;
	endpoint_check(sp_channel_eof(e, call->channel), "eof");
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
on_reply(struct call *call, const struct sp_event *event)
{
	if (!event->u.channel_reply.success)
		endpoint_die("the server does not run commands");
	call->is_sending = true;
	send_input(call);
}

static void
on_data(struct call *call, const struct sp_event *event)
{
	struct sp_view data = event->u.channel_data.data;
	FILE *to = event->u.channel_data.type == 0 ? stdout : stderr;

	if (fwrite(data.data, 1, data.len, to) != data.len)
		endpoint_die("output: %s", strerror(errno));
	sp_channel_took(pump_engine(call->pump), event->channel, data.len);
}

/* ---- channels that are no sessions ---- */

static void
tell_place(const struct sp_event *event)
{
	uint32_t port = 0;

	if (!event->u.global_reply.success)
		endpoint_die("the server forwards nothing");
	if (detour.type == SP_CHANNEL_FORWARDED_TCPIP)
		endpoint_check(sp_forward_port_read(event, &port), "port");
	printf("%u\n", (unsigned)port);
	fflush(stdout);
}

static void
take_channel(struct call *call, const struct sp_event *event)
{
	struct sp_engine *e = pump_engine(call->pump);

	if (!detour_is_expected(&detour, event))
		endpoint_die("the server opens what nobody asked for");
	endpoint_check(sp_channel_accept(e, event->token), "accept");
	call->channel = event->channel;
}

/* What comes is little: it fits the window. */
static void
mirror(struct call *call, const struct sp_event *event)
{
	struct sp_engine *e = pump_engine(call->pump);
	struct sp_view data = event->u.channel_data.data;
	size_t taken;

	endpoint_check(
	    sp_channel_write(e, event->channel, 0, data, &taken), "write");
	if (taken != data.len)
		endpoint_die("the window is smaller than a line");
	sp_channel_took(e, event->channel, data.len);
}

/* The other side has said all: so have we, or shall not. */
static void
on_eof(struct call *call, const struct sp_event *event)
{
	if (detour.type == SP_CHANNEL_UNKNOWN)
		return;
	call->is_sending = false;
	call->status = 0;
	endpoint_check(
	    sp_channel_close(pump_engine(call->pump), event->channel), "close");
}

static void
on_request(struct call *call, const struct sp_event *event)
{
	struct sp_view name = event->u.channel_request.name;
	struct reader r;

	reader_init(&r, event->u.channel_request.data);
	if (view_equal_string(name, "exit-status")) {
		call->status = (int)reader_u32(&r);
		endpoint_check(reader_finish(&r), "exit-status");
	} else if (view_equal_string(name, "exit-signal")) {
		struct sp_view by = reader_string(&r);

		fprintf(stderr, "caller: ended by SIG%.*s\n", (int)by.len,
		    (const char *)by.data);
	}
	if (event->token != 0)
		endpoint_check(sp_channel_answer(pump_engine(call->pump),
				   event->token, false),
		    "answer");
}

/* ---- getting in ---- */

static bool
is_believed(struct sp_view name, struct sp_view shown)
{
	const char *why = "the host key is another";
	struct sp_certificate certificate;

	if (sp_certificate_algorithm(name) == NULL
		? authority_lists(host_key, shown)
		: authority_certifies(crypto, authority, SP_CERTIFICATE_HOST,
		      "127.0.0.1", shown, &certificate, &why))
		return true;
	fprintf(stderr, "caller: %s\n", why);
	return false;
}

static void
judge_host_key(struct call *call, const struct sp_event *event)
{
	bool is_right =
	    is_believed(event->u.host_key.algorithm, event->u.host_key.blob);

	endpoint_check(
	    sp_host_key_answer(pump_engine(call->pump), event->token, is_right),
	    "host key");
}

static void
authenticate(struct call *call)
{
	struct sp_engine *e = pump_engine(call->pump);
	enum sp_status status = SP_ERR_STATE;

	switch (method) {
	case NONE:
		status = sp_auth_none(e, options.user);
		break;
	case PUBLICKEY:
		status =
		    sp_auth_publickey(e, options.user, algorithm, blob, true);
		break;
	case PASSWORD:
		status = sp_auth_password(
		    e, options.user, view_of_string(answer), NULL);
		break;
	case KEYBOARD:
		status = sp_auth_keyboard_interactive(e, options.user, "");
		break;
	case HOSTBASED:
		status = sp_auth_hostbased(
		    e, options.user, algorithm, blob, client_host, client_user);
		break;
	}
	endpoint_check(status, "authentication");
}

static void
keep_signature(const struct sp_event *event)
{
	uint8_t room[SP_SIGNATURE_MAX];
	FILE *file = fopen(keep_in, "we");
	size_t len;

	if (file == NULL)
		endpoint_die("%s: %s", keep_in, strerror(errno));
	endpoint_check(
	    sp_key_sign(key, signature, event->u.auth_sign.data, room, &len),
	    "sign");
	if (fwrite(room, 1, len, file) != len || fclose(file) != 0)
		endpoint_die("%s: %s", keep_in, strerror(errno));
}

/* One that was made before, of a session that is not this one. */
static void
give_kept(struct sp_engine *e, const struct sp_event *event)
{
	uint8_t room[SP_SIGNATURE_MAX];
	FILE *file = fopen(take_from, "re");
	size_t len;

	if (file == NULL)
		endpoint_die("%s: %s", take_from, strerror(errno));
	len = fread(room, 1, sizeof room, file);
	fclose(file);
	endpoint_check(
	    sp_auth_signed(e, event->token, view_of(room, len)), "sign");
}

static void
sign(struct call *call, const struct sp_event *event)
{
	struct sp_engine *e = pump_engine(call->pump);
	struct buffer signed_by_agent;

	if (take_from != NULL) {
		give_kept(e, event);
		return;
	}
	if (keep_in != NULL)
		keep_signature(event);
	if (!has_agent) {
		endpoint_sign(e, event, key, signature);
		return;
	}
	buffer_init(&signed_by_agent, ENDPOINT_FILE_MAX);
	agent_sign(held, signature, event->u.auth_sign.data, &signed_by_agent);
	endpoint_check(
	    sp_auth_signed(e, event->token, buffer_view(&signed_by_agent)),
	    "sign");
	buffer_clear(&signed_by_agent);
}

static void
respond(struct call *call, const struct sp_event *event)
{
	struct sp_view responses[32];
	size_t count = event->u.auth_prompt.count;

	if (count > sizeof responses / sizeof responses[0])
		endpoint_die("the server has %zu prompts", count);
	for (size_t i = 0; i < count; i++)
		responses[i] = view_of_string(answer);
	endpoint_check(sp_auth_respond(pump_engine(call->pump), event->token,
			   responses, count),
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

	if (notes == NULL)
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		fprintf(notes, "%s=%.*s%c", names[i], (int)named[i]->len,
		    (const char *)named[i]->data,
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
	call->status = ENDPOINT_FAILED;
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
		endpoint_check(
		    sp_auth_publickey(e, options.user, algorithm, blob, false),
		    "publickey");
		break;
	case SP_EVENT_AUTH_SIGN:
		sign(call, event);
		break;
	case SP_EVENT_AUTH_PROMPT:
		respond(call, event);
		break;
	case SP_EVENT_AUTH_FAILED:
		endpoint_die("refused; the server takes %.*s",
		    (int)event->u.auth_failed.methods.len,
		    (const char *)event->u.auth_failed.methods.data);
	case SP_EVENT_AUTHENTICATED:
		if (detour.type != SP_CHANNEL_UNKNOWN)
			detour_begin(e, &detour, &call->channel);
		else
			endpoint_check(sp_channel_open(e, "session",
					   view_of(NULL, 0), &call->channel),
			    "open a channel");
		break;
	case SP_EVENT_GLOBAL_REPLY:
		tell_place(event);
		break;
	case SP_EVENT_GLOBAL_REQUEST:
		if (event->token != 0)
			endpoint_check(sp_global_answer(e, event->token, false,
					   view_of(NULL, 0)),
			    "answer");
		break;
	default:
		break;
	}
}

static void
on_confirmed(struct call *call, const struct sp_event *event)
{
	if (detour.type == SP_CHANNEL_UNKNOWN) {
		endpoint_request_exec(
		    pump_engine(call->pump), event->channel, options.command);
		return;
	}
	call->is_sending = true;
	send_input(call);
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
		on_confirmed(call, event);
		break;
	case SP_EVENT_CHANNEL_REFUSED:
		endpoint_die("the server opens no such channel");
	case SP_EVENT_CHANNEL_OPEN:
		take_channel(call, event);
		break;
	case SP_EVENT_CHANNEL_EOF:
		on_eof(call, event);
		break;
	case SP_EVENT_CHANNEL_REPLY:
		on_reply(call, event);
		break;
	case SP_EVENT_CHANNEL_REQUEST:
		on_request(call, event);
		break;
	case SP_EVENT_CHANNEL_DATA:
		if (detour_is_asked_for(&detour))
			mirror(call, event);
		else
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
make_call(struct call *call)
{
	struct sp_engine_config config = {
		.role = SP_CLIENT,
		.crypto = crypto,
		.algorithms = { .kex = options.kex,
		    .host_key = options.host_key,
		    .cipher = options.cipher,
		    .mac = options.mac,
		    .compression = options.compression },
		.now_ms = pump_now(),
	};
	uint16_t port = (uint16_t)strtoul(options.port, NULL, 10);
	struct sp_engine *e;

	if (options.rekey_bytes != NULL)
		config.rekey_bytes = strtoull(options.rekey_bytes, NULL, 10);

	endpoint_check(sp_engine_new(&config, &e), "engine");
	endpoint_check(sp_engine_enable_connection(e), "engine");
	call->waiter.resume = resume;
	call->status = ENDPOINT_FAILED;
	call->pump =
	    pump_new(base, endpoint_connect(port, NULL), e, &owner, call);
	if (call->pump == NULL)
		endpoint_die("out of memory");
	pump_kick(call->pump);
	event_base_dispatch(base);
	pump_free(call->pump);
	return call->status;
}

/* ---- the command line ---- */

/* For as long as the program runs. */
static struct sp_view
load_blob(const char *path)
{
	uint8_t *room = malloc(ENDPOINT_FILE_MAX);
	struct sp_key_line line;
	size_t len;

	if (room == NULL)
		endpoint_die("out of memory");
	endpoint_check(
	    sp_key_parse_line(view_of_string(endpoint_text(path)), &line),
	    path);
	endpoint_check(
	    sp_key_line_blob(&line, room, ENDPOINT_FILE_MAX, &len), path);
	return view_of(room, len);
}

/* An agent's key is known by its public file. */
static void
load_key(void)
{
	method = PUBLICKEY;
	if (has_agent) {
		blob = held = load_blob(options.key);
	} else {
		key = endpoint_load_key(crypto, options.key);
		blob = sp_key_blob(key);
		if (signature == NULL)
			signature = sp_key_algorithm(key);
	}
	algorithm = signature;
	if (options.certificate != NULL) {
		blob = load_blob(options.certificate);
		algorithm = pubkey_certificate_algorithm(signature);
	}
	if (algorithm == NULL)
		endpoint_die("nothing to sign with");
	if (client_host != NULL && client_user != NULL)
		method = HOSTBASED;
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

	buffer_init(&names, ENDPOINT_FILE_MAX);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		if (strcmp(tables[i].kind, kind) == 0)
			endpoint_check(algorithm_names(tables[i].row,
					   ALGORITHM_ASK, &names),
			    kind);
	printf("%.*s\n", (int)buffer_len(&names),
	    (const char *)buffer_view(&names).data);
	buffer_clear(&names);
	exit(0);
}

static void
take_option(int letter, const char *value)
{
	switch (letter) {
	case 'H':
		host_key = value;
		break;
	case 'T':
		authority = value;
		break;
	case 's':
		signature = value;
		break;
	case 'g':
		has_agent = setenv("SSH_AUTH_SOCK", value, 1) == 0;
		break;
	case 'F':
		detour = detour_read(value);
		break;
	case 'V':
		client_host = value;
		break;
	case 'U':
		client_user = value;
		break;
	case 'o':
		keep_in = value;
		break;
	case 'O':
		take_from = value;
		break;
	case 'n':
		notes = fopen(value, "we");
		if (notes == NULL)
			endpoint_die("%s: %s", value, strerror(errno));
		break;
	case 'Q':
		list(value);
	default:
		break;
	}
}

static void
parse_options(int argc, char **argv)
{
	invocation_parse(
	    &options, argc, argv, "H:T:s:g:V:U:o:O:n:F:Q:", take_option, usage);
	if (options.command == NULL || (host_key == NULL && authority == NULL))
		endpoint_die("%s", usage);
	if (options.user == NULL)
		options.user = "root";
	if (options.password != NULL) {
		method = PASSWORD;
		answer = options.password;
	}
	if (options.answer != NULL) {
		method = KEYBOARD;
		answer = options.answer;
	}
	if (options.key != NULL)
		load_key();
}

int
main(int argc, char **argv)
{
	struct call call = { .pump = NULL };
	int status;

	crypto = sp_crypto_new();
	base = event_base_new();
	if (crypto == NULL || base == NULL)
		endpoint_die("out of memory");
	parse_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	call.input.data = (const uint8_t *)invocation_input(&call.input.len);
	status = make_call(&call);
	if (fflush(stdout) != 0)
		endpoint_die("output: %s", strerror(errno));
	if (notes != NULL)
		fclose(notes);
	sp_key_free(key);
	event_base_free(base);
	sp_crypto_free(crypto);
	return status;
}
