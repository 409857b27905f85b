/*
 * What login and service say to each other: a packet of pairs of texts, each
 * with a NUL behind. The first is "n", a number: an answer has that of its
 * question. Both sides bound and check what they are told.
 */
#ifndef SP_ASKING_SLIP_H
#define SP_ASKING_SLIP_H

#include <sallyport/types.h>

enum { SLIP_SIZE = 32768 };

struct slip {
	char bytes[SLIP_SIZE];
	size_t len;
	bool failed; /* there was no room */
};

void slip_begin(struct slip *, uint64_t number);
void slip_put(struct slip *, const char *name, const char *value);

/* A packet that was received; pairs are taken from the front of rest. */
struct slip_reader {
	uint64_t number;
	struct sp_view rest;
};

/* False where it is none: every pair is looked at. */
SP_MUST_USE bool slip_open(struct slip_reader *, struct sp_view bytes);
/* The next pair, borrowed from the packet; false at its end. */
SP_MUST_USE bool
slip_next(struct slip_reader *, const char **name, const char **value);
/* The value of the first of that name, or NULL. */
const char *slip_find(struct slip_reader, const char *name);

/*
 * Sends and receives on a socket that does not block. Receiving gives the
 * length, 0 at its end, -1 with errno set; a longer packet is EMSGSIZE.
 */
SP_MUST_USE bool slip_send(int socket, const struct slip *);
SP_MUST_USE long slip_receive(int socket, char room[SLIP_SIZE]);

void slip_wipe(struct slip *);

#endif
