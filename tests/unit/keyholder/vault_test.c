/* Key files: who may read them, and what is in them. */
#include "daemon/keyholder/vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct sp_crypto *crypto;
static char folder[] = "/tmp/vault_test.XXXXXX";
static char path[64], other_path[64];

static void
write_key_of(const char *type, const char *name, mode_t mode)
{
	struct sp_key *key;
	char *text;
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(sp_key_generate(crypto, type, &key), SP_OK);
	assert_int_equal(sp_key_format(key, "test", &text), SP_OK);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
	sp_key_free_text(text);
	sp_key_free(key);
}

static void
write_key(const char *name, mode_t mode)
{
	write_key_of("ssh-ed25519", name, mode);
}

static int
set_up(void **state)
{
	(void)state;
	crypto = sp_crypto_new();
	if (crypto == NULL || mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/key", folder);
	snprintf(other_path, sizeof other_path, "%s/other", folder);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(other_path);
	sp_crypto_free(crypto);
	return rmdir(folder);
}

static char problem[512];
static const char *remedy;

static bool
adds(struct vault *vault, const char *name)
{
	problem[0] = '\0';
	remedy = NULL;
	if (vault->listener_count == 0)
		assert_true(vault_add_listener(vault, "127.0.0.1:22"));
	return vault_add_file(vault, name, problem, sizeof problem, &remedy);
}

static void
assert_refused(const char *name, const char *why)
{
	struct vault vault;

	vault_init(&vault, crypto);
	assert_false(adds(&vault, name));
	assert_non_null(strstr(problem, name));
	assert_non_null(strstr(problem, why));
	assert_non_null(remedy);
	assert_int_equal(vault.count, 0);
	vault_clear(&vault);
}

static void
a_key_that_only_we_can_read_is_added_and_listed(void **state)
{
	struct control_host_keys list;
	struct vault vault;
	const char *own;

	(void)state;
	write_key(path, 0600);
	vault_init(&vault, crypto);
	assert_true(adds(&vault, path));
	assert_true(vault_list(&vault, &list));
	assert_int_equal(list.count, 1);
	assert_true(view_equal_string(list.keys[0].algorithm, "ssh-ed25519"));
	assert_int_equal(list.keys[0].blob.len, 51);
	assert_non_null(
	    vault_find(&vault, 1, view_of_string("ssh-ed25519"), &own));
	assert_string_equal(own, "ssh-ed25519");
	assert_null(vault_find(&vault, 1, view_of_string("ssh-rsa"), &own));
	vault_clear(&vault);
}

/* ---- certificates ---- */

/* A certificate of ssh-keygen for path's key, in other_path. */
static void
certify(const char *options)
{
	char command[512];

	snprintf(command, sizeof command,
	    "cd %s && ssh-keygen -q -t ed25519 -N '' -f ca && "
	    "ssh-keygen -y -f key > key.pub && "
	    "ssh-keygen -q -s ca -I id -n host %s key.pub && "
	    "mv key-cert.pub other && chmod 0644 other && "
	    "rm -f ca ca.pub key.pub",
	    folder, options);
	assert_int_equal(system(command), 0);
}

static bool
certifies(struct vault *vault)
{
	problem[0] = '\0';
	remedy = NULL;
	return vault_add_certificate(
	    vault, other_path, problem, sizeof problem, &remedy);
}

static void
a_certificate_is_listed_beside_its_key_and_signs_as_it(void **state)
{
	static const char *const types[] = { "ssh-ed25519", "ssh-rsa",
		"ecdsa-sha2-nistp256" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct control_host_keys list;
		struct vault vault;

		write_key_of(types[i], path, 0600);
		certify("-h");
		vault_init(&vault, crypto);
		assert_true(adds(&vault, path));
		assert_true(certifies(&vault));
		assert_int_equal(vault.count, 2);
		assert_true(vault_list(&vault, &list));
		assert_int_equal(list.count, i == 1 ? 4 : 2);
		for (size_t k = 0; k < list.count; k++) {
			const struct sp_view name = list.keys[k].algorithm;
			const char *plain = sp_certificate_algorithm(name);
			const char *own = NULL;
			const struct vault_key *key =
			    vault_find(&vault, 1, name, &own);
			uint8_t signature[SP_SIGNATURE_MAX];
			size_t len;

			assert_ptr_equal(
			    key, &vault.keys[k < list.count / 2 ? 0 : 1]);
			assert_int_equal(plain != NULL, k >= list.count / 2);
			assert_true(
			    view_equal(vault_blob(key), list.keys[k].blob));
			assert_true(plain == NULL ? view_equal_string(name, own)
						  : strcmp(plain, own) == 0);
			assert_int_equal(
			    sp_key_sign(key->key, own, name, signature, &len),
			    SP_OK);
			assert_int_equal(
			    sp_key_verify(crypto, sp_key_blob(key->key),
				view_of_string(own), name,
				view_of(signature, len)),
			    SP_OK);
		}
		assert_memory_not_equal(
		    vault.keys[0].blob_hash, vault.keys[1].blob_hash, 32);
		/* Another for the same key. */
		assert_false(certifies(&vault));
		assert_non_null(strstr(problem, "the second"));
		vault_clear(&vault);
	}
}

static void
assert_not_certified(const char *why)
{
	struct vault vault;

	vault_init(&vault, crypto);
	assert_true(adds(&vault, path));
	assert_false(certifies(&vault));
	if (strstr(problem, why) == NULL)
		fail_msg("%s", problem);
	assert_non_null(remedy);
	assert_int_equal(vault.count, 1);
	vault_clear(&vault);
}

static void
what_is_no_certificate_of_a_key_here_is_refused(void **state)
{
	FILE *file;

	(void)state;
	write_key(path, 0600);
	certify("");
	assert_not_certified("is a user's");
	certify("-h");
	assert_int_equal(chmod(other_path, 0664), 0);
	assert_not_certified("others can write it");
	assert_int_equal(chmod(other_path, 0644), 0);
	write_key(path, 0600); /* another */
	assert_not_certified("is for none of the host keys");
	file = fopen(other_path, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, 200, SEEK_SET), 0);
	assert_true(fputs("AAAA", file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_not_certified("host certificate");
	write_key(other_path, 0600);
	assert_not_certified("is no certificate");
	unlink(other_path);
	assert_not_certified("No such file");
}

static void
an_rsa_key_is_listed_once_for_each_of_its_algorithms(void **state)
{
	const struct sp_view sha256 = view_of_string("rsa-sha2-256");
	const struct vault_key *key;
	uint8_t signature[SP_SIGNATURE_MAX];
	struct control_host_keys list;
	struct vault vault;
	const char *own;
	size_t len;

	(void)state;
	write_key_of("ssh-rsa", path, 0600);
	write_key_of("ecdsa-sha2-nistp384", other_path, 0600);
	vault_init(&vault, crypto);
	assert_true(adds(&vault, path));
	assert_true(adds(&vault, other_path));
	assert_true(vault_list(&vault, &list));
	assert_int_equal(list.count, 3);
	assert_true(view_equal_string(list.keys[0].algorithm, "rsa-sha2-512"));
	assert_true(view_equal_string(list.keys[1].algorithm, "rsa-sha2-256"));
	assert_true(view_equal(list.keys[0].blob, list.keys[1].blob));
	assert_true(vault_serves(&vault, 1, "ssh-ed25519,rsa-sha2-256"));
	assert_true(vault_serves(&vault, 1, "ecdsa-sha2-nistp384"));
	assert_false(vault_serves(&vault, 1, "ssh-ed25519,ssh-rsa"));
	assert_false(vault_serves(&vault, 1, ""));
	key = vault_find(&vault, 1, sha256, &own);
	assert_ptr_equal(key, &vault.keys[0]);
	assert_string_equal(own, "rsa-sha2-256");
	assert_int_equal(
	    sp_key_sign(key->key, own, sha256, signature, &len), SP_OK);
	assert_int_equal(sp_key_verify(crypto, list.keys[1].blob, sha256,
			     sha256, view_of(signature, len)),
	    SP_OK);
	assert_null(vault_find(&vault, 1, view_of_string("ssh-rsa"), &own));
	vault_clear(&vault);
}

static void
each_listener_has_its_own_keys_and_shares_those_that_it_names(void **state)
{
	const struct sp_view quick = view_of_string("ssh-ed25519");
	const struct sp_view slow = view_of_string("rsa-sha2-512");
	struct control_host_keys list;
	struct vault vault;
	uint64_t first, second;
	const char *own;

	(void)state;
	write_key(path, 0600);
	write_key(other_path, 0600);
	vault_init(&vault, crypto);
	assert_true(vault_add_listener(&vault, "127.0.0.1:22"));
	assert_true(adds(&vault, path));
	assert_true(vault_add_listener(&vault, "[::]:22"));
	assert_true(adds(&vault, other_path));
	write_key_of("ssh-rsa", other_path, 0600);
	assert_true(adds(&vault, other_path));
	assert_true(vault_add_listener(&vault, "[::]:23"));
	assert_true(adds(&vault, path));
	assert_int_equal(vault.count, 3);
	first = vault_listener(&vault, view_of_string("127.0.0.1:22"));
	second = vault_listener(&vault, view_of_string("[::]:22"));
	assert_ptr_equal(vault_find(&vault, first, quick, &own), vault.keys);
	assert_ptr_equal(
	    vault_find(&vault, second, quick, &own), &vault.keys[1]);
	assert_null(vault_find(&vault, first, slow, &own));
	assert_ptr_equal(
	    vault_find(&vault, second, slow, &own), &vault.keys[2]);
	assert_ptr_equal(vault_find(&vault, 4, quick, &own), vault.keys);
	assert_int_equal(vault_listener(&vault, view_of_string("[::]:2")), 0);
	assert_null(vault_find(&vault, 0, quick, &own));
	assert_false(vault_serves(&vault, first, "rsa-sha2-512"));
	assert_true(vault_serves(&vault, second, "rsa-sha2-512"));
	assert_true(vault_list(&vault, &list));
	assert_int_equal(list.count, 4);
	assert_int_equal(list.keys[0].listeners, first | 4);
	assert_int_equal(list.keys[1].listeners, second);
	assert_int_equal(list.keys[3].listeners, second);
	assert_int_equal(
	    control_host_keys_of(&list, view_of_string("[::]:22")), second);
	assert_int_equal(
	    control_host_keys_of(&list, view_of_string("[::]:2")), 0);
	vault_clear(&vault);
}

static void
a_certificate_goes_with_its_key_to_all_that_have_it(void **state)
{
	struct vault vault;

	(void)state;
	write_key(path, 0600);
	certify("-h");
	vault_init(&vault, crypto);
	assert_true(vault_add_listener(&vault, "127.0.0.1:22"));
	assert_true(adds(&vault, path));
	assert_true(vault_add_listener(&vault, "[::]:22"));
	assert_true(adds(&vault, path));
	assert_true(certifies(&vault));
	assert_false(certifies(&vault));
	assert_non_null(strstr(problem, "is the second for its key"));
	assert_int_equal(vault.count, 2);
	assert_int_equal(vault.keys[1].listeners, 3);
	vault_clear(&vault);
}

static void
more_listeners_than_bits_are_refused(void **state)
{
	struct vault vault;

	(void)state;
	vault_init(&vault, crypto);
	for (size_t i = 0; i < CONTROL_LISTENERS_MAX; i++)
		assert_true(vault_add_listener(&vault, "127.0.0.1:0"));
	assert_false(vault_add_listener(&vault, "127.0.0.1:0"));
	vault_clear(&vault);
}

static void
what_is_forgotten_is_one_half_and_one_kind(void **state)
{
	static const struct {
		const char *type, *algorithm;
		bool is_slow;
	} keys[] = {
		{ "ssh-rsa", "rsa-sha2-512", true },
		{ "ssh-ed25519", "ssh-ed25519", false },
		{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", false },
	};
	const struct sp_view data = view_of_string("data");
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct vault vault;

		write_key_of(keys[i].type, path, 0600);
		certify("-h");
		vault_init(&vault, crypto);
		assert_true(adds(&vault, path));
		assert_true(certifies(&vault));
		assert_int_equal(vault_has_slow(&vault), keys[i].is_slow);
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(
			    vault_key_is_slow(&vault.keys[k]), keys[i].is_slow);
		vault_forget(
		    &vault, keys[i].is_slow ? VAULT_QUICK : VAULT_SLOW);
		assert_int_equal(sp_key_sign(vault.keys[1].key,
				     keys[i].algorithm, data, signature, &len),
		    SP_OK);
		vault_forget(
		    &vault, keys[i].is_slow ? VAULT_SLOW : VAULT_QUICK);
		assert_int_equal(sp_key_sign(vault.keys[1].key,
				     keys[i].algorithm, data, signature, &len),
		    SP_ERR_STATE);
		assert_true(vault_blob(&vault.keys[1]).len > 0);
		assert_true(vault_serves(&vault, 1, keys[i].algorithm));
		vault_clear(&vault);
	}
	unlink(other_path);
}

static void
a_key_that_others_can_read_is_refused(void **state)
{
	(void)state;
	write_key(path, 0640);
	assert_refused(path, "others can read it");
}

static void
a_key_of_somebody_else_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_key(path, 0600);
	assert_int_equal(chown(path, 1234, 1234), 0);
	assert_refused(path, "belongs to somebody else");
}

static void
a_file_that_is_missing_is_named(void **state)
{
	(void)state;
	unlink(path);
	assert_refused(path, "No such file");
	assert_non_null(strstr(remedy, "ssh-keygen"));
}

static void
what_is_no_file_and_no_key_is_refused(void **state)
{
	FILE *file;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(path, "is no file");
	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
	assert_refused(path, "is no private key");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("hello\n", file);
	fclose(file);
	assert_refused(path, "malformed key");
}

static void
two_keys_of_one_type_are_refused(void **state)
{
	struct vault vault;

	(void)state;
	write_key(path, 0600);
	write_key(other_path, 0600);
	vault_init(&vault, crypto);
	assert_true(adds(&vault, path));
	assert_false(adds(&vault, other_path));
	assert_non_null(strstr(problem, "there already"));
	assert_int_equal(vault.count, 1);
	vault_clear(&vault);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_key_that_only_we_can_read_is_added_and_listed),
		cmocka_unit_test(
		    a_certificate_is_listed_beside_its_key_and_signs_as_it),
		cmocka_unit_test(
		    what_is_no_certificate_of_a_key_here_is_refused),
		cmocka_unit_test(
		    an_rsa_key_is_listed_once_for_each_of_its_algorithms),
		cmocka_unit_test(
		    each_listener_has_its_own_keys_and_shares_those_that_it_names),
		cmocka_unit_test(
		    a_certificate_goes_with_its_key_to_all_that_have_it),
		cmocka_unit_test(more_listeners_than_bits_are_refused),
		cmocka_unit_test(what_is_forgotten_is_one_half_and_one_kind),
		cmocka_unit_test(a_key_that_others_can_read_is_refused),
		cmocka_unit_test(a_key_of_somebody_else_is_refused),
		cmocka_unit_test(a_file_that_is_missing_is_named),
		cmocka_unit_test(what_is_no_file_and_no_key_is_refused),
		cmocka_unit_test(two_keys_of_one_type_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
