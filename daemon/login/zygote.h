/*
 * The login program's first process: started once, everything loaded and
 * warm, it forks itself for each stranger who asks to authenticate. It
 * reads what gates send and decodes no more of it than it must.
 */
#ifndef SP_LOGIN_ZYGOTE_H
#define SP_LOGIN_ZYGOTE_H

#include "daemon/config/projection.h"
#include "daemon/confine/denial.h"
#include "daemon/modload/modgroup.h"

#include <sallyport/key.h>

/* What was made before any fork; all of it borrowed, for good. */
struct zygote_given {
	const struct login_settings *settings;
	const struct modgroup *auths; /* as settings->access.auths */
	const struct modgroup *handlers; /* as settings->access.handlers */
	const struct sp_crypto *crypto;
	const struct denial *denial;
};

/*
 * Serves until it is told to retire (or the supervisor is gone) and the
 * last client that it knows of has been logged in or turned away. The exit
 * status of the program. In the processes it forks it does not return.
 */
int zygote_run(const struct zygote_given *);

#endif
