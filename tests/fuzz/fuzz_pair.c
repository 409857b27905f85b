/*
 * Two engines and a network between them that the input plays: a byte for
 * the algorithms, one for how it begins, and records: what to do, how much of
 * it, and bytes where it takes some.
 *
 *	0, 1  one side's packet: the bytes are its payload, under real keys
 *	2, 3  so much of what one side has sent arrives
 *	4, 5  one byte of what one side has sent changes
 *	6, 7  one side's owner does something
 */
#include "lib/engine.h"
#include "lib/transport/packet.h"
#include "tests/fuzz/owner.h"
#include "tests/fuzz/target.h"

enum { RECORDS_MAX = 100, TURNS_MAX = 20 };

static void
forge(struct owner *from, struct sp_view payload)
{
	struct transport *t = &from->engine->transport;
	struct writer w;

	/* As a peer with a window of its own would: not without bound. */
	if (payload.len == 0 || buffer_len(&t->out) > LIMIT_OUTPUT / 2)
		return;
	writer_init(&w, &t->out);
	w.status = packet_begin(t);
	writer_bytes(&w, payload);
	if (w.status != SP_OK || packet_end(t) != SP_OK)
		packet_cancel(t);
}

/* False when nothing moved. */
static bool
deliver(struct owner *from, struct owner *to, size_t most)
{
	struct sp_view out = sp_engine_output(from->engine), rest;

	if (most > 0 && out.len > most)
		out.len = most;
	rest = out;
	owner_give(to, &rest);
	sp_engine_output_sent(from->engine, out.len - rest.len);
	return out.len > rest.len;
}

static void
corrupt(struct owner *from, size_t at)
{
	struct buffer *out = &from->engine->transport.out;

	if (buffer_len(out) > 0)
		out->data[out->start + at % buffer_len(out)] ^= 1;
}

/* Until nothing moves: what the connection would do by itself. */
static void
settle(struct owner side[2])
{
	bool moved = true;

	for (int turn = 0; turn < TURNS_MAX && moved; turn++) {
		owner_turn(&side[0]);
		moved = deliver(&side[0], &side[1], 0);
		owner_turn(&side[1]);
		moved = deliver(&side[1], &side[0], 0) || moved;
	}
}

static bool
play(struct owner side[2], struct reader *r)
{
	uint8_t what = reader_u8(r);
	uint8_t size = reader_u8(r);
	struct owner *one = &side[what % 2], *other = &side[1 - what % 2];

	if (r->failed)
		return false;
	switch (what / 2 % 4) {
	case 0:
		forge(one, reader_bytes(r, size));
		break;
	case 1:
		deliver(one, other, size);
		break;
	case 2:
		corrupt(one, size);
		break;
	case 3:
		owner_act(one, size);
		break;
	}
	return !r->failed;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct owner side[2];
	struct reader r;
	uint8_t set, start;

	reader_init(&r, view_of(data, size));
	set = reader_u8(&r);
	start = reader_u8(&r);
	owner_start(&side[0], SP_CLIENT, set, start);
	owner_start(&side[1], SP_SERVER, set, start / 2u);
	/* Nearly always in the middle of a connection. */
	if (start % 8 != 0)
		settle(side);
	for (int n = 0; n < RECORDS_MAX && play(side, &r); n++)
		if (start % 2 != 0)
			settle(side);
	settle(side);
	for (int i = 0; i < 2; i++) {
		sp_engine_disconnect(side[i].engine, 11, "enough");
		owner_turn(&side[i]);
		TARGET_ASSERT(side[i].is_closed);
		owner_end(&side[i]);
	}
	return 0;
}
