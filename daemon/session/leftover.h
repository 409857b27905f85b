/*
 * Programs with a time limit whose channel has gone. They were told to hang
 * up. Who does not, and whoever of its group stays behind, is killed, while
 * the session goes on or at its end: nobody outlives his limit by losing his
 * client.
 */
#ifndef SP_SESSION_LEFTOVER_H
#define SP_SESSION_LEFTOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

struct event;
struct session;

struct leftovers {
	struct session *session;
	struct event *look; /* now and then, while there are any; or NULL */
	TAILQ_HEAD(, leftover) list;
};

void leftover_init(struct leftovers *, struct session *);

/*
 * Takes over the leader of a group that nobody has reaped, for so many
 * milliseconds; it stays unreaped meanwhile. Without memory it is killed now.
 */
void leftover_take(struct leftovers *, pid_t, uint64_t ms);

/* Returns when there are none; before the session's loop is freed. */
void leftover_clear(struct leftovers *);

#endif
