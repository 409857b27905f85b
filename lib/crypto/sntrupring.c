/*
 * Products by the schoolbook, in loops that compilers turn into vectors;
 * inverses by a fixed number of division steps (Bernstein and Yang, "Fast
 * constant-time gcd computation and modular inversion").
 */
#include "lib/crypto/sntrupring.h"

#include <openssl/crypto.h>
#include <string.h>

enum {
	P = SNTRUPRING_P,
	Q = SNTRUPRING_Q,
	ROOM = SNTRUPRING_ROOM,
	STEPS = 2 * P - 1,
};

/* x - m * round(x / m): the reciprocal is exact enough for 24 bits. */
static int32_t
centred(int32_t x, int32_t m, int64_t reciprocal)
{
	int64_t quotient = ((int64_t)x * reciprocal + (INT64_C(1) << 44)) >> 45;

	return x - (int32_t)quotient * m;
}

int16_t
sntrupring_mod_q(int32_t x)
{
	return (int16_t)centred(x, Q, ((INT64_C(1) << 45) + Q / 2) / Q);
}

int8_t
sntrupring_mod_3(int32_t x)
{
	return (int8_t)centred(x, 3, ((INT64_C(1) << 45) + 1) / 3);
}

/* The product of a and b, folded by x^p = x + 1, not yet reduced. */
static void
multiply(int32_t *sum, const int16_t *a, const int8_t *b)
{
	int32_t product[2 * ROOM] = { 0 };
	int16_t wide[ROOM];

	for (int j = 0; j < ROOM; j++)
		wide[j] = b[j];
	for (int i = 0; i < P; i++) {
		int32_t *row = product + i;

		for (int j = 0; j < ROOM; j++)
			row[j] += (int32_t)a[i] * wide[j];
	}
	for (int i = 2 * P - 2; i >= P; i--) {
		product[i - P] += product[i];
		product[i - P + 1] += product[i];
	}
	memcpy(sum, product, P * sizeof *sum);
	OPENSSL_cleanse(product, sizeof product);
	OPENSSL_cleanse(wide, sizeof wide);
}

void
sntrupring_multiply_q(int16_t *product, const int16_t *a, const int8_t *b)
{
	int32_t sum[P];

	multiply(sum, a, b);
	memset(product, 0, ROOM * sizeof *product);
	for (int i = 0; i < P; i++)
		product[i] = sntrupring_mod_q(sum[i]);
	OPENSSL_cleanse(sum, sizeof sum);
}

void
sntrupring_multiply_3(int8_t *product, const int8_t *a, const int8_t *b)
{
	int16_t wide[ROOM];
	int32_t sum[P];

	for (int i = 0; i < ROOM; i++)
		wide[i] = a[i];
	multiply(sum, wide, b);
	memset(product, 0, ROOM * sizeof *product);
	for (int i = 0; i < P; i++)
		product[i] = sntrupring_mod_3(sum[i]);
	OPENSSL_cleanse(sum, sizeof sum);
	OPENSSL_cleanse(wide, sizeof wide);
}

/* ---- division steps ---- */

/* The gcd's f and g, from the lowest power on, and the factors v and r. */
struct steps {
	int16_t f[ROOM];
	int16_t g[ROOM];
	int16_t v[ROOM];
	int16_t r[ROOM];
	int32_t delta;
};

static void
steps_init(struct steps *s, const int8_t *a, int16_t first)
{
	memset(s, 0, sizeof *s);
	/* x^p - x - 1, and a, backwards. */
	s->f[0] = 1;
	s->f[P - 1] = -1;
	s->f[P] = -1;
	for (int i = 0; i < P; i++)
		s->g[P - 1 - i] = a[i];
	s->r[0] = first;
	s->delta = 1;
}

/* All bits where x is not 0. */
static int32_t
mask_of_nonzero(int32_t x)
{
	uint32_t u = (uint32_t)x;

	return -(int32_t)((u | (0 - u)) >> 31);
}

/* All bits where x is greater than 0. */
static int32_t
mask_of_positive(int32_t x)
{
	return -(int32_t)((0 - (uint32_t)x) >> 31) & ~(x >> 31);
}

static void
swap(int16_t *a, int16_t *b, int16_t mask)
{
	for (int i = 0; i < ROOM; i++) {
		int16_t t = (int16_t)(mask & (a[i] ^ b[i]));

		a[i] = (int16_t)(a[i] ^ t);
		b[i] = (int16_t)(b[i] ^ t);
	}
}

/* The first half of a step: v is multiplied by x, and pairs change places. */
static void
steps_arrange(struct steps *s)
{
	int32_t mask;

	memmove(s->v + 1, s->v, P * sizeof s->v[0]);
	s->v[0] = 0;
	mask = mask_of_positive(s->delta) & mask_of_nonzero(s->g[0]);
	s->delta ^= mask & (s->delta ^ -s->delta);
	s->delta++;
	swap(s->f, s->g, (int16_t)mask);
	swap(s->v, s->r, (int16_t)mask);
}

/* The second half: a = scale * a - factor * b. */
static void
combine(int16_t *a, const int16_t *b, int32_t scale, int32_t factor,
    int32_t modulus, int64_t reciprocal)
{
	for (int i = 0; i <= P; i++)
		a[i] = (int16_t)centred(
		    scale * a[i] - factor * b[i], modulus, reciprocal);
}

static void
steps_run(struct steps *s, int32_t modulus)
{
	int64_t reciprocal = ((INT64_C(1) << 45) + modulus / 2) / modulus;

	for (int i = 0; i < STEPS; i++) {
		int32_t f0, g0;

		steps_arrange(s);
		f0 = s->f[0];
		g0 = s->g[0];
		combine(s->g, s->f, f0, g0, modulus, reciprocal);
		combine(s->r, s->v, f0, g0, modulus, reciprocal);
		/* Its lowest coefficient is 0 now. */
		memmove(s->g, s->g + 1, P * sizeof s->g[0]);
		s->g[P] = 0;
	}
}

int
sntrupring_invert_3(int8_t *inverse, const int8_t *a)
{
	struct steps s;
	int result;

	steps_init(&s, a, 1);
	steps_run(&s, 3);
	memset(inverse, 0, ROOM);
	for (int i = 0; i < P; i++)
		inverse[i] = (int8_t)(s.f[0] * s.v[P - 1 - i]);
	result = (int)mask_of_nonzero(s.delta);
	OPENSSL_cleanse(&s, sizeof s);
	return result;
}

/* 1/x modulo q, by Fermat. */
static int16_t
reciprocal_of(int16_t x)
{
	int16_t power = x;

	for (int i = 1; i < Q - 2; i++)
		power = sntrupring_mod_q((int32_t)power * x);
	return power;
}

void
sntrupring_invert_3a_q(int16_t *inverse, const int8_t *a)
{
	struct steps s;
	int16_t scale;

	steps_init(&s, a, reciprocal_of(3));
	steps_run(&s, Q);
	scale = reciprocal_of(s.f[0]);
	memset(inverse, 0, ROOM * sizeof *inverse);
	for (int i = 0; i < P; i++)
		inverse[i] = sntrupring_mod_q((int32_t)scale * s.v[P - 1 - i]);
	OPENSSL_cleanse(&s, sizeof s);
}
