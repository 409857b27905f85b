/*
 * Encoding by halves: each pair of numbers below m0 and m1 becomes one below
 * m0 * m1, whose lowest bytes are written until what is left is below
 * 2^14; and so on with half as many. Divisions by the moduli, which are
 * public, are turned into products: the numbers divided may be secret.
 */
#include "lib/crypto/sntrupcode.h"

#include "lib/crypto/sntrupring.h"

#include <openssl/crypto.h>
#include <string.h>

enum {
	P = SNTRUPRING_P,
	HALF = SNTRUPRING_HALF,
	RADIX = 16384, /* what is carried on is smaller */
	THIRD = (SNTRUPRING_Q + 2) / 3, /* multiples of 3 there are */
	LEVELS = 11, /* 761 halved, up to one */
};

/* ---- encoding ---- */

/* What is left of a modulus when a byte has gone. */
static uint32_t
less_a_byte(uint32_t modulus)
{
	return (modulus + 255) >> 8;
}

/* Puts pairs in place of single ones; what bytes go, go to out. */
static uint8_t *
encode_level(uint8_t *out, uint16_t *values, uint16_t *moduli, int len)
{
	for (int i = 0; i < len - 1; i += 2) {
		uint32_t modulus = (uint32_t)moduli[i] * moduli[i + 1];
		uint32_t value =
		    values[i] + (uint32_t)values[i + 1] * moduli[i];

		while (modulus >= RADIX) {
			*out++ = (uint8_t)value;
			value >>= 8;
			modulus = less_a_byte(modulus);
		}
		values[i / 2] = (uint16_t)value;
		moduli[i / 2] = (uint16_t)modulus;
	}
	if (len % 2 == 1) {
		values[len / 2] = values[len - 1];
		moduli[len / 2] = moduli[len - 1];
	}
	return out;
}

/* All are below the same modulus. Overwrites the values. */
static void
encode(uint8_t *out, uint16_t values[P], uint16_t modulus)
{
	uint16_t moduli[P];
	uint32_t value, left;

	for (int i = 0; i < P; i++)
		moduli[i] = modulus;
	for (int len = P; len > 1; len = (len + 1) / 2)
		out = encode_level(out, values, moduli, len);
	value = values[0];
	for (left = moduli[0]; left > 1; left = less_a_byte(left)) {
		*out++ = (uint8_t)value;
		value >>= 8;
	}
}

/* ---- decoding ---- */

struct quotient {
	uint32_t value;
	uint32_t rest;
};

/* x below 2^31, m below 2^14: an estimate that is at most two too small. */
static struct quotient
divide(uint32_t x, uint32_t m)
{
	uint32_t reciprocal = UINT32_C(0x80000000) / m;
	uint32_t value = (uint32_t)(((uint64_t)x * reciprocal) >> 31);
	uint32_t rest = x - value * m;

	for (int i = 0; i < 2; i++) {
		uint32_t too_small = ((rest - m) >> 31) - 1;

		rest -= m & too_small;
		value += 1 & too_small;
	}
	return (struct quotient){ value, rest };
}

/* One level of decoding: its moduli, and what each pair had written. */
struct level {
	int len;
	uint16_t moduli[P];
	uint32_t written[P / 2];
	uint32_t scale[P / 2]; /* 256 for each byte */
};

static const uint8_t *
read_pair(struct level *at, int pair, struct level *next, const uint8_t *in)
{
	uint32_t modulus =
	    (uint32_t)at->moduli[2 * pair] * at->moduli[2 * pair + 1];

	at->written[pair] = 0;
	at->scale[pair] = 1;
	while (modulus >= RADIX) {
		at->written[pair] += at->scale[pair] * *in++;
		at->scale[pair] <<= 8;
		modulus = less_a_byte(modulus);
	}
	next->moduli[pair] = (uint16_t)modulus;
	return in;
}

static const uint8_t *
read_level(struct level *at, struct level *next, const uint8_t *in)
{
	next->len = (at->len + 1) / 2;
	for (int pair = 0; pair < at->len / 2; pair++)
		in = read_pair(at, pair, next, in);
	if (at->len % 2 == 1)
		next->moduli[at->len / 2] = at->moduli[at->len - 1];
	return in;
}

/* From the values of the level above to this one's, in their place. */
static void
split_level(const struct level *at, uint16_t *values)
{
	if (at->len % 2 == 1)
		values[at->len - 1] = values[at->len / 2];
	for (int pair = at->len / 2 - 1; pair >= 0; pair--) {
		uint32_t whole =
		    at->written[pair] + at->scale[pair] * values[pair];
		struct quotient q = divide(whole, at->moduli[2 * pair]);

		values[2 * pair] = (uint16_t)q.rest;
		q = divide(q.value, at->moduli[2 * pair + 1]);
		values[2 * pair + 1] = (uint16_t)q.rest;
	}
}

static void
decode(uint16_t values[P], const uint8_t *in, uint16_t modulus)
{
	struct level levels[LEVELS];
	uint32_t top = 0, scale = 1;
	int n = 0;

	levels[0].len = P;
	for (int i = 0; i < P; i++)
		levels[0].moduli[i] = modulus;
	for (; levels[n].len > 1; n++)
		in = read_level(&levels[n], &levels[n + 1], in);
	for (uint32_t left = levels[n].moduli[0]; left > 1;
	     left = less_a_byte(left)) {
		top += scale * *in++;
		scale <<= 8;
	}
	values[0] = (uint16_t)divide(top, levels[n].moduli[0]).rest;
	while (n-- > 0)
		split_level(&levels[n], values);
}

/* ---- polynomials ---- */

void
sntrupcode_write_small(uint8_t *bytes, const int8_t *small)
{
	memset(bytes, 0, SNTRUPCODE_SMALL);
	for (int i = 0; i < P; i++)
		bytes[i / 4] |= (uint8_t)((small[i] + 1) << 2 * (i % 4));
}

void
sntrupcode_read_small(int8_t *small, const uint8_t *bytes)
{
	memset(small, 0, SNTRUPRING_ROOM);
	for (int i = 0; i < P; i++)
		small[i] = (int8_t)((bytes[i / 4] >> 2 * (i % 4) & 3) - 1);
}

void
sntrupcode_write_full(uint8_t *bytes, const int16_t *full)
{
	uint16_t values[P];

	for (int i = 0; i < P; i++)
		values[i] = (uint16_t)(full[i] + HALF);
	encode(bytes, values, SNTRUPRING_Q);
	OPENSSL_cleanse(values, sizeof values);
}

void
sntrupcode_read_full(int16_t *full, const uint8_t *bytes)
{
	uint16_t values[P];

	decode(values, bytes, SNTRUPRING_Q);
	memset(full, 0, SNTRUPRING_ROOM * sizeof *full);
	for (int i = 0; i < P; i++)
		full[i] = (int16_t)(values[i] - HALF);
}

void
sntrupcode_write_rounded(uint8_t *bytes, const int16_t *rounded)
{
	uint16_t values[P];

	/* x / 3 is x * 10923 / 2^15 for the multiples of 3 there are. */
	for (int i = 0; i < P; i++)
		values[i] =
		    (uint16_t)((uint32_t)(rounded[i] + HALF) * 10923 >> 15);
	encode(bytes, values, THIRD);
	OPENSSL_cleanse(values, sizeof values);
}

void
sntrupcode_read_rounded(int16_t *rounded, const uint8_t *bytes)
{
	uint16_t values[P];

	decode(values, bytes, THIRD);
	memset(rounded, 0, SNTRUPRING_ROOM * sizeof *rounded);
	for (int i = 0; i < P; i++)
		rounded[i] = (int16_t)(3 * values[i] - HALF);
}
