/*
 * Key exchange (RFC 4253 7 to 9): from KEXINIT to NEWKEYS, with strict kex
 * (OpenSSH's PROTOCOL 1.10). What methods send in between is in files
 * of their own (kexvalue.c, groupexchange.c).
 */
#ifndef SP_TRANSPORT_KEX_H
#define SP_TRANSPORT_KEX_H

#include "lib/crypto/dh.h"
#include "lib/transport/transport.h"

/* One exchange, freed when both sides have sent NEWKEYS. */
struct kex {
	struct buffer our_init; /* payload of KEXINIT; empty: not sent */
	struct buffer peer_init;
	const struct agreement *agreement; /* NULL: the group is not known */
	struct agreement_state *state; /* client: between its steps */
	struct buffer group; /* of a group exchange, as it is hashed */
	struct dh_group dh; /* it; borrowed from there */
	struct agreement exchanged; /* the agreement in it */
	struct buffer client_value;
	struct buffer server_value;
	struct secret shared;
	struct buffer host_key; /* the server's public blob */
	uint8_t hash[DIGEST_MAX];
	size_t hash_len;
	uint64_t until; /* ms; when it has taken too long */
	bool ignores_next; /* the peer's guess was wrong */
	bool method_is_over; /* the peer's next message is NEWKEYS */
	bool sent_newkeys;
};

/* Sends KEXINIT unless an exchange is under way already. */
SP_MUST_USE enum sp_status kex_start(struct transport *);
/* Starts one when the limits of RFC 4253 9 and 4344 3 are reached. */
SP_MUST_USE enum sp_status kex_start_if_due(struct transport *);
/* Whether it would, once one is due. */
bool kex_may_start(const struct transport *);
/*
 * When the exchange under way has taken too long: who waits for it holds
 * back all that is to be sent. 0: never, as for the first one.
 */
uint64_t kex_deadline(const struct transport *);
void kex_free(struct kex *);

enum sp_status kex_receive_init(struct transport *, struct reader *);
enum sp_status kex_receive_newkeys(struct transport *, struct reader *);

/* For the methods: computes hash (and, the first time, the session id). */
SP_MUST_USE enum sp_status kex_compute_hash(struct transport *);
/* Sends NEWKEYS and everything after it under the new keys. */
SP_MUST_USE enum sp_status kex_send_newkeys(struct transport *);

#endif
