/*
 * The process that was forked for one stranger: leads the talk with his
 * gate, and when he has proved himself becomes his session.
 */
#ifndef SP_LOGIN_GUEST_H
#define SP_LOGIN_GUEST_H

#include "daemon/config/projection.h"
#include "daemon/confine/denial.h"
#include "daemon/ipc/control.h"
#include "daemon/login/servicelink.h"
#include "daemon/login/visit.h"
#include "daemon/modload/modgroup.h"

/*
 * The exit status of a guest that let nobody in, where it says something of
 * who came; with any other there is nothing to be held against him.
 */
enum guest_end {
	GUEST_UNTRIED = 64, /* he asked for nothing that could be refused */
	GUEST_FAILED = 65, /* what he tried was wrong */
	GUEST_UNJUDGED = 66, /* nobody could find out, for no fault of his */
	GUEST_LATE = 67, /* his time went by, whatever he had tried before */
};

/* What every guest finds when it is forked; all of it borrowed. */
struct guest_things {
	const struct login_settings *settings;
	const struct modgroup *auths;
	const struct modgroup *handlers;
	const struct sp_crypto *crypto;
	const struct denial *denial; /* what programs are kept out of */
	struct control_host_keys host_keys;
	int keyholder; /* -1 while there is none */
	int identities; /* identityfile.h's folder; -1: nobody needs it */
	int successes; /* to the zygote */
	const struct servicelinks *services;
	struct progress *progress; /* of all who log in; or NULL */
};

/*
 * Runs and ends the process. The caller has closed and wiped what the
 * zygote knows of others; descriptors are closed here.
 */
_Noreturn void guest_run(const struct guest_things *, struct visit *);

#endif
