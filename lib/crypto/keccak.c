/* Keccak-f[1600] and what is built on it (FIPS 202). */
#include "lib/crypto/keccak.h"

#include <openssl/crypto.h>

enum { ROUNDS = 24, SHA3_256 = 136, SHA3_512 = 72 };

/* What is put behind the message, with the first bit of the padding. */
enum { DOMAIN_SHA3 = 0x06, DOMAIN_SHAKE = 0x1f };

static const uint64_t round_constants[ROUNDS] = {
	0x0000000000000001,
	0x0000000000008082,
	0x800000000000808a,
	0x8000000080008000,
	0x000000000000808b,
	0x0000000080000001,
	0x8000000080008081,
	0x8000000000008009,
	0x000000000000008a,
	0x0000000000000088,
	0x0000000080008009,
	0x000000008000000a,
	0x000000008000808b,
	0x800000000000008b,
	0x8000000000008089,
	0x8000000000008003,
	0x8000000000008002,
	0x8000000000000080,
	0x000000000000800a,
	0x800000008000000a,
	0x8000000080008081,
	0x8000000000008080,
	0x0000000080000001,
	0x8000000080008008,
};

/* pi's cycle from lane 1 on, and by how much rho turns each on the way. */
static const uint8_t path[24] = { 10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15,
	23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1 };
static const uint8_t turns[24] = { 1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14,
	27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44 };

static uint64_t
turn(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void
theta(uint64_t a[25])
{
	uint64_t c[5];

	for (int x = 0; x < 5; x++)
		c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
	for (int x = 0; x < 5; x++) {
		uint64_t d = c[(x + 4) % 5] ^ turn(c[(x + 1) % 5], 1);

		for (int y = 0; y < 25; y += 5)
			a[y + x] ^= d;
	}
}

static void
rho_and_pi(uint64_t a[25])
{
	uint64_t moving = a[1];

	for (int i = 0; i < 24; i++) {
		uint64_t next = a[path[i]];

		a[path[i]] = turn(moving, turns[i]);
		moving = next;
	}
}

static void
chi(uint64_t a[25])
{
	for (int y = 0; y < 25; y += 5) {
		uint64_t *r = a + y;
		uint64_t r0 = r[0], r1 = r[1];

		r[0] ^= ~r[1] & r[2];
		r[1] ^= ~r[2] & r[3];
		r[2] ^= ~r[3] & r[4];
		r[3] ^= ~r[4] & r0;
		r[4] ^= ~r0 & r1;
	}
}

static void
permute(struct keccak *k)
{
	for (int i = 0; i < ROUNDS; i++) {
		theta(k->lanes);
		rho_and_pi(k->lanes);
		chi(k->lanes);
		k->lanes[0] ^= round_constants[i];
	}
	k->at = 0;
}

static void
add_byte(struct keccak *k, size_t at, uint8_t byte)
{
	k->lanes[at / 8] ^= (uint64_t)byte << 8 * (at % 8);
}

void
keccak_init(struct keccak *k, size_t rate)
{
	*k = (struct keccak){ .rate = rate };
}

void
keccak_absorb(struct keccak *k, struct sp_view v)
{
	for (size_t i = 0; i < v.len; i++) {
		add_byte(k, k->at++, v.data[i]);
		if (k->at == k->rate)
			permute(k);
	}
}

static void
finish(struct keccak *k, uint8_t domain)
{
	add_byte(k, k->at, domain);
	add_byte(k, k->rate - 1, 0x80);
	permute(k);
}

void
keccak_finish(struct keccak *k)
{
	finish(k, DOMAIN_SHAKE);
}

void
keccak_squeeze(struct keccak *k, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (k->at == k->rate)
			permute(k);
		out[i] = (uint8_t)(k->lanes[k->at / 8] >> 8 * (k->at % 8));
		k->at++;
	}
}

void
keccak_clear(struct keccak *k)
{
	OPENSSL_cleanse(k, sizeof *k);
}

static void
digest(size_t rate, uint8_t domain, struct sp_view first, struct sp_view second,
    uint8_t *out, size_t len)
{
	struct keccak k;

	keccak_init(&k, rate);
	keccak_absorb(&k, first);
	keccak_absorb(&k, second);
	finish(&k, domain);
	keccak_squeeze(&k, out, len);
	keccak_clear(&k);
}

void
keccak_sha3_256(uint8_t out[32], struct sp_view first, struct sp_view second)
{
	digest(SHA3_256, DOMAIN_SHA3, first, second, out, 32);
}

void
keccak_sha3_512(uint8_t out[64], struct sp_view first, struct sp_view second)
{
	digest(SHA3_512, DOMAIN_SHA3, first, second, out, 64);
}

void
keccak_shake256(
    uint8_t *out, size_t len, struct sp_view first, struct sp_view second)
{
	digest(KECCAK_SHAKE256, DOMAIN_SHAKE, first, second, out, len);
}
