/*
 * A load of SFTP on our own engine, for the benchmark: one large file either
 * way with so many requests on their way at once, or many small files, so many
 * at once, or the names of a folder. The files are those of servers.py. Prints
 * one JSON object when it is done, as clients.c does.
 */
#include "lib/pubkey/pubkey.h"
#include "lib/pump/pump.h"
#include "lib/sftp/sftpframe.h"
#include "lib/wire/view.h"
#include "tests/endpoint.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum mode { GET, PUT, FETCH, STORE, LIST };

static const char *const mode_names[] = { "get", "put", "fetch", "store",
	"list" };

enum {
	REQUESTS_MAX = 1024,
	SMALL_SIZE = 1024,
	OUT_MAX = REQUESTS_MAX * (SFTPMESSAGE_MAX + 4),
};

/* What the command line asks for. */
static struct {
	enum mode mode;
	uint16_t port;
	const char *user;
	const char *cipher;
	uint64_t count; /* bytes, files, or times */
	uint32_t size; /* of a request's data */
	uint32_t requests; /* at once */
} options = {
	.user = "root",
	.count = 1,
	.size = 32768,
	.requests = 64,
};

/* A request on its way, whose id is its place. */
struct slot {
	enum sftpmessage_kind asked;
	uint32_t len; /* of data that was asked for, or sent */
	uint8_t handle[SFTPMESSAGE_HANDLE_MAX];
	size_t handle_len;
};

static struct sp_crypto *crypto;
static struct sp_key *key;
static struct event_base *base;
static struct pump *pump;
static struct pump_waiter waiter;
static uint32_t channel;
static struct sftpframe frame;
static struct buffer out; /* what the channel has not taken */
static struct slot slots[REQUESTS_MAX];
/* Bytes, files or times: begun, and done; and names. */
static uint64_t begun, done, names;
static uint64_t started_us, over_us;
static uint8_t zeros[SFTPMESSAGE_MAX];

/* Whether all requests are about one file, whose handle slot 0 has. */
static bool
is_bulk(void)
{
	return options.mode == GET || options.mode == PUT;
}

/* ---- what is asked ---- */

static void
flush(void)
{
	size_t taken;

	if (buffer_len(&out) == 0)
		return;
	endpoint_check(sp_channel_write(pump_engine(pump), channel, 0,
			   buffer_view(&out), &taken),
	    "write");
	buffer_consume(&out, taken);
	if (buffer_len(&out) > 0)
		pump_wait(pump, &waiter);
}

static void
resume(struct pump_waiter *w)
{
	(void)w;
	flush();
	pump_kick(pump);
}

static void
ask(struct slot *s, struct sftpmessage *m)
{
	m->id = (uint32_t)(s - slots);
	s->asked = m->kind;
	endpoint_check(sftpmessage_encode(&out, m), "encode");
}

static struct sp_view
handle_of(const struct slot *s)
{
	const struct slot *owner = is_bulk() ? &slots[0] : s;

	return view_of(owner->handle, owner->handle_len);
}

static void
ask_open(struct slot *s)
{
	char path[64];
	struct sftpmessage m = { .kind = SFTPMESSAGE_OPEN };
	unsigned long long number = begun;

	switch (options.mode) {
	case GET:
	case PUT:
		snprintf(path, sizeof path, "%s",
		    options.mode == GET ? "large" : "stored");
		break;
	case FETCH:
	case STORE:
		begun++;
		snprintf(path, sizeof path, "%s/%llu",
		    options.mode == FETCH ? "small" : "stored-small", number);
		break;
	case LIST:
		begun++;
		snprintf(path, sizeof path, "names");
		m.kind = SFTPMESSAGE_OPENDIR;
		break;
	}
	m.path = view_of_string(path);
	m.flags = options.mode == PUT || options.mode == STORE
	    ? SP_FILE_WRITE | SP_FILE_CREATE | SP_FILE_TRUNCATE
	    : SP_FILE_READ;
	ask(s, &m);
}

static void
ask_close(struct slot *s)
{
	struct sftpmessage m = { .kind = SFTPMESSAGE_CLOSE,
		.handle = handle_of(s) };

	ask(s, &m);
}

static void
ask_names(struct slot *s)
{
	struct sftpmessage m = { .kind = SFTPMESSAGE_READDIR,
		.handle = handle_of(s) };

	ask(s, &m);
}

/* The next part of the large file, or all of the small one. */
static void
ask_move(struct slot *s)
{
	bool is_up = options.mode == PUT || options.mode == STORE;
	struct sftpmessage m = {
		.kind = is_up ? SFTPMESSAGE_WRITE : SFTPMESSAGE_READ,
		.handle = handle_of(s),
	};

	s->len = SMALL_SIZE;
	if (is_bulk()) {
		uint64_t left = options.count - begun;

		s->len = left < options.size ? (uint32_t)left : options.size;
		m.offset = begun;
		begun += s->len;
	}
	if (is_up)
		m.data = view_of(zeros, s->len);
	else
		m.len = s->len;
	ask(s, &m);
}

static void
begin(void)
{
	uint32_t n = is_bulk() || options.mode == LIST ? 1 : options.requests;

	started_us = endpoint_now_us();
	for (uint32_t i = 0; i < n && (is_bulk() || begun < options.count); i++)
		ask_open(&slots[i]);
}

/* ---- what is answered ---- */

static void
expect(const struct sftpmessage *m, enum sftpmessage_kind kind)
{
	if (m->kind != kind ||
	    (kind == SFTPMESSAGE_STATUS && m->code != SP_FILE_OK))
		endpoint_die("the server answers %s (%u: %.*s)",
		    sftpmessage_name_of(m->kind), m->code, (int)m->text.len,
		    m->text.len == 0 ? "" : (const char *)m->text.data);
}

static void
on_handle(struct slot *s, const struct sftpmessage *m)
{
	expect(m, SFTPMESSAGE_HANDLE);
	memcpy(s->handle, m->handle.data, m->handle.len);
	s->handle_len = m->handle.len;
	if (options.mode == LIST) {
		ask_names(s);
		return;
	}
	ask_move(s);
	if (!is_bulk())
		return;
	for (uint32_t i = 1; i < options.requests && begun < options.count; i++)
		ask_move(&slots[i]);
}

static void
on_moved(struct slot *s)
{
	if (!is_bulk()) {
		ask_close(s);
		return;
	}
	done += s->len;
	if (begun < options.count)
		ask_move(s);
	else if (done == options.count)
		ask_close(&slots[0]);
}

static void
on_names(struct slot *s, const struct sftpmessage *m)
{
	if (m->kind == SFTPMESSAGE_STATUS && m->code == SP_FILE_EOF) {
		if (names == 0)
			endpoint_die("the folder is empty");
		ask_close(s);
		return;
	}
	expect(m, SFTPMESSAGE_NAME);
	names += m->count;
	ask_names(s);
}

static void
on_closed(struct slot *s, const struct sftpmessage *m)
{
	expect(m, SFTPMESSAGE_STATUS);
	if (!is_bulk())
		done++;
	if (!is_bulk() && begun < options.count) {
		ask_open(s);
	} else if (done == options.count) {
		over_us = endpoint_now_us();
		sp_engine_disconnect(pump_engine(pump), 11, "done");
	}
}

static void
on_message(const struct sftpmessage *m)
{
	struct slot *s = &slots[m->id % REQUESTS_MAX];

	if (m->kind == SFTPMESSAGE_VERSION) {
		begin();
		return;
	}
	switch (s->asked) {
	case SFTPMESSAGE_OPEN:
	case SFTPMESSAGE_OPENDIR:
		on_handle(s, m);
		break;
	case SFTPMESSAGE_READ:
		expect(m, SFTPMESSAGE_DATA);
		if (m->data.len != s->len)
			endpoint_die("the server reads %zu of %u bytes",
			    m->data.len, s->len);
		on_moved(s);
		break;
	case SFTPMESSAGE_WRITE:
		expect(m, SFTPMESSAGE_STATUS);
		on_moved(s);
		break;
	case SFTPMESSAGE_READDIR:
		on_names(s, m);
		break;
	default:
		on_closed(s, m);
		break;
	}
}

static void
on_data(struct sp_view input)
{
	size_t len = input.len;
	struct sftpmessage m;
	struct sp_view data;

	for (;;) {
		enum sftpframe_event event =
		    sftpframe_next(&frame, &input, &m, &data);

		if (event == SFTPFRAME_NOTHING)
			break;
		if (event != SFTPFRAME_MESSAGE)
			endpoint_die("the server's stream makes no sense");
		endpoint_check(sftpmessage_decode(&m, data, SFTPMESSAGE_SERVER,
				   SFTPMESSAGE_UNKNOWN),
		    "decode");
		on_message(&m);
	}
	sp_channel_took(pump_engine(pump), channel, len);
	flush();
}

/* ---- the connection ---- */

static void
on_event(struct pump *p, const struct sp_event *event, void *arg)
{
	const struct sp_request sftp = { .kind = SP_REQUEST_SUBSYSTEM,
		.u.subsystem = view_of_string("sftp") };
	struct sftpmessage init = { .kind = SFTPMESSAGE_INIT,
		.version = SFTPMESSAGE_PROTOCOL };
	struct sp_engine *e = pump_engine(p);

	(void)arg;
	switch (event->kind) {
	case SP_EVENT_HOST_KEY:
		endpoint_check(
		    sp_host_key_answer(e, event->token, true), "host key");
		break;
	case SP_EVENT_AUTH_READY:
		endpoint_check(sp_auth_publickey(e, options.user,
				   sp_key_type(key), sp_key_blob(key), false),
		    "authentication");
		break;
	case SP_EVENT_AUTH_SIGN:
		endpoint_sign(e, event, key, sp_key_type(key));
		break;
	case SP_EVENT_AUTH_FAILED:
		endpoint_die("the server refused %s", options.user);
	case SP_EVENT_AUTHENTICATED:
		endpoint_check(
		    sp_channel_open(e, "session", view_of(NULL, 0), &channel),
		    "open a channel");
		break;
	case SP_EVENT_CHANNEL_CONFIRMED:
		endpoint_check(
		    sp_request_send(e, channel, &sftp, true), "subsystem");
		break;
	case SP_EVENT_CHANNEL_REPLY:
		if (!event->u.channel_reply.success)
			endpoint_die("the server has no sftp");
		endpoint_check(sftpmessage_encode(&out, &init), "encode");
		flush();
		break;
	case SP_EVENT_CHANNEL_DATA:
		on_data(event->u.channel_data.data);
		break;
	case SP_EVENT_CHANNEL_WRITABLE:
	case SP_EVENT_KEX_DONE:
		flush();
		break;
	case SP_EVENT_CHANNEL_CLOSED:
		endpoint_die("the server closed the channel");
	default:
		break;
	}
}

static void
on_over(struct pump *p, void *arg)
{
	(void)arg;
	if (waiter.is_waiting)
		pump_unwait(p, &waiter);
	event_base_loopbreak(base);
}

static const struct pump_owner owner = { .event = on_event, .over = on_over };

static void
connect_pump(void)
{
	struct sp_engine_config config = {
		.role = SP_CLIENT,
		.crypto = crypto,
		.software = "SallyportLoad",
		.algorithms.kex = "curve25519-sha256",
		.algorithms.cipher = options.cipher,
		.max_channels = 1,
		.now_ms = pump_now(),
	};
	struct sp_engine *e;

	endpoint_check(sp_engine_new(&config, &e), "engine");
	endpoint_check(sp_engine_enable_connection(e), "engine");
	pump = pump_new(
	    base, endpoint_connect(options.port, NULL), e, &owner, NULL);
	if (pump == NULL)
		endpoint_die("out of memory");
	waiter.resume = resume;
	pump_kick(pump);
}

static void
parse_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "m:p:u:k:c:n:B:R:")) != -1) {
		switch (c) {
		case 'm':
			options.mode = (enum mode)endpoint_choose(mode_names,
			    sizeof mode_names / sizeof mode_names[0], optarg);
			break;
		case 'p':
			options.port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'u':
			options.user = optarg;
			break;
		case 'k':
			key = endpoint_load_key(crypto, optarg);
			break;
		case 'c':
			options.cipher = optarg;
			break;
		case 'n':
			options.count = strtoull(optarg, NULL, 10);
			break;
		case 'B':
			options.size = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'R':
			options.requests = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
	}
	if (options.port == 0 || key == NULL || options.count == 0 ||
	    options.size == 0 || options.size > SFTPMESSAGE_MAX - 1024 ||
	    options.requests == 0 || options.requests > REQUESTS_MAX)
		endpoint_die("usage: sftpload -m MODE -p PORT -k KEY [-u USER] "
			     "[-c CIPHER] [-n COUNT] [-B BYTES] [-R REQUESTS]");
}

int
main(int argc, char **argv)
{
	crypto = sp_crypto_new();
	base = event_base_new();
	if (crypto == NULL || base == NULL)
		endpoint_die("out of memory");
	parse_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	sftpframe_init(&frame);
	buffer_init(&out, OUT_MAX);
	connect_pump();
	event_base_dispatch(base);
	if (over_us == 0)
		endpoint_die("the connection ended early");
	printf("{\"state\": \"done\", \"latencies_us\": [%llu]}\n",
	    (unsigned long long)(over_us - started_us));
	pump_free(pump);
	buffer_clear(&out);
	sftpframe_clear(&frame);
	event_base_free(base);
	sp_key_free(key);
	sp_crypto_free(crypto);
	return 0;
}
