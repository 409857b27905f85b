/* Types of channels: round trips, truncations, trailing bytes, bounds. */
#include "lib/connection/channel_type.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef enum sp_status encode_function(struct buffer *);
typedef enum sp_status decode_function(struct sp_view);

static enum sp_status
encode_tcpip(struct buffer *out)
{
	const struct channel_type_tcpip tcpip = { view_of_string("host"), 65535,
		view_of_string("::1"), 0 };

	return channel_type_encode_tcpip(&tcpip, out);
}

static enum sp_status
decode_tcpip(struct sp_view data)
{
	struct channel_type_tcpip got;
	enum sp_status status = channel_type_decode_tcpip(data, &got);

	if (status == SP_OK) {
		assert_true(view_equal_string(got.address, "host"));
		assert_int_equal(got.port, 65535);
		assert_true(view_equal_string(got.originator, "::1"));
		assert_int_equal(got.originator_port, 0);
	}
	return status;
}

static enum sp_status
encode_x11(struct buffer *out)
{
	const struct channel_type_x11 x11 = { view_of_string("here"), 6000 };

	return channel_type_encode_x11(&x11, out);
}

static enum sp_status
decode_x11(struct sp_view data)
{
	struct channel_type_x11 got;
	enum sp_status status = channel_type_decode_x11(data, &got);

	if (status == SP_OK) {
		assert_true(view_equal_string(got.originator, "here"));
		assert_int_equal(got.originator_port, 6000);
	}
	return status;
}

static enum sp_status
encode_direct_streamlocal(struct buffer *out)
{
	return channel_type_encode_direct_streamlocal(
	    view_of_string("/run/socket"), out);
}

static enum sp_status
decode_direct_streamlocal(struct sp_view data)
{
	struct sp_view path;
	enum sp_status status =
	    channel_type_decode_direct_streamlocal(data, &path);

	if (status == SP_OK)
		assert_true(view_equal_string(path, "/run/socket"));
	return status;
}

static enum sp_status
encode_forwarded_streamlocal(struct buffer *out)
{
	return channel_type_encode_forwarded_streamlocal(
	    view_of_string("/run/socket"), out);
}

static enum sp_status
decode_forwarded_streamlocal(struct sp_view data)
{
	struct sp_view path;
	enum sp_status status =
	    channel_type_decode_forwarded_streamlocal(data, &path);

	if (status == SP_OK)
		assert_true(view_equal_string(path, "/run/socket"));
	return status;
}

static enum sp_status
encode_tun(struct buffer *out)
{
	const struct channel_type_tun tun = { CHANNEL_TYPE_TUN_LAYER_2,
		CHANNEL_TYPE_TUN_ANY };

	return channel_type_encode_tun(&tun, out);
}

static enum sp_status
decode_tun(struct sp_view data)
{
	struct channel_type_tun got;
	enum sp_status status = channel_type_decode_tun(data, &got);

	if (status == SP_OK) {
		assert_int_equal(got.mode, CHANNEL_TYPE_TUN_LAYER_2);
		assert_int_equal(got.unit, CHANNEL_TYPE_TUN_ANY);
	}
	return status;
}

static const struct {
	encode_function *encode;
	decode_function *decode;
} types[] = {
	{ encode_tcpip, decode_tcpip },
	{ encode_x11, decode_x11 },
	{ encode_direct_streamlocal, decode_direct_streamlocal },
	{ encode_forwarded_streamlocal, decode_forwarded_streamlocal },
	{ encode_tun, decode_tun },
};

static void
what_is_encoded_is_decoded_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct buffer bytes;
		struct sp_view whole;

		buffer_init(&bytes, 256);
		assert_int_equal(types[i].encode(&bytes), SP_OK);
		whole = buffer_view(&bytes);
		assert_int_equal(types[i].decode(whole), SP_OK);
		for (size_t len = 0; len < whole.len; len++)
			assert_int_equal(
			    types[i].decode(view_of(whole.data, len)),
			    SP_ERR_FORMAT);
		assert_int_equal(buffer_append(&bytes, view_of("", 1)), SP_OK);
		assert_int_equal(
		    types[i].decode(buffer_view(&bytes)), SP_ERR_TRAILING);
		buffer_clear(&bytes);
		buffer_init(&bytes, 3);
		assert_int_equal(types[i].encode(&bytes), SP_ERR_LIMIT);
		buffer_clear(&bytes);
	}
}

static void
write_tcpip(struct buffer *out, uint32_t port, uint32_t originator_port)
{
	const struct channel_type_tcpip tcpip = { view_of_string("a"), port,
		view_of_string("b"), originator_port };

	buffer_clear(out);
	assert_int_equal(channel_type_encode_tcpip(&tcpip, out), SP_OK);
}

/* A port cut to 16 bits would be another one, or none. */
static void
a_port_above_65535_is_malformed(void **state)
{
	static const uint32_t ports[] = { 65536, 65536 + 22, 0x80000000,
		UINT32_MAX };
	struct channel_type_tcpip tcpip;
	struct channel_type_x11 x11;
	struct buffer b;

	(void)state;
	buffer_init(&b, 256);
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
		const struct channel_type_x11 wrong = { view_of_string("a"),
			ports[i] };

		write_tcpip(&b, ports[i], 1);
		assert_int_equal(
		    channel_type_decode_tcpip(buffer_view(&b), &tcpip),
		    SP_ERR_FORMAT);
		write_tcpip(&b, 1, ports[i]);
		assert_int_equal(
		    channel_type_decode_tcpip(buffer_view(&b), &tcpip),
		    SP_ERR_FORMAT);
		buffer_clear(&b);
		assert_int_equal(channel_type_encode_x11(&wrong, &b), SP_OK);
		assert_int_equal(channel_type_decode_x11(buffer_view(&b), &x11),
		    SP_ERR_FORMAT);
	}
	buffer_clear(&b);
}

static void
a_tunnel_has_one_of_two_layers(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b, 256);
	for (uint32_t mode = 0; mode < 5; mode++) {
		const struct channel_type_tun tun = { mode, 0 };
		struct channel_type_tun got;

		buffer_clear(&b);
		assert_int_equal(channel_type_encode_tun(&tun, &b), SP_OK);
		assert_int_equal(channel_type_decode_tun(buffer_view(&b), &got),
		    mode == 1 || mode == 2 ? SP_OK : SP_ERR_FORMAT);
	}
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_encoded_is_decoded_whole_or_not_at_all),
		cmocka_unit_test(a_port_above_65535_is_malformed),
		cmocka_unit_test(a_tunnel_has_one_of_two_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
