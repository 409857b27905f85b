/* What a descriptor is, as the kernel knows it. */
#include "daemon/login/descriptor.h"

#include <netinet/in.h>
#include <sys/socket.h>

static bool
has_option(int fd, int option, int wanted)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 &&
	    value == wanted;
}

/* False, too, for whatever is not IPv4 or IPv6. */
static bool
read_name(int (*name)(int, struct sockaddr *, socklen_t *), int fd,
    struct cidr_endpoint *endpoint)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof address;

	return name(fd, (struct sockaddr *)&address, &len) == 0 &&
	    cidr_of_sockaddr((struct sockaddr *)&address, endpoint);
}

static int
peer_name(int fd, struct sockaddr *address, socklen_t *len)
{
	return getpeername(fd, address, len);
}

static int
local_name(int fd, struct sockaddr *address, socklen_t *len)
{
	return getsockname(fd, address, len);
}

bool
descriptor_check_client(
    int fd, struct cidr_endpoint *peer, struct cidr_endpoint *local)
{
	struct cidr_endpoint here, there;

	if (!has_option(fd, SO_TYPE, SOCK_STREAM) ||
	    !has_option(fd, SO_PROTOCOL, IPPROTO_TCP) ||
	    !read_name(peer_name, fd, &there) ||
	    !read_name(local_name, fd, &here))
		return false;
	*peer = there;
	*local = here;
	return true;
}

bool
descriptor_check_talk(int fd, pid_t maker)
{
	struct ucred maker_found = { .pid = -1 };
	socklen_t len = sizeof maker_found;

	return has_option(fd, SO_DOMAIN, AF_UNIX) &&
	    has_option(fd, SO_TYPE, SOCK_SEQPACKET) &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &maker_found, &len) == 0 &&
	    maker_found.pid == maker;
}
