/*
 * Bodies of the messages between a gate or session and the keyholder. The
 * keyholder is given the parts of the exchange hash, never a digest.
 */
#ifndef SP_IPC_SIGNING_H
#define SP_IPC_SIGNING_H

#include "lib/transport/exchange.h"
#include "lib/wire/writer.h"

/* SIGN. The host key blob of the exchange is the keyholder's to put in. */
struct signing_request {
	uint64_t id;
	uint64_t serial; /* of the server's cookie (cookie.h); else 0 */
	/* By which its client came, as a gate has it; "" of a session. */
	struct sp_view listener;
	struct sp_view host_key_algorithm; /* "ssh-ed25519" */
	struct exchange exchange; /* host_key is not sent */
};
enum sp_status
signing_request_encode(const struct signing_request *, struct buffer *);
enum sp_status signing_request_decode(struct sp_view, struct signing_request *);

/* PROVE: what proves this host key to the client of this session. */
struct signing_proof {
	uint64_t id;
	struct sp_view algorithm; /* to sign with */
	struct sp_view host_key; /* blob */
};
enum sp_status
signing_proof_encode(const struct signing_proof *, struct buffer *);
enum sp_status signing_proof_decode(struct sp_view, struct signing_proof *);

/* SESSION_KEYS: who the session is that will ask. */
struct signing_session {
	struct sp_view session_id; /* the ticket's; at most DIGEST_MAX bytes */
	struct sp_view listener; /* the same; its keys are the session's */
};
enum sp_status
signing_session_encode(const struct signing_session *, struct buffer *);
enum sp_status signing_session_decode(struct sp_view, struct signing_session *);

/* SIGNED. The ticket is empty for a session: only a gate needs one. */
struct signing_reply {
	uint64_t id;
	struct sp_view signature;
	struct sp_view ticket;
};
enum sp_status
signing_reply_encode(const struct signing_reply *, struct buffer *);
enum sp_status signing_reply_decode(struct sp_view, struct signing_reply *);

/* SIGN_REFUSED: no such key, malformed, or too often. */
struct signing_refusal {
	uint64_t id;
	enum sp_status status;
};
enum sp_status
signing_refusal_encode(const struct signing_refusal *, struct buffer *);
enum sp_status signing_refusal_decode(struct sp_view, struct signing_refusal *);

#endif
