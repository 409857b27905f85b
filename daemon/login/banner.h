/* The text that a profile shows before a login. */
#ifndef SP_LOGIN_BANNER_H
#define SP_LOGIN_BANNER_H

#include "lib/wire/buffer.h"

/*
 * Appends the text as it may be shown (placard.h), with %u, the name that
 * the client gave, and %n, this machine's, put in; what is longer than
 * PLACARD_READ_MAX then is left out. It is the same for who exists and
 * who does not. False without room.
 */
SP_MUST_USE bool
banner_make(const char *text, const char *user, struct buffer *out);

#endif
