/*
 * A text for the user from a file of the administrator's, like
 * /etc/nologin: what of it can be shown on a terminal, and not too much.
 */
#ifndef SP_LOGIN_PLACARD_H
#define SP_LOGIN_PLACARD_H

#include "lib/wire/buffer.h"

/* Bytes that are read of a file; what they become is twice that at most. */
enum { PLACARD_READ_MAX = 3072, PLACARD_MAX = 2 * PLACARD_READ_MAX };

/*
 * Appends the file's text: UTF-8 as RFC 4252 5.4 wants it, lines that end
 * in CR LF, and a question mark for each byte that is no text. False when
 * there is none, or it is no file.
 */
SP_MUST_USE bool placard_read(const char *path, struct buffer *out);

/* The same for bytes at hand. */
SP_MUST_USE enum sp_status placard_clean(struct sp_view, struct buffer *out);

#endif
