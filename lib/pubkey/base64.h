/* Base64 (RFC 4648 4): padded, canonical, one line. */
#ifndef SP_PUBKEY_BASE64_H
#define SP_PUBKEY_BASE64_H

#include "lib/wire/view.h"

/* Characters of the text of len bytes. */
static inline size_t
base64_text_len(size_t len)
{
	return len / 3 * 4 + (len % 3 == 0 ? 0 : 4);
}

/* Bytes the text decodes to if it can be decoded; 0 where its length is odd. */
size_t base64_bytes_len(struct sp_view text);

/* Writes base64_text_len() characters, no NUL. */
void base64_encode(struct sp_view bytes, char *text);

/*
 * False, with *len untouched, unless the text is what base64_encode()
 * would write of some bytes that fit: no space, no missing padding, no
 * bits set that do not count. Two texts are equal exactly when their
 * bytes are. Takes the same time for all contents of one length.
 */
bool
base64_decode(struct sp_view text, uint8_t *room, size_t size, size_t *len);

#endif
