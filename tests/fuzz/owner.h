/*
 * Who owns an engine that is fuzzed: agrees to everything, or, as its mood
 * goes, refuses, takes a part, or leaves a question open; and holds the
 * engine to what its header promises.
 */
#ifndef SP_TESTS_FUZZ_OWNER_H
#define SP_TESTS_FUZZ_OWNER_H

#include <sallyport/engine.h>

/* Sets of algorithms and host keys; a byte stands for one of them. */
enum { OWNER_SETS = 8 };

struct owner {
	struct sp_engine *engine;
	enum sp_role role;
	uint8_t set;
	uint32_t mood; /* its lowest bits decide, and move on */
	bool is_closed;
	uint32_t channel; /* the last one heard of */
	sp_token open; /* a question that was left open */
};

/* What an engine of this role and set is made with. */
const struct sp_engine_config *owner_config(enum sp_role, uint8_t set);

/* A fresh engine; an engine that was imported is put in its place. */
void owner_start(struct owner *, enum sp_role, uint8_t set, uint32_t mood);
void owner_end(struct owner *);

/* Takes all events. */
void owner_turn(struct owner *);
/* Hands over bytes, as many as are taken; what was not is left in *bytes. */
void owner_give(struct owner *, struct sp_view *bytes);
/* Some call of its own accord. */
void owner_act(struct owner *, uint8_t what);

#endif
