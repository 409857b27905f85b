/* The listening sockets. */
#include "daemon/supervisor/listening.h"

#include "daemon/supervisor/steering.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

/* A dead peer is noticed within some minutes (seconds, seconds, probes). */
enum { KEEP_IDLE = 120, KEEP_INTERVAL = 30, KEEP_COUNT = 4 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
make_address(const struct cidr_endpoint *endpoint, union address *address)
{
	const uint8_t *bytes = endpoint->address.bytes;

	memset(address, 0, sizeof *address);
	if (cidr_is_v4(&endpoint->address)) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons(endpoint->port);
		memcpy(&address->v4.sin_addr, bytes + 12, 4);
		return sizeof address->v4;
	}
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = htons(endpoint->port);
	memcpy(&address->v6.sin6_addr, bytes, 16);
	return sizeof address->v6;
}

static bool
set_option(int socket, int level, int name, int value)
{
	return setsockopt(socket, level, name, &value, sizeof value) == 0;
}

/* What is set here, connections inherit. */
static bool
set_options(int socket, bool is_v6_only)
{
	return set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1) &&
	    set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1) &&
	    set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1) &&
	    set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE) &&
	    set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL) &&
	    set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT) &&
	    set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1) &&
	    (!is_v6_only || set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1));
}

/* The port that port 0 became is the others' too. */
static bool
learn_port(int fd, struct cidr_endpoint *endpoint)
{
	union address address;
	socklen_t len = sizeof address;
	struct cidr_endpoint got;

	if (getsockname(fd, &address.any, &len) != 0 ||
	    !cidr_of_sockaddr(&address.any, &got))
		return false;
	endpoint->port = got.port;
	return true;
}

static int
open_socket(struct cidr_endpoint *endpoint, bool is_v6_only)
{
	union address address;
	socklen_t len = make_address(endpoint, &address);
	int fd = socket(address.any.sa_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved;

	if (fd < 0)
		return -1;
	if (set_options(fd, is_v6_only) && bind(fd, &address.any, len) == 0 &&
	    listen(fd, BACKLOG) == 0 && learn_port(fd, endpoint))
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static const struct listening_address *
find_address(const struct listening *old, const char *name)
{
	for (size_t i = 0; old != NULL && i < old->count; i++)
		if (strcmp(old->addresses[i].name, name) == 0)
			return &old->addresses[i];
	return NULL;
}

/* "[::]:22" takes IPv4 too, unless IPv4 has a listener on that port. */
static bool
is_v6_only(const struct listener_list *listen, size_t i)
{
	const struct cidr_endpoint *v6 = &listen->items[i].endpoint;

	if (cidr_is_v4(&v6->address))
		return false;
	for (size_t j = 0; j < listen->count; j++)
		if (listen->items[j].endpoint.port == v6->port &&
		    cidr_is_v4(&listen->items[j].endpoint.address))
			return true;
	return false;
}

static bool
share_address(struct listening_address *address,
    const struct listening_address *old, uint32_t gates)
{
	address->endpoint = old->endpoint;
	for (uint32_t gate = 0; gate < gates; gate++) {
		address->sockets[gate] =
		    fcntl(old->sockets[gate], F_DUPFD_CLOEXEC, 0);
		if (address->sockets[gate] < 0)
			return false;
	}
	return true;
}

static bool
open_address(struct listening *listening, const struct listener_list *listen,
    size_t i, const struct listening *old)
{
	struct listening_address *address = &listening->addresses[i];
	const struct listening_address *before;
	uint32_t gates = listening->gates;

	snprintf(
	    address->name, sizeof address->name, "%s", listen->items[i].at);
	address->endpoint = listen->items[i].endpoint;
	address->sockets = malloc(gates * sizeof *address->sockets);
	if (address->sockets == NULL)
		return false;
	for (uint32_t gate = 0; gate < gates; gate++)
		address->sockets[gate] = -1;
	before = find_address(old, address->name);
	if (before != NULL && old->gates == gates)
		return share_address(address, before, gates);
	if (before != NULL)
		listening->is_shuffled = true;
	for (uint32_t gate = 0; gate < gates; gate++) {
		address->sockets[gate] =
		    open_socket(&address->endpoint, is_v6_only(listen, i));
		if (address->sockets[gate] < 0)
			return false;
	}
	if (gates > 1 && !steering_attach(address->sockets[0], gates))
		listening->steering_error = errno;
	return true;
}

static const char *
remedy(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "stop what listens there (ss -ltnp shows it), or change "
		       "server.listen";
	case EACCES:
		return "ports below 1024 need root: start as root, or choose a "
		       "higher port in server.listen";
	case EADDRNOTAVAIL:
		return "this machine has no such address: change server.listen";
	default:
		return "change server.listen";
	}
}

bool
listening_open(struct listening *listening, const struct listener_list *listen,
    uint32_t gates, const struct listening *old, char *problem, size_t size)
{
	*listening = (struct listening){ .gates = gates };
	listening->addresses =
	    calloc(listen->count, sizeof *listening->addresses);
	if (listening->addresses == NULL) {
		snprintf(problem, size, "out of memory");
		return false;
	}
	if (old != NULL) {
		listening->steering_error = old->steering_error;
		listening->is_shuffled = old->is_shuffled;
	}
	for (size_t i = 0; i < listen->count; i++) {
		listening->count++;
		if (open_address(listening, listen, i, old))
			continue;
		snprintf(problem, size, "cannot listen on %s: %s; %s",
		    listen->items[i].at, strerror(errno), remedy(errno));
		listening_close(listening);
		return false;
	}
	return true;
}

void
listening_close(struct listening *listening)
{
	for (size_t i = 0; i < listening->count; i++) {
		int *sockets = listening->addresses[i].sockets;

		for (uint32_t gate = 0;
		     sockets != NULL && gate < listening->gates; gate++)
			if (sockets[gate] >= 0)
				close(sockets[gate]);
		free(sockets);
	}
	free(listening->addresses);
	*listening = (struct listening){ 0 };
}
