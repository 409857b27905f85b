/*
 * Channels of each type, opened and answered by owners who include public
 * headers and nothing else.
 */
#include "tests/pair/pair.h"

#include <sallyport/connection.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What the side that is asked has seen, and the question it left open. */
struct asked {
	enum sp_role side;
	struct sp_open open;
	char texts[2][64]; /* of its views, which are gone */
	uint32_t channel;
	sp_token token;
	bool was_refused;
	uint32_t reason;
};

static void
keep(struct asked *a, unsigned i, struct sp_view *v)
{
	assert_true(v->len < sizeof a->texts[i]);
	memcpy(a->texts[i], v->data, v->len);
	a->texts[i][v->len] = '\0';
	v->data = (const uint8_t *)a->texts[i];
}

static void
read_open(struct asked *a, const struct sp_event *event)
{
	assert_int_equal(sp_open_read(event, &a->open), SP_OK);
	a->channel = event->channel;
	a->token = event->token;
	switch (a->open.type) {
	case SP_CHANNEL_DIRECT_TCPIP:
	case SP_CHANNEL_FORWARDED_TCPIP:
		keep(a, 0, &a->open.u.tcpip.address);
		keep(a, 1, &a->open.u.tcpip.originator);
		break;
	case SP_CHANNEL_X11:
		keep(a, 0, &a->open.u.x11.originator);
		break;
	case SP_CHANNEL_DIRECT_STREAMLOCAL:
	case SP_CHANNEL_FORWARDED_STREAMLOCAL:
		keep(a, 0, &a->open.u.path);
		break;
	default:
		break;
	}
}

static bool
leave_open(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct asked *a = p->arg;

	if (side == a->side && event->kind == SP_EVENT_CHANNEL_OPEN) {
		read_open(a, event);
		return true;
	}
	if (event->kind == SP_EVENT_CHANNEL_REFUSED) {
		a->was_refused = true;
		a->reason = event->u.channel_refused.reason;
	}
	return false;
}

static void
log_in(struct pair *p, struct asked *a, enum sp_role side)
{
	*a = (struct asked){ .side = side };
	pair_init(p);
	pair_start(p);
	pair_login(p);
	p->hook = leave_open;
	p->arg = a;
}

static uint32_t
ask(struct pair *p, const struct sp_open *open)
{
	struct asked *a = p->arg;
	enum sp_role from = a->side == SP_SERVER ? SP_CLIENT : SP_SERVER;
	uint32_t channel = 99;

	a->token = 0;
	assert_int_equal(
	    sp_open_send(pair_engine(p, from), open, &channel), SP_OK);
	pair_run(p);
	assert_true(a->token != 0);
	assert_int_equal(a->open.type, open->type);
	/* Nothing is said before the owner says it. */
	assert_int_equal(p->count[from][SP_EVENT_CHANNEL_CONFIRMED], 0);
	return channel;
}

static void
accept_later(struct pair *p)
{
	struct asked *a = p->arg;
	enum sp_role from = a->side == SP_SERVER ? SP_CLIENT : SP_SERVER;

	assert_int_equal(
	    sp_channel_accept(pair_engine(p, a->side), a->token), SP_OK);
	pair_run(p);
	assert_int_equal(p->count[from][SP_EVENT_CHANNEL_CONFIRMED], 1);
	assert_int_equal(sp_channel_accept(pair_engine(p, a->side), a->token),
	    SP_ERR_STALE_TOKEN);
	pair_clear(p);
}

static const struct sp_open_tcpip *
ask_tcpip(struct pair *p, struct asked *a, enum sp_channel_type type)
{
	struct sp_open open = { .type = type };

	open.u.tcpip.address = sp_text("localhost");
	open.u.tcpip.port = 80;
	open.u.tcpip.originator = sp_text("::1");
	open.u.tcpip.originator_port = 65535;
	ask(p, &open);
	return &a->open.u.tcpip;
}

static void
check_tcpip(enum sp_role side, enum sp_channel_type type)
{
	const struct sp_open_tcpip *got;
	struct asked a;
	struct pair p;

	log_in(&p, &a, side);
	got = ask_tcpip(&p, &a, type);
	assert_true(sp_view_is(got->address, "localhost"));
	assert_int_equal(got->port, 80);
	assert_true(sp_view_is(got->originator, "::1"));
	assert_int_equal(got->originator_port, 65535);
	accept_later(&p);
}

static void
a_client_has_its_server_connect(void **state)
{
	(void)state;
	check_tcpip(SP_SERVER, SP_CHANNEL_DIRECT_TCPIP);
}

static void
a_server_forwards_who_came_to_a_port(void **state)
{
	(void)state;
	check_tcpip(SP_CLIENT, SP_CHANNEL_FORWARDED_TCPIP);
}

static void
check_path(enum sp_role side, enum sp_channel_type type)
{
	struct sp_open open = { .type = type };
	struct asked a;
	struct pair p;

	log_in(&p, &a, side);
	open.u.path = sp_text("/run/socket");
	ask(&p, &open);
	assert_true(sp_view_is(a.open.u.path, "/run/socket"));
	accept_later(&p);
}

static void
sockets_with_a_path_are_reached_both_ways(void **state)
{
	(void)state;
	check_path(SP_SERVER, SP_CHANNEL_DIRECT_STREAMLOCAL);
	check_path(SP_CLIENT, SP_CHANNEL_FORWARDED_STREAMLOCAL);
}

static void
a_server_opens_x11_and_the_agent(void **state)
{
	struct sp_open open = { .type = SP_CHANNEL_X11 };
	struct asked a;
	struct pair p;

	(void)state;
	log_in(&p, &a, SP_CLIENT);
	open.u.x11.originator = sp_text("10.1.2.3");
	open.u.x11.originator_port = 6010;
	ask(&p, &open);
	assert_true(sp_view_is(a.open.u.x11.originator, "10.1.2.3"));
	assert_int_equal(a.open.u.x11.originator_port, 6010);
	accept_later(&p);

	log_in(&p, &a, SP_CLIENT);
	open.type = SP_CHANNEL_AUTH_AGENT;
	ask(&p, &open);
	accept_later(&p);
}

static void
a_client_opens_a_tunnel(void **state)
{
	struct sp_open open = { .type = SP_CHANNEL_TUN };
	struct asked a;
	struct pair p;

	(void)state;
	log_in(&p, &a, SP_SERVER);
	open.u.tun.mode = SP_TUN_LAYER_3;
	open.u.tun.unit = SP_TUN_ANY;
	ask(&p, &open);
	assert_int_equal(a.open.u.tun.mode, SP_TUN_LAYER_3);
	assert_int_equal(a.open.u.tun.unit, SP_TUN_ANY);
	accept_later(&p);
}

static void
a_refusal_has_its_reason_and_may_come_late(void **state)
{
	struct asked a;
	struct pair p;

	(void)state;
	log_in(&p, &a, SP_CLIENT);
	ask_tcpip(&p, &a, SP_CHANNEL_FORWARDED_TCPIP);
	assert_int_equal(sp_channel_refuse(p.client, a.token,
			     SP_OPEN_CONNECT_FAILED, "nobody there"),
	    SP_OK);
	pair_run(&p);
	assert_true(a.was_refused);
	assert_int_equal(a.reason, SP_OPEN_CONNECT_FAILED);
	pair_clear(&p);
}

static void
what_is_out_of_range_is_not_sent(void **state)
{
	struct sp_open open = { .type = SP_CHANNEL_DIRECT_TCPIP };
	uint32_t channel = 99;
	struct asked a;
	struct pair p;

	(void)state;
	log_in(&p, &a, SP_SERVER);
	open.u.tcpip.port = 65536;
	assert_int_equal(
	    sp_open_send(p.client, &open, &channel), SP_ERR_ARGUMENT);
	open.type = SP_CHANNEL_TUN;
	open.u.tun.mode = 3;
	assert_int_equal(
	    sp_open_send(p.client, &open, &channel), SP_ERR_ARGUMENT);
	open.type = SP_CHANNEL_UNKNOWN;
	assert_int_equal(
	    sp_open_send(p.client, &open, &channel), SP_ERR_ARGUMENT);
	assert_int_equal(channel, 99);
	assert_int_equal(sp_engine_output(p.client).len, 0);
	/* Nor is its number used up. */
	assert_int_equal(
	    sp_open_send(p.client,
		&(struct sp_open){ .type = SP_CHANNEL_SESSION }, &channel),
	    SP_OK);
	assert_int_equal(channel, 0);
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_has_its_server_connect),
		cmocka_unit_test(a_server_forwards_who_came_to_a_port),
		cmocka_unit_test(sockets_with_a_path_are_reached_both_ways),
		cmocka_unit_test(a_server_opens_x11_and_the_agent),
		cmocka_unit_test(a_client_opens_a_tunnel),
		cmocka_unit_test(a_refusal_has_its_reason_and_may_come_late),
		cmocka_unit_test(what_is_out_of_range_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
