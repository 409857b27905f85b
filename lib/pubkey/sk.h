/*
 * Keys in authenticators (FIDO), as OpenSSH's PROTOCOL.u2f describes them.
 * Only their signatures are verified: nothing here makes one.
 */
#ifndef SP_PUBKEY_SK_H
#define SP_PUBKEY_SK_H

struct pubkey_type;
extern const struct pubkey_type sk_ed25519_type;
extern const struct pubkey_type sk_ecdsa_type;

#endif
