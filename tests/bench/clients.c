/*
 * A load of SSH clients on our own engine, for the benchmark: logs in, runs
 * commands, moves bytes or just stays, many at a time in one process.
 * Prints one JSON object when it is done.
 */
#include "lib/pubkey/pubkey.h"
#include "lib/pump/pump.h"
#include "lib/wire/view.h"
#include "tests/endpoint.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum mode { HANDSHAKE, LOGIN, EXEC, REPEAT, DOWN, UP, ECHO, STRANGERS, IDLE };

static const char *const mode_names[] = { "handshake", "login", "exec",
	"repeat", "down", "up", "echo", "strangers", "idle" };

enum { ECHO_SIZE = 64 };

/* What the command line asks for. */
static struct {
	enum mode mode;
	uint16_t port;
	const char *user;
	const char *kex;
	const char *cipher;
	const char *mac;
	const char *command; /* NULL: what the mode needs */
	uint64_t count; /* logins, commands, echoes or bytes */
	unsigned parallel;
	uint32_t beside; /* channels that are open and idle */
	bool spread; /* each connection from an address of its own */
	unsigned users; /* of the name and a number, in turns; 0: one */
	const char *password; /* the method "password"; or NULL */
	/* "keyboard-interactive": to all prompts; or NULL */
	const char *answer;
	bool in_steps; /* the key first, and then the answer */
} options = {
	.user = "root",
	.kex = "curve25519-sha256", /* what the goals are stated for */
	.parallel = 1,
	.count = 1,
};

struct client {
	struct pump *pump;
	struct pump_waiter waiter;
	uint32_t channel;
	uint64_t started;
	uint64_t moved; /* bytes */
	uint64_t rounds; /* commands or echoes done */
	uint32_t beside; /* channels that are open and idle */
	uint64_t number;
	bool has_shown_key; /* in steps: the first was passed */
};

static struct sp_crypto *crypto;
static struct sp_key *key;
static struct sp_view blob; /* the key's, or its certificate's */
static const char *algorithm; /* of the blob */
static struct event_base *base;
static uint64_t started_count, over_count, done_count, failed_count,
    standing_count;
static uint64_t *latencies; /* us, of each round that was done */
static size_t latency_count;
static uint64_t first_us, last_us;

static void start_next(void);

static void
record(uint64_t since)
{
	last_us = endpoint_now_us();
	if (latency_count < options.count && latency_count < 1000000)
		latencies[latency_count++] = last_us - since;
}

/* Whether each round is a connection of its own. */
static bool
is_by_connection(void)
{
	return options.mode == HANDSHAKE || options.mode == LOGIN ||
	    options.mode == EXEC;
}

/* ---- what a client does once it is in ---- */

static const char *
command(void)
{
	static char text[64];

	if (options.command != NULL)
		return options.command;
	switch (options.mode) {
	case DOWN:
		snprintf(text, sizeof text, "head -c %llu /dev/zero",
		    (unsigned long long)options.count);
		return text;
	case UP:
		return "cat >/dev/null";
	case ECHO:
	case IDLE:
		return "cat";
	default:
		return "true";
	}
}

static void
open_channel(struct client *c)
{
	c->started = endpoint_now_us();
	endpoint_check(sp_channel_open(pump_engine(c->pump), "session",
			   view_of(NULL, 0), &c->channel),
	    "open a channel");
}

static void
finish(struct client *c)
{
	sp_engine_disconnect(pump_engine(c->pump), 11, "done");
}

static void
send_echo(struct client *c)
{
	static const uint8_t zeros[ECHO_SIZE];
	size_t taken;

	c->started = endpoint_now_us();
	endpoint_check(sp_channel_write(pump_engine(c->pump), c->channel, 0,
			   view_of(zeros, ECHO_SIZE), &taken),
	    "write");
}

/* As much as window and output take; then waits for either. */
static void
send_bulk(struct client *c)
{
	struct sp_engine *e = pump_engine(c->pump);

	while (c->moved < options.count) {
		struct iovec iov[8];
		size_t n = 8, len = 0;
		enum sp_status status = sp_channel_reserve(
		    e, c->channel, 0, options.count - c->moved, iov, &n);

		if (status != SP_OK)
			return;
		if (n == 0) {
			pump_wait(c->pump, &c->waiter);
			return;
		}
		for (size_t i = 0; i < n; i++)
			len += iov[i].iov_len;
		endpoint_check(sp_channel_commit(e, len), "commit");
		c->moved += len;
	}
	endpoint_check(sp_channel_eof(e, c->channel), "eof");
}

static void
resume(struct pump_waiter *waiter)
{
	struct client *c =
	    (struct client *)((char *)waiter - offsetof(struct client, waiter));

	send_bulk(c);
	pump_kick(c->pump);
}

static void
finish_round(struct client *c)
{
	record(c->started);
	done_count++;
	finish(c);
}

static void
stand(void)
{
	standing_count++;
	start_next();
}

static void
on_authenticated(struct client *c)
{
	if (options.mode == LOGIN) {
		finish_round(c);
	} else if (options.mode == IDLE && options.beside == 0) {
		stand();
	} else {
		uint64_t started = c->started;

		open_channel(c);
		if (options.mode == EXEC)
			c->started = started;
	}
}

static void
on_reply(struct client *c, bool success)
{
	if (!success)
		endpoint_die("the server refused to run %s", command());
	if (c->beside < options.beside) {
		if (++c->beside == options.beside && options.mode == IDLE)
			stand();
		else
			open_channel(c);
		return;
	}
	if (options.mode == UP)
		send_bulk(c);
	else if (options.mode == ECHO)
		send_echo(c);
}

static void
on_data(struct client *c, const struct sp_event *event)
{
	sp_channel_took(pump_engine(c->pump), event->channel,
	    event->u.channel_data.data.len);
	c->moved += event->u.channel_data.data.len;
	if (options.mode != ECHO || c->moved % ECHO_SIZE != 0)
		return;
	record(c->started);
	if (++c->rounds < options.count) {
		send_echo(c);
		return;
	}
	if (options.beside > 0) {
		done_count++;
		finish(c);
		return;
	}
	endpoint_check(sp_channel_eof(pump_engine(c->pump), c->channel), "eof");
}

static void
on_channel_closed(struct client *c)
{
	if (options.mode != ECHO)
		record(c->started);
	if (options.mode == REPEAT && ++c->rounds < options.count) {
		open_channel(c);
		return;
	}
	done_count++;
	finish(c);
}

/* ---- getting in ---- */

static const char *
user_of(const struct client *c)
{
	static char name[64];

	if (options.users == 0)
		return options.user;
	snprintf(name, sizeof name, "%s%u", options.user,
	    (unsigned)(c->number % options.users));
	return name;
}

static void
authenticate(struct client *c)
{
	struct sp_engine *e = pump_engine(c->pump);
	bool shows_key = options.in_steps && !c->has_shown_key;
	enum sp_status status;

	if (options.password != NULL)
		status = sp_auth_password(
		    e, user_of(c), view_of_string(options.password), NULL);
	else if (options.answer != NULL && !shows_key)
		status = sp_auth_keyboard_interactive(e, user_of(c), "");
	else
		status =
		    sp_auth_publickey(e, user_of(c), algorithm, blob, false);
	endpoint_check(status, "authentication");
}

static void
respond(struct client *c, const struct sp_event *event)
{
	struct sp_view responses[8];
	size_t count = event->u.auth_prompt.count;

	if (count > sizeof responses / sizeof responses[0])
		endpoint_die("the server has %zu prompts", count);
	for (size_t i = 0; i < count; i++)
		responses[i] = view_of_string(options.answer);
	endpoint_check(sp_auth_respond(pump_engine(c->pump), event->token,
			   responses, count),
	    "respond");
}

/* Of two steps the first is told as a failure too. */
static void
on_refused(struct client *c, const struct sp_event *event)
{
	if (!event->u.auth_failed.partial_success || c->has_shown_key)
		endpoint_die("the server refused %s", user_of(c));
	c->has_shown_key = true;
	authenticate(c);
}

/* Keys are exchanged. */
static void
on_ready(struct client *c)
{
	if (options.mode == HANDSHAKE) {
		finish_round(c);
	} else if (options.mode == STRANGERS) {
		stand();
	} else {
		authenticate(c);
	}
}

static void
on_event(struct pump *pump, const struct sp_event *event, void *arg)
{
	struct sp_engine *e = pump_engine(pump);
	struct client *c = arg;

	switch (event->kind) {
	case SP_EVENT_HOST_KEY:
		endpoint_check(
		    sp_host_key_answer(e, event->token, true), "host key");
		break;
	case SP_EVENT_AUTH_READY:
		on_ready(c);
		break;
	case SP_EVENT_AUTH_SIGN:
		endpoint_sign(e, event, key, sp_key_type(key));
		break;
	case SP_EVENT_AUTH_PROMPT:
		respond(c, event);
		break;
	case SP_EVENT_AUTH_FAILED:
		on_refused(c, event);
		break;
	case SP_EVENT_AUTHENTICATED:
		on_authenticated(c);
		break;
	case SP_EVENT_CHANNEL_CONFIRMED:
		endpoint_request_exec(e, c->channel, command());
		break;
	case SP_EVENT_CHANNEL_REFUSED:
		endpoint_die("the server refused a channel");
	case SP_EVENT_CHANNEL_REPLY:
		on_reply(c, event->u.channel_reply.success);
		break;
	case SP_EVENT_CHANNEL_DATA:
		on_data(c, event);
		break;
	case SP_EVENT_CHANNEL_WRITABLE:
		send_bulk(c);
		break;
	case SP_EVENT_CHANNEL_EOF:
		endpoint_check(sp_channel_close(e, event->channel), "close");
		break;
	case SP_EVENT_CHANNEL_CLOSED:
		on_channel_closed(c);
		break;
	case SP_EVENT_KEX_DONE:
		if (!event->u.kex.first && options.mode == UP)
			send_bulk(c);
		break;
	case SP_EVENT_CLOSED:
		if (event->u.closed.status != SP_ERR_BY_APPLICATION) {
			failed_count++;
			fprintf(stderr, "closed: %s (%.*s)\n",
			    sp_status_text(event->u.closed.status),
			    (int)event->u.closed.description.len,
			    (const char *)event->u.closed.description.data);
		}
		break;
	default:
		break;
	}
}

static void
on_over(struct pump *pump, void *arg)
{
	struct client *c = arg;

	if (c->waiter.is_waiting)
		pump_unwait(pump, &c->waiter);
	pump_free(pump);
	free(c);
	over_count++;
	if (is_by_connection())
		start_next();
	if (over_count == started_count)
		event_base_loopbreak(base);
}

static const struct pump_owner owner = { .event = on_event, .over = on_over };

static int
open_socket(uint64_t number)
{
	const struct in_addr own = { htonl((uint32_t)(0x7f010001 + number)) };

	return endpoint_connect(options.port, options.spread ? &own : NULL);
}

static void
start_client(void)
{
	struct sp_engine_config config = {
		.role = SP_CLIENT,
		.crypto = crypto,
		.software = "SallyportLoad",
		.algorithms.kex = options.kex,
		.algorithms.cipher = options.cipher,
		.algorithms.mac = options.mac,
		.max_channels = options.beside + 1,
		.now_ms = pump_now(),
	};
	struct client *c = calloc(1, sizeof *c);
	struct sp_engine *e;

	if (c == NULL)
		endpoint_die("out of memory");
	c->waiter.resume = resume;
	c->started = endpoint_now_us();
	c->number = started_count;
	endpoint_check(sp_engine_new(&config, &e), "engine");
	endpoint_check(sp_engine_enable_connection(e), "engine");
	c->pump = pump_new(base, open_socket(started_count), e, &owner, c);
	if (c->pump == NULL)
		endpoint_die("out of memory");
	started_count++;
	pump_kick(c->pump);
}

/* How many connections the mode makes in all. */
static uint64_t
connections(void)
{
	bool stays = options.mode == STRANGERS || options.mode == IDLE;

	return stays || is_by_connection() ? options.count : options.parallel;
}

static void
report(const char *state)
{
	printf("{\"state\": \"%s\", \"done\": %llu, \"failed\": %llu, "
	       "\"standing\": %llu, \"seconds\": %.6f, \"latencies_us\": [",
	    state, (unsigned long long)done_count,
	    (unsigned long long)failed_count,
	    (unsigned long long)standing_count,
	    (double)(last_us - first_us) / 1e6);
	for (size_t i = 0; i < latency_count; i++)
		printf("%s%llu", i == 0 ? "" : ",",
		    (unsigned long long)latencies[i]);
	printf("]}\n");
	fflush(stdout);
}

static void
start_next(void)
{
	bool stays = options.mode == STRANGERS || options.mode == IDLE;

	if (started_count < connections())
		start_client();
	else if (stays && standing_count == connections())
		report("standing");
}

/* Those who stay go when standard input ends. */
static void
on_input(evutil_socket_t fd, short what, void *arg)
{
	char byte;

	(void)what;
	(void)arg;
	if (read((int)fd, &byte, 1) <= 0)
		event_base_loopbreak(base);
}

static void
load_key(const char *path)
{
	key = endpoint_load_key(crypto, path);
	blob = sp_key_blob(key);
	algorithm = sp_key_type(key);
}

/* For as long as the program runs; behind its key. */
static void
load_certificate(const char *path)
{
	static uint8_t room[16384];
	struct sp_key_line line;
	size_t len;

	endpoint_check(
	    sp_key_parse_line(view_of_string(endpoint_text(path)), &line),
	    path);
	endpoint_check(sp_key_line_blob(&line, room, sizeof room, &len), path);
	blob = view_of(room, len);
	algorithm = pubkey_certificate_algorithm(algorithm);
	if (algorithm == NULL)
		endpoint_die("%s is no certificate of the key", path);
}

/* False for what is none of these. */
static bool
take_way(int c)
{
	switch (c) {
	case 'u':
		options.user = optarg;
		break;
	case 'i':
		options.users = (unsigned)strtoul(optarg, NULL, 10);
		break;
	case 'k':
		load_key(optarg);
		break;
	case 'C':
		load_certificate(optarg);
		break;
	case 'w':
		options.password = optarg;
		break;
	case 'a':
		options.answer = optarg;
		break;
	case '2':
		options.in_steps = true;
		break;
	default:
		return false;
	}
	return true;
}

static void
parse_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "m:p:u:i:k:C:w:a:2K:c:M:x:n:j:b:s")) !=
	    -1) {
		if (take_way(c))
			continue;
		switch (c) {
		case 'm':
			options.mode = (enum mode)endpoint_choose(mode_names,
			    sizeof mode_names / sizeof mode_names[0], optarg);
			break;
		case 'p':
			options.port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'K':
			options.kex = optarg;
			break;
		case 'c':
			options.cipher = optarg;
			break;
		case 'M':
			options.mac = optarg;
			break;
		case 'x':
			options.command = optarg;
			break;
		case 'n':
			options.count = strtoull(optarg, NULL, 10);
			break;
		case 'j':
			options.parallel = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'b':
			options.beside = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 's':
			options.spread = true;
			break;
		default:
			exit(2);
		}
	}
	if (options.port == 0 || key == NULL)
		endpoint_die(
		    "usage: clients -m MODE -p PORT -k KEY [-C CERTIFICATE] "
		    "[-w PASSWORD | [-2] -a ANSWER] [-u USER [-i USERS]] "
		    "[-n COUNT] [-j PARALLEL] [-K KEX] [-c CIPHER] [-M MAC] "
		    "[-x COMMAND] [-b BESIDE] [-s]");
}

int
main(int argc, char **argv)
{
	struct event *input;

	crypto = sp_crypto_new();
	if (crypto == NULL)
		endpoint_die("out of memory");
	parse_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	latencies = calloc(options.count < 1000000 ? options.count : 1000000,
	    sizeof *latencies);
	input = event_new(base, 0, EV_READ | EV_PERSIST, on_input, NULL);
	if (base == NULL || latencies == NULL || input == NULL)
		endpoint_die("out of memory");
	if (options.mode == STRANGERS || options.mode == IDLE)
		event_add(input, NULL);
	first_us = endpoint_now_us();
	for (unsigned i = 0; i < options.parallel; i++)
		start_next();
	event_base_dispatch(base);
	if (options.mode != STRANGERS && options.mode != IDLE)
		report("done");
	event_free(input);
	event_base_free(base);
	free(latencies);
	sp_key_free(key);
	sp_crypto_free(crypto);
	return failed_count == 0 ? 0 : 1;
}
