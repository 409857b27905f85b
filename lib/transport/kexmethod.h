/* Key exchange methods, a row each, in order of preference. */
#ifndef SP_TRANSPORT_KEXMETHOD_H
#define SP_TRANSPORT_KEXMETHOD_H

#include "lib/crypto/agreement.h"
#include "lib/crypto/algorithm.h"
#include "lib/crypto/digest.h"
#include "lib/message.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

struct kex_method {
	const char *name; /* as negotiated */
	enum algorithm_set set;
	enum message_family family;
	enum digest_kind digest;
	const struct agreement *agreement;
	uint32_t cost_us; /* of one exchange on a server, as measured */
};

/* By name; NULL when there is none such. */
const struct kex_method *kexmethod_find(struct sp_view name);

/* The table (see algorithm.h). */
const char *kexmethod_row(size_t index, enum algorithm_set *);

/* A public value of either side, a string or an mpint as the method has it. */
struct sp_view kexmethod_read_value(struct reader *, const struct kex_method *);
void kexmethod_write_value(
    struct writer *, const struct kex_method *, struct sp_view value);

/* The shared secret as the method has it hashed, with its length. */
void kexmethod_write_shared(
    struct writer *, const struct kex_method *, struct sp_view shared);

#endif
