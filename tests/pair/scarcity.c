/* Engines, what moves between them, and what they may end with. */
#include "tests/pair/scarcity.h"

#include "lib/wire/view.h"
#include "tests/unit/alloc_fail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scarcity_keys scarcity_keys;

bool
scarcity_begin(void)
{
	struct scarcity_keys *k = &scarcity_keys;

	alloc_fail_install();
	k->crypto = sp_crypto_new();
	return k->crypto != NULL &&
	    sp_key_generate(k->crypto, "ssh-ed25519", &k->host_key) == SP_OK &&
	    sp_key_generate(k->crypto, "ssh-ed25519", &k->user_key) == SP_OK;
}

void
scarcity_end(void)
{
	sp_key_free(scarcity_keys.host_key);
	sp_key_free(scarcity_keys.user_key);
	sp_crypto_free(scarcity_keys.crypto);
}

void
scarcity_expect(enum sp_status status)
{
	if (status == SP_OK)
		return;
	if (!alloc_fail_happened())
		fail_msg("%s", sp_status_name(status));
	assert_true(status == SP_ERR_MEMORY || status == SP_ERR_CRYPTO ||
	    status == SP_ERR_STATE || status == SP_ERR_STALE_TOKEN ||
	    status == SP_ERR_CHANNEL || status == SP_ERR_LIMIT);
}

void
scarcity_init(struct scarcity *s, const struct sp_algorithms *algorithms)
{
	s->offered = (struct sp_host_key){ "ssh-ed25519",
		sp_key_blob(scarcity_keys.host_key) };
	for (int role = SP_CLIENT; role <= SP_SERVER; role++)
		s->config[role] = (struct sp_engine_config){
			.role = (enum sp_role)role,
			.crypto = scarcity_keys.crypto,
			.algorithms = *algorithms,
			.host_keys = &s->offered,
			.host_key_count = role == SP_SERVER,
			.now_ms = 1,
		};
}

static bool
hand_out(struct scarcity *s, enum sp_role side)
{
	struct sp_event event;
	bool any = false;

	while (s->engine[side] != NULL &&
	    sp_engine_next_event(s->engine[side], &event)) {
		any = true;
		assert_int_equal(s->ends[side], 0);
		if (event.kind == SP_EVENT_CLOSED) {
			s->ends[side]++;
			s->end[side] = event.u.closed.status;
		} else {
			s->act[side](s, &event);
		}
	}
	return any;
}

static bool
carry(struct scarcity *s, enum sp_role from)
{
	enum sp_role to = from == SP_CLIENT ? SP_SERVER : SP_CLIENT;
	struct sp_view out;
	uint8_t *room;
	size_t len;

	if (s->engine[from] == NULL || s->engine[to] == NULL)
		return false;
	len = sp_engine_input_room(s->engine[to], &room);
	out = sp_engine_output(s->engine[from]);
	if (out.len < len)
		len = out.len;
	if (len == 0)
		return false;
	memcpy(room, out.data, len);
	sp_engine_input(s->engine[to], len);
	sp_engine_output_sent(s->engine[from], len);
	return true;
}

/* One that cannot go on to channels is of no use to its owner. */
static void
start(struct scarcity *s, enum sp_role role)
{
	struct sp_engine **engine = &s->engine[role];
	enum sp_status status = sp_engine_new(&s->config[role], engine);

	if (status == SP_OK)
		status = sp_engine_enable_connection(*engine);
	scarcity_expect(status);
	if (status == SP_OK)
		return;
	sp_engine_free(*engine);
	*engine = NULL;
}

void
scarcity_run(struct scarcity *s)
{
	bool any;

	start(s, SP_CLIENT);
	start(s, SP_SERVER);
	if (s->engine[SP_CLIENT] == NULL || s->engine[SP_SERVER] == NULL)
		return;
	do {
		any = hand_out(s, SP_CLIENT);
		any = carry(s, SP_CLIENT) || any;
		any = hand_out(s, SP_SERVER) || any;
		any = carry(s, SP_SERVER) || any;
	} while (any);
}

/* Why one may end for want of memory; who reports it may be OpenSSL. */
static void
check_end(enum sp_status status)
{
	static const enum sp_status ends[] = { SP_ERR_MEMORY, SP_ERR_CRYPTO,
		SP_ERR_RANDOM, SP_ERR_KEX_VALUE, SP_ERR_SIGNATURE,
		SP_ERR_NO_HOST_KEY, SP_ERR_HOST_KEY_REFUSED,
		SP_ERR_DISCONNECTED };

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (status == ends[i])
			return;
	fail_msg("%s", sp_status_name(status));
}

void
scarcity_check(struct scarcity *s, bool is_done)
{
	alloc_fail_stop();
	if (!alloc_fail_happened()) {
		assert_true(is_done);
		assert_int_equal(s->ends[SP_CLIENT] + s->ends[SP_SERVER], 0);
	}
	for (int side = SP_CLIENT; side <= SP_SERVER; side++) {
		if (s->ends[side] > 0)
			check_end(s->end[side]);
		sp_engine_free(s->engine[side]);
	}
}
