/* The rows of key exchange methods. */
#include "lib/transport/kexmethod.h"

static const struct kex_method rows[] = {
	{ "curve25519-sha256", ALGORITHM_MODERN, FAMILY_ECDH, DIGEST_SHA256,
	    &x25519_agreement, .cost_us = 110 },
	{ "curve25519-sha256@libssh.org", ALGORITHM_MODERN, FAMILY_ECDH,
	    DIGEST_SHA256, &x25519_agreement, .cost_us = 110 },
};

const struct kex_method *
kexmethod_find(struct sp_view name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (view_equal_string(name, rows[i].name))
			return &rows[i];
	return NULL;
}

const char *
kexmethod_row(size_t index, enum algorithm_set *set)
{
	if (index >= sizeof rows / sizeof rows[0])
		return NULL;
	*set = rows[index].set;
	return rows[index].name;
}

struct sp_view
kexmethod_read_value(struct reader *r, const struct kex_method *method)
{
	return method->agreement->values_are_mpints ? reader_mpint(r)
						    : reader_string(r);
}

void
kexmethod_write_value(
    struct writer *w, const struct kex_method *method, struct sp_view value)
{
	if (method->agreement->values_are_mpints)
		writer_mpint(w, value);
	else
		writer_string(w, value);
}

void
kexmethod_write_shared(
    struct writer *w, const struct kex_method *method, struct sp_view shared)
{
	if (method->agreement->secret_is_string)
		writer_string(w, shared);
	else
		writer_mpint(w, shared);
}
