/* The number-theoretic transform and the encodings of ML-KEM. */
#include "lib/crypto/mlkemring.h"

enum { N = MLKEMRING_N, Q = MLKEMRING_Q };

/* 17 to the power of i with its 7 bits reversed. */
static const uint16_t roots[128] = { 1, 1729, 2580, 3289, 2642, 630, 1897, 848,
	1062, 1919, 193, 797, 2786, 3260, 569, 1746, 296, 2447, 1339, 1476,
	3046, 56, 2240, 1333, 1426, 2094, 535, 2882, 2393, 2879, 1974, 821, 289,
	331, 3253, 1756, 1197, 2304, 2277, 2055, 650, 1977, 2513, 632, 2865, 33,
	1320, 1915, 2319, 1435, 807, 452, 1438, 2868, 1534, 2402, 2647, 2617,
	1481, 648, 2474, 3110, 1227, 910, 17, 2761, 583, 2649, 1637, 723, 2288,
	1100, 1409, 2662, 3281, 233, 756, 2156, 3015, 3050, 1703, 1651, 2789,
	1789, 1847, 952, 1461, 2687, 939, 2308, 2437, 2388, 733, 2337, 268, 641,
	1584, 2298, 2037, 3220, 375, 2549, 2090, 1645, 1063, 319, 2773, 757,
	2099, 561, 2466, 2594, 2804, 1092, 403, 1026, 1143, 2150, 2775, 886,
	1722, 1212, 1874, 1029, 2110, 2935, 885, 2154 };

/* x / q, rounded down, for x below 2^25: exactly. */
static uint32_t
divide(uint32_t x)
{
	const uint64_t reciprocal = ((UINT64_C(1) << 40) + Q - 1) / Q;

	return (uint32_t)(x * reciprocal >> 40);
}

static uint16_t
reduce(uint32_t x)
{
	return (uint16_t)(x - divide(x) * Q);
}

static uint16_t
product(uint16_t a, uint16_t b)
{
	return reduce((uint32_t)a * b);
}

/* Of a number below 2q. */
static uint16_t
reduce_once(uint32_t x)
{
	uint32_t less = x - Q;

	return (uint16_t)(less + (Q & (0 - (less >> 31))));
}

static uint16_t
sum(uint16_t a, uint16_t b)
{
	return reduce_once((uint32_t)a + b);
}

static uint16_t
difference(uint16_t a, uint16_t b)
{
	return reduce_once((uint32_t)a + Q - b);
}

void
mlkemring_add(struct mlkemring *a, const struct mlkemring *b)
{
	for (int i = 0; i < N; i++)
		a->at[i] = sum(a->at[i], b->at[i]);
}

void
mlkemring_subtract(struct mlkemring *a, const struct mlkemring *b)
{
	for (int i = 0; i < N; i++)
		a->at[i] = difference(a->at[i], b->at[i]);
}

/* ---- transforms ---- */

void
mlkemring_ntt(struct mlkemring *p)
{
	int root = 1;

	for (int len = 128; len >= 2; len /= 2)
		for (int start = 0; start < N; start += 2 * len, root++)
			for (int j = start; j < start + len; j++) {
				uint16_t t =
				    product(roots[root], p->at[j + len]);

				p->at[j + len] = difference(p->at[j], t);
				p->at[j] = sum(p->at[j], t);
			}
}

void
mlkemring_inverse_ntt(struct mlkemring *p)
{
	const uint16_t scale = 3303; /* 1/128 */
	int root = 127;

	for (int len = 2; len <= 128; len *= 2)
		for (int start = 0; start < N; start += 2 * len, root--)
			for (int j = start; j < start + len; j++) {
				uint16_t t = p->at[j];

				p->at[j] = sum(t, p->at[j + len]);
				p->at[j + len] = product(
				    roots[root], difference(p->at[j + len], t));
			}
	for (int i = 0; i < N; i++)
		p->at[i] = product(p->at[i], scale);
}

/* Modulo x^2 - root (algorithm 12). */
static void
multiply_pair(
    uint16_t *total, const uint16_t *a, const uint16_t *b, uint16_t root)
{
	uint32_t low =
	    (uint32_t)a[0] * b[0] + (uint32_t)product(a[1], b[1]) * root;
	uint32_t high = (uint32_t)a[0] * b[1] + (uint32_t)a[1] * b[0];

	total[0] = sum(total[0], reduce(low));
	total[1] = sum(total[1], reduce(high));
}

void
mlkemring_multiply_add(struct mlkemring *total, const struct mlkemring *a,
    const struct mlkemring *b)
{
	for (int i = 0; i < N / 4; i++) {
		uint16_t root = roots[64 + i];
		int at = 4 * i;

		multiply_pair(total->at + at, a->at + at, b->at + at, root);
		at += 2;
		multiply_pair(total->at + at, a->at + at, b->at + at,
		    (uint16_t)(Q - root));
	}
}

/* ---- from and to bytes ---- */

void
mlkemring_small(struct mlkemring *p, const uint8_t bytes[128])
{
	for (int i = 0; i < N; i++) {
		unsigned bits = (unsigned)bytes[i / 2] >> (4 * (i % 2));
		unsigned up = (bits & 1) + (bits >> 1 & 1);
		unsigned down = (bits >> 2 & 1) + (bits >> 3 & 1);

		p->at[i] = reduce_once(Q + up - down);
	}
}

/* round(2^bits / q * x) modulo 2^bits */
static uint32_t
compress(uint16_t x, unsigned bits)
{
	if (bits == 12)
		return x;
	return divide(((uint32_t)x << bits) + Q / 2) &
	    ((UINT32_C(1) << bits) - 1);
}

/* round(q / 2^bits * x) */
static uint16_t
decompress(uint32_t x, unsigned bits)
{
	return (uint16_t)((x * Q + (UINT32_C(1) << (bits - 1))) >> bits);
}

void
mlkemring_write(uint8_t *bytes, const struct mlkemring *p, unsigned bits)
{
	uint32_t waiting = 0;
	unsigned count = 0;

	for (int i = 0; i < N; i++) {
		waiting |= compress(p->at[i], bits) << count;
		for (count += bits; count >= 8; count -= 8) {
			*bytes++ = (uint8_t)waiting;
			waiting >>= 8;
		}
	}
}

bool
mlkemring_read(struct mlkemring *p, const uint8_t *bytes, unsigned bits)
{
	uint32_t waiting = 0, too_large = 0;
	unsigned count = 0;

	for (int i = 0; i < N; i++) {
		uint32_t x;

		for (; count < bits; count += 8)
			waiting |= (uint32_t)*bytes++ << count;
		x = waiting & ((UINT32_C(1) << bits) - 1);
		waiting >>= bits;
		count -= bits;
		if (bits == 12) {
			too_large |= ~(x - Q) >> 31;
			p->at[i] = reduce_once(x);
		} else {
			p->at[i] = decompress(x, bits);
		}
	}
	return too_large == 0;
}
