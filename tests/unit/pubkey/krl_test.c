/* Lists that ssh-keygen -k made, and damaged ones. */
#include "tests/unit/pubkey/keyring.h"

#include "lib/wire/view.h"
#include "lib/wire/writer.h"

static struct sp_crypto *crypto;

/* The blob of a public line; the caller clears it. */
static struct buffer
line_blob(const char *file)
{
	struct buffer line = keyring_read(file), blob;
	struct sp_key_line parts;
	uint8_t *room;
	size_t len;

	buffer_init(&blob, LIMIT_KEY_BLOB);
	assert_int_equal(buffer_room(&blob, LIMIT_KEY_BLOB, &room), SP_OK);
	assert_int_equal(sp_key_parse_line(buffer_view(&line), &parts), SP_OK);
	assert_int_equal(
	    sp_key_line_blob(&parts, room, LIMIT_KEY_BLOB, &len), SP_OK);
	buffer_grew(&blob, len);
	buffer_clear(&line);
	return blob;
}

/* 1, 0, or -1 for a list that is none. */
static int
is_revoked(struct sp_view list, const char *key)
{
	struct buffer blob = line_blob(key);
	bool found = false;
	enum sp_status status =
	    sp_krl_find(crypto, list, buffer_view(&blob), &found);

	assert_true(status == SP_OK || status == SP_ERR_KEY_FORMAT);
	assert_true(status == SP_OK || !found);
	buffer_clear(&blob);
	return status == SP_OK ? (int)found : -1;
}

/* For the certificate (serial 42, "the user"), its key, and another. */
static const struct {
	const char *list;
	int certificate, plain, other;
} rows[] = {
	{ "krl_serials", 1, 0, 0 },
	{ "krl_range", 1, 0, 0 },
	{ "krl_bitmap", 1, 0, 0 },
	{ "krl_other_serials", 0, 0, 0 },
	{ "krl_id", 1, 0, 0 },
	{ "krl_id_of_any", 1, 0, 0 },
	{ "krl_of_another", 0, 0, 0 },
	{ "krl_key", 1, 1, 0 },
	{ "krl_sha1", 1, 1, 0 },
	{ "krl_sha256", 1, 1, 0 },
	{ "krl_authority", 1, 0, 0 },
	{ "krl_others", 0, 0, 0 },
	{ "krl_empty", 0, 0, 0 },
};

static void
what_ssh_keygen_revokes_is_revoked(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buffer list = keyring_read(rows[i].list);
		struct sp_view text = buffer_view(&list);

		assert_true(sp_krl_is_one(text));
		if (is_revoked(text, "ed25519-cert.pub") !=
			rows[i].certificate ||
		    is_revoked(text, "ed25519_plain.pub") != rows[i].plain ||
		    is_revoked(text, "rsa_2048.pub") != rows[i].other)
			fail_msg("%s", rows[i].list);
		buffer_clear(&list);
	}
}

/* But where a section ends: there a shorter list is a list. */
static void
a_list_that_is_cut_off_is_none(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buffer list = keyring_read(rows[i].list);
		struct sp_view text = buffer_view(&list);
		size_t whole = 0;

		for (size_t len = 0; len < text.len; len++)
			whole += is_revoked(view_of(text.data, len),
				     "ed25519-cert.pub") >= 0;
		assert_true(whole <= 2);
		assert_int_equal(buffer_append(&list, view_of("", 1)), SP_OK);
		assert_int_equal(
		    is_revoked(buffer_view(&list), "ed25519-cert.pub"), -1);
		buffer_clear(&list);
	}
}

static void
begin(struct writer *w, struct buffer *list, uint32_t version)
{
	buffer_init(list, 4096);
	writer_init(w, list);
	writer_bytes(w, view_of("SSHKRL\n", 8));
	writer_u32(w, version);
	writer_u64(w, 1);
	writer_u64(w, 2);
	writer_u64(w, 0);
	writer_cstring(w, "");
	writer_cstring(w, "a comment");
}

static void
write_extension(struct writer *w, uint8_t section, bool is_critical)
{
	size_t mark;

	writer_u8(w, section);
	mark = writer_begin_string(w);
	writer_cstring(w, "new@example.com");
	writer_bool(w, is_critical);
	writer_cstring(w, "what it says");
	writer_end_string(w, mark);
}

static int
end(struct writer *w, struct buffer *list)
{
	int answer;

	assert_int_equal(writer_finish(w), SP_OK);
	answer = is_revoked(buffer_view(list), "ed25519-cert.pub");
	buffer_clear(list);
	return answer;
}

static void
what_is_not_understood_spoils_a_list(void **unused)
{
	struct buffer list;
	struct writer w;

	(void)unused;
	begin(&w, &list, 1);
	assert_int_equal(end(&w, &list), 0);
	begin(&w, &list, 2);
	assert_int_equal(end(&w, &list), -1);
	begin(&w, &list, 1);
	write_extension(&w, 255, false);
	assert_int_equal(end(&w, &list), 0);
	begin(&w, &list, 1);
	write_extension(&w, 255, true);
	assert_int_equal(end(&w, &list), -1);
	/* A signature, and sections that nobody has heard of. */
	for (unsigned section = 0; section < 256; section++) {
		if (section == 1 || section == 2 || section == 3 ||
		    section == 5 || section == 255)
			continue;
		begin(&w, &list, 1);
		writer_u8(&w, (uint8_t)section);
		writer_cstring(&w, "");
		assert_int_equal(end(&w, &list), -1);
	}
}

/* One of certificates of any authority, with a section of its own. */
static int
with_section(uint8_t section, const void *data, size_t len)
{
	struct buffer list;
	struct writer w;
	size_t mark;

	begin(&w, &list, 1);
	writer_u8(&w, 1);
	mark = writer_begin_string(&w);
	writer_cstring(&w, "");
	writer_cstring(&w, "");
	writer_u8(&w, section);
	writer_string(&w, view_of(data, len));
	writer_end_string(&w, mark);
	return end(&w, &list);
}

static void
sections_of_certificates_are_strict(void **unused)
{
	/* serial 42; 40 to 43; 43 to 40; from 40 on, the third bit */
	static const uint8_t serials[] = { 0, 0, 0, 0, 0, 0, 0, 42 };
	static const uint8_t range[] = { 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 0,
		0, 0, 43 };
	static const uint8_t inverse[] = { 0, 0, 0, 0, 0, 0, 0, 43, 0, 0, 0, 0,
		0, 0, 0, 40 };
	static const uint8_t bitmap[] = { 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 1,
		4 };
	static const uint8_t far[] = { 255, 255, 255, 255, 255, 255, 255, 255,
		0, 0, 0, 1, 4 };
	static const uint8_t id[] = "\0\0\0\x08the user";

	(void)unused;
	assert_int_equal(with_section(0x20, serials, 8), 1);
	assert_int_equal(with_section(0x20, serials, 7), -1);
	assert_int_equal(with_section(0x20, serials, 0), -1);
	assert_int_equal(with_section(0x21, range, 16), 1);
	assert_int_equal(with_section(0x21, range, 15), -1);
	assert_int_equal(with_section(0x21, inverse, 16), -1);
	assert_int_equal(with_section(0x22, bitmap, 13), 1);
	assert_int_equal(with_section(0x22, bitmap, 12), -1);
	assert_int_equal(with_section(0x22, far, 13), 0);
	assert_int_equal(with_section(0x23, id, 12), 1);
	assert_int_equal(with_section(0x23, id, 11), -1);
	assert_int_equal(with_section(0x23, id, 0), -1);
	assert_int_equal(with_section(0x24, id, 12), -1);
}

static int
set_up(void **unused)
{
	(void)unused;
	crypto = sp_crypto_new();
	return crypto == NULL;
}

static int
tear_down(void **unused)
{
	(void)unused;
	sp_crypto_free(crypto);
	return 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_ssh_keygen_revokes_is_revoked),
		cmocka_unit_test(a_list_that_is_cut_off_is_none),
		cmocka_unit_test(what_is_not_understood_spoils_a_list),
		cmocka_unit_test(sections_of_certificates_are_strict),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
