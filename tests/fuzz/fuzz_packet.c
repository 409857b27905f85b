/*
 * Packets behind new keys: the first byte chooses the suite, or that the
 * rest is what a compressed packet holds. What the keys' owner sealed is
 * opened, and nothing that was changed on its way.
 */
#include "lib/transport/packet.h"
#include "lib/transport/zlibstream.h"
#include "tests/fuzz/owner.h"
#include "tests/fuzz/target.h"
#include "tests/unit/suites.h"

enum { COMPRESSED = 0x80, TRUSTED = 0x40 };

/* A stream in two packets, which is no worse than in one. */
static void
inflate(struct sp_view data)
{
	struct zlibstream *stream;
	struct sp_view result;
	enum sp_status status;

	TARGET_ASSERT(zlibstream_new_inflate(&stream) == SP_OK);
	status =
	    zlibstream_run(stream, view_of(data.data, data.len / 2), &result);
	if (status == SP_OK)
		status = zlibstream_run(stream,
		    view_of(data.data + data.len / 2, data.len - data.len / 2),
		    &result);
	TARGET_ASSERT(status == SP_ERR_COMPRESSION ||
	    status == SP_ERR_PACKET_LENGTH ||
	    (status == SP_OK && result.len < LIMIT_PACKET_TRUSTED));
	zlibstream_free(stream);
}

static void
set_up(struct transport *from, struct transport *to, struct cipher_suite suite)
{
	static const uint8_t bytes[64] = { 1, 2, 3 };
	const struct sp_engine_config *config = owner_config(SP_CLIENT, 0);
	struct cipher_keys keys = suites_keys(suite, bytes);

	TARGET_ASSERT(transport_init(from, config) == SP_OK);
	TARGET_ASSERT(transport_init(to, config) == SP_OK);
	TARGET_ASSERT(cipher_new(suite, config->crypto, CIPHER_SEAL, keys,
			  &from->tx.cipher) == SP_OK);
	TARGET_ASSERT(cipher_new(suite, config->crypto, CIPHER_OPEN, keys,
			  &to->rx.cipher) == SP_OK);
}

/* Whatever comes, nothing of it is a packet. */
static void
open_forged(struct transport *to, struct sp_view data, bool is_inside)
{
	struct sp_view payload;
	enum sp_status status;

	if (data.len > LIMIT_PACKET)
		data.len = LIMIT_PACKET;
	TARGET_ASSERT(buffer_append(&to->in, data) == SP_OK);
	status = packet_open(to, &payload);
	TARGET_ASSERT(status == SP_ERR_AGAIN || status == SP_ERR_MAC ||
	    (status == SP_ERR_PACKET_LENGTH && !is_inside));
}

/* The data as a payload, then with one byte of the packet changed. */
static void
open_sealed(struct transport *from, struct transport *to, struct sp_view data)
{
	struct sp_view payload;
	enum sp_status status;
	struct writer w;

	if (data.len > PACKET_PAYLOAD_MAX)
		data.len = PACKET_PAYLOAD_MAX;
	for (int changed = 0; changed < 2; changed++) {
		size_t size;

		TARGET_ASSERT(packet_begin(from) == SP_OK);
		writer_init(&w, &from->out);
		writer_bytes(&w, data);
		TARGET_ASSERT(packet_end(from) == SP_OK);
		size = buffer_len(&from->out);
		if (changed == 1)
			from->out.data[from->out.start + data.data[0] % size] ^=
			    (uint8_t)(data.len % 255 + 1);
		TARGET_ASSERT(
		    buffer_append(&to->in, buffer_view(&from->out)) == SP_OK);
		buffer_consume(&from->out, size);
		status = packet_open(to, &payload);
		TARGET_ASSERT((status == SP_OK) == (changed == 0));
		TARGET_ASSERT(changed == 1 || view_equal(payload, data));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cipher_suite suite;
	struct transport from, to;
	size_t number;

	if (size < 2)
		return 0;
	if ((data[0] & COMPRESSED) != 0) {
		inflate(view_of(data + 1, size - 1));
		return 0;
	}
	number = data[0] % TRUSTED;
	if (!suites_at(number, &suite))
		return 0;
	for (int forged = 0; forged < 2; forged++) {
		set_up(&from, &to, suite);
		to.is_trusted = (data[0] & TRUSTED) != 0;
		if (forged == 1)
			open_forged(&to, view_of(data + 1, size - 1),
			    cipher_has_length_inside(to.rx.cipher));
		else
			open_sealed(&from, &to, view_of(data + 1, size - 1));
		transport_clear(&from);
		transport_clear(&to);
	}
	return 0;
}
