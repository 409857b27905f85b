/*
 * Where logins come in at a service: the fd that the module waits for, and
 * what stands behind it: the supervisor's orders and the login programs.
 */
#ifndef SP_SERVICE_RECEPTION_H
#define SP_SERVICE_RECEPTION_H

#include <sallyport/types.h>

/*
 * The one of this process. Takes the socket to the supervisor; what is said
 * there is followed in sp_service_accept(). -1 with errno set.
 */
SP_MUST_USE int reception_open(int control);

/* True when the module was told that nobody comes any more. */
bool reception_is_over(void);

#endif
