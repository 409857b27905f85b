/*
 * What the supervisor tells the login program: keys, gates, the keyholder,
 * and that its time is over.
 */
#ifndef SP_LOGIN_ORDERS_H
#define SP_LOGIN_ORDERS_H

#include "daemon/ipc/daybook.h"
#include "daemon/login/gatelink.h"
#include "daemon/login/guest.h"
#include "daemon/login/reputation.h"
#include "daemon/login/servicelink.h"
#include "lib/wire/secret.h"

struct orders {
	int control; /* -1 when the supervisor is gone */
	bool is_retired; /* told so, or he is */
	bool has_lost; /* an order: nobody can be served well any more */
	bool wants_identities; /* else things->identities stays -1 */
	struct secret ticket_key; /* empty: no ticket can be opened */
	struct buffer host_keys; /* what things->host_keys borrows from */
	/* Borrowed; changed as he says. */
	struct guest_things *things;
	struct gatelinks *gates;
	struct daybook *daybook;
	struct servicelinks *services;
	struct reputation *reputation;
};

/* Takes the socket. The services are those of the things. */
void orders_init(struct orders *, int control, struct guest_things *,
    struct gatelinks *, struct daybook *, struct servicelinks *,
    struct reputation *);

/* Follows all that has come; room is for one message, and is wiped. */
void orders_follow(struct orders *, uint8_t room[IPC_ROOM]);

#endif
