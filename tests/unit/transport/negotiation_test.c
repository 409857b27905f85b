/* KEXINIT: what is offered, how it is written and read, what follows. */
#include "lib/transport/negotiation.h"

#include "lib/crypto/mac.h"
#include "tests/unit/transport/fixture.h"

/* ---- offers ---- */

static enum sp_status
offer(const struct sp_engine_config *config)
{
	struct negotiation_offer o;
	enum sp_status status = negotiation_offer_init(&o, config);

	negotiation_offer_clear(&o);
	return status;
}

static void
what_is_modern_is_offered_where_nothing_is_named(void **state)
{
	const struct sp_engine_config config = fixture_config(SP_CLIENT);
	struct negotiation_offer o;

	(void)state;
	assert_int_equal(negotiation_offer_init(&o, &config), SP_OK);
	assert_non_null(strstr(o.kex, "curve25519-sha256"));
	assert_non_null(strstr(o.host_key, "ssh-ed25519"));
	assert_non_null(strstr(o.user_key, "ssh-ed25519"));
	assert_non_null(strstr(o.cipher, "aes256-gcm@openssh.com"));
	negotiation_offer_clear(&o);
}

static void
a_name_that_is_not_known_is_not_offered(void **state)
{
	static const char *const bad[] = { "", ",", "nobody", "curve25519",
		"curve25519-sha256,nobody", "curve25519-sha256,",
		",curve25519-sha256", "curve25519-sha256,,curve25519-sha256",
		"curve25519-sha256 ", "none", "aes256-cbc", "ssh-dss" };
	struct sp_engine_config config = fixture_config(SP_CLIENT);

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		config.algorithms = (struct sp_algorithms){ .kex = bad[i] };
		assert_int_equal(offer(&config), SP_ERR_ARGUMENT);
		config.algorithms =
		    (struct sp_algorithms){ .host_key = bad[i] };
		assert_int_equal(offer(&config), SP_ERR_ARGUMENT);
		config.algorithms =
		    (struct sp_algorithms){ .user_key = bad[i] };
		assert_int_equal(offer(&config), SP_ERR_ARGUMENT);
		config.algorithms = (struct sp_algorithms){ .mac = bad[i] };
		assert_int_equal(offer(&config), SP_ERR_ARGUMENT);
		config.algorithms = (struct sp_algorithms){ .cipher = bad[i] };
		assert_int_equal(offer(&config), SP_ERR_ARGUMENT);
	}
}

static void
a_server_offers_what_it_has_a_key_for(void **state)
{
	struct sp_host_key keys[] = {
		{ "ssh-other", { (const uint8_t *)"x", 1 } },
		{ "ssh-ed25519", { (const uint8_t *)"x", 1 } },
	};
	struct sp_engine_config config = fixture_config(SP_SERVER);
	struct negotiation_offer o;

	(void)state;
	config.host_keys = keys;
	config.host_key_count = 1;
	assert_int_equal(offer(&config), SP_ERR_ARGUMENT);
	config.host_key_count = 2;
	config.algorithms.host_key = "ssh-ed25519";
	assert_int_equal(negotiation_offer_init(&o, &config), SP_OK);
	assert_string_equal(o.host_key, "ssh-ed25519");
	negotiation_offer_clear(&o);
}

/* ---- written and read ---- */

static void
write_offer(struct buffer *b, enum sp_role role, bool is_first)
{
	static char kex[] = "a,b", host_key[] = "c", cipher[] = "d,e",
		    mac[] = "f,g", none[] = "none";
	const struct negotiation_offer o = {
		.kex = kex,
		.host_key = host_key,
		.cipher = cipher,
		.mac = mac,
		.compression = none,
	};
	const uint8_t cookie[16] = { 1, 2, 3 };
	struct writer w;

	buffer_init(b, 4096);
	writer_init(&w, b);
	writer_u8(&w, SSH_MSG_KEXINIT);
	negotiation_write(&w, &o, role, is_first, cookie);
	assert_int_equal(writer_finish(&w), SP_OK);
}

static void
what_is_written_is_read_again(void **state)
{
	struct negotiation_lists l;
	struct buffer b;

	(void)state;
	write_offer(&b, SP_CLIENT, false);
	assert_int_equal(negotiation_read(buffer_view(&b), &l), SP_OK);
	assert_true(view_equal_string(l.kex, "a,b"));
	assert_true(view_equal_string(l.host_key, "c"));
	assert_true(view_equal_string(l.cipher_to_server, "d,e"));
	assert_true(view_equal_string(l.cipher_to_client, "d,e"));
	assert_true(view_equal_string(l.mac_to_server, "f,g"));
	assert_true(view_equal_string(l.mac_to_client, "f,g"));
	assert_true(view_equal_string(l.compression_to_server, "none"));
	assert_true(view_equal_string(l.compression_to_client, "none"));
	assert_int_equal(l.language_to_server.len, 0);
	assert_int_equal(l.language_to_client.len, 0);
	assert_false(l.first_kex_packet_follows);
	for (size_t len = 0; len < buffer_len(&b); len++)
		assert_int_equal(
		    negotiation_read(view_of(b.data, len), &l), SP_ERR_FORMAT);
	assert_int_equal(buffer_append(&b, view_of("", 1)), SP_OK);
	assert_int_equal(
	    negotiation_read(buffer_view(&b), &l), SP_ERR_TRAILING);
	buffer_clear(&b);
}

static void
markers_are_in_a_first_one_only(void **state)
{
	static const char *const first[] = {
		"a,b,ext-info-c,kex-strict-c-v00@openssh.com",
		"a,b,ext-info-s,kex-strict-s-v00@openssh.com",
	};

	(void)state;
	for (int role = SP_CLIENT; role <= SP_SERVER; role++)
		for (int is_first = 0; is_first < 2; is_first++) {
			struct negotiation_lists l;
			struct buffer b;

			write_offer(&b, (enum sp_role)role, is_first == 1);
			assert_int_equal(
			    negotiation_read(buffer_view(&b), &l), SP_OK);
			assert_true(view_equal_string(
			    l.kex, is_first ? first[role] : "a,b"));
			buffer_clear(&b);
		}
}

/* ---- matched ---- */

static struct negotiation_lists
lists(const char *kex, const char *host_key, const char *to_server,
    const char *to_client)
{
	struct sp_view none = view_of_string("none");

	return (struct negotiation_lists){
		.kex = view_of_string(kex),
		.host_key = view_of_string(host_key),
		.cipher_to_server = view_of_string(to_server),
		.cipher_to_client = view_of_string(to_client),
		.compression_to_server = none,
		.compression_to_client = none,
	};
}

static const char chacha[] = "chacha20-poly1305@openssh.com";
static const char gcm[] = "aes256-gcm@openssh.com";
static const char both[] =
    "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com";
static const char other_way[] =
    "aes256-gcm@openssh.com,chacha20-poly1305@openssh.com";

static void
the_clients_order_decides(void **state)
{
	struct negotiation_lists client =
	    lists("x,curve25519-sha256@libssh.org,curve25519-sha256",
		"ssh-ed25519,y", both, other_way);
	struct negotiation_lists server =
	    lists("curve25519-sha256,curve25519-sha256@libssh.org",
		"z,ssh-ed25519", other_way, other_way);
	struct negotiation n;

	(void)state;
	for (int i = 0; i < 2; i++) {
		enum sp_status status = i == 0
		    ? negotiation_choose(&client, &server, SP_CLIENT, &n)
		    : negotiation_choose(&server, &client, SP_SERVER, &n);

		assert_int_equal(status, SP_OK);
		assert_string_equal(
		    n.method->name, "curve25519-sha256@libssh.org");
		assert_string_equal(n.host_key, "ssh-ed25519");
		assert_string_equal(n.to_server.cipher->name, chacha);
		assert_string_equal(n.to_client.cipher->name, gcm);
	}
}

static void
without_a_match_nothing_is_chosen(void **state)
{
	struct negotiation_lists good =
	    lists("curve25519-sha256", "ssh-ed25519", gcm, gcm);
	struct negotiation_lists bad = good;
	struct negotiation n = { .guess_was_wrong = true };

	(void)state;
	bad.kex = view_of_string("x");
	assert_int_equal(
	    negotiation_choose(&good, &bad, SP_CLIENT, &n), SP_ERR_NO_KEX);
	/* A match, but none of ours: both named a marker. */
	bad = good;
	good.kex = bad.kex = view_of_string("ext-info-c");
	assert_int_equal(
	    negotiation_choose(&good, &bad, SP_CLIENT, &n), SP_ERR_NO_KEX);
	good = lists("curve25519-sha256", "ssh-ed25519", gcm, gcm);
	bad = good;
	bad.host_key = view_of(NULL, 0);
	assert_int_equal(
	    negotiation_choose(&good, &bad, SP_CLIENT, &n), SP_ERR_NO_HOST_KEY);
	bad = good;
	bad.cipher_to_client = view_of_string(chacha);
	assert_int_equal(
	    negotiation_choose(&good, &bad, SP_SERVER, &n), SP_ERR_NO_CIPHER);
	bad = good;
	bad.compression_to_server = view_of_string("zlib");
	assert_int_equal(negotiation_choose(&good, &bad, SP_SERVER, &n),
	    SP_ERR_NO_COMPRESSION);
	/* What was there is left alone. */
	assert_true(n.guess_was_wrong);
}

static void
a_cipher_without_a_tag_needs_a_mac_in_its_direction(void **state)
{
	struct negotiation_lists client =
	    lists("curve25519-sha256", "ssh-ed25519", "aes128-ctr", gcm);
	struct negotiation_lists server = client;
	struct negotiation n;

	(void)state;
	client.mac_to_server = view_of_string("x,hmac-sha2-512,hmac-sha2-256");
	server.mac_to_server = view_of_string("hmac-sha2-256,hmac-sha2-512");
	assert_int_equal(
	    negotiation_choose(&client, &server, SP_CLIENT, &n), SP_OK);
	assert_string_equal(n.to_server.cipher->name, "aes128-ctr");
	assert_string_equal(n.to_server.mac->name, "hmac-sha2-512");
	/* What they say of the other makes no difference: GCM needs none. */
	assert_string_equal(n.to_client.cipher->name, gcm);
	assert_null(n.to_client.mac);
	server.mac_to_server = view_of_string("hmac-sha2-256-etm@openssh.com");
	assert_int_equal(
	    negotiation_choose(&client, &server, SP_CLIENT, &n), SP_ERR_NO_MAC);
	server.mac_to_server = view_of(NULL, 0);
	assert_int_equal(
	    negotiation_choose(&server, &client, SP_SERVER, &n), SP_ERR_NO_MAC);
}

static void
a_guess_is_wrong_where_the_first_names_differ(void **state)
{
	struct negotiation_lists ours =
	    lists("curve25519-sha256", "ssh-ed25519", gcm, gcm);
	struct negotiation_lists peers = ours;
	struct negotiation n;

	(void)state;
	peers.first_kex_packet_follows = true;
	assert_int_equal(
	    negotiation_choose(&ours, &peers, SP_SERVER, &n), SP_OK);
	assert_false(n.guess_was_wrong);
	peers.kex = view_of_string("x,curve25519-sha256");
	assert_int_equal(
	    negotiation_choose(&ours, &peers, SP_SERVER, &n), SP_OK);
	assert_true(n.guess_was_wrong);
	peers.first_kex_packet_follows = false;
	assert_int_equal(
	    negotiation_choose(&ours, &peers, SP_SERVER, &n), SP_OK);
	assert_false(n.guess_was_wrong);
	peers.kex = ours.kex;
	peers.host_key = view_of_string("x,ssh-ed25519");
	peers.first_kex_packet_follows = true;
	assert_int_equal(
	    negotiation_choose(&ours, &peers, SP_SERVER, &n), SP_OK);
	assert_true(n.guess_was_wrong);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_modern_is_offered_where_nothing_is_named),
		cmocka_unit_test(a_name_that_is_not_known_is_not_offered),
		cmocka_unit_test(a_server_offers_what_it_has_a_key_for),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(markers_are_in_a_first_one_only),
		cmocka_unit_test(the_clients_order_decides),
		cmocka_unit_test(without_a_match_nothing_is_chosen),
		cmocka_unit_test(
		    a_cipher_without_a_tag_needs_a_mac_in_its_direction),
		cmocka_unit_test(a_guess_is_wrong_where_the_first_names_differ),
	};

	return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
