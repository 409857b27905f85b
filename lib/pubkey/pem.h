/*
 * Private keys in PEM: PKCS#1 and SEC 1 as OpenSSL has always written them,
 * and PKCS#8, each plain or encrypted. OpenSSL decodes them.
 */
#ifndef SP_PUBKEY_PEM_H
#define SP_PUBKEY_PEM_H

#include "lib/pubkey/pubkey.h"

struct armour;

/* text is the whole file, armour what was found in it; see sp_key_parse(). */
SP_MUST_USE enum sp_status
pem_read(const struct sp_crypto *, struct sp_view text,
    const struct armour *armour, const char *passphrase, struct sp_key **key);

#endif
