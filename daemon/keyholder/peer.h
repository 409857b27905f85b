/*
 * Peers: the gates, logins and sessions at the desk. One is read as long as
 * all it was told has left and it has not too much in the making; whoever
 * leaves is freed later, outside its own callback.
 */
#ifndef SP_KEYHOLDER_PEER_H
#define SP_KEYHOLDER_PEER_H

#include "daemon/ipc/ticket.h"
#include "daemon/keyholder/outbox.h"
#include "daemon/keyholder/throttle.h"
#include "daemon/keyholder/workshop.h"
#include "daemon/log/repetition.h"
#include "lib/wire/secret.h"

struct peer_company;
struct serials;

/*
 * Of the loop: strangers' requests wait while a session's is there. Sessions
 * are held to a rate (throttle.h), and so leave time to strangers.
 */
enum { PEER_FIRST, PEER_STRANGERS, PEER_PRIORITIES };

struct peer {
	struct peer_company *company;
	enum ipc_role role;
	uint32_t id; /* a gate's number, a login's generation */
	int socket;
	struct event *readable;
	struct event *rested; /* of a session that asked too often */
	struct throttle throttle;
	struct repetition refused; /* lines about what it was refused */
	uint8_t session_id[DIGEST_MAX]; /* of a session; as its login said */
	size_t session_id_len;
	char listener[TICKET_LISTENER_MAX + 1]; /* the same */
	/* Of a gate: which exchanges were its own, and had their ticket. */
	struct secret link;
	struct serials *serials;
	struct outbox answers; /* nothing is read before all of them left */
	struct workshop_customer customer; /* nor while he has no room there */
	LIST_ENTRY(peer) entry;
};
LIST_HEAD(peer_list, peer);

struct peer_owner {
	/* There is something to be read of one. */
	void (*readable)(void *arg, struct peer *);
	/* Who had left is freed; also after peer_company_sweep(). */
	void (*swept)(void *arg);
};

/* All of them, and what they share. */
struct peer_company {
	struct event_base *base;
	const struct peer_owner *owner;
	void *arg;
	struct workshop *workshop; /* the owner's; NULL: no key is slow */
	struct peer_list present;
	struct peer_list gone;
	size_t sessions; /* of the present */
	struct event *sweep;
	struct buffer answer; /* the one that is being written */
};

/* False without memory; it is to be closed either way. */
SP_MUST_USE bool peer_company_open(struct peer_company *, struct event_base *,
    const struct peer_owner *, void *arg);
void peer_company_close(struct peer_company *);
/* Has the owner told, soon. */
void peer_company_sweep(struct peer_company *);

/* Takes the socket. NULL where there is no memory. */
struct peer *
peer_enter(struct peer_company *, enum ipc_role, uint32_t id, int socket);
void peer_leave(struct peer *);
/* The same for what it did, with a line in the log. */
void peer_refuse(struct peer *, const char *reason);

/* Reads it again where that may be. */
void peer_go_on(struct peer *);
/* It is not read for so many milliseconds. */
void peer_rest(struct peer *, uint64_t ms);
/* Tells it what is in the company's answer, now or as soon as it reads. */
void peer_answer(struct peer *, enum ipc_type);

#endif
