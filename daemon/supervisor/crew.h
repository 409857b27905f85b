/*
 * A crew: the processes that serve one reading of the configuration. A
 * keyholder, a ledger, a login and the gates, each in its place; who dies in his
 * place is replaced. A new crew is made beside the old one and takes over
 * when all of it is up, or not at all.
 */
#ifndef SP_SUPERVISOR_CREW_H
#define SP_SUPERVISOR_CREW_H

#include "daemon/supervisor/escort.h"
#include "daemon/supervisor/examination.h"
#include "daemon/supervisor/listening.h"
#include "daemon/supervisor/member.h"
#include "lib/wire/secret.h"

struct crew;

struct crew_owner {
	/* All of it is up: crew_take_over() comes next. */
	void (*up)(void *arg, struct crew *);
	/* It will never be up, for this reason; crew_free() comes next. */
	void (*failed)(void *arg, struct crew *, const char *reason);
};

/* What all crews share; borrowed for good. */
struct crew_house {
	struct member_house members;
	struct escorts escorts;
	struct secret ticket_key; /* of all keyholders and logins */
	int daybook; /* of the tickets that were used (daybook.h) */
	/* What sources owe (arrears.h): for the ledger, and for all others. */
	int arrears;
	int arrears_view;
	int identities; /* the folder of statefolder.h */
	uint32_t last_gate; /* numbers are never given twice */
	uint32_t last_generation;
	const struct crew_owner *owner;
	void *arg;
};

/*
 * Starts one, beside old (NULL: there is none). Takes the examination.
 * NULL with a sentence in problem (size bytes).
 */
struct crew *crew_start(struct crew_house *, struct examination *,
    const struct crew *old, char *problem, size_t size);

/* Makes its members known to each other, and retires old (which is freed). */
void crew_take_over(struct crew *, struct crew *old);

/* A login and gates of the same settings, one after the other, replaced. */
void crew_refresh(struct crew *);

/* Tells all to finish; nobody is replaced any more. NULL is allowed. */
void crew_retire(struct crew *);

/* Its members are killed, unless they were retired. NULL is allowed. */
void crew_free(struct crew *);

/* Starts a gate for it; takes the descriptors. */
void crew_take_connection(struct crew *, struct ipc_message *);
/* The house's escorts.introduce. */
void crew_introduce_escort(void *crew, struct member *);

const struct supervisor_settings *crew_settings(const struct crew *);
const struct listening *crew_listening(const struct crew *);
uint32_t crew_generation(const struct crew *);
/* Body of HOST_KEYS; empty before it is up. Borrowed. */
struct sp_view crew_host_keys(const struct crew *);

#endif
