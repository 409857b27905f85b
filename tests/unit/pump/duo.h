/*
 * Two pumps on one loop, a client's and a server's, joined by a socket
 * pair: what the tests of the pump and the relay run on. Each side agrees
 * to everything, unless the test's hook has dealt with an event itself.
 */
#ifndef SP_TESTS_DUO_H
#define SP_TESTS_DUO_H

#include "lib/pump/pump.h"

#include <sallyport/key.h>

struct duo;

typedef bool duo_hook(struct duo *, enum sp_role side, const struct sp_event *);

struct duo_side {
	struct duo *duo;
	enum sp_role role;
	struct pump *pump; /* NULL once it is over and freed */
	bool is_over;
	enum sp_status closed; /* of SP_EVENT_CLOSED */
	int error; /* the socket's, then */
	unsigned count[SP_EVENT_CLOSED + 1];
	uint64_t received; /* bytes of channel data */
};

struct duo {
	struct event_base *base;
	struct sp_crypto *crypto;
	struct sp_key *key; /* everybody's */
	struct sp_host_key host_key;
	struct duo_side sides[2]; /* by role */
	duo_hook *hook;
	void *arg;
};

/* Both pumps, kicked; nothing has moved yet. */
void duo_init(struct duo *);
/* The same with only the server's; its peer is the descriptor returned. */
int duo_init_server(struct duo *);
/* The same with only the client's. */
int duo_init_client(struct duo *);
void duo_clear(struct duo *);

/* Runs the loop until *done, or until ms have passed: then false. */
bool duo_run(struct duo *, const bool *done, unsigned ms);
/* Runs it for this long. */
void duo_wait(struct duo *, unsigned ms);
/* Until both sides are authenticated. */
void duo_login(struct duo *);
/* Opens a session channel of the client's; its number on both sides. */
uint32_t duo_open_session(struct duo *);

struct sp_engine *duo_engine(struct duo *, enum sp_role);

#endif
