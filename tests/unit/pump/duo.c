/* Two pumps, and owners that agree to everything. */
#include "tests/unit/pump/duo.h"

#include "lib/wire/view.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct sp_engine *
duo_engine(struct duo *d, enum sp_role role)
{
	return pump_engine(d->sides[role].pump);
}

static struct sp_view
sign(struct duo *d, struct sp_view data, uint8_t room[SP_SIGNATURE_MAX])
{
	size_t len;

	assert_int_equal(
	    sp_key_sign(d->key, "ssh-ed25519", data, room, &len), SP_OK);
	return view_of(room, len);
}

static void
agree(struct duo *d, struct sp_engine *e, const struct sp_event *event)
{
	uint8_t room[SP_SIGNATURE_MAX];
	enum sp_status status = SP_OK;

	if (event->kind == SP_EVENT_SIGN_EXCHANGE)
		status = sp_exchange_signed(e, event->token,
		    sign(d, event->u.sign_exchange.hash, room));
	else if (event->kind == SP_EVENT_HOST_KEY)
		status = sp_host_key_answer(e, event->token, true);
	else if (event->kind == SP_EVENT_AUTH_READY)
		status = sp_auth_publickey(
		    e, "alice", "ssh-ed25519", sp_key_blob(d->key), false);
	else if (event->kind == SP_EVENT_AUTH_SIGN)
		status = sp_auth_signed(
		    e, event->token, sign(d, event->u.auth_sign.data, room));
	else if (event->kind == SP_EVENT_AUTH_REQUEST)
		status = sp_auth_accept(e, event->token);
	else if (event->kind == SP_EVENT_CHANNEL_OPEN)
		status = sp_channel_accept(e, event->token);
	else if (event->kind == SP_EVENT_CHANNEL_REQUEST && event->token != 0)
		status = sp_channel_answer(e, event->token, true);
	else if (event->kind == SP_EVENT_CHANNEL_DATA)
		sp_channel_took(
		    e, event->channel, event->u.channel_data.data.len);
	assert_int_equal(status, SP_OK);
}

static void
on_event(struct pump *pump, const struct sp_event *event, void *arg)
{
	struct duo_side *side = arg;
	struct duo *d = side->duo;

	side->count[event->kind]++;
	if (event->kind == SP_EVENT_CHANNEL_DATA)
		side->received += event->u.channel_data.data.len;
	if (event->kind == SP_EVENT_CLOSED) {
		side->closed = event->u.closed.status;
		side->error = pump_error(pump);
	}
	if (d->hook == NULL || !d->hook(d, side->role, event))
		agree(d, pump_engine(pump), event);
}

static void
on_over(struct pump *pump, void *arg)
{
	struct duo_side *side = arg;

	side->is_over = true;
	side->pump = NULL;
	pump_free(pump);
}

static const struct pump_owner owner = {
	.event = on_event,
	.over = on_over,
};

static void
add_side(struct duo *d, enum sp_role role, int socket)
{
	const struct sp_engine_config config = {
		.role = role,
		.crypto = d->crypto,
		.host_keys = &d->host_key,
		.host_key_count = 1,
		.now_ms = pump_now(),
	};
	struct duo_side *side = &d->sides[role];
	struct sp_engine *engine;

	assert_int_equal(sp_engine_new(&config, &engine), SP_OK);
	assert_int_equal(sp_engine_enable_connection(engine), SP_OK);
	side->duo = d;
	side->role = role;
	side->pump = pump_new(d->base, socket, engine, &owner, side);
	assert_non_null(side->pump);
	pump_kick(side->pump);
}

static void
init(struct duo *d, int sockets[2])
{
	*d = (struct duo){ .base = event_base_new() };
	assert_non_null(d->base);
	d->crypto = sp_crypto_new();
	assert_non_null(d->crypto);
	assert_int_equal(
	    sp_key_generate(d->crypto, "ssh-ed25519", &d->key), SP_OK);
	d->host_key.algorithm = "ssh-ed25519";
	d->host_key.blob = sp_key_blob(d->key);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets), 0);
}

void
duo_init(struct duo *d)
{
	int sockets[2];

	init(d, sockets);
	add_side(d, SP_CLIENT, sockets[0]);
	add_side(d, SP_SERVER, sockets[1]);
}

int
duo_init_server(struct duo *d)
{
	int sockets[2];

	init(d, sockets);
	add_side(d, SP_SERVER, sockets[1]);
	return sockets[0];
}

int
duo_init_client(struct duo *d)
{
	int sockets[2];

	init(d, sockets);
	add_side(d, SP_CLIENT, sockets[0]);
	return sockets[1];
}

void
duo_clear(struct duo *d)
{
	pump_free(d->sides[SP_CLIENT].pump);
	pump_free(d->sides[SP_SERVER].pump);
	event_base_free(d->base);
	sp_key_free(d->key);
	sp_crypto_free(d->crypto);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

bool
duo_run(struct duo *d, const bool *done, unsigned ms)
{
	uint64_t until = pump_now() + ms;
	struct event *tick = evtimer_new(d->base, on_tick, NULL);

	for (uint64_t now = pump_now(); !*done && now < until;
	     now = pump_now()) {
		const struct timeval left = {
			.tv_sec = (time_t)((until - now) / 1000),
			.tv_usec = (suseconds_t)((until - now) % 1000 * 1000),
		};

		evtimer_add(tick, &left);
		event_base_loop(d->base, EVLOOP_ONCE);
	}
	event_free(tick);
	return *done;
}

void
duo_wait(struct duo *d, unsigned ms)
{
	const bool never = false;

	duo_run(d, &never, ms);
}

void
duo_login(struct duo *d)
{
	for (int i = 0; i < 100; i++) {
		if (d->sides[SP_CLIENT].count[SP_EVENT_AUTHENTICATED] > 0 &&
		    d->sides[SP_SERVER].count[SP_EVENT_AUTHENTICATED] > 0)
			return;
		duo_wait(d, 20);
	}
	fail();
}

uint32_t
duo_open_session(struct duo *d)
{
	unsigned *count =
	    &d->sides[SP_CLIENT].count[SP_EVENT_CHANNEL_CONFIRMED];
	unsigned before = *count;
	uint32_t channel;

	assert_int_equal(sp_channel_open(duo_engine(d, SP_CLIENT), "session",
			     view_of(NULL, 0), &channel),
	    SP_OK);
	pump_kick(d->sides[SP_CLIENT].pump);
	for (int i = 0; i < 100 && *count == before; i++)
		duo_wait(d, 20);
	assert_int_equal(*count, before + 1);
	return channel;
}
