/*
 * What a host key's signature costs: microseconds for each type, and for
 * the slow ones how long it takes when the keyholder's worker makes it, so
 * that the difference is what the way there and back costs. The best of
 * many rounds counts. Not a test.
 */
#include "daemon/ipc/work.h"
#include "daemon/keyholder/worker.h"

#include <poll.h>
#include <sallyport/key.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 301, DATA_LEN = 32 };

static const struct {
	const char *type, *algorithm;
	unsigned bits;
} rows[] = {
	{ "ssh-ed25519", "ssh-ed25519", 0 },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", 0 },
	{ "ssh-rsa", "rsa-sha2-512", 2048 },
	{ "ssh-rsa", "rsa-sha2-512", 3072 },
	{ "ssh-rsa", "rsa-sha2-512", 4096 },
};

static uint8_t data[DATA_LEN];
static uint8_t room[IPC_ROOM];

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
measure_here(const struct sp_key *key, const char *algorithm)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	double best = 1e18;
	size_t len;

	for (int i = 0; i < ROUNDS; i++) {
		double start = now(), time;

		if (sp_key_sign(key, algorithm, view_of(data, sizeof data),
			signature, &len) != SP_OK)
			abort();
		time = now() - start;
		best = time < best ? time : best;
	}
	return best;
}

/* As the vault below has it, which names no key. */
static const uint8_t key_hash[32];

static void
order(int socket, uint64_t id, const char *algorithm)
{
	const struct work_order order = { id, view_of(key_hash, 32),
		view_of_string(algorithm), view_of(data, sizeof data) };
	struct pollfd waiting = { .fd = socket, .events = POLLIN };
	struct work_result result;
	struct ipc_message message;
	struct buffer body;

	buffer_init(&body, IPC_BODY_MAX);
	if (work_order_encode(&order, &body) != SP_OK ||
	    ipc_send(socket, IPC_WORK, buffer_view(&body), NULL, 0) != SP_OK ||
	    poll(&waiting, 1, -1) != 1 ||
	    ipc_receive(socket, IPC_ROLE_WORKER, IPC_ROLE_KEYHOLDER, room,
		&message) != SP_OK ||
	    work_result_decode(message.body, &result) != SP_OK ||
	    result.signature.len == 0)
		abort();
	buffer_clear(&body);
}

/* The vault's private half is the worker's from then on. */
static double
measure_there(struct vault *vault, const char *algorithm)
{
	double best = 1e18;
	int socket;

	if (!worker_start(vault, &socket) || socket < 0)
		abort();
	for (int i = 0; i < ROUNDS; i++) {
		double start = now(), time;

		order(socket, (uint64_t)i, algorithm);
		time = now() - start;
		best = time < best ? time : best;
	}
	close(socket);
	return best;
}

static void
measure(const struct sp_crypto *crypto, size_t row)
{
	struct vault vault;
	struct sp_key *key;
	double here;

	if (sp_key_generate_bits(
		crypto, rows[row].type, rows[row].bits, &key) != SP_OK)
		abort();
	vault_init(&vault, crypto);
	vault.keys[0].key = key;
	buffer_init(&vault.keys[0].certificate, 1);
	vault.count = 1;
	here = measure_here(key, rows[row].algorithm);
	printf("%-20s %5u bits  %7.0f us", rows[row].algorithm, rows[row].bits,
	    here);
	if (vault_has_slow(&vault))
		printf("  by the worker %7.0f us",
		    measure_there(&vault, rows[row].algorithm));
	printf("\n");
	vault_clear(&vault);
}

int
main(void)
{
	struct sp_crypto *crypto = sp_crypto_new();

	if (crypto == NULL)
		return 1;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		measure(crypto, i);
	sp_crypto_free(crypto);
	return 0;
}
