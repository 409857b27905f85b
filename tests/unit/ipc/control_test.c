/* PEER, HOST_KEYS, LISTENER and CONNECTION. */
#include "daemon/ipc/control.h"

#include "tests/unit/ipc/body.h"

static enum sp_status
decode_peer(struct sp_view body)
{
	struct control_peer got;

	return control_peer_decode(body, &got);
}

static enum sp_status
decode_host_keys(struct sp_view body)
{
	struct control_host_keys got;

	return control_host_keys_decode(body, &got);
}

static enum sp_status
decode_listener(struct sp_view body)
{
	struct control_listener got;

	return control_listener_decode(body, &got);
}

static void
a_peer_is_read_back(void **state)
{
	const struct control_peer peer = {
		.role = IPC_ROLE_GATE,
		.id = 7,
		.pid = 4711,
		.link = view_of_string("link"),
		.part = 1,
		.parts = 3,
		.is_steered = true,
	};
	struct control_peer got;
	struct buffer b;

	(void)state;
	buffer_init(&b, 1024);
	assert_int_equal(control_peer_encode(&peer, &b), SP_OK);
	assert_int_equal(control_peer_decode(buffer_view(&b), &got), SP_OK);
	assert_int_equal(got.role, IPC_ROLE_GATE);
	assert_int_equal(got.id, 7);
	assert_int_equal(got.pid, 4711);
	assert_true(view_equal_string(got.link, "link"));
	assert_int_equal(got.part, 1);
	assert_int_equal(got.parts, 3);
	assert_true(got.is_steered);
	body_check(&b, decode_peer);
}

static void
a_peer_of_two_roles_or_none_is_refused(void **state)
{
	static const unsigned roles[] = { 0, 3, 12, 32, 256, 0x80000000 };

	(void)state;
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		const struct control_peer peer = {
			.role = (enum ipc_role)roles[i],
		};
		struct buffer b;

		buffer_init(&b, 1024);
		assert_int_equal(control_peer_encode(&peer, &b), SP_OK);
		assert_int_equal(decode_peer(buffer_view(&b)), SP_ERR_FORMAT);
		buffer_clear(&b);
	}
}

static void
host_keys_keep_their_order(void **state)
{
	struct control_host_keys keys = { .count = 2, .listener_count = 1 };
	struct control_host_keys got;
	struct buffer b;

	(void)state;
	keys.keys[0].algorithm = view_of_string("ssh-ed25519");
	keys.keys[0].blob = view_of_string("first");
	keys.keys[1].algorithm = view_of_string("rsa-sha2-512");
	keys.keys[1].blob = view_of_string("second");
	keys.keys[1].listeners = UINT64_C(1) << 63;
	keys.listeners[0] = view_of_string("[::]:22");
	buffer_init(&b, 1024);
	assert_int_equal(control_host_keys_encode(&keys, &b), SP_OK);
	assert_int_equal(
	    control_host_keys_decode(buffer_view(&b), &got), SP_OK);
	assert_int_equal(got.count, 2);
	assert_true(view_equal_string(got.keys[0].algorithm, "ssh-ed25519"));
	assert_true(view_equal_string(got.keys[0].blob, "first"));
	assert_true(view_equal_string(got.keys[1].algorithm, "rsa-sha2-512"));
	assert_true(view_equal_string(got.keys[1].blob, "second"));
	assert_true(got.keys[0].listeners == 0);
	assert_true(got.keys[1].listeners == UINT64_C(1) << 63);
	assert_int_equal(got.listener_count, 1);
	assert_true(view_equal_string(got.listeners[0], "[::]:22"));
	assert_true(control_host_keys_of(&got, keys.listeners[0]) == 1);
	assert_true(control_host_keys_of(&got, view_of_string("[::]")) == 0);
	body_check(&b, decode_host_keys);
}

static void
more_host_keys_than_the_maximum_are_refused(void **state)
{
	struct control_host_keys keys = { .count = CONTROL_HOST_KEYS_MAX };
	struct buffer b;

	(void)state;
	buffer_init(&b, 2048);
	assert_int_equal(control_host_keys_encode(&keys, &b), SP_OK);
	assert_int_equal(decode_host_keys(buffer_view(&b)), SP_OK);
	b.data[b.start + 3]++;
	assert_int_equal(
	    buffer_append(&b, view_of("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)),
	    SP_OK);
	assert_int_equal(decode_host_keys(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);

	keys.count++;
	assert_int_equal(control_host_keys_encode(&keys, &b), SP_ERR_LIMIT);
	assert_int_equal(buffer_len(&b), 0);

	keys = (struct control_host_keys){
		.listener_count = CONTROL_LISTENERS_MAX,
	};
	assert_int_equal(control_host_keys_encode(&keys, &b), SP_OK);
	assert_int_equal(decode_host_keys(buffer_view(&b)), SP_OK);
	b.data[b.start + 7]++;
	assert_int_equal(buffer_append(&b, view_of("\0\0\0", 4)), SP_OK);
	assert_int_equal(decode_host_keys(buffer_view(&b)), SP_ERR_FORMAT);
	buffer_clear(&b);
	keys.listener_count++;
	assert_int_equal(control_host_keys_encode(&keys, &b), SP_ERR_LIMIT);
}

static void
a_listener_is_read_back(void **state)
{
	const struct control_listener listener = { view_of_string("[::]:22"),
		true };
	struct control_listener got;
	struct buffer b;

	(void)state;
	buffer_init(&b, 1024);
	assert_int_equal(control_listener_encode(&listener, &b), SP_OK);
	assert_int_equal(control_listener_decode(buffer_view(&b), &got), SP_OK);
	assert_true(view_equal_string(got.name, "[::]:22"));
	assert_true(got.is_steered);
	body_check(&b, decode_listener);
}

static void
a_listener_of_maximal_length_fits_its_row(void **state)
{
	static const char name[251];
	struct control_listener listener = { view_of(name, 250), false };
	struct buffer b;

	(void)state;
	buffer_init(&b, 256);
	assert_int_equal(control_listener_encode(&listener, &b), SP_OK);
	assert_int_equal(decode_listener(buffer_view(&b)), SP_OK);
	buffer_clear(&b);
	listener.name.len++;
	assert_int_equal(control_listener_encode(&listener, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
}

static enum sp_status
decode_connection(struct sp_view body)
{
	struct control_connection connection;

	return control_connection_decode(body, &connection);
}

static void
a_connection_is_read_back(void **state)
{
	const struct control_connection connection = { 7,
		view_of_string("[::]:22"),
		{ true, { { 1 }, 65535 }, { { [15] = 2 }, 22 } } };
	struct control_connection got;
	struct buffer b;

	(void)state;
	buffer_init(&b, 512);
	assert_int_equal(control_connection_encode(&connection, &b), SP_OK);
	assert_int_equal(
	    control_connection_decode(buffer_view(&b), &got), SP_OK);
	assert_int_equal(got.number, 7);
	assert_true(view_equal_string(got.listener, "[::]:22"));
	assert_true(got.claim.is_made);
	assert_memory_equal(
	    got.claim.peer.address, connection.claim.peer.address, 16);
	assert_memory_equal(
	    got.claim.local.address, connection.claim.local.address, 16);
	assert_int_equal(got.claim.peer.port, 65535);
	assert_int_equal(got.claim.local.port, 22);
	body_check(&b, decode_connection);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_is_read_back),
		cmocka_unit_test(a_peer_of_two_roles_or_none_is_refused),
		cmocka_unit_test(host_keys_keep_their_order),
		cmocka_unit_test(more_host_keys_than_the_maximum_are_refused),
		cmocka_unit_test(a_listener_is_read_back),
		cmocka_unit_test(a_listener_of_maximal_length_fits_its_row),
		cmocka_unit_test(a_connection_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
