/* The machine's own accounts, as rules and profiles see them. */
#ifndef SP_CONFIG_ACCOUNT_H
#define SP_CONFIG_ACCOUNT_H

#include "daemon/config/rules.h"

/*
 * Fills user, has_account, account, uid and groups; strings live in the
 * arena. May block: the name service may ask other machines.
 */
void account_lookup(struct arena *, const char *user, struct rules_client *);

/* The first uid of people: UID_MIN of /etc/login.defs, or 1000. */
uid_t account_uid_min(const char *login_defs);

#endif
