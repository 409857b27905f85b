/*
 * The cookies of a gate's first KEXINITs. The keyholder gives a ticket for
 * an exchange only once, and knows one by the cookie in it: made of a
 * number by a key that this gate and this keyholder share. So what was
 * exchanged through a gate can never become a ticket again, not later and
 * not at another gate.
 */
#ifndef SP_IPC_COOKIE_H
#define SP_IPC_COOKIE_H

#include "lib/crypto/digest.h"

enum {
	COOKIE_LEN = 16,
	COOKIE_KEY_LEN = 32,
	/* In the first byte of the cookie of an exchange for new keys. */
	COOKIE_IS_LATER = 0x80,
};

/* The cookie of this number; its first byte is below COOKIE_IS_LATER. */
SP_MUST_USE enum sp_status cookie_make(const struct sp_crypto *,
    struct sp_view key, uint64_t serial, uint8_t cookie[COOKIE_LEN]);

/* The cookie in a KEXINIT; empty where there is none. Borrows. */
struct sp_view cookie_of_kexinit(struct sp_view kexinit);

#endif
