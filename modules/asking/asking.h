/*
 * The login's side of a module that asks somebody else: puts the credential
 * to the service, waits for so long, and does what the answer says.
 */
#ifndef SP_ASKING_ASKING_H
#define SP_ASKING_ASKING_H

#include <sallyport/module.h>

struct asking_rules {
	uint64_t timeout; /* ms; for each answer */
	struct sp_list environment; /* names that an answer may set */
};

/* "publickey,password,keyboard-interactive": what can be asked about. */
#define ASKING_METHODS "publickey,password,keyboard-interactive"

enum sp_verdict asking_check(
    struct sp_login *, const struct sp_cred *, const struct asking_rules *);

#endif
