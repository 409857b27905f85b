/* The rows of key exchange methods. */
#include "lib/transport/kexmethod.h"

static const struct kex_method rows[] = {
	{ "mlkem768x25519-sha256", ALGORITHM_MODERN, FAMILY_ECDH, DIGEST_SHA256,
	    &hybrid_mlkem768, .cost_us = 240 },
	{ "sntrup761x25519-sha512", ALGORITHM_MODERN, FAMILY_ECDH,
	    DIGEST_SHA512, &hybrid_sntrup761, .cost_us = 310 },
	{ "sntrup761x25519-sha512@openssh.com", ALGORITHM_MODERN, FAMILY_ECDH,
	    DIGEST_SHA512, &hybrid_sntrup761, .cost_us = 310 },
	{ "curve25519-sha256", ALGORITHM_MODERN, FAMILY_ECDH, DIGEST_SHA256,
	    &x25519_agreement, .cost_us = 110 },
	{ "curve25519-sha256@libssh.org", ALGORITHM_MODERN, FAMILY_ECDH,
	    DIGEST_SHA256, &x25519_agreement, .cost_us = 110 },
	{ "ecdh-sha2-nistp256", ALGORITHM_COMPATIBLE, FAMILY_ECDH,
	    DIGEST_SHA256, &nistcurve_256, .cost_us = 140 },
	{ "ecdh-sha2-nistp384", ALGORITHM_COMPATIBLE, FAMILY_ECDH,
	    DIGEST_SHA384, &nistcurve_384, .cost_us = 2200 },
	{ "ecdh-sha2-nistp521", ALGORITHM_COMPATIBLE, FAMILY_ECDH,
	    DIGEST_SHA512, &nistcurve_521, .cost_us = 700 },
	{ "diffie-hellman-group-exchange-sha256", ALGORITHM_COMPATIBLE,
	    FAMILY_GEX, DIGEST_SHA256, &dh_exchanged, .cost_us = 1900 },
	{ "diffie-hellman-group16-sha512", ALGORITHM_COMPATIBLE, FAMILY_ECDH,
	    DIGEST_SHA512, &dh_group16, .cost_us = 3200 },
	{ "diffie-hellman-group18-sha512", ALGORITHM_COMPATIBLE, FAMILY_ECDH,
	    DIGEST_SHA512, &dh_group18, .cost_us = 17000 },
	{ "diffie-hellman-group14-sha256", ALGORITHM_COMPATIBLE, FAMILY_ECDH,
	    DIGEST_SHA256, &dh_group14, .cost_us = 700 },
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
