/* What a gate may hand over, and what it may not. */
#include "daemon/login/descriptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool
is_client(int fd)
{
	struct cidr_endpoint peer, local;

	return descriptor_check_client(fd, &peer, &local);
}

/* A listener on a port of 127.0.0.1, and its address. */
static int
listen_somewhere(struct sockaddr_in *address)
{
	socklen_t len = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET };
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

static void
a_connection_gives_its_two_addresses(void **state)
{
	struct cidr_endpoint peer, local;
	char text[CIDR_TEXT_SIZE];
	struct sockaddr_in address;
	int listener = listen_somewhere(&address);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int server;

	(void)state;
	assert_int_equal(
	    connect(client, (struct sockaddr *)&address, sizeof address), 0);
	server = accept(listener, NULL, NULL);
	assert_true(descriptor_check_client(server, &peer, &local));
	assert_int_equal(local.port, ntohs(address.sin_port));
	assert_int_not_equal(peer.port, local.port);
	cidr_format_address(&peer.address, text);
	assert_string_equal(text, "127.0.0.1");
	close(client);
	close(server);
	close(listener);
}

static void
whatever_is_no_connection_is_refused(void **state)
{
	struct sockaddr_in address;
	int listener = listen_somewhere(&address);
	int fresh = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(
	    connect(datagrams, (struct sockaddr *)&address, sizeof address), 0);
	assert_false(is_client(listener));
	assert_false(is_client(fresh));
	assert_false(is_client(datagrams));
	assert_false(is_client(file));
	assert_false(is_client(pair[0]));
	assert_false(is_client(-1));
	close(listener);
	close(fresh);
	close(datagrams);
	close(file);
	close(pair[0]);
	close(pair[1]);
}

static void
a_talk_must_be_of_the_gates_own_making(void **state)
{
	int own[2], stream[2], file = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, own), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, stream), 0);
	assert_true(descriptor_check_talk(own[0], getpid()));
	assert_false(descriptor_check_talk(own[0], getpid() + 1));
	assert_false(descriptor_check_talk(stream[0], getpid()));
	assert_false(descriptor_check_talk(file, getpid()));
	close(own[0]);
	close(own[1]);
	close(stream[0]);
	close(stream[1]);
	close(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_gives_its_two_addresses),
		cmocka_unit_test(whatever_is_no_connection_is_refused),
		cmocka_unit_test(a_talk_must_be_of_the_gates_own_making),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
