/*
 * The table of messages (message.def), asked by number: what a message is
 * called, who may send it and when.
 */
#ifndef SP_MESSAGE_H
#define SP_MESSAGE_H

#include <sallyport/engine.h>

enum message_sender {
	MESSAGE_FROM_CLIENT = 1,
	MESSAGE_FROM_SERVER = 2,
	MESSAGE_FROM_BOTH = 3,
};

/* What the peer may do next: a receiver is in exactly one of these. */
enum message_phase {
	PHASE_FIRST_KEXINIT = 1, /* nothing but identifications so far */
	PHASE_FIRST_KEX = 2, /* it sent its first KEXINIT */
	PHASE_FIRST_NEWKEYS = 4,
	PHASE_SERVICE = 8, /* keys, but no service yet */
	PHASE_USERAUTH = 16,
	PHASE_CONNECTION = 32,
	PHASE_REKEX = 64, /* it sent a further KEXINIT before its login */
	PHASE_RENEWKEYS = 128,
	PHASE_USER_REKEX = 256, /* and one after it */
	PHASE_USER_RENEWKEYS = 512,
	PHASE_STRICT = 1024, /* strict kex: allowed in its first exchange */
};

/* Numbers 30 to 49 and 60 to 79 mean what the method under way says. */
enum message_family {
	FAMILY_NONE,
	FAMILY_ECDH, /* RFC 5656 7.1, RFC 4253 8: two values */
	FAMILY_GEX, /* RFC 4419 5: a group, and then two values */
	FAMILY_PUBLICKEY, /* RFC 4252 7 */
	FAMILY_PASSWORD, /* RFC 4252 8 */
	FAMILY_KEYBOARD, /* RFC 4256 3 */
};

enum message_layer {
	LAYER_TRANSPORT,
	LAYER_USERAUTH,
	LAYER_CONNECTION,
};

struct message {
	const char *name; /* "KEXINIT" */
	uint8_t number;
	enum message_layer layer;
	enum message_family family;
	enum message_sender sender;
	unsigned phases; /* of enum message_phase */
	bool once; /* in the life of a connection */
};

/* SSH_MSG_KEXINIT and so on. */
enum message_number {
#define TRANSPORT(number, name, family, sender, phases, once, handler) \
	SSH_MSG_##name = number,
#define USERAUTH(number, name, family, sender, phases, once, handler) \
	SSH_MSG_##name = number,
#define CONNECTION(number, name, family, sender, phases, once, handler) \
	SSH_MSG_##name = number,
#include "lib/message.def"
#undef TRANSPORT
#undef USERAUTH
#undef CONNECTION
};

/* The rows one after the other; NULL past the last. */
const struct message *message_row(size_t index);

/*
 * The row of a number while these methods are under way, the sender's own
 * where there are two; NULL when there is none.
 */
const struct message *message_find(uint8_t number, enum message_sender,
    enum message_family kex, enum message_family auth);

/* The place of a row in the table, in 0 .. MESSAGE_ROWS - 1. */
size_t message_index(const struct message *);

enum {
#define TRANSPORT(number, name, ...)  MESSAGE_ROW_##name,
#define USERAUTH(number, name, ...)   MESSAGE_ROW_##name,
#define CONNECTION(number, name, ...) MESSAGE_ROW_##name,
#include "lib/message.def"
#undef TRANSPORT
#undef USERAUTH
#undef CONNECTION
	MESSAGE_ROWS
};

#endif
