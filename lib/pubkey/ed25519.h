/* The key type ssh-ed25519 (RFC 8709). */
#ifndef SP_PUBKEY_ED25519_H
#define SP_PUBKEY_ED25519_H

struct pubkey_type;

extern const struct pubkey_type ed25519_type;

#endif
