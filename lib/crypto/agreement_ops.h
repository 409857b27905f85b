/* What a key agreement gives to agreement.c: its operations and its state. */
#ifndef SP_CRYPTO_AGREEMENT_OPS_H
#define SP_CRYPTO_AGREEMENT_OPS_H

#include "lib/crypto/agreement.h"

/* The first member of every method's own client state. */
struct agreement_state {
	const struct agreement *agreement;
	const struct sp_crypto *crypto;
};

/* Lengths of values that come in are checked already. */
struct agreement_ops {
	size_t state_size;
	/*
	 * Whatever start leaves behind, failed or not, is released by
	 * clear. It writes client_len bytes.
	 */
	enum sp_status (*start)(
	    struct agreement_state *, uint8_t *client_value);
	void (*clear)(struct agreement_state *);
	/* Writes server_len bytes. */
	enum sp_status (*respond)(const struct agreement *,
	    const struct sp_crypto *, struct sp_view client_value,
	    uint8_t *server_value, struct secret *shared);
	enum sp_status (*finish)(struct agreement_state *,
	    struct sp_view server_value, struct secret *shared);
};

#endif
