/* Times as sshd(8) has them in `expiry-time`. */
#ifndef SP_SESSION_EXPIRYTIME_H
#define SP_SESSION_EXPIRYTIME_H

#include <sallyport/types.h>

/*
 * "YYYYMMDD", "YYYYMMDDHHMM" or "YYYYMMDDHHMMSS", of this machine's time
 * zone or, with a "Z" behind, of UTC. False, with *seconds (since 1970)
 * untouched, where there is no such time.
 */
SP_MUST_USE bool expirytime_parse(const char *, uint64_t *seconds);

#endif
