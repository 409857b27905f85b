/* The method "publickey" (RFC 4252 7), both roles. */
#ifndef SP_USERAUTH_PUBLICKEY_H
#define SP_USERAUTH_PUBLICKEY_H

#include "lib/userauth/userauth.h"

/*
 * What a user signs. A process that verifies builds it from values of its
 * own, never from a peer's words about them.
 */
void publickey_write_signed_data(struct writer *, struct sp_view session_id,
    struct sp_view user, struct sp_view service, struct sp_view algorithm,
    struct sp_view key);

/* Server: the fields behind the method's name, into the event. */
SP_MUST_USE enum sp_status
publickey_read_request(struct userauth *, struct reader *, struct sp_event *);
/* Server: yes to a query. */
SP_MUST_USE enum sp_status publickey_send_ok(struct userauth *);

/* Client. */
SP_MUST_USE enum sp_status
publickey_send_request(struct userauth *, const char *user,
    const char *algorithm, struct sp_view key, bool ask_first);
enum sp_status publickey_receive_ok(struct userauth *, struct reader *);

#endif
