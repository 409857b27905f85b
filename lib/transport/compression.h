/* The names under which packets are compressed, or not. */
#ifndef SP_TRANSPORT_COMPRESSION_H
#define SP_TRANSPORT_COMPRESSION_H

#include "lib/crypto/algorithm.h"

struct compression {
	const char *name; /* as negotiated */
	enum algorithm_set set;
	bool is_zlib; /* once the user is authenticated */
};

/* By name as negotiated; NULL when there is none such. */
const struct compression *compression_find(struct sp_view name);

/* The table (see algorithm.h). */
const char *compression_row(size_t index, enum algorithm_set *);

#endif
