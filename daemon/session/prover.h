/*
 * The host keys that a client may want to know besides the one in use:
 * they are told once it is logged in, and proved to whoever asks, by
 * signatures of the keyholder (OpenSSH's PROTOCOL 2.5). One request at a
 * time; what comes meanwhile is answered with no.
 */
#ifndef SP_SESSION_PROVER_H
#define SP_SESSION_PROVER_H

#include <sallyport/engine.h>

struct prover;
struct pump;
struct signer;

/* What it needs, borrowed for as long as it lives. */
struct prover_given {
	struct pump *pump;
	struct signer *signer;
	const struct sp_host_key *host_keys; /* each with each algorithm */
	size_t host_key_count;
};

/* NULL without memory. */
struct prover *prover_new(const struct prover_given *);
/* Before the signer, which it may be waiting for. NULL is allowed. */
void prover_free(struct prover *);

/* Tells all of them. */
void prover_announce(struct prover *);

/* Answers a global request "hostkeys-prove-00@openssh.com", if it wants it. */
void prover_ask(struct prover *, const struct sp_event *);

#endif
