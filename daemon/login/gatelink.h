/*
 * The gates that may ask for a login: their sockets, who they are as the
 * supervisor made them known, and what is logged about those that ask for
 * what they may not have.
 */
#ifndef SP_LOGIN_GATELINK_H
#define SP_LOGIN_GATELINK_H

#include "daemon/ipc/control.h"
#include "daemon/log/repetition.h"
#include "daemon/login/visit.h"

enum {
	GATELINK_MAX = 1024,
	/* Lines about one gate in REPETITION_TIME. */
	GATELINK_LINES = 32,
};

struct gatelink {
	int socket;
	struct visit_gate gate;
	struct repetition refusals;
	const char *reason; /* of the last refusal */
};

struct gatelinks {
	size_t count;
	struct gatelink links[GATELINK_MAX];
};

/* Takes the socket; of too many gates it is closed. */
void gatelink_add(struct gatelinks *, const struct control_peer *, int socket);

/* Closes it; the last takes its place. */
void gatelink_drop(struct gatelinks *, size_t place);

/*
 * Says, if not too often, that a request of this gate was refused; the
 * reason is a literal.
 */
void gatelink_refuse(struct gatelinks *, const struct visit_gate *,
    const char *reason, uint64_t now_ms);

/* Says of whom more was refused than was said, when it is time. */
void gatelink_sum_up(struct gatelinks *, uint64_t now_ms);
/* When it is; UINT64_MAX for never. */
uint64_t gatelink_deadline(const struct gatelinks *);

#endif
