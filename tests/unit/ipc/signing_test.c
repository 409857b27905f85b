/* SIGN, SIGNED and SIGN_REFUSED. */
#include "daemon/ipc/signing.h"

#include "daemon/ipc/ipc.h"

#include "tests/unit/ipc/body.h"

static uint8_t long_bytes[40000];

static enum sp_status
decode_request(struct sp_view body)
{
	struct signing_request got;

	return signing_request_decode(body, &got);
}

static enum sp_status
decode_reply(struct sp_view body)
{
	struct signing_reply got;

	return signing_reply_decode(body, &got);
}

static enum sp_status
decode_refusal(struct sp_view body)
{
	struct signing_refusal got;

	return signing_refusal_decode(body, &got);
}

static struct signing_request
example(void)
{
	return (struct signing_request){
		.id = 0x0102030405060708,
		.listener = view_of_string("[::]:22"),
		.host_key_algorithm = view_of_string("ssh-ed25519"),
		.exchange = {
			.method = view_of_string("curve25519-sha256"),
			.client_identification = view_of_string("SSH-2.0-a"),
			.server_identification = view_of_string("SSH-2.0-b"),
			.client_kexinit = view_of_string("client kexinit"),
			.server_kexinit = view_of_string("server kexinit"),
			.host_key = view_of_string("never sent"),
			.group = view_of_string("group"),
			.client_value = view_of_string("client value"),
			.server_value = view_of_string("server value"),
			.shared = view_of_string("shared"),
		},
	};
}

static void
a_request_is_read_back_without_a_host_key(void **state)
{
	const struct signing_request request = example();
	struct signing_request got;
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(signing_request_encode(&request, &b), SP_OK);
	assert_int_equal(signing_request_decode(buffer_view(&b), &got), SP_OK);
	assert_true(got.id == request.id);
#define SAME(field) assert_true(view_equal(got.field, request.field))
	SAME(listener);
	SAME(host_key_algorithm);
	SAME(exchange.method);
	SAME(exchange.client_identification);
	SAME(exchange.server_identification);
	SAME(exchange.client_kexinit);
	SAME(exchange.server_kexinit);
	SAME(exchange.group);
	SAME(exchange.client_value);
	SAME(exchange.server_value);
	SAME(exchange.shared);
#undef SAME
	assert_int_equal(got.exchange.host_key.len, 0);
	body_check(&b, decode_request);
}

static void
a_request_of_maximal_fields_fits_its_row(void **state)
{
	struct signing_request request = example();
	struct exchange *x = &request.exchange;
	struct buffer b;

	(void)state;
	request.host_key_algorithm = x->method = view_of(long_bytes, 64);
	request.listener = x->method;
	x->client_identification = view_of(long_bytes, 255);
	x->server_identification = view_of(long_bytes, 255);
	x->client_kexinit = x->server_kexinit = view_of(long_bytes, 35000);
	x->client_value = x->server_value = view_of(long_bytes, 8192);
	x->group = x->shared = view_of(long_bytes, 8192);
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(signing_request_encode(&request, &b), SP_OK);
	assert_int_equal(decode_request(buffer_view(&b)), SP_OK);
	buffer_clear(&b);
}

static void
a_field_longer_than_its_maximum_is_not_sent(void **state)
{
	static const struct {
		size_t offset;
		size_t max;
	} rows[] = {
		{ offsetof(struct signing_request, listener), 64 },
		{ offsetof(struct signing_request, host_key_algorithm), 64 },
		{ offsetof(struct signing_request, exchange.method), 64 },
		{ offsetof(
		      struct signing_request, exchange.client_identification),
		    255 },
		{ offsetof(
		      struct signing_request, exchange.server_identification),
		    255 },
		{ offsetof(struct signing_request, exchange.client_kexinit),
		    35000 },
		{ offsetof(struct signing_request, exchange.server_kexinit),
		    35000 },
		{ offsetof(struct signing_request, exchange.group), 8192 },
		{ offsetof(struct signing_request, exchange.client_value),
		    8192 },
		{ offsetof(struct signing_request, exchange.server_value),
		    8192 },
		{ offsetof(struct signing_request, exchange.shared), 8192 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct signing_request request = example();
		struct sp_view field = view_of(long_bytes, rows[i].max + 1);
		struct buffer b;

		memcpy((char *)&request + rows[i].offset, &field, sizeof field);
		buffer_init(&b, IPC_BODY_MAX);
		assert_int_equal(
		    signing_request_encode(&request, &b), SP_ERR_LIMIT);
		buffer_clear(&b);
	}
}

static void
a_reply_is_read_back(void **state)
{
	const struct signing_reply reply = {
		.id = 9,
		.signature = view_of_string("signature"),
		.ticket = view_of_string("ticket"),
	};
	struct signing_reply got;
	struct buffer b;

	(void)state;
	buffer_init(&b, 4096);
	assert_int_equal(signing_reply_encode(&reply, &b), SP_OK);
	assert_int_equal(signing_reply_decode(buffer_view(&b), &got), SP_OK);
	assert_true(got.id == 9);
	assert_true(view_equal_string(got.signature, "signature"));
	assert_true(view_equal_string(got.ticket, "ticket"));
	body_check(&b, decode_reply);
}

static void
a_refusal_is_read_back(void **state)
{
	const struct signing_refusal refusal = { 3, SP_ERR_NO_HOST_KEY };
	struct signing_refusal got;
	struct buffer b;

	(void)state;
	buffer_init(&b, 64);
	assert_int_equal(signing_refusal_encode(&refusal, &b), SP_OK);
	assert_int_equal(signing_refusal_decode(buffer_view(&b), &got), SP_OK);
	assert_true(got.id == 3);
	assert_int_equal(got.status, SP_ERR_NO_HOST_KEY);
	body_check(&b, decode_refusal);
}

static void
a_refusal_for_no_known_cause_is_refused(void **state)
{
	static const unsigned causes[] = { SP_OK, SP_ERR_BY_APPLICATION + 1,
		0xffffffff };

	(void)state;
	for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
		const struct signing_refusal refusal = {
			.status = (enum sp_status)causes[i],
		};
		struct buffer b;

		buffer_init(&b, 64);
		assert_int_equal(signing_refusal_encode(&refusal, &b), SP_OK);
		assert_int_equal(
		    decode_refusal(buffer_view(&b)), SP_ERR_FORMAT);
		buffer_clear(&b);
	}
}

static enum sp_status
decode_proof(struct sp_view body)
{
	struct signing_proof got;

	return signing_proof_decode(body, &got);
}

static void
a_proof_is_read_back(void **state)
{
	struct signing_proof proof = {
		.id = 7,
		.algorithm = view_of_string("rsa-sha2-512"),
		.host_key = view_of_string("blob"),
	};
	struct signing_proof got;
	struct buffer b;

	(void)state;
	buffer_init(&b, IPC_BODY_MAX);
	assert_int_equal(signing_proof_encode(&proof, &b), SP_OK);
	assert_int_equal(signing_proof_decode(buffer_view(&b), &got), SP_OK);
	assert_true(got.id == 7);
	assert_true(view_equal(got.algorithm, proof.algorithm));
	assert_true(view_equal(got.host_key, proof.host_key));
	body_check(&b, decode_proof);
	proof.host_key = view_of(long_bytes, 16384);
	assert_int_equal(signing_proof_encode(&proof, &b), SP_OK);
	assert_int_equal(decode_proof(buffer_view(&b)), SP_OK);
	buffer_clear(&b);
	proof.host_key.len++;
	assert_int_equal(signing_proof_encode(&proof, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
}

static enum sp_status
decode_session(struct sp_view body)
{
	struct signing_session got;

	return signing_session_decode(body, &got);
}

static void
a_session_is_read_back(void **state)
{
	struct signing_session session = { view_of(long_bytes, 64),
		view_of(long_bytes, 64) };
	struct signing_session got;
	struct buffer b;

	(void)state;
	buffer_init(&b, 256);
	assert_int_equal(signing_session_encode(&session, &b), SP_OK);
	assert_int_equal(signing_session_decode(buffer_view(&b), &got), SP_OK);
	assert_int_equal(got.session_id.len, 64);
	assert_int_equal(got.listener.len, 64);
	body_check(&b, decode_session);
	session.session_id.len++;
	assert_int_equal(signing_session_encode(&session, &b), SP_ERR_LIMIT);
	session.session_id.len--;
	session.listener.len++;
	assert_int_equal(signing_session_encode(&session, &b), SP_ERR_LIMIT);
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_back_without_a_host_key),
		cmocka_unit_test(a_request_of_maximal_fields_fits_its_row),
		cmocka_unit_test(a_field_longer_than_its_maximum_is_not_sent),
		cmocka_unit_test(a_reply_is_read_back),
		cmocka_unit_test(a_refusal_is_read_back),
		cmocka_unit_test(a_refusal_for_no_known_cause_is_refused),
		cmocka_unit_test(a_proof_is_read_back),
		cmocka_unit_test(a_session_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
