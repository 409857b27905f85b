/*
 * An attempt to log in: the talk between a gate and the process that was
 * forked for one client, up to the verdict. Of all that the gate says only
 * what is verified here counts: the session id is the ticket's, the
 * addresses are the socket's, a signature is checked before any module is
 * asked about its key.
 */
#ifndef SP_LOGIN_ATTEMPT_H
#define SP_LOGIN_ATTEMPT_H

#include "daemon/config/projection.h"
#include "daemon/ipc/authentication.h"
#include "daemon/login/accept.h"
#include "daemon/login/candidate.h"
#include "daemon/login/interview.h"
#include "daemon/login/login.h"
#include "daemon/login/progress.h"
#include "daemon/modload/modgroup.h"

#include <sallyport/key.h>

/* What the process was forked with; all of it borrowed. */
struct attempt_given {
	const struct login_settings *settings;
	const struct modgroup *auths; /* as settings->access.auths */
	const struct sp_crypto *crypto;
	int talk; /* to the gate */
	/* To the services, as auths; -1: none, or NULL. Taken. */
	const int *services;
	const char *listener;
	struct sp_view session_id; /* the ticket's */
	struct sp_view host_key_hash; /* the same; SHA-256 of the blob */
	struct cidr_endpoint peer;
	struct cidr_endpoint local; /* the listener's, which rules ask for */
	struct cidr_endpoint told_local; /* what he and his session are told */
	uint64_t deadline; /* ms, CLOCK_MONOTONIC */
	struct progress_place *progress; /* or NULL */
};

struct attempt {
	struct attempt_given given;
	struct candidate candidate;
	struct accept accept;
	struct sp_login login; /* what modules see */
	struct login_state *states; /* one a group of `auth` */
	struct interview interview; /* about the request at hand */
	bool wants_change; /* of a password: the client was asked for one */
	size_t change_way; /* by which group of `auth` */
	uint32_t failures; /* tries that let nobody in */
	/* One of them was his: not all failed for a way that is broken. */
	bool is_to_blame;
};

/*
 * Leads the talk, beginning with the request that came with the spawn.
 * True when the client has proved himself: candidate and login say as
 * what. In either case the modules are told how it ended, but for who has
 * to open the profile's session (custody.h). False when it is over; the gate
 * was told all there is to tell.
 */
SP_MUST_USE bool attempt_run(struct attempt *, const struct attempt_given *,
    const struct authentication_request *first);

/* What was proved is not enough after all; the connection is to end. */
void attempt_refuse(
    const struct attempt *, enum authentication_ending, const char *reason);

/* The same for who has logged the reason himself. */
void attempt_turn_away(const struct attempt *, enum authentication_ending);

/*
 * A text for the user, UTF-8 without a NUL; before the answer. False when
 * it is too long, or the gate is gone.
 */
bool attempt_tell(const struct attempt *, struct sp_view text);

/* Hangs up on all services. */
void attempt_leave_services(struct attempt *);

void attempt_clear(struct attempt *);

#endif
