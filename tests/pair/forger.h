/*
 * One engine of a pair turned attacker: it has done its part of a real
 * connection, so it holds real keys, and then sends what the test writes.
 */
#ifndef SP_TESTS_FORGER_H
#define SP_TESTS_FORGER_H

#include "lib/message.h"
#include "lib/wire/buffer.h"
#include "tests/pair/pair.h"

struct transport;

/* The other side of a role. */
enum sp_role forger_other(enum sp_role);
/* What of an engine the tests look at from inside. */
struct transport *forger_transport(struct pair *, enum sp_role);

/*
 * Starts the pair and takes it to where the victim is in this phase of its
 * peer's and the peer, which the test now speaks for, has nothing more on
 * the way. is_strict false: the peer knows no strict key exchange. Called
 * once more it goes on from PHASE_CONNECTION to an exchange after it.
 */
void forger_bring(
    struct pair *, enum sp_role victim, enum message_phase, bool is_strict);

/* A pair as pair_init() makes it, brought there. */
void forger_begin(
    struct pair *, enum sp_role victim, enum message_phase, bool is_strict);

/* Seals a payload as the role's next packet, and adds it to its output. */
void forger_send(struct pair *, enum sp_role from, struct sp_view payload);
/*
 * The same, written as it is read: 'b' a byte (int), 'u' a uint32_t, 's' a
 * string (const char *), 'd' a string of so many bytes (size_t).
 */
void forger_say(struct pair *, enum sp_role from, const char *format, ...);
/* An IGNORE; and one with so many bytes: longer than an engine would make one. */
void forger_send_ignore(struct pair *, enum sp_role from);
void forger_send_long(struct pair *, enum sp_role from, size_t len);
/* A payload longer than an engine would make one. */
void
forger_send_large(struct pair *, enum sp_role from, struct sp_view payload);
/* A packet with a padding length that is not so, sealed all the same. */
void forger_send_padded(
    struct pair *, enum sp_role from, uint8_t padding, struct sp_view payload);
/* Bytes that nothing sealed. */
void forger_send_clear(struct pair *, enum sp_role from, uint32_t length,
    uint8_t padding, struct sp_view rest);

/* Moves what the attacker has sent to the victim, and has it acted upon. */
void forger_deliver(struct pair *, enum sp_role victim);

/* All that the victim has to say goes its way, and is forgotten. */
void forger_take_output(struct pair *, enum sp_role victim);

/*
 * Opens the next packet that the victim has sent, with the attacker's
 * keys; false when there is none. The payload is valid until the next call.
 */
bool
forger_receive(struct pair *, enum sp_role victim, struct sp_view *payload);

/* The payload of a KEXINIT as this side would send it. */
struct forger_kexinit {
	const char *kex; /* NULL: what the engine offers, with markers */
	const char *host_key; /* NULL: what the engine offers */
	bool has_markers; /* of a first exchange */
	bool guess_follows;
};
void forger_write_kexinit(struct pair *, enum sp_role from,
    const struct forger_kexinit *, struct buffer *);
/* Sends it, and lets the engine take it for its own. */
void forger_send_kexinit(
    struct pair *, enum sp_role from, const struct forger_kexinit *);
/* Forgets the output of a fresh engine but its identification. */
void forger_unsend_kexinit(struct pair *, enum sp_role from);

#endif
