/*
 * Values of every key exchange method at their edges, as either side may
 * send them.
 */
#include "lib/crypto/dh.h"
#include "lib/transport/kex.h"
#include "lib/transport/kexmethod.h"
#include "tests/pair/forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { VALUE_MAX = 4096, POINT_LEN = 32 };

/* What stands between a method's value and its neighbours'. */
enum kind {
	POINT = 1, /* X25519 alone */
	CURVE = 2,
	NUMBER = 4,
	MLKEM = 8,
	SNTRUP = 16,
	HYBRID = MLKEM | SNTRUP,
	STRING = POINT | CURVE | HYBRID,
	ALL = STRING | NUMBER,
};

/* A value that was good, as it stands on the wire, on its way to be bad. */
struct value {
	const struct agreement *agreement;
	uint8_t bytes[VALUE_MAX];
	size_t len;
};

/* ---- edges ---- */

static void
leave(struct value *v)
{
	(void)v;
}

static void
empty(struct value *v)
{
	v->len = 0;
}

static void
cut(struct value *v)
{
	v->len--;
}

static void
grow(struct value *v)
{
	v->bytes[v->len++] = 0;
}

static void
zero(struct value *v)
{
	memset(v->bytes, 0, v->len);
}

static void
set_bytes(struct value *v, const void *bytes, size_t len)
{
	memcpy(v->bytes, bytes, len);
	v->len = len;
}

static void
one(struct value *v)
{
	set_bytes(v, "\1", 1);
}

/* The prime, with the byte in front that makes it positive. */
static void
prime(struct value *v)
{
	struct buffer p;

	buffer_init(&p, VALUE_MAX);
	assert_int_equal(dh_group_write_prime(v->agreement->detail, &p), SP_OK);
	v->bytes[0] = 0;
	memcpy(v->bytes + 1, buffer_view(&p).data, buffer_len(&p));
	v->len = 1 + buffer_len(&p);
	buffer_clear(&p);
}

static void
before_prime(struct value *v)
{
	prime(v);
	v->bytes[v->len - 1]--;
}

static void
behind_prime(struct value *v)
{
	size_t at;

	prime(v);
	at = v->len;
	while (++v->bytes[--at] == 0)
		continue;
}

static void
largest(struct value *v)
{
	prime(v);
	memset(v->bytes + 1, 0xff, v->len - 1);
}

static void
twice_as_long(struct value *v)
{
	memset(v->bytes, 0x11, VALUE_MAX);
	v->len = 2 * v->agreement->client_len;
}

static void
negative(struct value *v)
{
	memset(v->bytes, 0xff, 20);
	v->len = 20;
}

static void
zero_as_a_byte(struct value *v)
{
	set_bytes(v, "\0", 1);
}

static void
zeros_in_front(struct value *v)
{
	set_bytes(v, "\0\0\0\5", 4);
}

static void
infinity(struct value *v)
{
	set_bytes(v, "\0", 1);
}

static void
compressed(struct value *v)
{
	v->bytes[0] = (uint8_t)(2 + (v->bytes[v->len - 1] & 1));
	v->len = 1 + v->len / 2;
}

static void
compressed_at_full_length(struct value *v)
{
	v->bytes[0] = 2;
}

static void
hybrid_form(struct value *v)
{
	v->bytes[0] = (uint8_t)(6 + (v->bytes[v->len - 1] & 1));
}

static void
off_the_curve(struct value *v)
{
	v->bytes[v->len - 1] ^= 1;
}

static void
past_the_prime(struct value *v)
{
	memset(v->bytes + 1, 0xff, v->len / 2);
}

static void
origin(struct value *v)
{
	memset(v->bytes + 1, 0, v->len - 1);
}

/* The last 32 bytes are a point of Curve25519. */
static uint8_t *
point_of(struct value *v)
{
	assert_true(v->len >= POINT_LEN);
	return v->bytes + v->len - POINT_LEN;
}

static void
point_zero(struct value *v)
{
	memset(point_of(v), 0, POINT_LEN);
}

static void
point_one(struct value *v)
{
	point_zero(v);
	point_of(v)[0] = 1;
}

static void
point_of_order_eight(struct value *v)
{
	static const uint8_t u[POINT_LEN] = { 0xe0, 0xeb, 0x7a, 0x7c, 0x3b,
		0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
		0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86,
		0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 };

	memcpy(point_of(v), u, POINT_LEN);
}

static void
point_past_the_prime(struct value *v)
{
	memset(point_of(v), 0xff, POINT_LEN);
	point_of(v)[0] = 0xed; /* p, and the bit that does not count */
}

static void
point_past_it_by_one(struct value *v)
{
	point_past_the_prime(v);
	point_of(v)[0] = 0xee;
}

/* RFC 7748 5 has it taken for 9, which is less by the prime. */
static void
point_past_it_by_nine(struct value *v)
{
	point_past_the_prime(v);
	point_of(v)[0] = 0xed + 9;
}

/* The bit that does not count. */
static void
point_with_its_top_bit(struct value *v)
{
	point_of(v)[POINT_LEN - 1] ^= 0x80;
}

static void
without_a_point(struct value *v)
{
	v->len -= POINT_LEN;
}

static void
point_alone(struct value *v)
{
	memmove(v->bytes, point_of(v), POINT_LEN);
	v->len = POINT_LEN;
}

static void
coefficient_past_the_modulus(struct value *v)
{
	memset(v->bytes, 0xff, 3);
}

static void
changed_capsule(struct value *v)
{
	v->bytes[100] ^= 1;
}

/* What each leads to where a server, and where a client receives it. */
static const struct edge {
	const char *name;
	void (*make)(struct value *);
	unsigned kinds;
	enum sp_status server;
	enum sp_status client;
} edges[] = {
#define BAD		      SP_ERR_KEX_VALUE, SP_ERR_KEX_VALUE
#define EDGE(function, kinds) #function, function, kinds
	{ EDGE(leave, ALL), SP_OK, SP_OK },
	{ EDGE(empty, ALL), BAD },
	{ EDGE(cut, STRING), BAD },
	{ EDGE(grow, STRING), BAD },
	{ EDGE(zero, STRING), BAD },
	{ EDGE(one, NUMBER), BAD },
	{ EDGE(prime, NUMBER), BAD },
	{ EDGE(before_prime, NUMBER), BAD },
	{ EDGE(behind_prime, NUMBER), BAD },
	{ EDGE(largest, NUMBER), BAD },
	{ EDGE(twice_as_long, NUMBER), BAD },
	{ EDGE(negative, NUMBER), SP_ERR_FORMAT, SP_ERR_FORMAT },
	{ EDGE(zero_as_a_byte, NUMBER), SP_ERR_FORMAT, SP_ERR_FORMAT },
	{ EDGE(zeros_in_front, NUMBER), SP_ERR_FORMAT, SP_ERR_FORMAT },
	{ EDGE(infinity, CURVE), BAD },
	{ EDGE(compressed, CURVE), BAD },
	{ EDGE(compressed_at_full_length, CURVE), BAD },
	{ EDGE(hybrid_form, CURVE), BAD },
	{ EDGE(off_the_curve, CURVE), BAD },
	{ EDGE(past_the_prime, CURVE), BAD },
	{ EDGE(origin, CURVE), BAD },
	{ EDGE(point_zero, POINT | HYBRID), BAD },
	{ EDGE(point_one, POINT | HYBRID), BAD },
	{ EDGE(point_of_order_eight, POINT | HYBRID), BAD },
	{ EDGE(point_past_the_prime, POINT | HYBRID), BAD },
	{ EDGE(point_past_it_by_one, POINT | HYBRID), BAD },
	/* Good ones, but not those that were signed. */
	{ EDGE(point_past_it_by_nine, POINT | HYBRID), SP_OK,
	    SP_ERR_SIGNATURE },
	{ EDGE(point_with_its_top_bit, POINT | HYBRID), SP_OK,
	    SP_ERR_SIGNATURE },
	{ EDGE(without_a_point, HYBRID), BAD },
	{ EDGE(point_alone, HYBRID), BAD },
	/* Of a capsule any change is a secret of its own, which none signed. */
	{ EDGE(coefficient_past_the_modulus, MLKEM), SP_ERR_KEX_VALUE,
	    SP_ERR_SIGNATURE },
	{ EDGE(changed_capsule, SNTRUP), SP_OK, SP_ERR_SIGNATURE },
#undef EDGE
#undef BAD
};

enum { EDGES = sizeof edges / sizeof edges[0] };

static enum kind
kind_of(const struct kex_method *method)
{
	const struct agreement *a = method->agreement;

	if (a->values_are_mpints)
		return NUMBER;
	if (a == &x25519_agreement)
		return POINT;
	if (a == &hybrid_mlkem768)
		return MLKEM;
	return a == &hybrid_sntrup761 ? SNTRUP : CURVE;
}

/* The group that both sides of a pair come to in a group exchange. */
static const struct agreement *
agreement_of(const struct kex_method *method, struct agreement *room)
{
	if (method->family != FAMILY_GEX)
		return method->agreement;
	*room = dh_agreement_in(dh_group_row(1));
	return room;
}

/* As it stands on the wire: a number with what makes it positive. */
static void
set_good(struct value *v, struct sp_view good)
{
	bool is_padded = v->agreement->values_are_mpints && good.len > 0 &&
	    (good.data[0] & 0x80) != 0;

	assert_true(good.len < VALUE_MAX);
	v->bytes[0] = 0;
	memcpy(v->bytes + (is_padded ? 1 : 0), good.data, good.len);
	v->len = good.len + (is_padded ? 1 : 0);
}

/* Numbers are made with zeros in front. */
static struct sp_view
without_zeros(struct sp_view v, bool is_number)
{
	while (is_number && v.len > 0 && v.data[0] == 0)
		v = view_of(v.data + 1, v.len - 1);
	return v;
}

static void
configure(struct pair *p, const struct kex_method *method)
{
	pair_init(p);
	p->config[SP_CLIENT].algorithms.kex = method->name;
	p->config[SP_SERVER].algorithms.kex = method->name;
}

/* ---- to a server ---- */

static void
make_client_value(struct value *v, struct pair *p)
{
	struct agreement_state *state;
	struct buffer good;

	buffer_init(&good, VALUE_MAX);
	assert_int_equal(
	    agreement_start(v->agreement, p->crypto, &good, &state), SP_OK);
	set_good(v,
	    without_zeros(buffer_view(&good), v->agreement->values_are_mpints));
	agreement_free(state);
	buffer_clear(&good);
}

static enum sp_status
send_to_server(const struct kex_method *method, const struct edge *edge)
{
	bool has_group = method->family == FAMILY_GEX;
	struct agreement room;
	struct value v = { .agreement = agreement_of(method, &room) };
	struct buffer payload;
	enum sp_status status;
	struct writer w;
	struct pair p;

	configure(&p, method);
	forger_bring(&p, SP_SERVER, PHASE_FIRST_KEX, true);
	if (has_group) {
		forger_say(&p, SP_CLIENT, "buuu", SSH_MSG_KEX_DH_GEX_REQUEST,
		    UINT32_C(2048), UINT32_C(3072), UINT32_C(8192));
		forger_deliver(&p, SP_SERVER);
	}
	make_client_value(&v, &p);
	edge->make(&v);
	buffer_init(&payload, LIMIT_PACKET);
	writer_init(&w, &payload);
	writer_u8(
	    &w, has_group ? SSH_MSG_KEX_DH_GEX_INIT : SSH_MSG_KEX_ECDH_INIT);
	writer_string(&w, view_of(v.bytes, v.len));
	forger_send(&p, SP_CLIENT, buffer_view(&payload));
	buffer_clear(&payload);
	forger_deliver(&p, SP_SERVER);
	status = p.closed[SP_SERVER];
	/* Nothing is signed, and no secret kept, of what is no good. */
	assert_int_equal(
	    p.count[SP_SERVER][SP_EVENT_SIGN_EXCHANGE], status == SP_OK);
	pair_clear(&p);
	return status;
}

/* ---- to a client ---- */

struct lie {
	const struct kex_method *method;
	const struct edge *edge;
};

static bool
lie_in_reply(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	const struct lie *lie = p->arg;
	struct agreement room;
	struct value v = { .agreement = agreement_of(lie->method, &room) };
	uint8_t signature[SP_SIGNATURE_MAX];
	struct transport *t;
	struct writer w;
	size_t len;

	if (side != SP_SERVER || event->kind != SP_EVENT_SIGN_EXCHANGE)
		return false;
	t = forger_transport(p, SP_SERVER);
	assert_int_equal(sp_key_sign(p->host_key, "ssh-ed25519",
			     event->u.sign_exchange.hash, signature, &len),
	    SP_OK);
	set_good(&v,
	    without_zeros(event->u.sign_exchange.server_value,
		v.agreement->values_are_mpints));
	lie->edge->make(&v);
	transport_begin(t, &w,
	    lie->method->family == FAMILY_GEX ? SSH_MSG_KEX_DH_GEX_REPLY
					      : SSH_MSG_KEX_ECDH_REPLY);
	writer_string(&w, event->u.sign_exchange.host_key);
	writer_string(&w, view_of(v.bytes, v.len));
	writer_string(&w, view_of(signature, len));
	assert_int_equal(transport_end(t, &w), SP_OK);
	return true;
}

static enum sp_status
send_to_client(const struct kex_method *method, const struct edge *edge)
{
	struct lie lie = { method, edge };
	enum sp_status status;
	struct pair p;

	configure(&p, method);
	p.hook = lie_in_reply;
	p.arg = &lie;
	pair_start(&p);
	pair_run(&p);
	status = p.closed[SP_CLIENT];
	/* The owner is not asked about a key that did not sign. */
	assert_int_equal(
	    p.count[SP_CLIENT][SP_EVENT_HOST_KEY], status == SP_OK);
	pair_clear(&p);
	return status;
}

static void
check_all(enum sp_role victim,
    enum sp_status (*send)(const struct kex_method *, const struct edge *))
{
	enum algorithm_set set;
	const char *name;

	for (size_t i = 0; (name = kexmethod_row(i, &set)) != NULL; i++) {
		const struct kex_method *method =
		    kexmethod_find(view_of_string(name));

		for (size_t k = 0; k < EDGES; k++) {
			enum sp_status wanted = victim == SP_SERVER
			    ? edges[k].server
			    : edges[k].client;
			enum sp_status status;

			if ((edges[k].kinds & kind_of(method)) == 0)
				continue;
			status = send(method, &edges[k]);
			if (status != wanted)
				fail_msg("%s, %s: %d, not %d", name,
				    edges[k].name, status, wanted);
		}
	}
}

static void
a_server_ends_with_each_value_that_is_no_good(void **state)
{
	(void)state;
	check_all(SP_SERVER, send_to_server);
}

static void
a_client_ends_with_each_value_that_is_no_good(void **state)
{
	(void)state;
	check_all(SP_CLIENT, send_to_client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_ends_with_each_value_that_is_no_good),
		cmocka_unit_test(a_client_ends_with_each_value_that_is_no_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
