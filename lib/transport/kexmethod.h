/* Key exchange methods, a row each. */
#ifndef SP_TRANSPORT_KEXMETHOD_H
#define SP_TRANSPORT_KEXMETHOD_H

#include "lib/crypto/agreement.h"
#include "lib/crypto/digest.h"
#include "lib/message.h"

struct kex_method {
	const char *name; /* as negotiated */
	enum message_family family;
	enum digest_kind digest;
	const struct agreement *agreement;
};

/* By name; NULL when there is none such. */
const struct kex_method *kexmethod_find(struct sp_view name);

/* All names in order of preference, as a name-list. */
const char *kexmethod_names(void);

#endif
