/*
 * Binary packets. Before the first NEWKEYS they are in the clear and
 * padded to 8 bytes; afterwards a cipher authenticates them, and the
 * length bytes do not count for the padding (RFC 5647 7.3 and OpenSSH's
 * PROTOCOL.chacha20poly1305), unless they are sealed with the first block
 * (RFC 4253 6).
 */
#include "lib/transport/packet.h"

#include "lib/crypto/random.h"
#include "lib/transport/zlibstream.h"

#include <assert.h>

enum {
	CLEAR_BLOCK = 8,
	LENGTH_SIZE = 4,
	PADDING_MIN = 4,
	LENGTH_MIN = 1 + 1 + PADDING_MIN, /* RFC 4253 6 wants a payload */
};

/* Under one key (RFC 4344 3.1 allows 2^32): a rekey is due much earlier. */
static const uint64_t packets_max = UINT64_C(1) << 31;

static size_t
block_of(const struct cipher_state *cipher)
{
	return cipher == NULL ? CLEAR_BLOCK
			      : cipher_suite_of(cipher).cipher->block_len;
}

static size_t
tag_of(const struct cipher_state *cipher)
{
	return cipher == NULL ? 0 : cipher_tag_len(cipher);
}

static size_t
head_of(const struct cipher_state *cipher)
{
	return cipher == NULL ? LENGTH_SIZE : cipher_head_len(cipher);
}

/* What of packet_length counts when blocks are filled up. */
static size_t
counted_of(const struct cipher_state *cipher)
{
	return cipher == NULL || cipher_has_length_inside(cipher) ? LENGTH_SIZE
								  : 0;
}

/* The longest packet_length a packet may have, block by block. */
static uint32_t
longest(const struct transport *t)
{
	uint32_t max = t->is_trusted ? LIMIT_PACKET_TRUSTED : LIMIT_PACKET;
	uint32_t counted = (uint32_t)counted_of(t->rx.cipher);

	return max - (max + counted) % (uint32_t)block_of(t->rx.cipher);
}

/*
 * Where a length is deciphered before anything is authenticated, whoever
 * changes the ciphertext could learn from our answer what it became. So
 * nothing follows from a length that is out of range, nor from a tag that
 * does not fit: the packet is taken for one of the longest, and refused
 * when all of that has come.
 */
static void
condemn(struct transport *t)
{
	t->is_condemned = true;
	t->next_len = longest(t);
}

/* packet_length as far as it is known to be sane. */
static enum sp_status
read_length(struct transport *t, struct sp_view at)
{
	struct cipher_state *cipher = t->rx.cipher;
	uint32_t length;
	struct reader r;

	if (cipher == NULL) {
		reader_init(&r, view_of(at.data, LENGTH_SIZE));
		length = reader_u32(&r);
	} else {
		length = cipher_length(cipher, t->rx.sequence, at.data);
	}
	if (length >= LENGTH_MIN && length <= longest(t) &&
	    (length + counted_of(cipher)) % block_of(cipher) == 0) {
		t->next_len = length;
		return SP_OK;
	}
	if (cipher == NULL || !cipher_has_length_inside(cipher))
		return SP_ERR_PACKET_LENGTH;
	condemn(t);
	return SP_OK;
}

/* Deciphers the packet that is there, if it is one. */
static enum sp_status
decipher(struct transport *t, uint8_t *packet)
{
	struct cipher_state *cipher = t->rx.cipher;
	enum sp_status status;

	if (cipher == NULL)
		return SP_OK;
	status = cipher_open(cipher, t->rx.sequence, packet, t->next_len);
	if (t->is_condemned)
		return SP_ERR_MAC;
	if (status == SP_ERR_MAC && cipher_has_length_inside(cipher))
		condemn(t);
	return status;
}

size_t
packet_wanted(const struct transport *t)
{
	return t->next_len == 0
	    ? 0
	    : LENGTH_SIZE + (size_t)t->next_len + tag_of(t->rx.cipher);
}

/*
 * A number that wraps would let one packet stand for another in the first
 * exchange, and later bring back a nonce where no rekey comes in time.
 */
static enum sp_status
count_packet(
    const struct transport *t, struct transport_direction *way, size_t size)
{
	way->sequence++;
	way->packets++;
	way->bytes += size;
	if (way->sequence == 0 && !t->first_kex_done)
		return SP_ERR_SEQUENCE_WRAP;
	return way->packets >= packets_max ? SP_ERR_SEQUENCE_WRAP : SP_OK;
}

/*
 * SUCCESS may cross what a client sealed before it knew of it: its farewell,
 * or whatever it may say then. That is not compressed. A stream begins with
 * a byte whose lower half is 8 (RFC 1950 2.2), as no message's number does.
 */
static bool
is_before_stream(struct transport *t, struct sp_view payload)
{
	if (!t->rx.awaits_stream || t->role == SP_CLIENT)
		return false;
	t->rx.awaits_stream = (payload.data[0] & 0x0f) != 8;
	return t->rx.awaits_stream;
}

enum sp_status
packet_open(struct transport *t, struct sp_view *payload)
{
	enum sp_status status;
	struct sp_view in;
	uint8_t *packet;
	uint32_t length;
	uint8_t padding;
	size_t size;

	buffer_consume(&t->in, t->opened);
	t->opened = 0;
	in = buffer_view(&t->in);
	if (in.len < head_of(t->rx.cipher))
		return SP_ERR_AGAIN;
	if (t->next_len == 0 && (status = read_length(t, in)) != SP_OK)
		return status;
	length = t->next_len;
	size = packet_wanted(t);
	if (in.len < size)
		return SP_ERR_AGAIN;

	packet = t->in.data + t->in.start;
	status = decipher(t, packet);
	/* Condemned just now: more of it may be there, or has to come. */
	if (status == SP_ERR_MAC && length != t->next_len)
		return packet_open(t, payload);
	if (status != SP_OK)
		return status;
	t->next_len = 0;
	t->opened = size;
	padding = packet[4];
	if (padding < PADDING_MIN || padding > length - 2)
		return SP_ERR_PADDING;
	*payload = view_of(packet + PACKET_HEADER, length - 1 - padding);
	if (t->rx.zlib != NULL && !is_before_stream(t, *payload)) {
		status = zlibstream_run(t->rx.zlib, *payload, payload);
		if (status != SP_OK)
			return status;
	}
	return count_packet(t, &t->rx, size);
}

static size_t
padding_for(const struct transport *t, size_t payload_len)
{
	size_t block = block_of(t->tx.cipher);
	size_t counted = counted_of(t->tx.cipher) + 1 + payload_len;
	size_t padding = block - counted % block;

	return padding < PADDING_MIN ? padding + block : padding;
}

static size_t
sealed_size(const struct transport *t, size_t payload_len)
{
	return (size_t)PACKET_HEADER + payload_len +
	    padding_for(t, payload_len) + tag_of(t->tx.cipher);
}

size_t
packet_size(const struct transport *t, size_t payload_len)
{
	if (t->tx.zlib == NULL)
		return sealed_size(t, payload_len);
	return sealed_size(t, zlibstream_bound(payload_len));
}

/* Random padding (RFC 4253 6), drawn 256 bytes at a time. */
static enum sp_status
fill_padding(struct transport *t, uint8_t *room, size_t len)
{
	enum sp_status status;

	if (sizeof t->padding - t->padding_used < len) {
		status = random_bytes(t->padding, sizeof t->padding);
		if (status != SP_OK)
			return status;
		t->padding_used = 0;
	}
	memcpy(room, t->padding + t->padding_used, len);
	t->padding_used += len;
	return SP_OK;
}

/* The payload is in its place. */
static enum sp_status
seal(struct transport *t, uint8_t *packet, size_t payload_len)
{
	size_t padding = padding_for(t, payload_len);
	uint32_t length = (uint32_t)(1 + payload_len + padding);
	enum sp_status status;

	writer_put_u32(packet, length);
	packet[4] = (uint8_t)padding;
	status = fill_padding(t, packet + PACKET_HEADER + payload_len, padding);
	if (status != SP_OK)
		return status;
	if (t->tx.cipher != NULL) {
		status =
		    cipher_seal(t->tx.cipher, t->tx.sequence, packet, length);
		if (status != SP_OK)
			return status;
	}
	return count_packet(
	    t, &t->tx, LENGTH_SIZE + length + tag_of(t->tx.cipher));
}

static enum sp_status
deflate_and_seal(
    struct transport *t, uint8_t *packet, struct sp_view payload, size_t *size)
{
	uint8_t *place = packet + PACKET_HEADER;
	enum sp_status status;
	struct sp_view deflated;

	if (t->tx.zlib != NULL) {
		status = zlibstream_run(t->tx.zlib, payload, &deflated);
		if (status != SP_OK)
			return status;
		if (deflated.len > zlibstream_bound(payload.len))
			return SP_ERR_INTERNAL;
		memcpy(place, deflated.data, deflated.len);
		payload.len = deflated.len;
	} else if (payload.data != place) {
		memmove(place, payload.data, payload.len);
	}
	*size = sealed_size(t, payload.len);
	return seal(t, packet, payload.len);
}

enum sp_status
packet_seal(
    struct transport *t, uint8_t *packet, struct sp_view payload, size_t *size)
{
	enum sp_status status;

	if (t->tx.has_failed)
		return SP_ERR_STATE;
	status = deflate_and_seal(t, packet, payload, size);
	/* Stream and counter are no longer what the peer's are. */
	if (status != SP_OK)
		t->tx.has_failed = true;
	return status;
}

enum sp_status
packet_begin(struct transport *t)
{
	enum sp_status status;
	uint8_t *room;

	t->packet_mark = buffer_len(&t->out);
	status = buffer_room(&t->out, PACKET_HEADER, &room);
	if (status == SP_OK)
		buffer_grew(&t->out, PACKET_HEADER);
	return status;
}

void
packet_cancel(struct transport *t)
{
	buffer_truncate(&t->out, t->packet_mark);
}

enum sp_status
packet_end(struct transport *t)
{
	size_t payload_len =
	    buffer_len(&t->out) - t->packet_mark - PACKET_HEADER;
	size_t behind =
	    packet_size(t, payload_len) - PACKET_HEADER - payload_len;
	enum sp_status status;
	uint8_t *room, *packet;
	size_t size;

	assert(payload_len > 0);
	if (payload_len > PACKET_PAYLOAD_MAX)
		return SP_ERR_LIMIT;
	status = buffer_room(&t->out, behind, &room);
	if (status != SP_OK)
		return status;
	buffer_grew(&t->out, behind);
	packet = t->out.data + t->out.start + t->packet_mark;
	status = packet_seal(
	    t, packet, view_of(packet + PACKET_HEADER, payload_len), &size);
	if (status != SP_OK)
		return status;
	buffer_truncate(&t->out, t->packet_mark + size);
	t->out_answers += size;
	return SP_OK;
}
