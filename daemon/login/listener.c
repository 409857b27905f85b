/* Which listener it was, by what the socket says and no gate. */
#include "daemon/login/listener.h"

const char *
listener_of(const struct listener_list *listen,
    const struct cidr_endpoint *local, char room[CIDR_TEXT_SIZE])
{
	const struct listener_settings *listener = entrance_of(listen, local);

	if (listener != NULL)
		return listener->at;
	cidr_format_endpoint(local, room);
	return room;
}
