/*
 * A client and a server engine wired together in memory: what the tests of
 * the protocol run on. Questions are answered as the pair's settings say;
 * every event is offered to the test first.
 */
#ifndef SP_TESTS_PAIR_H
#define SP_TESTS_PAIR_H

#include <sallyport/engine.h>
#include <sallyport/key.h>

struct pair;

/*
 * Sees each event of one side before the pair acts on it. True: the test
 * has dealt with it itself.
 */
typedef bool
pair_hook(struct pair *, enum sp_role side, const struct sp_event *);

struct pair {
	struct sp_crypto *crypto; /* borrowed, with the keys: the same in all */
	struct sp_key *host_key;
	struct sp_key *user_key;
	struct sp_engine *client;
	struct sp_engine *server;
	struct sp_engine_config config[2]; /* by role */

	size_t chunk; /* most bytes moved at a time; 0: as many as there are */
	size_t split; /* none moves together with those before this one */
	size_t moved[2]; /* by who sent them */
	uint64_t now;
	bool is_cut; /* nothing moves any more */
	pair_hook *hook;
	void *arg;
	/* Told when an engine's calls begin, and when they end; or NULL. */
	void (*turn)(enum sp_role side, bool begins);

	/* What happened so far. */
	unsigned count[2][SP_EVENT_CLOSED + 1];
	enum sp_status closed[2]; /* of SP_EVENT_CLOSED */
	uint32_t reason[2]; /* of it */
	size_t bytes[2]; /* received by each role's peer */
};

/* Engines and keys, nothing moved yet. */
void pair_init(struct pair *);
/* Engines from the pair's config, after the test has changed it. */
void pair_start(struct pair *);
void pair_clear(struct pair *);

/* Moves bytes and answers questions until nothing moves any more. */
void pair_run(struct pair *);
/* One direction once: false when nothing moved and nothing happened. */
bool pair_step(struct pair *, enum sp_role from);
/* The same, but who sends is left alone. */
bool pair_move(struct pair *, enum sp_role from);

/* Runs until both are authenticated; the test fails if they are not. */
void pair_login(struct pair *);
/* A session channel of the client's, accepted; its number on both sides. */
uint32_t pair_open_session(struct pair *);

struct sp_engine *pair_engine(struct pair *, enum sp_role);

#endif
