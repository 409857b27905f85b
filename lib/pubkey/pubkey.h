/*
 * Key types, one const struct each, and the private key they all share.
 * A new type is a row in pubkey.c and a file of its own.
 */
#ifndef SP_PUBKEY_PUBKEY_H
#define SP_PUBKEY_PUBKEY_H

#include "lib/crypto/algorithm.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <openssl/evp.h>
#include <sallyport/key.h>

struct pubkey_type;

struct sp_key {
	const struct sp_crypto *crypto; /* borrowed */
	const struct pubkey_type *type;
	EVP_PKEY *pair; /* NULL: its private half was forgotten */
	struct buffer blob; /* the public key in wire form */
};

/* A signature algorithm: one row for each name that is negotiated. */
struct pubkey_algorithm {
	const char *name; /* "rsa-sha2-512" */
	const char *digest; /* OpenSSL's name, where it is the algorithm's */
};

/* An authenticator's flags and counter, behind its signature. */
enum { PUBKEY_TRAILER_MAX = 5 };

/* What a signature is said to be, for a type to judge. */
struct pubkey_claim {
	const struct sp_crypto *crypto;
	const struct pubkey_type *type;
	const struct pubkey_algorithm *algorithm;
	struct sp_view fields; /* of the key's blob, behind the type name */
	struct sp_view data;
	struct sp_view signature; /* the signature blob's second string */
	uint8_t trailer[PUBKEY_TRAILER_MAX]; /* zero where there is none */
	struct sp_key_presence *presence; /* set when it verifies */
};

/* Types without a private half here leave its functions NULL. */
struct pubkey_type {
	const char *name; /* in blobs, files and lines: "ssh-ed25519" */
	/* The algorithms the type signs with; one without a name ends them. */
	const struct pubkey_algorithm *algorithms;
	/* They are offered as a host key's, and as a user's key's. */
	enum algorithm_set host_set;
	enum algorithm_set user_set;
	const void *facts; /* the type's own business */
	bool has_trailer; /* behind its signatures */
	bool is_slow; /* to sign with: a millisecond and more */

	/* Sets pair of a key whose type and crypto are set; bits 0: usual. */
	enum sp_status (*generate)(struct sp_key *, unsigned bits);
	/* The fields of the public blob behind the type name, from pair. */
	enum sp_status (*write_public)(const struct sp_key *, struct writer *);
	/*
	 * The fields of a private key file behind the type name. read_private
	 * sets pair; whether it signs for its own public half is tried later.
	 */
	enum sp_status (*read_private)(struct sp_key *, struct reader *);
	enum sp_status (*write_private)(const struct sp_key *, struct writer *);
	/* Writes the bytes inside the signature blob's second string. */
	enum sp_status (*sign)(const struct sp_key *,
	    const struct pubkey_algorithm *, struct sp_view data,
	    struct writer *);
	enum sp_status (*verify)(const struct pubkey_claim *);
};

/* NULL when there is none such. */
const struct pubkey_type *pubkey_type_find(struct sp_view name);

/* NULL when the type does not allow it. */
const struct pubkey_algorithm *
pubkey_type_algorithm(const struct pubkey_type *, struct sp_view name);

/* Whether to sign with it takes long; a certificate's name counts too. */
bool pubkey_is_slow(struct sp_view algorithm);

/* Signature algorithms of all types, as tables (see algorithm.h). */
const char *pubkey_host_row(size_t index, enum algorithm_set *);
/* Of types that we can sign with: what a server may offer. */
const char *pubkey_server_row(size_t index, enum algorithm_set *);
const char *pubkey_user_row(size_t index, enum algorithm_set *);
/* Those of hosts, and of their certificates: what a KEXINIT may name. */
const char *pubkey_offer_row(size_t index, enum algorithm_set *);
/* The inverse of sp_certificate_algorithm(); NULL when there is none. */
const char *pubkey_certificate_algorithm(const char *plain);

/* A key of a type with no pair yet; sp_key_free() frees it. */
SP_MUST_USE enum sp_status pubkey_new(
    const struct sp_crypto *, const struct pubkey_type *, struct sp_key **key);

/*
 * Wipes the private half. Type and blob stay; to sign or to be written
 * down is SP_ERR_STATE from now on.
 */
void pubkey_forget(struct sp_key *);

/* Fills key->blob from key->pair. */
SP_MUST_USE enum sp_status pubkey_make_blob(struct sp_key *);

/*
 * Has a key with pair and blob sign for itself: SP_ERR_KEY_FORMAT where
 * its halves do not belong together.
 */
SP_MUST_USE enum sp_status pubkey_try(const struct sp_key *);

#endif
