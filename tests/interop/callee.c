/*
 * An SSH server on our own engine, to meet clients that are not ours and
 * what the daemon has no module for: lets in who has a listed key, or a
 * certificate of an authority it trusts; every command is a mirror of what
 * it is sent, with a line on standard error and 7 as its exit status. So is
 * each channel that would lead elsewhere; who asks for such channels from
 * here gets one, at once, and a line on it that is to come back.
 */
#include "lib/pubkey/pubkey.h"
#include "lib/pump/pump.h"
#include "tests/endpoint.h"
#include "tests/interop/authority.h"
#include "tests/interop/invocation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <sallyport/connection.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { MIRRORED = 7, HOST_KEYS_MAX = 16 };

static const char usage[] =
    "usage: callee -p PORT -u USER -H HOSTKEYFILE... [-D CERTIFICATEFILE...]\n"
    "    [-a KEYLINES] [-T AUTHORITYLINES] [-n NOTES] [-k KEX] [-h HOSTKEY]\n"
    "    [-s USERKEY] [-c CIPHER] [-m MAC] [-z COMPRESSION] [-r REKEYBYTES]";

/* Shown as what it is; an RSA key once for each algorithm of it. */
struct host {
	struct sp_key *key;
	struct sp_view blob; /* the key's, or a certificate's */
};

static struct invocation options;
static struct host hosts[HOST_KEYS_MAX];
static struct sp_host_key host_keys[HOST_KEYS_MAX];
static size_t host_count;
static const char *key_lines; /* of those who are let in */
static const char *authority_lines; /* of those whose word is taken */
static FILE *notes; /* a line for each who was let in */
static const char *user_key; /* what users' keys are said to sign with */

struct visit {
	struct pump *pump;
	struct pump_waiter waiter;
	uint32_t channel;
	bool has_command;
	bool has_ended; /* the client sends no more */
	bool is_done;
	bool is_detour; /* no session: it has no exit status */
	bool is_own; /* we opened it */
	struct event visitor; /* for whom one is opened */
	struct sp_open open;
	uint8_t text[256]; /* its address */
	struct sp_view last; /* what is left of the line at the end */
};

static struct sp_crypto *crypto;
static struct event_base *base;

/* ---- who we are ---- */

static void
add_host(struct sp_key *key, const char *algorithm, struct sp_view blob)
{
	if (host_count == HOST_KEYS_MAX || algorithm == NULL)
		endpoint_die("too many host keys, or an unknown one");
	hosts[host_count] = (struct host){ key, blob };
	host_keys[host_count] = (struct sp_host_key){ algorithm, blob };
	host_count++;
}

static void
add_host_key(const char *path)
{
	struct sp_key *key = endpoint_load_key(crypto, path);
	struct sp_view blob = sp_key_blob(key);

	add_host(key, sp_key_algorithm(key), blob);
	if (strcmp(sp_key_type(key), "ssh-rsa") == 0)
		add_host(key, "rsa-sha2-256", blob);
}

/* For the keys that were named before it. */
static void
add_certificate(const char *path)
{
	static uint8_t room[HOST_KEYS_MAX][16 * 1024];
	static size_t used;
	uint8_t key_room[4096];
	struct sp_certificate certificate;
	struct sp_key_line line;
	struct sp_view blob;
	size_t plain_count = host_count, len;

	if (used == HOST_KEYS_MAX)
		endpoint_die("too many certificates");
	endpoint_check(
	    sp_key_parse_line(sp_text(endpoint_text(path)), &line), path);
	endpoint_check(
	    sp_key_line_blob(&line, room[used], sizeof room[used], &len), path);
	blob = (struct sp_view){ room[used++], len };
	endpoint_check(sp_certificate_parse(blob, &certificate), path);
	endpoint_check(
	    sp_certificate_key(&certificate, key_room, sizeof key_room, &len),
	    path);
	for (size_t i = 0; i < plain_count; i++)
		if (sp_view_equal(
			hosts[i].blob, (struct sp_view){ key_room, len }))
			add_host(hosts[i].key,
			    pubkey_certificate_algorithm(
				host_keys[i].algorithm),
			    blob);
}

/* The hash is what the engine says it is: a gate would not be believed. */
static void
sign_exchange(struct sp_engine *e, const struct sp_event *event)
{
	struct sp_view name = event->u.sign_exchange.host_key_algorithm;
	const char *plain = sp_certificate_algorithm(name);
	uint8_t signature[SP_SIGNATURE_MAX];
	char algorithm[64];
	size_t len;

	snprintf(algorithm, sizeof algorithm, "%.*s",
	    plain != NULL ? (int)strlen(plain) : (int)name.len,
	    plain != NULL ? plain : (const char *)name.data);
	for (size_t i = 0; i < host_count; i++)
		if (sp_view_is(name, host_keys[i].algorithm)) {
			endpoint_check(
			    sp_key_sign(hosts[i].key, algorithm,
				event->u.sign_exchange.hash, signature, &len),
			    "sign");
			endpoint_check(sp_exchange_signed(e, event->token,
					   (struct sp_view){ signature, len }),
			    "sign");
			return;
		}
	endpoint_die("no key for the exchange");
}

/* ---- who is let in ---- */

static void
note(struct sp_view algorithm, struct sp_view by)
{
	if (notes == NULL)
		return;
	fprintf(notes, "user_key=%.*s authority=%.*s\n", (int)algorithm.len,
	    (const char *)algorithm.data, (int)by.len, (const char *)by.data);
	fflush(notes);
}

/* The algorithm a signature names. */
static struct sp_view
algorithm_of(struct sp_view signature)
{
	struct reader r;

	reader_init(&r, signature);
	return reader_string(&r);
}

/* Whether a signature, where there is one, is the key's. */
static bool
has_signed(
    const struct sp_event *event, struct sp_view key, struct sp_view algorithm)
{
	enum sp_status status;

	if (!event->u.auth_request.is_signed)
		return true;
	status = sp_key_verify(crypto, key, algorithm,
	    event->u.auth_request.signed_data, event->u.auth_request.signature);
	if (status != SP_OK)
		fprintf(stderr, "callee: %s\n", sp_status_text(status));
	return status == SP_OK;
}

static bool
is_certified(const struct sp_event *event, struct sp_view algorithm)
{
	struct sp_certificate certificate;
	uint8_t key[8192];
	const char *why;
	size_t len;

	if (!authority_certifies(crypto, authority_lines, SP_CERTIFICATE_USER,
		options.user, event->u.auth_request.key, &certificate, &why)) {
		fprintf(stderr, "callee: %s\n", why);
		return false;
	}
	endpoint_check(
	    sp_certificate_key(&certificate, key, sizeof key, &len), "key");
	if (!has_signed(event, (struct sp_view){ key, len }, algorithm))
		return false;
	if (event->u.auth_request.is_signed)
		note(event->u.auth_request.key_algorithm,
		    algorithm_of(certificate.signature));
	return true;
}

static bool
is_welcome(const struct sp_event *event)
{
	struct sp_view name = event->u.auth_request.key_algorithm;
	const char *plain = sp_certificate_algorithm(name);

	if (!sp_view_is(event->u.auth_request.method, "publickey") ||
	    !sp_view_is(event->u.auth_request.user, options.user))
		return false;
	if (plain != NULL)
		return is_certified(event, sp_text(plain));
	if (!authority_lists(key_lines, event->u.auth_request.key) ||
	    !has_signed(event, event->u.auth_request.key, name))
		return false;
	if (event->u.auth_request.is_signed)
		note(name, sp_text(""));
	return true;
}

static void
judge(struct sp_engine *e, const struct sp_event *event)
{
	bool is_in = is_welcome(event);
	enum sp_status status;

	if (!is_in)
		status = sp_auth_fail(e, event->token, "publickey", false);
	else if (event->u.auth_request.is_signed)
		status = sp_auth_accept(e, event->token);
	else
		status = sp_auth_key_ok(e, event->token);
	endpoint_check(status, "authentication");
}

/* ---- the mirror ---- */

static void
finish(struct visit *v)
{
	struct sp_engine *e = pump_engine(v->pump);
	const struct sp_request status = { .kind = SP_REQUEST_EXIT_STATUS,
		.u.exit_status = MIRRORED };

	v->is_done = true;
	if (!v->is_detour)
		endpoint_check(sp_request_send(e, v->channel, &status, false),
		    "exit status");
	endpoint_check(sp_channel_eof(e, v->channel), "eof");
	endpoint_check(sp_channel_close(e, v->channel), "close");
}

/* As much as window and output take of a stream; false: there is more. */
static bool
send_some(struct visit *v, uint32_t type, struct sp_view data, size_t *sent)
{
	endpoint_check(sp_channel_write(
			   pump_engine(v->pump), v->channel, type, data, sent),
	    "write");
	if (*sent < data.len)
		pump_wait(v->pump, &v->waiter);
	return *sent == data.len;
}

static void
reflect(struct visit *v)
{
	struct sp_engine *e = pump_engine(v->pump);
	struct sp_view waiting;
	size_t sent;

	if (!v->has_command || v->is_done || v->is_own)
		return;
	while ((waiting = sp_channel_queue(e, v->channel, 0)).len > 0) {
		bool is_all = send_some(v, 0, waiting, &sent);

		sp_channel_consume(e, v->channel, 0, sent);
		if (!is_all)
			return;
	}
	if (!v->has_ended)
		return;
	if (!v->is_detour && !send_some(v, 1, v->last, &sent)) {
		v->last.data += sent;
		v->last.len -= sent;
		return;
	}
	finish(v);
}

static void
resume(struct pump_waiter *waiter)
{
	struct visit *v =
	    (struct visit *)((char *)waiter - offsetof(struct visit, waiter));

	reflect(v);
	pump_kick(v->pump);
}

static void
on_request(struct visit *v, const struct sp_event *event)
{
	struct sp_request request;
	bool is_exec = sp_request_read(event, &request) == SP_OK &&
	    request.kind == SP_REQUEST_EXEC && !v->has_command;

	if (is_exec)
		v->has_command = true;
	if (event->token != 0)
		endpoint_check(sp_channel_answer(
				   pump_engine(v->pump), event->token, is_exec),
		    "answer");
	reflect(v);
}

/* ---- channels that are no sessions ---- */

static void
note_channel(const char *type, struct sp_view target, uint32_t port)
{
	if (notes == NULL)
		return;
	fprintf(notes, "%s %.*s %u\n", type, (int)target.len,
	    (const char *)target.data, (unsigned)port);
	fflush(notes);
}

/* False for what leads nowhere. */
static bool
is_detour(const struct sp_event *event)
{
	struct sp_open open;

	if (sp_open_read(event, &open) != SP_OK)
		return false;
	if (open.type == SP_CHANNEL_DIRECT_TCPIP)
		note_channel(
		    "direct-tcpip", open.u.tcpip.address, open.u.tcpip.port);
	else if (open.type == SP_CHANNEL_DIRECT_STREAMLOCAL)
		note_channel("direct-streamlocal@openssh.com", open.u.path, 0);
	else
		return false;
	return true;
}

/* What was asked for is in the visit: the visitor comes a little later. */
static void
on_visitor_there(evutil_socket_t fd, short what, void *arg)
{
	struct visit *v = arg;

	(void)fd, (void)what;
	v->is_own = true;
	endpoint_check(
	    sp_open_send(pump_engine(v->pump), &v->open, &v->channel), "open");
	pump_kick(v->pump);
}

static struct sp_view
keep_text(struct visit *v, struct sp_view text)
{
	if (text.len > sizeof v->text)
		endpoint_die("an address is too long");
	memcpy(v->text, text.data, text.len);
	return (struct sp_view){ v->text, text.len };
}

static enum sp_status
answer_forward(struct visit *v, const struct sp_event *event,
    const struct sp_tcpip_forward *forward)
{
	uint32_t chosen = forward->port == 0 ? 4242 : 0;

	v->open = (struct sp_open){
		.type = SP_CHANNEL_FORWARDED_TCPIP,
		.u.tcpip = { keep_text(v, forward->address),
		    chosen == 0 ? forward->port : chosen, sp_text("192.0.2.7"),
		    4711 },
	};
	return sp_forward_port_answer(
	    pump_engine(v->pump), event->token, chosen);
}

static enum sp_status
answer_path(struct visit *v, const struct sp_event *event, struct sp_view path)
{
	v->open = (struct sp_open){
		.type = SP_CHANNEL_FORWARDED_STREAMLOCAL,
		.u.path = keep_text(v, path),
	};
	return sp_global_answer(
	    pump_engine(v->pump), event->token, true, sp_text(""));
}

/* Asked for channels of this kind, we have a visitor for one. */
static bool
bring_visitor(struct visit *v, const struct sp_event *event)
{
	const struct timeval soon = { .tv_usec = 50000 };
	struct sp_global wish;

	if (sp_global_read(event, &wish) != SP_OK || v->channel != UINT32_MAX)
		return false;
	if (wish.kind == SP_GLOBAL_TCPIP_FORWARD)
		endpoint_check(
		    answer_forward(v, event, &wish.u.forward), "answer");
	else if (wish.kind == SP_GLOBAL_STREAMLOCAL_FORWARD)
		endpoint_check(answer_path(v, event, wish.u.path), "answer");
	else
		return false;
	event_add(&v->visitor, &soon);
	return true;
}

/* What the visitor says; the client's side is to send it back. */
static void
say_line(struct visit *v)
{
	struct sp_engine *e = pump_engine(v->pump);
	size_t sent;

	endpoint_check(sp_channel_write(e, v->channel, 0,
			   sp_text("a visitor's line\n"), &sent),
	    "write");
	endpoint_check(sp_channel_eof(e, v->channel), "eof");
}

static void
hear_line(struct visit *v)
{
	struct sp_engine *e = pump_engine(v->pump);
	struct sp_view line = sp_channel_queue(e, v->channel, 0);

	if (notes != NULL)
		fwrite(line.data, 1, line.len, notes);
	sp_channel_consume(e, v->channel, 0, line.len);
	if (notes != NULL)
		fflush(notes);
	endpoint_check(sp_channel_close(e, v->channel), "close");
}

/* ---- the connection ---- */

static void
open_channel(struct visit *v, const struct sp_event *event)
{
	struct sp_engine *e = pump_engine(v->pump);
	bool is_first = v->channel == UINT32_MAX;

	v->is_detour = is_first && is_detour(event);
	v->has_command = v->is_detour;
	if (!is_first ||
	    (!v->is_detour &&
		!sp_view_is(event->u.channel_open.type, "session"))) {
		endpoint_check(sp_channel_refuse(e, event->token,
				   SP_OPEN_UNKNOWN_CHANNEL_TYPE, "no"),
		    "open");
		return;
	}
	v->channel = event->channel;
	endpoint_check(sp_channel_accept(e, event->token), "open");
}

static void
on_event(struct pump *pump, const struct sp_event *event, void *arg)
{
	struct sp_engine *e = pump_engine(pump);
	struct visit *v = arg;

	switch (event->kind) {
	case SP_EVENT_SIGN_EXCHANGE:
		sign_exchange(e, event);
		break;
	case SP_EVENT_AUTH_REQUEST:
		judge(e, event);
		break;
	case SP_EVENT_CHANNEL_OPEN:
		open_channel(v, event);
		break;
	case SP_EVENT_CHANNEL_REQUEST:
		on_request(v, event);
		break;
	case SP_EVENT_CHANNEL_DATA:
		sp_channel_took(e, event->channel, 0);
		reflect(v);
		break;
	case SP_EVENT_KEX_DONE:
	case SP_EVENT_CHANNEL_WRITABLE:
		reflect(v);
		break;
	case SP_EVENT_CHANNEL_CONFIRMED:
		say_line(v);
		break;
	case SP_EVENT_CHANNEL_EOF:
		v->has_ended = true;
		if (v->is_own)
			hear_line(v);
		reflect(v);
		break;
	case SP_EVENT_CHANNEL_CLOSED:
		v->is_done = true;
		break;
	case SP_EVENT_GLOBAL_REQUEST:
		if (event->token != 0 && !bring_visitor(v, event))
			endpoint_check(sp_global_answer(
					   e, event->token, false, sp_text("")),
			    "answer");
		break;
	default:
		break;
	}
}

static void
on_over(struct pump *pump, void *arg)
{
	struct visit *v = arg;

	if (v->waiter.is_waiting)
		pump_unwait(pump, &v->waiter);
	event_del(&v->visitor);
	pump_free(pump);
	free(v);
}

static const struct pump_owner owner = { .event = on_event, .over = on_over };

static void
on_visitor(struct evconnlistener *listener, evutil_socket_t s,
    struct sockaddr *from, int len, void *arg)
{
	struct sp_engine_config config = {
		.role = SP_SERVER,
		.crypto = crypto,
		.algorithms = { .kex = options.kex,
		    .host_key = options.host_key,
		    .user_key = user_key,
		    .cipher = options.cipher,
		    .mac = options.mac,
		    .compression = options.compression },
		.host_keys = host_keys,
		.host_key_count = host_count,
		.now_ms = pump_now(),
	};
	struct visit *v = calloc(1, sizeof *v);
	struct sp_engine *e;

	(void)listener, (void)from, (void)len, (void)arg;
	if (v == NULL)
		endpoint_die("out of memory");
	if (options.rekey_bytes != NULL)
		config.rekey_bytes = strtoull(options.rekey_bytes, NULL, 10);
	v->channel = UINT32_MAX;
	v->last = sp_text("done\n");
	v->waiter.resume = resume;
	event_assign(&v->visitor, base, -1, 0, on_visitor_there, v);
	endpoint_check(sp_engine_new(&config, &e), "engine");
	endpoint_check(sp_engine_enable_connection(e), "engine");
	v->pump = pump_new(base, s, e, &owner, v);
	if (v->pump == NULL)
		endpoint_die("out of memory");
	pump_kick(v->pump);
}

/* ---- the command line ---- */

static void
take_option(int letter, const char *value)
{
	switch (letter) {
	case 'H':
		add_host_key(value);
		break;
	case 'D':
		add_certificate(value);
		break;
	case 'a':
		key_lines = endpoint_text(value);
		break;
	case 'T':
		authority_lines = endpoint_text(value);
		break;
	case 's':
		user_key = value;
		break;
	case 'n':
		notes = fopen(value, "ae");
		if (notes == NULL)
			endpoint_die("%s: %s", value, strerror(errno));
		break;
	default:
		break;
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	crypto = sp_crypto_new();
	base = event_base_new();
	if (crypto == NULL || base == NULL)
		endpoint_die("out of memory");
	invocation_parse(
	    &options, argc, argv, "H:D:a:T:s:n:", take_option, usage);
	if (options.user == NULL || host_count == 0)
		endpoint_die("%s", usage);
	signal(SIGPIPE, SIG_IGN);
	at.sin_port = htons((uint16_t)strtoul(options.port, NULL, 10));
	if (evconnlistener_new_bind(base, on_visitor, NULL,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
		    LEV_OPT_REUSEABLE,
		-1, (struct sockaddr *)&at, sizeof at) == NULL)
		endpoint_die("listen: %s", strerror(errno));
	event_base_dispatch(base);
	return 0;
}
