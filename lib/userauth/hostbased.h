/* The method "hostbased" (RFC 4252 9), both roles. */
#ifndef SP_USERAUTH_HOSTBASED_H
#define SP_USERAUTH_HOSTBASED_H

#include "lib/userauth/userauth.h"

/* What a client's host says of its user; all borrowed. */
struct hostbased_claim {
	struct sp_view algorithm;
	struct sp_view key; /* the client's host's */
	struct sp_view host; /* its name */
	struct sp_view user; /* the user's name there */
};

/*
 * What the client's host signs, for the user and service of the request. As
 * publickey_write_signed_data().
 */
void hostbased_write_signed_data(struct writer *, struct sp_view session_id,
    struct sp_view user, struct sp_view service,
    const struct hostbased_claim *);

/* Server: the fields behind the method's name, into the event. */
SP_MUST_USE enum sp_status
hostbased_read_request(struct userauth *, struct reader *, struct sp_event *);

/* Client: SP_EVENT_AUTH_SIGN follows. */
SP_MUST_USE enum sp_status hostbased_send_request(
    struct userauth *, const char *user, const struct hostbased_claim *);

#endif
