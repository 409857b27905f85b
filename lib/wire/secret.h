/*
 * A secret owns key material: allocated apart, wiped when cleared, never
 * grown or printed.
 */
#ifndef SP_WIRE_SECRET_H
#define SP_WIRE_SECRET_H

#include "lib/wire/view.h"

struct secret {
	uint8_t *data;
	size_t len;
};

/* Zeroed room for len bytes; replaces (and wipes) what was there. */
SP_MUST_USE enum sp_status secret_alloc(struct secret *, size_t len);
SP_MUST_USE enum sp_status secret_copy(struct secret *, struct sp_view);
/* Wipes and frees; safe on an empty or cleared secret. */
void secret_clear(struct secret *);

static inline struct sp_view
secret_view(const struct secret *s)
{
	return view_of(s->data, s->len);
}

#endif
