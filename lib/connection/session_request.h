/* What stands behind the name of a channel request, both directions. */
#ifndef SP_CONNECTION_SESSION_REQUEST_H
#define SP_CONNECTION_SESSION_REQUEST_H

#include "lib/connection/form.h"

#include <sallyport/connection.h>

/* Of values in a struct sp_request; NULL when the kind is none to send. */
const struct form *session_request_form(enum sp_request_kind);

#endif
