/*
 * The private host keys: read once, then used and never given away. Each
 * private half is in one process: the keyholder or its worker.
 */
#ifndef SP_KEYHOLDER_VAULT_H
#define SP_KEYHOLDER_VAULT_H

#include "daemon/ipc/control.h"
#include "lib/crypto/digest.h"

#include <sallyport/key.h>

/* A key; or, once more and borrowed, with a certificate that shows it. */
struct vault_key {
	struct sp_key *key;
	struct buffer certificate; /* its blob; empty: none */
	uint8_t blob_hash[32]; /* SHA-256 of the blob that clients see */
	uint64_t listeners; /* who may show it; bit i: the vault's i-th */
};

struct vault {
	const struct sp_crypto *crypto; /* borrowed */
	size_t count;
	struct vault_key keys[CONTROL_HOST_KEYS_MAX];
	size_t listener_count;
	const char *listeners[CONTROL_LISTENERS_MAX]; /* names, borrowed */
};

void vault_init(struct vault *, const struct sp_crypto *);
void vault_clear(struct vault *);

/* The keys that are added then are this one's. False: they are too many. */
SP_MUST_USE bool vault_add_listener(struct vault *, const char *name);
/* Its bit; 0 where there is none of that name. */
uint64_t vault_listener(const struct vault *, struct sp_view name);

/*
 * Reads a private key file that belongs to this process's user and that
 * nobody else can read. On failure problem and remedy are sentences for
 * the log, problem in the caller's room.
 */
SP_MUST_USE bool vault_add_file(struct vault *, const char *path, char *problem,
    size_t size, const char **remedy);

/*
 * The same of a file that holds a host's certificate for one of the keys,
 * as ssh-keygen writes it. Whoever may read it may; its time is not looked
 * at, which is the clients' business.
 */
SP_MUST_USE bool vault_add_certificate(struct vault *, const char *path,
    char *problem, size_t size, const char **remedy);

/* What a client is shown, and what is hashed. */
struct sp_view vault_blob(const struct vault_key *);

/*
 * The one key of a listener that signs with this algorithm, and what the key
 * itself calls it, which is static; NULL when there is none, as there is for
 * no listener (0). An RSA key signs with two. For a certificate's algorithm
 * the key with it, and its own name.
 */
const struct vault_key *vault_find(const struct vault *, uint64_t listener,
    struct sp_view algorithm, const char **own);
/* The same of the key with this hash of its blob. */
const struct vault_key *vault_find_hash(const struct vault *,
    struct sp_view hash, struct sp_view algorithm, const char **own);

/* Slow keys (RSA) are the worker's, the quick ones the keyholder's own. */
enum vault_pace { VAULT_QUICK, VAULT_SLOW };

bool vault_key_is_slow(const struct vault_key *);
bool vault_has_slow(const struct vault *);
/* Wipes the private halves of these; all else of them stays. */
void vault_forget(struct vault *, enum vault_pace);

/* True when a key of a listener signs with one of these, a name-list. */
bool
vault_serves(const struct vault *, uint64_t listener, const char *algorithms);
/* The same of one key. */
bool vault_key_serves(const struct vault_key *, const char *algorithms);

/*
 * Each algorithm of each key with its public half, in the order they were
 * added, and the listeners; borrowed from the vault. False: more than fit.
 */
SP_MUST_USE bool vault_list(const struct vault *, struct control_host_keys *);

#endif
