/*
 * What login and service say to each other: a packet of pairs of texts, each
 * with a NUL behind. The first is "n", a number: an answer has that of its
 * question. Both sides bound and check what they are told.
 */
#ifndef SP_ASKING_PACKET_H
#define SP_ASKING_PACKET_H

#include <sallyport/types.h>

enum { PACKET_SIZE = 32768 };

struct packet {
	char bytes[PACKET_SIZE];
	size_t len;
	bool failed; /* there was no room */
};

void packet_begin(struct packet *, uint64_t number);
void packet_put(struct packet *, const char *name, const char *value);

/* A packet that was received; pairs are taken from the front of rest. */
struct packet_reader {
	uint64_t number;
	struct sp_view rest;
};

/* False where it is none: every pair is looked at. */
SP_MUST_USE bool packet_open(struct packet_reader *, struct sp_view bytes);
/* The next pair, borrowed from the packet; false at its end. */
SP_MUST_USE bool
packet_next(struct packet_reader *, const char **name, const char **value);
/* The value of the first of that name, or NULL. */
const char *packet_find(struct packet_reader, const char *name);

/*
 * Sends and receives on a socket that does not block. Receiving gives the
 * length, 0 at its end, -1 with errno set; a longer packet is EMSGSIZE.
 */
SP_MUST_USE bool packet_send(int socket, const struct packet *);
SP_MUST_USE long packet_receive(int socket, char room[PACKET_SIZE]);

void packet_wipe(struct packet *);

#endif
