/*
 * The clocks of a session, by its profile: how long it may last, how long
 * nobody may use it, and whether its client still answers. Each ends the
 * connection with a reason; the first two end the process, by SIGALRM, if
 * that hangs.
 */
#ifndef SP_SESSION_VIGIL_H
#define SP_SESSION_VIGIL_H

struct session;
struct vigil;

/*
 * They run from now on, on the session's loop; those that the profile does
 * not want are not there. NULL without memory.
 */
struct vigil *vigil_new(struct session *);
/* NULL is allowed. */
void vigil_free(struct vigil *);

#endif
