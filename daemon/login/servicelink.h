/*
 * The services of modules, as the login program knows them, and the sockets
 * that a login to be has to them: one a service, made before it is forked,
 * so that no login can have more.
 */
#ifndef SP_LOGIN_SERVICELINK_H
#define SP_LOGIN_SERVICELINK_H

#include "daemon/modload/modgroup.h"

struct servicelinks {
	size_t count; /* as the groups of auth */
	int *links; /* by group; -1: there is none now */
	int *own; /* of the login to be; -1: none */
};

/* False without memory; groups without a service never have a link. */
SP_MUST_USE bool servicelink_init(struct servicelinks *, size_t count);

/* A service, in the place of the one before. Takes the socket. */
void servicelink_add(
    struct servicelinks *, const struct modgroup *, uint32_t way, int socket);

/*
 * Fills own, before a fork. A service that is gone, or takes nothing more,
 * gets nobody: the login does without.
 */
void servicelink_open(struct servicelinks *);
/* In the parent, behind the fork. */
void servicelink_close(struct servicelinks *);

/* Those of own that there are, at most SETTINGS_SERVICES_MAX; how many. */
size_t servicelink_list(const struct servicelinks *, int *list);

#endif
