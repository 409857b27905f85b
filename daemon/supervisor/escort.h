/*
 * Escorts: the gates that are started for one connection each. The gate
 * that accepted it sent it here; it waits until its own is ready.
 */
#ifndef SP_SUPERVISOR_ESCORT_H
#define SP_SUPERVISOR_ESCORT_H

#include "daemon/supervisor/launch.h"
#include "daemon/supervisor/member.h"

struct escort;
LIST_HEAD(escort_list, escort);

/* Of all crews; borrowed for good. */
struct escorts {
	struct member_house *house;
	/* Makes a gate known to the crew that it was started for. */
	void (*introduce)(void *crew, struct member *);
	struct escort_list all;
	uint32_t count;
};

/* What a crew has all of its escorts started with. */
struct escort_orders {
	void *crew;
	uint32_t gate; /* its number */
	struct launch_kit kit; /* borrowed */
	uint64_t time; /* ms: who is there longer is killed */
};

/*
 * Starts a gate for the connection of the message, whose descriptors it
 * takes: closed, where there are too many gates or none can be started.
 */
void escort_start(
    struct escorts *, const struct escort_orders *, struct ipc_message *);

/* Those who still wait for their gate are another crew's now. */
void escort_move(struct escorts *, const void *from, void *to);

/* At the end of the supervisor. */
void escort_free_all(struct escorts *);

#endif
