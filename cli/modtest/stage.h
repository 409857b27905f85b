/*
 * A connection to a session that serves one handler module: key exchange
 * and login between two engines in memory, then the server's is exported to
 * a session in a process of its own, as the daemon does it. What serves the
 * module is the session itself, and nothing that stands for it.
 */
#ifndef SP_MODTEST_STAGE_H
#define SP_MODTEST_STAGE_H

#include "daemon/config/settings.h"
#include "daemon/modload/modgroup.h"

#include <sallyport/engine.h>
#include <sys/types.h>

struct stage_given {
	const struct sp_crypto *crypto;
	const struct modgroup *group; /* a handler */
	const struct module_settings *settings; /* of the group */
	const char *identity; /* NULL: the account's name */
};

/* The client's side of it. */
struct stage {
	struct sp_engine *client; /* logged in */
	int socket; /* non-blocking */
	pid_t session;
};

/* False with a phrase in problem. */
SP_MUST_USE bool
stage_open(struct stage *, const struct stage_given *, const char **problem);

/* Hangs up, and waits for the session; what waitpid() says of it. */
int stage_close(struct stage *);

/* What the session's memory is now, and was at most, in bytes; 0: unknown. */
struct stage_memory {
	uint64_t now, most;
};
struct stage_memory stage_memory_of(const struct stage *);

/* The clock that the client's engine is fed with. */
uint64_t stage_now_ms(void);

#endif
