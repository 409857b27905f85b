/*
 * What a module says about itself, as bytes: the login program loads
 * modules, and tells those who must not.
 */
#ifndef SP_MODLOAD_DESCRIPTION_H
#define SP_MODLOAD_DESCRIPTION_H

#include "daemon/config/schema.h"
#include "lib/wire/buffer.h"

enum { DESCRIPTION_MAX = 1024 * 1024 };

struct description {
	const char *problem; /* NULL; or why there is nothing else */
	const char *serves; /* "publickey"; "shell,exec" */
	bool has_service;
	const struct schema_row *rows; /* ends with a row without name */
};

SP_MUST_USE enum sp_status
description_encode(const struct description *, struct buffer *);
/* All of it lives in the arena; the rows point into no struct. */
SP_MUST_USE enum sp_status
description_decode(struct sp_view, struct arena *, struct description *);

#endif
