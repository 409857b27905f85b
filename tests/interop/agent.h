/* An agent that has keys (the draft "SSH Agent Protocol"), as its client. */
#ifndef INTEROP_AGENT_H
#define INTEROP_AGENT_H

#include "lib/wire/buffer.h"

#include <sallyport/types.h>

/*
 * Has the agent of SSH_AUTH_SOCK sign: with the key of a blob (or a
 * certificate's), and with this algorithm where it is RSA's. The signature
 * blob goes into an empty buffer. Ends the program where there is none.
 */
void agent_sign(struct sp_view blob, const char *algorithm, struct sp_view data,
    struct buffer *signature);

#endif
