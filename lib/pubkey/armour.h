/*
 * Text armour: base64 in lines between "-----BEGIN X-----" and "-----END
 * X-----" (RFC 7468), as private key files have it.
 */
#ifndef SP_PUBKEY_ARMOUR_H
#define SP_PUBKEY_ARMOUR_H

#include "lib/wire/secret.h"

struct armour {
	struct sp_view label; /* "OPENSSH PRIVATE KEY" */
	struct sp_view lines; /* all between the marks */
};

/*
 * Takes a text apart; only white space may be around the marks. Borrowed
 * from the text. False where there are no two marks of one label.
 */
bool armour_find(struct sp_view text, struct armour *);

/* The bytes of the lines. SP_ERR_KEY_FORMAT where they are no base64. */
SP_MUST_USE enum sp_status
armour_decode(struct sp_view lines, struct secret *bytes);

/*
 * Writes bytes in lines of 70 characters between marks. *text is allocated
 * and ends with a NUL; sp_key_free_text() frees it.
 */
SP_MUST_USE enum sp_status
armour_write(const char *label, struct sp_view bytes, char **text);

#endif
