/* A record as it travels: the body of LOG. */
#ifndef SP_LOG_RECORD_H
#define SP_LOG_RECORD_H

#include "daemon/log/log.h"
#include "lib/wire/buffer.h"

/* What is shown of a text; and what all of a record may take. */
enum { RECORD_TEXT_MAX = 1024, RECORD_MAX = 8192 };

struct record {
	enum log_event event;
	uint32_t lost; /* records before this one that were never sent */
	size_t count;
	struct log_field fields[LOG_KEYS]; /* each key at most once */
};

/* Longer texts are cut. SP_ERR_LIMIT when all together is too long. */
SP_MUST_USE enum sp_status record_encode(enum log_event, uint32_t lost,
    const struct log_field *fields, size_t n, struct buffer *out);

/* Borrows from the body. */
SP_MUST_USE enum sp_status record_decode(struct sp_view, struct record *);

/* NULL when the record has no such field. */
const struct log_field *record_field(const struct record *, enum log_key);

#endif
