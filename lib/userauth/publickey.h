/*
 * The method "publickey" (RFC 4252 7), both roles; and the one that is like
 * it but names the server's host key too, so that who signs knows where it
 * is good: "publickey-hostbound-v00@openssh.com" (OpenSSH's PROTOCOL 3.1).
 */
#ifndef SP_USERAUTH_PUBLICKEY_H
#define SP_USERAUTH_PUBLICKEY_H

#include "lib/userauth/userauth.h"

/* What is proved, besides the session; all borrowed. */
struct publickey_claim {
	struct sp_view user;
	struct sp_view service;
	struct sp_view algorithm;
	struct sp_view key;
	struct sp_view host_key; /* blob it is bound to; empty: to none */
};

/*
 * What a user signs. A process that verifies builds it from values of its
 * own, never from a peer's words about them.
 */
void publickey_write_signed_data(
    struct writer *, struct sp_view session_id, const struct publickey_claim *);

/* Server: the fields behind the method's name, into the event. */
SP_MUST_USE enum sp_status
publickey_read_request(struct userauth *, struct reader *, struct sp_event *);
/*
 * The same with a host key, which must be this connection's; to the owner
 * it is a request of the method "publickey" all the same.
 */
SP_MUST_USE enum sp_status publickey_read_bound_request(
    struct userauth *, struct reader *, struct sp_event *);
/* Server: yes to a query. */
SP_MUST_USE enum sp_status publickey_send_ok(struct userauth *);

/* Client. */
SP_MUST_USE enum sp_status
publickey_send_request(struct userauth *, const char *user,
    const char *algorithm, struct sp_view key, bool ask_first);
enum sp_status publickey_receive_ok(struct userauth *, struct reader *);

#endif
