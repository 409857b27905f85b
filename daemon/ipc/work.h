/*
 * Bodies of the messages between the keyholder and its worker, which signs
 * with the keys that are slow to sign with. It takes its data as it is: the
 * keyholder judges what may be signed, and nobody else has its socket.
 */
#ifndef SP_IPC_WORK_H
#define SP_IPC_WORK_H

#include "lib/limits.h"
#include "lib/wire/writer.h"

/* The longest is what proves the longest host key. */
enum { WORK_DATA_MAX = LIMIT_KEY_BLOB + 256 };

/* WORK: something to be signed. */
struct work_order {
	uint64_t id;
	struct sp_view key; /* SHA-256 of what clients see of it */
	struct sp_view algorithm; /* a key's own: "rsa-sha2-512" */
	struct sp_view data;
};
enum sp_status work_order_encode(const struct work_order *, struct buffer *);
enum sp_status work_order_decode(struct sp_view, struct work_order *);

/* WORKED. */
struct work_result {
	uint64_t id;
	struct sp_view signature; /* empty: it could not be made */
};
enum sp_status work_result_encode(const struct work_result *, struct buffer *);
enum sp_status work_result_decode(struct sp_view, struct work_result *);

#endif
