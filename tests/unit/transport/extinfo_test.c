/* EXT_INFO: what is announced, what is noticed, and where it may stand. */
#include "lib/pubkey/pubkey.h"
#include "lib/transport/extinfo.h"

#include "tests/unit/transport/fixture.h"

static enum sp_status
receive(struct transport *t, struct sp_view body)
{
	struct reader r;

	reader_init(&r, body);
	return extinfo_receive(t, &r);
}

/* A client that has just read its first sealed packet. */
static void
bring(struct transport *t)
{
	fixture_transport(t, SP_CLIENT);
	t->rx.packets = 1;
}

static void
write_extensions(struct buffer *b, uint32_t count, const char *name)
{
	struct writer w;

	buffer_init(b, 4096);
	writer_init(&w, b);
	writer_u32(&w, count);
	for (uint32_t i = 0; i < count; i++) {
		writer_cstring(&w, name);
		writer_cstring(&w, "value");
	}
	assert_int_equal(writer_finish(&w), SP_OK);
}

static void
a_server_tells_its_signature_algorithms(void **state)
{
	struct transport t;
	struct reader r;

	(void)state;
	fixture_transport(&t, SP_SERVER);
	assert_int_equal(extinfo_send(&t), SP_OK);
	reader_init(&r, buffer_view(&t.out));
	reader_u32(&r);
	reader_u8(&r);
	assert_int_equal(reader_u8(&r), SSH_MSG_EXT_INFO);
	assert_int_equal(reader_u32(&r), 3);
	assert_true(view_equal_string(reader_string(&r), "server-sig-algs"));
	assert_true(view_equal_string(reader_string(&r), t.offer.user_key));
	assert_true(view_equal_string(reader_string(&r), "ping@openssh.com"));
	assert_true(view_equal_string(reader_string(&r), "0"));
	assert_true(view_equal_string(
	    reader_string(&r), "publickey-hostbound@openssh.com"));
	assert_true(view_equal_string(reader_string(&r), "0"));
	assert_false(r.failed);
	transport_clear(&t);

	fixture_transport(&t, SP_CLIENT);
	assert_int_equal(extinfo_send(&t), SP_OK);
	assert_int_equal(buffer_len(&t.out), 0);
	transport_clear(&t);
}

static void
a_known_extension_is_noticed_and_others_are_not(void **state)
{
	struct transport t;
	struct buffer b;

	(void)state;
	bring(&t);
	write_extensions(&b, 3, "no-flow-control");
	assert_int_equal(receive(&t, buffer_view(&b)), SP_OK);
	assert_int_equal(t.extensions, 0);
	buffer_clear(&b);
	write_extensions(&b, 1, "server-sig-algs");
	assert_int_equal(receive(&t, buffer_view(&b)), SP_OK);
	assert_int_equal(t.extensions, 0);
	assert_true(view_equal_string(buffer_view(&t.sig_algs), "value"));
	for (size_t len = 0; len < buffer_len(&b); len++)
		assert_int_equal(
		    receive(&t, view_of(b.data, len)), SP_ERR_FORMAT);
	assert_int_equal(buffer_append(&b, view_of("", 1)), SP_OK);
	assert_int_equal(receive(&t, buffer_view(&b)), SP_ERR_TRAILING);
	buffer_clear(&b);
	transport_clear(&t);
}

static void
a_version_of_host_bound_proofs_that_is_not_ours_is_not_noticed(void **state)
{
	static const struct {
		const char *value;
		unsigned extensions;
	} rows[] = {
		{ "", 0 },
		{ "1", 0 },
		{ "00", 0 },
		{ "0", EXTENSION_HOST_BOUND },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct transport t;
		struct buffer b;
		struct writer w;

		bring(&t);
		buffer_init(&b, 256);
		writer_init(&w, &b);
		writer_u32(&w, 1);
		writer_cstring(&w, "publickey-hostbound@openssh.com");
		writer_cstring(&w, rows[i].value);
		assert_int_equal(writer_finish(&w), SP_OK);
		assert_int_equal(receive(&t, buffer_view(&b)), SP_OK);
		assert_int_equal(t.extensions, rows[i].extensions);
		buffer_clear(&b);
		transport_clear(&t);
	}
}

static void
so_many_of_them_and_no_more(void **state)
{
	struct transport t;
	struct buffer b;

	(void)state;
	bring(&t);
	write_extensions(&b, LIMIT_EXT_INFO, "x");
	assert_int_equal(receive(&t, buffer_view(&b)), SP_OK);
	buffer_clear(&b);
	write_extensions(&b, LIMIT_EXT_INFO + 1, "x");
	assert_int_equal(receive(&t, buffer_view(&b)), SP_ERR_LIMIT);
	buffer_clear(&b);
	assert_int_equal(
	    receive(&t, view_of("\xff\xff\xff\xff", 4)), SP_ERR_LIMIT);
	transport_clear(&t);
}

static void
it_is_the_first_packet_or_before_success(void **state)
{
	struct sp_view none = view_of("\0\0\0\0", 4);
	struct transport t;

	(void)state;
	bring(&t);
	t.rx.packets = 2;
	assert_int_equal(receive(&t, none), SP_ERR_UNEXPECTED_MESSAGE);
	memcpy(t.service, "ssh-userauth", 13);
	assert_int_equal(receive(&t, none), SP_OK);
	t.role = SP_SERVER;
	assert_int_equal(receive(&t, none), SP_ERR_UNEXPECTED_MESSAGE);
	t.rx.packets = 1;
	assert_int_equal(receive(&t, none), SP_OK);
	transport_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_tells_its_signature_algorithms),
		cmocka_unit_test(
		    a_known_extension_is_noticed_and_others_are_not),
		cmocka_unit_test(
		    a_version_of_host_bound_proofs_that_is_not_ours_is_not_noticed),
		cmocka_unit_test(so_many_of_them_and_no_more),
		cmocka_unit_test(it_is_the_first_packet_or_before_success),
	};

	return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
