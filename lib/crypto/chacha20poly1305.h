/* chacha20-poly1305@openssh.com, the length encrypted by a key of its own. */
#ifndef SP_CRYPTO_CHACHA20POLY1305_H
#define SP_CRYPTO_CHACHA20POLY1305_H

struct cipher;

extern const struct cipher chacha20poly1305_openssh;

#endif
