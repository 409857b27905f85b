/*
 * One line of what is asked of a module, as it is typed or stands in a
 * script: "publickey alice alice.pub", "exec 'status web' < in > out".
 */
#ifndef SP_MODTEST_ERRAND_H
#define SP_MODTEST_ERRAND_H

#include "cli/modtest/answer.h"
#include "daemon/config/cidr.h"
#include "daemon/config/settings.h"
#include "daemon/modload/modgroup.h"

struct attendant;

struct errand_given {
	const struct sp_crypto *crypto;
	const struct modgroup *auth; /* NULL: the module is none */
	const struct modgroup *handler; /* NULL: the module is none */
	const struct module_settings *settings; /* of the handler */
	const char *identity; /* of sessions; NULL: the account's name */
	struct cidr_endpoint peer; /* where an applicant comes from */
	struct attendant *attendant; /* of an auth module */
};

/* What can be asked, a line each. */
extern const char errand_help[];

/* Does it; "ERROR ..." where the line is wrong, which is a failure. */
void errand_run(const struct errand_given *, const char *line, struct answer *);

#endif
