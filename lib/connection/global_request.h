/*
 * What stands behind a global request's name, and behind its reply, both
 * directions.
 */
#ifndef SP_CONNECTION_GLOBAL_REQUEST_H
#define SP_CONNECTION_GLOBAL_REQUEST_H

#include "lib/connection/form.h"

#include <sallyport/connection.h>

/* Of values in a struct sp_global; NULL when the kind is none to send. */
const struct form *global_request_form(enum sp_global_kind);

/* Whether there may be such a list of keys; SP_OK for all other kinds. */
SP_MUST_USE enum sp_status global_request_check(const struct sp_global *);

/*
 * "hostkeys-00@openssh.com": the server's host keys; and
 * "hostkeys-prove-00@openssh.com": those it is to prove, whose reply is a
 * signature for each, in order (PROTOCOL 2.5; hostproof.h). All are strings
 * one after the other, for sp_strings_next(): this looks that they are whole,
 * not empty and no more than there may be.
 */
enum { GLOBAL_REQUEST_KEYS = 32 };
SP_MUST_USE enum sp_status
global_request_decode_blobs(struct sp_view, size_t *count);

#endif
