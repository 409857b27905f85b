/*
 * Who gets which profile: the rules are read from the top, the first that
 * fits decides.
 */
#ifndef SP_CONFIG_RULES_H
#define SP_CONFIG_RULES_H

#include "daemon/config/settings.h"

/* Who comes from where. All strings are borrowed. */
struct rules_client {
	const char *user;
	bool has_account;
	const char *account; /* its name, as the user database has it */
	uid_t uid; /* of the account */
	struct string_list groups; /* names, the account's own included */
	struct cidr_endpoint peer;
	struct cidr_endpoint local;
};

/* Why a rule does not fit, and whether one that does lets him in. */
enum rules_reason {
	RULES_FITS,
	RULES_NOT_USER,
	RULES_NOT_GROUP,
	RULES_NOT_FROM,
	RULES_NOT_LOCAL,
	RULES_ROOT_UNNAMED, /* uid 0 and not named literally */
	RULES_SYSTEM_UNNAMED, /* below uid_min, nor his group, named */
	RULES_NONE_FITS,
	RULES_REFUSES, /* the rule says so */
	RULES_OTHER_NAME, /* whatever fits: his account is called otherwise */
	RULES_NO_ACCOUNT, /* fits, but there is no such account */
	RULES_NOT_OURS, /* fits, but the daemon cannot become that user */
};

struct rules_verdict {
	bool is_refused;
	enum rules_reason reason; /* RULES_FITS unless refused */
	size_t rule; /* that decided; SETTINGS_NONE for none */
	size_t profile; /* the decoy's when refused: always valid */
};

/* RULES_FITS when all matchers of the rule fit this client. */
enum rules_reason rules_test(
    const struct access_settings *, size_t rule, const struct rules_client *);

struct rules_verdict
rules_decide(const struct access_settings *, const struct rules_client *);

/* A sentence without a full stop, for explain and the log. */
const char *rules_reason_text(enum rules_reason);

#endif
