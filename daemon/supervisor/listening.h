/*
 * The listening sockets: for each address one a gate, all of them open in
 * the supervisor, so that nobody is turned away while a gate is replaced.
 */
#ifndef SP_SUPERVISOR_LISTENING_H
#define SP_SUPERVISOR_LISTENING_H

#include "daemon/config/settings.h"

struct listening_address {
	char name[CIDR_TEXT_SIZE]; /* as configured: what gates call it */
	struct cidr_endpoint endpoint; /* with the port that it got */
	int *sockets; /* one a gate */
};

struct listening {
	uint32_t gates;
	size_t count;
	struct listening_address *addresses;
	int steering_error; /* errno, or 0 where sources are steered */
	/*
	 * Sockets for another number of gates were in the same groups: which
	 * gate is meant by a number the kernel alone knows.
	 */
	bool is_shuffled;
};

/*
 * Opens all addresses of the settings for so many gates; those that old
 * (which may be NULL) has for as many gates are shared with it. False with
 * a sentence and a remedy in problem (size bytes), and nothing open.
 */
SP_MUST_USE bool
listening_open(struct listening *, const struct listener_list *, uint32_t gates,
    const struct listening *old, char *problem, size_t size);

/* Safe on one that is all zero. */
void listening_close(struct listening *);

#endif
