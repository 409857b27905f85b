/*
 * A pair at the moment in which one of its engines gets a message: in which
 * phase, from whom, with all that it takes for the message to be expected.
 */
#ifndef SP_TESTS_SCENE_H
#define SP_TESTS_SCENE_H

#include "tests/pair/forger.h"

struct scene {
	const struct message *row;
	enum message_phase phase;
	enum sp_role victim;
	bool is_strict;
	bool is_gex; /* the method of key exchange is one with groups */
};

/* Each phase that there is. */
enum { SCENE_PHASES = 10 };
extern const enum message_phase scene_phases[SCENE_PHASES];

/* Starts the pair, and stops right before the message. */
void scene_set(struct pair *, const struct scene *);
/* Sends the victim a payload, and has it acted upon. */
void scene_play(struct pair *, const struct scene *, struct sp_view payload);
/*
 * How the connection has ended; SP_OK: it has not. Checks that it did so
 * once, with a reason that its peer was told, and for good.
 */
enum sp_status scene_end(struct pair *, const struct scene *);

/* What the table says, found in another way than the engine's. */
bool scene_is_allowed(const struct scene *);
/* The first phase in which the victim reads the message; false: none. */
bool scene_find(struct scene *, const struct message *, enum sp_role victim);

/* "CHANNEL_OPEN in phase 32 to the client": for a failure's text. */
const char *scene_name(const struct scene *);

#endif
