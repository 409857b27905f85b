/*
 * One stranger whom a gate wants logged in: what came with SPAWN, checked.
 * He waits in the zygote for a process of his own and lives in it then.
 */
#ifndef SP_LOGIN_VISIT_H
#define SP_LOGIN_VISIT_H

#include "daemon/config/settings.h"
#include "daemon/ipc/authentication.h"
#include "daemon/ipc/daybook.h"
#include "daemon/ipc/ticket.h"
#include "daemon/login/progress.h"
#include "daemon/login/turnstile.h"

#include <sys/types.h>

/* The sender, as the supervisor made it known. */
struct visit_gate {
	uint32_t id;
	pid_t pid;
};

enum { VISIT_HOST_KEY_LEN = 32 };

struct visit {
	struct turnstile_visitor visitor; /* first: see turnstile.h */
	struct visit_gate gate;
	int client; /* the stranger's socket; -1 once handed on */
	int talk; /* to his gate; the same */
	struct buffer body; /* of the SPAWN; wiped once handed on */
	struct authentication_spawn spawn; /* borrows from body */
	struct cidr_endpoint peer; /* by his proxy's word, where he has one */
	struct cidr_endpoint local; /* the listener's, by the socket */
	struct cidr_endpoint told_local; /* as his proxy has it; or local */
	bool is_spared; /* a proxy itself: nothing is held against it */
	uint8_t session_id[DIGEST_MAX]; /* from the ticket */
	size_t session_id_len;
	char listener[TICKET_LISTENER_MAX + 1]; /* the ticket's, and true */
	uint64_t made; /* the ticket */
	uint64_t expiry; /* of the ticket */
	uint8_t host_key[VISIT_HOST_KEY_LEN]; /* the hash of the one in use */
	pid_t pid; /* of his process; 0 while he waits */
	bool is_late; /* killed when his time was up */
	struct progress_place *progress; /* of his process; or NULL */
	TAILQ_ENTRY(visit) link; /* among those that run */
};

/* What a SPAWN is checked against. */
struct visit_checks {
	const struct sp_crypto *crypto;
	struct sp_view ticket_key;
	const struct listener_list *listen;
	uint64_t now; /* ms, CLOCK_MONOTONIC */
};

/*
 * Takes the message's descriptors and copies its body. The ticket is not
 * spent with it: who waits and is forgotten may come again. NULL with a
 * phrase that says why not; then the descriptors are closed.
 */
struct visit *visit_open(const struct visit_checks *, const struct visit_gate *,
    struct ipc_message *, const char **refusal);

/* Spends his ticket, which must come before anything is done for him. */
SP_MUST_USE bool visit_spend(const struct visit *, struct daybook *);

/* Closes what he has; what he said is wiped. */
void visit_hand_on(struct visit *);
/* The same, and frees him. */
void visit_free(struct visit *);

#endif
