/* What stands behind a channel's type when it is opened, both directions. */
#ifndef SP_CONNECTION_CHANNEL_TYPE_H
#define SP_CONNECTION_CHANNEL_TYPE_H

#include "lib/connection/form.h"

#include <sallyport/connection.h>

/* Of values in a struct sp_open; NULL when the type is none to send. */
const struct form *channel_type_form(enum sp_channel_type);

#endif
