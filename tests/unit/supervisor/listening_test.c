/* Listening sockets on the loopback, and which of them a source meets. */
#include "daemon/supervisor/listening.h"

#include "daemon/supervisor/steering.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { GATES = 4, SOURCES = 40 };

static char problem[512];

static struct listener_settings
listener_on(const char *at)
{
	struct listener_settings listener = { .at = at };

	assert_true(cidr_parse_endpoint(at, &listener.endpoint));
	return listener;
}

static bool
opens(struct listening *listening, const struct listener_settings *listeners,
    size_t count, uint32_t gates, const struct listening *old)
{
	const struct listener_list listen = {
		.items = listeners,
		.count = count,
	};

	return listening_open(
	    listening, &listen, gates, old, problem, sizeof problem);
}

/* From 127.0.0.SOURCE to the port. */
static int
connect_from(unsigned source, uint16_t port)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	from.sin_addr.s_addr = htonl(0x7f000000 + source);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons(port);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* Which of the sockets has a connection; it is accepted and closed. */
static uint32_t
find_gate(const struct listening_address *address, uint32_t gates)
{
	for (uint32_t gate = 0; gate < gates; gate++) {
		int fd = accept(address->sockets[gate], NULL, NULL);

		if (fd < 0)
			continue;
		close(fd);
		return gate;
	}
	fail();
	return 0;
}

static void
all_gates_share_one_port(void **state)
{
	const struct listener_settings listener = listener_on("127.0.0.1:0");
	struct listening listening;

	(void)state;
	assert_true(opens(&listening, &listener, 1, GATES, NULL));
	assert_int_equal(listening.count, 1);
	assert_string_equal(listening.addresses[0].name, "127.0.0.1:0");
	assert_true(listening.addresses[0].endpoint.port != 0);
	for (size_t i = 0; i < GATES; i++)
		assert_true(listening.addresses[0].sockets[i] >= 0);
	listening_close(&listening);
	listening_close(&listening);
}

static void
a_source_always_meets_the_same_gate(void **state)
{
	const struct listener_settings listener = listener_on("127.0.0.1:0");
	unsigned met[GATES] = { 0 };
	struct listening listening;
	const struct listening_address *address;

	(void)state;
	assert_true(opens(&listening, &listener, 1, GATES, NULL));
	if (listening.steering_error != 0)
		skip();
	address = &listening.addresses[0];
	for (unsigned source = 1; source <= SOURCES; source++) {
		uint32_t first = GATES;

		for (int i = 0; i < 4; i++) {
			int fd = connect_from(source, address->endpoint.port);
			uint32_t gate = find_gate(address, GATES);

			assert_true(i == 0 || gate == first);
			first = gate;
			close(fd);
		}
		met[first]++;
	}
	/* And sources are spread. */
	for (size_t i = 0; i < GATES; i++)
		assert_true(met[i] > 0 && met[i] < SOURCES / 2 + 5);
	listening_close(&listening);
}

static void
connections_inherit_no_delay_and_keep_alive(void **state)
{
	const struct listener_settings listener = listener_on("127.0.0.1:0");
	struct listening listening;
	socklen_t len = sizeof(int);
	int client, fd, value = 0;

	(void)state;
	assert_true(opens(&listening, &listener, 1, 1, NULL));
	client = connect_from(1, listening.addresses[0].endpoint.port);
	fd = accept(listening.addresses[0].sockets[0], NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(
	    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
	assert_int_not_equal(value, 0);
	assert_int_equal(
	    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len), 0);
	assert_int_not_equal(value, 0);
	close(fd);
	close(client);
	listening_close(&listening);
}

static void
what_is_kept_is_shared_with_the_old(void **state)
{
	const struct listener_settings listeners[] = {
		listener_on("127.0.0.1:0"), listener_on("127.0.0.2:0")
	};
	struct listening old, new;
	int client;

	(void)state;
	assert_true(opens(&old, listeners, 1, GATES, NULL));
	client = connect_from(9, old.addresses[0].endpoint.port);
	assert_true(opens(&new, listeners, 2, GATES, &old));
	assert_int_equal(
	    new.addresses[0].endpoint.port, old.addresses[0].endpoint.port);
	listening_close(&old);
	/* Who came before is still there. */
	find_gate(&new.addresses[0], GATES);
	close(client);
	listening_close(&new);
}

static void
an_address_that_is_taken_is_told_with_a_remedy(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof at;
	struct listening listening;
	struct listener_settings listener;
	char name[32];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	snprintf(name, sizeof name, "127.0.0.1:%u", ntohs(at.sin_port));
	listener = listener_on(name);
	assert_false(opens(&listening, &listener, 1, 2, NULL));
	assert_non_null(strstr(problem, name));
	assert_non_null(strstr(problem, "in use"));
	assert_non_null(strstr(problem, "server.listen"));
	close(fd);
}

static bool
opens_both_families(void)
{
	struct listener_settings listeners[2];
	struct listening probe, listening;
	char v4[32], v6[32];

	listeners[0] = listener_on("127.0.0.1:0");
	assert_true(opens(&probe, listeners, 1, 1, NULL));
	snprintf(v4, sizeof v4, "0.0.0.0:%u", probe.addresses[0].endpoint.port);
	snprintf(v6, sizeof v6, "[::]:%u", probe.addresses[0].endpoint.port);
	listening_close(&probe);
	listeners[0] = listener_on(v4);
	listeners[1] = listener_on(v6);
	if (!opens(&listening, listeners, 2, 1, NULL))
		return false;
	listening_close(&listening);
	return true;
}

static void
both_families_can_have_one_port(void **state)
{
	int tries = 10; /* others may take the port that was just free */

	(void)state;
	while (!opens_both_families() && tries > 0)
		tries--;
	if (tries > 0)
		return;
	assert_non_null(strstr(problem, "[::]")); /* no IPv6 here */
	skip();
}

/* As the kernel has it; its header does not go with the C library's. */
struct ipv6_request {
	struct in6_addr address;
	uint32_t prefix;
	int interface;
};

enum { NETS = 16, HOSTS = 6, LOOPBACK = 1 };

/* One of some addresses in one of some networks. */
static struct in6_addr
address_of(unsigned net, unsigned host)
{
	struct in6_addr address = { .s6_addr = { 0x20, 0x01, 0x0d, 0xb8 } };

	address.s6_addr[7] = (uint8_t)net;
	/* The host's bits are as different as they can be. */
	for (size_t i = 8; i < 16; i++)
		address.s6_addr[i] = (uint8_t)(host * 37 + i * net + 1);
	return address;
}

/* A network namespace of this process's own, where all of them are ours. */
static bool
has_own_addresses(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, done;

	if (unshare(CLONE_NEWNET) != 0 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	done = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &loopback);
	for (unsigned i = 0; done == 0 && i < NETS * HOSTS; i++) {
		const struct ipv6_request request = {
			address_of(i / HOSTS, i % HOSTS), 128, LOOPBACK
		};

		done = ioctl(fd, SIOCSIFADDR, &request);
	}
	close(fd);
	return done == 0;
}

/* From one of the addresses to the port, at another of them. */
static int
connect_from_net(unsigned net, unsigned host, uint16_t port)
{
	struct sockaddr_in6 from = { .sin6_family = AF_INET6,
		.sin6_addr = address_of(net, host) };
	struct sockaddr_in6 to = { .sin6_family = AF_INET6,
		.sin6_addr = address_of(0, 0),
		.sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	/* The kernel takes its time to have a new address. */
	for (int i = 0; i < 1000; i++) {
		if (bind(fd, (struct sockaddr *)&from, sizeof from) == 0)
			break;
		assert_int_equal(errno, EADDRNOTAVAIL);
		usleep(10000);
	}
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* Last: where it runs there is nobody else any more. */
static void
ipv6_sources_of_one_64_meet_the_same_gate(void **state)
{
	const struct listener_settings listener = listener_on("[::]:0");
	const struct listening_address *address;
	unsigned met[GATES] = { 0 };
	struct listening listening;

	(void)state;
	if (!has_own_addresses())
		skip();
	assert_true(opens(&listening, &listener, 1, GATES, NULL));
	if (listening.steering_error != 0)
		skip();
	address = &listening.addresses[0];
	for (unsigned net = 0; net < NETS; net++) {
		uint32_t first = GATES;

		for (unsigned host = 0; host < HOSTS; host++) {
			int fd =
			    connect_from_net(net, host, address->endpoint.port);
			uint32_t gate = find_gate(address, GATES);

			assert_true(host == 0 || gate == first);
			first = gate;
			close(fd);
		}
		met[first]++;
	}
	for (size_t i = 0; i < GATES; i++)
		assert_true(met[i] > 0 && met[i] < NETS / 2 + 3);
	listening_close(&listening);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_gates_share_one_port),
		cmocka_unit_test(a_source_always_meets_the_same_gate),
		cmocka_unit_test(connections_inherit_no_delay_and_keep_alive),
		cmocka_unit_test(what_is_kept_is_shared_with_the_old),
		cmocka_unit_test(
		    an_address_that_is_taken_is_told_with_a_remedy),
		cmocka_unit_test(both_families_can_have_one_port),
		cmocka_unit_test(ipv6_sources_of_one_64_meet_the_same_gate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
