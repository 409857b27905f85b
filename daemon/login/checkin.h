/*
 * Checking in: where a profile limits the sessions of an identity, or has
 * something that all of them share, who has proved himself takes a seat
 * before he is let in, and his session holds it.
 */
#ifndef SP_LOGIN_CHECKIN_H
#define SP_LOGIN_CHECKIN_H

#include "daemon/login/attempt.h"
#include "daemon/login/seat.h"
#include "daemon/modload/modgroup.h"

/* False where nobody ever checks in. The handlers are those of the settings. */
bool checkin_is_wanted(
    const struct access_settings *, const struct modgroup *handlers);

/*
 * False when he is not let in: he and the log were told. The seat is none
 * where his profile wants none. folder: identityfile.h's, or -1.
 */
SP_MUST_USE bool checkin_pass(const struct attempt *,
    const struct modgroup *handlers, int folder, struct seat *);

#endif
