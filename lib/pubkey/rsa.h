/* ssh-rsa keys (RFC 4253 6.6), signing as RFC 8332 says: never with SHA-1. */
#ifndef SP_PUBKEY_RSA_H
#define SP_PUBKEY_RSA_H

struct pubkey_type;
extern const struct pubkey_type rsa_type;

#endif
