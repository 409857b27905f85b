/*
 * What a key exchange costs in arithmetic, without the host key's signature:
 * microseconds of CPU, the server's part and the client's, for each method.
 * The best of several rounds counts. Not a test: the server's figures are
 * the costs in lib/transport/kexmethod.c.
 */
#include "lib/crypto/dh.h"
#include "lib/transport/kexmethod.h"

#include <sallyport/key.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 25, VALUE_MAX = 8192 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct cost {
	double server;
	double client;
};

static struct cost
measure_round(const struct agreement *agreement, const struct sp_crypto *crypto)
{
	struct secret ours = { NULL, 0 }, theirs = { NULL, 0 };
	struct agreement_state *state;
	struct buffer to_server, to_client;
	double start = now(), middle, end;
	struct cost cost;

	buffer_init(&to_server, VALUE_MAX);
	buffer_init(&to_client, VALUE_MAX);
	if (agreement_start(agreement, crypto, &to_server, &state) != SP_OK)
		abort();
	middle = now();
	if (agreement_respond(agreement, crypto, buffer_view(&to_server),
		&to_client, &theirs) != SP_OK)
		abort();
	end = now();
	cost = (struct cost){ end - middle, middle - start };
	if (agreement_finish(state, buffer_view(&to_client), &ours) != SP_OK)
		abort();
	cost.client += now() - end;
	agreement_free(state);
	secret_clear(&ours);
	secret_clear(&theirs);
	buffer_clear(&to_server);
	buffer_clear(&to_client);
	return cost;
}

static void
measure(const struct kex_method *method, const struct sp_crypto *crypto)
{
	/* The largest group that a server gives. */
	struct agreement served = dh_agreement_in(dh_group_row(1));
	const struct agreement *agreement = method->agreement;
	struct cost best = { 1e18, 1e18 };

	if (method->family == FAMILY_GEX)
		agreement = &served;
	for (int i = 0; i < ROUNDS; i++) {
		struct cost cost = measure_round(agreement, crypto);

		best.server =
		    cost.server < best.server ? cost.server : best.server;
		best.client =
		    cost.client < best.client ? cost.client : best.client;
	}
	printf("%-40s server %7.0f us (row: %5u)  client %7.0f us\n",
	    method->name, best.server, method->cost_us, best.client);
}

int
main(void)
{
	struct sp_crypto *crypto = sp_crypto_new();
	enum algorithm_set set;
	const char *name;

	if (crypto == NULL)
		return 1;
	for (size_t i = 0; (name = kexmethod_row(i, &set)) != NULL; i++)
		measure(kexmethod_find(view_of_string(name)), crypto);
	sp_crypto_free(crypto);
	return 0;
}
