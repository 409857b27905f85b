/*
 * What a packet costs: nanoseconds and gigabytes a second of sealing and
 * opening, for packets of some sizes. Alone on a core; the best of several
 * rounds counts. Not a test: its figures go into doc/benchmarks.md.
 */
#include "lib/crypto/cipher.h"
#include "lib/crypto/mac.h"

#include <sallyport/key.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 15, BATCH = 8, ROOM = 33024 };

/* Whole blocks, with or without packet_length. */
static const uint32_t lengths[] = { 64, 1024, 32768 };

static const struct {
	const char *cipher;
	const char *mac;
} suites[] = {
	{ "chacha20-poly1305@openssh.com", NULL },
	{ "aes256-gcm@openssh.com", NULL },
	{ "aes128-gcm@openssh.com", NULL },
	{ "aes128-ctr", "hmac-sha2-256-etm@openssh.com" },
	{ "aes256-ctr", "hmac-sha2-256-etm@openssh.com" },
	{ "aes256-ctr", "hmac-sha2-512-etm@openssh.com" },
	{ "aes256-ctr", "hmac-sha2-256" },
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct pair {
	struct cipher_state *seal;
	struct cipher_state *open;
};

struct cost {
	double seal; /* nanoseconds a packet */
	double open;
};

/* A packet opens once and in its place: they are sealed by the batch. */
static struct cost
measure_round(
    struct pair *pair, uint8_t *room, uint32_t length, uint32_t batches)
{
	struct cost cost = { 0, 0 };
	double start;

	for (uint32_t i = 0; i < batches; i++) {
		start = now();
		for (uint32_t j = 0; j < BATCH; j++)
			if (cipher_seal(pair->seal, j, room + j * ROOM,
				length) != SP_OK)
				abort();
		cost.seal += now() - start;
		start = now();
		for (uint32_t j = 0; j < BATCH; j++)
			if (cipher_length(pair->open, j, room + j * ROOM) !=
				length ||
			    cipher_open(pair->open, j, room + j * ROOM,
				length) != SP_OK)
				abort();
		cost.open += now() - start;
	}
	cost.seal /= (double)batches * BATCH;
	cost.open /= (double)batches * BATCH;
	return cost;
}

static struct cipher_state *
state_of(struct cipher_suite suite, const struct sp_crypto *crypto,
    enum cipher_direction direction)
{
	static const uint8_t bytes[64];
	const struct cipher_keys keys = {
		.key = view_of(bytes, suite.cipher->key_len),
		.iv = view_of(bytes, suite.cipher->iv_len),
		.mac = view_of(bytes, suite.mac == NULL ? 0 : suite.mac->len),
	};
	struct cipher_state *state;

	if (cipher_new(suite, crypto, direction, keys, &state) != SP_OK)
		abort();
	return state;
}

static void
measure(struct cipher_suite suite, const struct sp_crypto *crypto,
    uint8_t *room, uint32_t length)
{
	uint32_t batches = 20000000 / (length + 400) / BATCH;
	struct cost best = { 1e18, 1e18 };
	struct pair pair = {
		.seal = state_of(suite, crypto, CIPHER_SEAL),
		.open = state_of(suite, crypto, CIPHER_OPEN),
	};

	if (cipher_has_length_inside(pair.seal))
		length -= 4;
	for (int i = 0; i < ROUNDS; i++) {
		struct cost cost = measure_round(&pair, room, length, batches);

		best.seal = cost.seal < best.seal ? cost.seal : best.seal;
		best.open = cost.open < best.open ? cost.open : best.open;
	}
	cipher_free(pair.seal);
	cipher_free(pair.open);
	printf("%-30s %-30s %6u bytes  seal %6.0f ns %5.2f GB/s  "
	       "open %6.0f ns %5.2f GB/s\n",
	    suite.cipher->name, suite.mac == NULL ? "" : suite.mac->name,
	    length, best.seal, length / best.seal, best.open,
	    length / best.open);
}

int
main(void)
{
	struct sp_crypto *crypto = sp_crypto_new();
	uint8_t *room = calloc(BATCH, ROOM);

	if (crypto == NULL || room == NULL)
		return 1;
	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
		const char *mac = suites[i].mac;
		struct cipher_suite suite = {
			.cipher = cipher_find(view_of_string(suites[i].cipher)),
			.mac =
			    mac == NULL ? NULL : mac_find(view_of_string(mac)),
		};

		for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; j++)
			measure(suite, crypto, room, lengths[j]);
	}
	free(room);
	sp_crypto_free(crypto);
	return 0;
}
