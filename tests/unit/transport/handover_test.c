/* A transport as bytes: every field of it comes back, or none. */
#include "lib/transport/handover.h"

#include "lib/transport/kex.h"
#include "tests/unit/suites.h"
#include "tests/unit/transport/fixture.h"

static void
use_cipher(struct transport_direction *way, enum cipher_direction direction,
    struct cipher_suite suite, uint8_t seed)
{
	struct cipher_keys keys;
	uint8_t key[64], iv[16], mac[64];

	memset(key, seed, sizeof key);
	memset(iv, seed + 1, sizeof iv);
	memset(mac, seed + 2, sizeof mac);
	keys = suites_keys(suite, key);
	keys.iv.data = iv;
	keys.mac.data = mac;
	assert_int_equal(
	    cipher_new(suite, fixture_crypto, direction, keys, &way->cipher),
	    SP_OK);
	way->sequence = seed * 1000u;
	way->bytes = seed * UINT64_C(10000000000);
	way->packets = seed * UINT64_C(500000000);
}

/* One that could be on its way, with something in each field. */
static void
bring_with(struct transport *t, struct cipher_suite rx, struct cipher_suite tx)
{
	struct sp_view id = view_of_string("0123456789abcdef0123456789abcdef");

	fixture_transport(t, SP_SERVER);
	assert_int_equal(buffer_append(&t->session_id, id), SP_OK);
	memcpy(t->peer_identification, "SSH-2.0-peer", 13);
	t->negotiated.method =
	    kexmethod_find(view_of_string("curve25519-sha256@libssh.org"));
	memcpy(t->negotiated.host_key, "ssh-ed25519", 12);
	t->negotiated.compression_to_server =
	    compression_find(view_of_string("zlib@openssh.com"));
	t->negotiated.compression_to_client =
	    compression_find(view_of_string("none"));
	t->is_strict = true;
	t->extensions = EXTENSION_PING;
	t->rekey_at = t->now + 5000;
	t->first_kex_done = true;
	use_cipher(&t->rx, CIPHER_OPEN, rx, 1);
	use_cipher(&t->tx, CIPHER_SEAL, tx, 2);
	assert_int_equal(buffer_append(&t->out, view_of("sealed", 6)), SP_OK);
	assert_int_equal(
	    buffer_append(&t->in, view_of("opened|ciphertext", 17)), SP_OK);
	t->opened = 7;
}

static void
bring(struct transport *t)
{
	struct cipher_suite rx, tx;

	assert_true(suites_at(0, &rx) && suites_at(1, &tx));
	bring_with(t, rx, tx);
}

static void
check_direction(
    const struct transport_direction *a, const struct transport_direction *b)
{
	struct cipher_suite one = cipher_suite_of(a->cipher);
	struct cipher_suite other = cipher_suite_of(b->cipher);
	struct cipher_keys keys = cipher_keys_of(a->cipher);
	struct cipher_keys copies = cipher_keys_of(b->cipher);

	assert_ptr_equal(one.cipher, other.cipher);
	assert_ptr_equal(one.mac, other.mac);
	assert_true(view_equal(keys.key, copies.key));
	assert_true(view_equal(keys.iv, copies.iv));
	assert_true(view_equal(keys.mac, copies.mac));
	assert_int_equal(a->sequence, b->sequence);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->packets, b->packets);
}

static void
check_moved(struct cipher_suite rx, struct cipher_suite tx)
{
	struct transport from, to;
	struct buffer b;

	bring_with(&from, rx, tx);
	fixture_transport(&to, SP_SERVER);
	to.now = 77000;
	buffer_init(&b, LIMIT_OUTPUT);
	assert_int_equal(handover_write(&from, &b), SP_OK);
	assert_int_equal(handover_read(&to, buffer_view(&b)), SP_OK);
	assert_true(view_equal(
	    buffer_view(&from.session_id), buffer_view(&to.session_id)));
	assert_string_equal(from.our_identification, to.our_identification);
	assert_string_equal(from.peer_identification, to.peer_identification);
	assert_ptr_equal(from.negotiated.method, to.negotiated.method);
	assert_string_equal(from.negotiated.host_key, to.negotiated.host_key);
	assert_ptr_equal(from.negotiated.compression_to_server,
	    to.negotiated.compression_to_server);
	assert_ptr_equal(from.negotiated.compression_to_client,
	    to.negotiated.compression_to_client);
	assert_true(to.is_strict && to.first_kex_done && !to.is_trusted);
	assert_int_equal(to.extensions, from.extensions);
	assert_int_equal(to.rekey_at, 77000 + 5000);
	check_direction(&from.rx, &to.rx);
	check_direction(&from.tx, &to.tx);
	assert_true(view_equal_string(buffer_view(&to.out), "sealed"));
	assert_int_equal(to.out_answers, 6);
	assert_true(view_equal_string(buffer_view(&to.in), "ciphertext"));
	assert_int_equal(to.opened, 0);
	buffer_clear(&b);
	transport_clear(&from);
	transport_clear(&to);
}

static void
all_that_it_was_it_is_again(void **state)
{
	struct cipher_suite rx, tx;
	size_t i;

	(void)state;
	for (i = 0; suites_at(i, &rx); i++)
		if (suites_at(i + 1, &tx))
			check_moved(rx, tx);
	assert_true(i > 3 && suites_at(0, &tx) && suites_at(i - 1, &rx));
	check_moved(rx, tx);
}

static void
it_is_written_between_exchanges_only(void **state)
{
	struct transport t;
	struct buffer b;

	(void)state;
	bring(&t);
	buffer_init(&b, LIMIT_OUTPUT);
	t.first_kex_done = false;
	assert_int_equal(handover_write(&t, &b), SP_ERR_AGAIN);
	t.first_kex_done = true;
	assert_int_equal(kex_start(&t), SP_OK);
	assert_int_equal(handover_write(&t, &b), SP_ERR_AGAIN);
	assert_int_equal(buffer_len(&b), 0);
	transport_clear(&t);
}

/* ---- one field that does not fit ---- */

struct fields {
	uint8_t version;
	const char *session_id;
	const char *ours, *theirs;
	const char *method, *host_key;
	const char *compression;
	const char *cipher, *mac;
	size_t key_len, iv_len, mac_len;
};

static const struct fields good = {
	.version = 3,
	.compression = "none",
	.session_id = "01234567890123456789",
	.ours = "SSH-2.0-a",
	.theirs = "SSH-2.0-b",
	.method = "curve25519-sha256",
	.host_key = "ssh-ed25519",
	.cipher = "aes256-gcm@openssh.com",
	.mac = "",
	.key_len = 32,
	.iv_len = 12,
};

static enum sp_status
read_fields(const struct fields *f)
{
	static const uint8_t zeros[256];
	enum sp_status status;
	struct transport t;
	struct buffer b;
	struct writer w;

	buffer_init(&b, 4096);
	writer_init(&w, &b);
	writer_u8(&w, f->version);
	writer_cstring(&w, f->session_id);
	writer_cstring(&w, f->ours);
	writer_cstring(&w, f->theirs);
	writer_cstring(&w, f->method);
	writer_cstring(&w, f->host_key);
	writer_bool(&w, true);
	writer_u32(&w, 0);
	writer_u64(&w, 0);
	writer_cstring(&w, f->compression);
	writer_cstring(&w, "none");
	for (int i = 0; i < 2; i++) {
		writer_cstring(&w, f->cipher);
		writer_cstring(&w, f->mac);
		writer_string(&w, view_of(zeros, f->key_len));
		writer_string(&w, view_of(zeros, f->iv_len));
		writer_string(&w, view_of(zeros, f->mac_len));
		writer_u32(&w, 0);
		writer_u64(&w, 0);
		writer_u64(&w, 0);
	}
	writer_cstring(&w, "");
	writer_cstring(&w, "");
	assert_int_equal(writer_finish(&w), SP_OK);
	fixture_transport(&t, SP_SERVER);
	status = handover_read(&t, buffer_view(&b));
	transport_clear(&t);
	buffer_clear(&b);
	return status;
}

static const char *
letters(size_t len)
{
	static char text[512];

	memset(text, 'x', len);
	text[len] = '\0';
	return text;
}

static void
a_field_that_does_not_fit_is_no_connection(void **state)
{
	struct fields f = good;

	(void)state;
	assert_int_equal(read_fields(&f), SP_OK);
	f.session_id = letters(64);
	assert_int_equal(read_fields(&f), SP_OK);

#define BAD(field, value) \
	do { \
		f = good; \
		f.field = value; \
		assert_int_equal(read_fields(&f), SP_ERR_IMPORT); \
	} while (0)
	BAD(version, 0);
	BAD(version, 2);
	BAD(version, 4);
	BAD(compression, "");
	BAD(compression, "zlib");
	BAD(session_id, "");
	BAD(session_id, letters(19));
	BAD(session_id, letters(65));
	BAD(ours, "");
	BAD(ours, "SSH-2.0-");
	BAD(ours, "SSH-1.0-x");
	BAD(theirs, "");
	BAD(theirs, "SSH-2.0-a\tb");
	BAD(theirs, "x");
	BAD(method, "");
	BAD(method, "nobody");
	BAD(host_key, "");
	BAD(host_key, letters(64));
	BAD(cipher, "");
	BAD(cipher, "none");
	BAD(cipher, "chacha20-poly1305@openssh.com");
	BAD(key_len, 31);
	BAD(key_len, 33);
	BAD(key_len, 0);
	BAD(iv_len, 11);
	BAD(iv_len, 13);
	BAD(iv_len, 0);
	BAD(mac, "hmac-sha2-256"); /* GCM takes none */
	BAD(mac_len, 32);
	BAD(cipher, "aes256-ctr");
#undef BAD
}

static void
a_mac_that_does_not_fit_is_no_connection(void **state)
{
	struct fields f, ctr = good;

	(void)state;
	ctr.cipher = "aes256-ctr";
	ctr.mac = "hmac-sha2-512";
	ctr.iv_len = 16;
	ctr.mac_len = 64;
	assert_int_equal(read_fields(&ctr), SP_OK);
	f = ctr;
	f.mac = "";
	assert_int_equal(read_fields(&f), SP_ERR_IMPORT);
	f.mac = "none";
	assert_int_equal(read_fields(&f), SP_ERR_IMPORT);
	f = ctr;
	f.mac_len = 63;
	assert_int_equal(read_fields(&f), SP_ERR_IMPORT);
	f.mac_len = 0;
	assert_int_equal(read_fields(&f), SP_ERR_IMPORT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_it_was_it_is_again),
		cmocka_unit_test(it_is_written_between_exchanges_only),
		cmocka_unit_test(a_field_that_does_not_fit_is_no_connection),
		cmocka_unit_test(a_mac_that_does_not_fit_is_no_connection),
	};

	return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
