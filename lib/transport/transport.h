/*
 * The transport layer of one connection (RFC 4253): its state, and the
 * calls by which the layers above send. What each message means is in the
 * files named after them; all share the struct below.
 */
#ifndef SP_TRANSPORT_TRANSPORT_H
#define SP_TRANSPORT_TRANSPORT_H

#include "lib/crypto/cipher.h"
#include "lib/limits.h"
#include "lib/message.h"
#include "lib/transport/event.h"
#include "lib/transport/negotiation.h"
#include "lib/wire/reader.h"
#include "lib/wire/secret.h"
#include "lib/wire/writer.h"

/* RFC 4253 7.1 */
enum { KEX_COOKIE_LEN = 16 };

struct kex;
struct zlibstream;

/* One direction: its cipher, NULL before the first NEWKEYS, and counts. */
struct transport_direction {
	struct cipher_state *cipher;
	struct zlibstream *zlib; /* NULL: payloads are as they are */
	bool awaits_stream; /* ... and until it begins (packet.c) */
	uint32_t sequence;
	uint64_t bytes; /* under these keys */
	bool has_failed; /* a packet was lost in the making: none may follow */
	uint64_t packets;
};

/* Extensions the peer announced (RFC 8308). */
enum transport_extension {
	EXTENSION_PING = 1,
	EXTENSION_HOST_BOUND = 2, /* users' proofs may name the host key */
};

struct transport {
	enum sp_role role;
	const struct sp_crypto *crypto; /* borrowed */
	struct negotiation_offer offer;
	struct buffer host_keys; /* server: string algorithm, string blob, .. */

	char our_identification[LIMIT_IDENTIFICATION + 1];
	char peer_identification[LIMIT_IDENTIFICATION + 1]; /* "": none yet */
	unsigned banner_lines;

	struct buffer in; /* [opened packet | ciphertext] */
	size_t opened; /* bytes at the front the next call drops */
	uint32_t next_len; /* packet_length of the next packet, 0 unknown */
	bool is_condemned; /* that packet is false, whatever follows */
	size_t read_size; /* what may wait unopened: grows with need */
	size_t offered; /* the room that the owner reads into */
	bool peer_is_done; /* end of input */
	bool is_trusted; /* authenticated: larger reads */
	bool compresses_later; /* SUCCESS waits for a key exchange to end */

	struct buffer out; /* sealed, waiting for the owner */
	size_t out_answers; /* of it, what is not a channel's data; at least */
	struct buffer held; /* payloads waiting for a key exchange to end */
	size_t held_sealed; /* what they come to with the keys there are */
	size_t packet_mark; /* where the packet being built begins in out */
	bool is_holding; /* it is being built in held instead */

	struct transport_direction rx;
	struct transport_direction tx;
	uint8_t padding[256]; /* random bytes, used up from the front */
	size_t padding_used;

	uint8_t first_cookie[KEX_COOKIE_LEN]; /* the owner's, if it has one */
	bool has_first_cookie;
	bool asks_for_exchanges; /* server: the owner says when */
	const struct sp_dh_group *groups; /* server: borrowed; none: our own */
	size_t group_count;
	struct kex *kex; /* while an exchange is under way */
	struct negotiation negotiated; /* of the last one */
	struct buffer session_id;
	struct buffer first_host_key; /* blob, of the exchange that made it */
	bool first_kex_done;
	bool is_strict;
	bool peer_takes_ext_info;
	unsigned extensions; /* of enum transport_extension */
	struct buffer sig_algs; /* client: a name-list, as it was said last */
	uint32_t pings; /* ours that have no answer yet */
	char service[LIMIT_SERVICE]; /* the service in use, "" before */

	uint64_t now;
	uint64_t rekey_bytes;
	uint64_t rekey_ms;
	uint64_t rekey_at; /* ms; 0 before the first exchange */
	bool starts_no_kex; /* the owner wants none of its own */

	struct event_queue events;
	sp_token last_token;
	sp_token question; /* nothing more is read while one is open */
	enum sp_event_kind question_kind;
	bool is_closed; /* ended: SP_EVENT_CLOSED, or exported */
};

SP_MUST_USE enum sp_status
transport_init(struct transport *, const struct sp_engine_config *);
void transport_clear(struct transport *);

/* Queues our identification and first KEXINIT. */
SP_MUST_USE enum sp_status transport_start(struct transport *);

/* Where the peer stands. */
enum message_phase transport_phase(const struct transport *);
/* The family of key exchange messages that makes sense now. */
enum message_family transport_kex_family(const struct transport *);

/* ---- sending ---- */

/*
 * Begins a message: the writer is at its first field. Messages of the
 * layers above are held back while a key exchange is under way. Nothing
 * else is sent between begin and end. Where end fails nothing of the
 * message is left; SP_ERR_LIMIT when it is too large or too much waits.
 */
void transport_begin(struct transport *, struct writer *, enum message_number);
SP_MUST_USE enum sp_status transport_end(struct transport *, struct writer *);

/*
 * SUCCESS was said, by us or to us: larger packets may come, and compressed
 * ones where that was agreed on.
 */
SP_MUST_USE enum sp_status transport_trust(struct transport *);

/* True while messages of the layers above would be held back. */
bool transport_is_exchanging(const struct transport *);

/* Sends what was held back. */
SP_MUST_USE enum sp_status transport_flush_held(struct transport *);

/* ---- questions and ends ---- */

sp_token transport_new_token(struct transport *);
/* Opens the question that stops reading; fills the event's token. */
void transport_ask(struct transport *, struct sp_event *);
/* Closes it again; SP_ERR_STALE_TOKEN when it is not the open one. */
SP_MUST_USE enum sp_status
transport_answered(struct transport *, enum sp_event_kind, sp_token);

/*
 * Ends the connection: tells the peer, if the status has a reason, and
 * raises SP_EVENT_CLOSED. Only the first end counts.
 */
void transport_fail(struct transport *, enum sp_status);
void transport_close(struct transport *, enum sp_status, uint32_t reason,
    const char *description);
/*
 * Ends it here without a word, since it lives on elsewhere: nothing more
 * is ever sealed with its keys, whose counters are another's now.
 */
void transport_abandon(struct transport *);

#endif
