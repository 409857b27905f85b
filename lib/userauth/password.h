/* The method "password" (RFC 4252 8), both roles. */
#ifndef SP_USERAUTH_PASSWORD_H
#define SP_USERAUTH_PASSWORD_H

#include "lib/userauth/userauth.h"

/* Server: the fields behind the method's name, into the event. */
SP_MUST_USE enum sp_status
password_read_request(struct userauth *, struct reader *, struct sp_event *);
/* Server: PASSWD_CHANGEREQ, with a text for the user. */
SP_MUST_USE enum sp_status
password_send_change(struct userauth *, const char *prompt);

/* Client. fresh: the one to take the other's place; NULL: none. */
SP_MUST_USE enum sp_status password_send_request(struct userauth *,
    const char *user, struct sp_view password, const struct sp_view *fresh);
enum sp_status password_receive_change(struct userauth *, struct reader *);

#endif
