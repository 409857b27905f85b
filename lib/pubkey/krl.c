/*
 * Lists of revoked keys and certificates, as OpenSSH's PROTOCOL.krl has
 * them. All of a list is read, whatever it says first: one that is
 * malformed anywhere is none.
 */
#include "lib/crypto/digest.h"
#include "lib/limits.h"
#include "lib/wire/reader.h"

#include <openssl/evp.h>
#include <sallyport/key.h>

static const uint8_t magic[] = { 'S', 'S', 'H', 'K', 'R', 'L', '\n', 0 };

enum { FORMAT_VERSION = 1, SHA1_LEN = 20, SHA256_LEN = 32 };

enum {
	SECTION_CERTIFICATES = 1,
	SECTION_KEYS = 2,
	SECTION_SHA1 = 3,
	SECTION_SHA256 = 5,
	SECTION_EXTENSION = 255,
	/* within one of certificates */
	SECTION_SERIALS = 0x20,
	SECTION_SERIAL_RANGE = 0x21,
	SECTION_SERIAL_BITMAP = 0x22,
	SECTION_KEY_IDS = 0x23,
	SECTION_CERTIFICATE_EXTENSION = 0x39,
};

/* A plain key whose revocation counts: the one, or its authority's. */
struct subject {
	struct sp_view blob;
	uint8_t sha1[SHA1_LEN];
	uint8_t sha256[SHA256_LEN];
};

struct search {
	struct subject subjects[2];
	size_t subject_count;
	const struct sp_certificate *certificate; /* NULL: it is none */
	bool is_found;
};

static enum sp_status
add_subject(
    struct search *s, const struct sp_crypto *crypto, struct sp_view blob)
{
	struct subject *subject = &s->subjects[s->subject_count++];
	size_t len = 0;

	subject->blob = blob;
	/* Not among the algorithms kept: nothing but such lists has it. */
	if (EVP_Q_digest(NULL, "SHA1", NULL, blob.data, blob.len, subject->sha1,
		&len) != 1 ||
	    len != sizeof subject->sha1)
		return SP_ERR_CRYPTO;
	return digest_of(crypto, DIGEST_SHA256, &blob, 1, subject->sha256);
}

/* ---- keys and their hashes ---- */

static struct sp_view
part_of(const struct subject *subject, unsigned section)
{
	if (section == SECTION_SHA1)
		return view_of(subject->sha1, sizeof subject->sha1);
	if (section == SECTION_SHA256)
		return view_of(subject->sha256, sizeof subject->sha256);
	return subject->blob;
}

static void
look_for_keys(struct search *s, unsigned section, struct reader *r)
{
	/* It must have one, says the format. */
	do {
		struct sp_view entry = reader_string(r);

		if ((section == SECTION_SHA1 && entry.len != SHA1_LEN) ||
		    (section == SECTION_SHA256 && entry.len != SHA256_LEN))
			reader_fail(r);
		for (size_t i = 0; i < s->subject_count; i++) {
			if (view_equal(
				entry, part_of(&s->subjects[i], section)))
				s->is_found = true;
		}
	} while (!r->failed && r->left > 0);
}

/* ---- certificates ---- */

/* The bit of the certificate's serial, counted from the last one on. */
static bool
has_bit(struct sp_view bitmap, uint64_t offset, uint64_t serial)
{
	uint64_t place;

	if (serial < offset)
		return false;
	place = serial - offset;
	if (place / 8 >= bitmap.len)
		return false;
	return (bitmap.data[bitmap.len - 1 - place / 8] >> place % 8 & 1) != 0;
}

static bool
has_serial(unsigned section, struct reader *r, uint64_t serial)
{
	uint64_t first = reader_u64(r), last;
	bool is_found = first == serial;

	if (section == SECTION_SERIAL_BITMAP)
		return has_bit(reader_mpint(r), first, serial);
	if (section == SECTION_SERIAL_RANGE) {
		last = reader_u64(r);
		if (first > last)
			reader_fail(r);
		return first <= serial && serial <= last;
	}
	while (!r->failed && r->left > 0) {
		if (reader_u64(r) == serial)
			is_found = true;
	}
	return is_found;
}

static bool
has_id(struct reader *r, struct sp_view id)
{
	bool is_found = false;

	do {
		if (view_equal(reader_string(r), id))
			is_found = true;
	} while (!r->failed && r->left > 0);
	return is_found;
}

/* One that must be understood is not. */
static void
skip_extension(struct reader *r)
{
	(void)reader_string(r); /* name */
	if (reader_bool(r))
		reader_fail(r);
	(void)reader_string(r);
}

static bool
has_certificate(unsigned section, struct sp_view data,
    const struct sp_certificate *certificate, bool *is_found)
{
	struct reader r;
	bool is_it = false;

	reader_init(&r, data);
	switch (section) {
	case SECTION_SERIALS:
	case SECTION_SERIAL_RANGE:
	case SECTION_SERIAL_BITMAP:
		is_it = has_serial(section, &r, certificate->serial);
		break;
	case SECTION_KEY_IDS:
		is_it = has_id(&r, certificate->key_id);
		break;
	case SECTION_CERTIFICATE_EXTENSION:
		skip_extension(&r);
		break;
	default:
		return false;
	}
	*is_found = is_it;
	return reader_finish(&r) == SP_OK;
}

static void
look_for_certificate(struct search *s, struct reader *r)
{
	/* Is read all the same, so that every fault of it is seen. */
	static const struct sp_certificate nobody;
	const struct sp_certificate *certificate =
	    s->certificate == NULL ? &nobody : s->certificate;
	struct sp_view authority = reader_string(r);
	bool is_his = s->certificate != NULL &&
	    (authority.len == 0 ||
		view_equal(authority, certificate->authority));

	(void)reader_string(r); /* reserved */
	while (!r->failed && r->left > 0) {
		unsigned section = reader_u8(r);
		struct sp_view data = reader_string(r);
		bool is_found = false;

		if (!r->failed &&
		    !has_certificate(section, data, certificate, &is_found))
			reader_fail(r);
		if (is_his && is_found)
			s->is_found = true;
	}
}

/* ---- all of it ---- */

static bool
read_section(struct search *s, unsigned section, struct sp_view data)
{
	struct reader r;

	reader_init(&r, data);
	switch (section) {
	case SECTION_CERTIFICATES:
		look_for_certificate(s, &r);
		break;
	case SECTION_KEYS:
	case SECTION_SHA1:
	case SECTION_SHA256:
		look_for_keys(s, section, &r);
		break;
	case SECTION_EXTENSION:
		skip_extension(&r);
		break;
	default:
		return false;
	}
	return reader_finish(&r) == SP_OK;
}

static enum sp_status
read_list(struct search *s, struct sp_view list)
{
	struct reader r;

	reader_init(&r, list);
	if (!view_equal(
		reader_bytes(&r, sizeof magic), view_of(magic, sizeof magic)) ||
	    reader_u32(&r) != FORMAT_VERSION)
		return SP_ERR_KEY_FORMAT;
	(void)reader_u64(&r); /* its version, */
	(void)reader_u64(&r); /* when it was made, */
	(void)reader_u64(&r); /* flags, of which there are none, */
	(void)reader_string(&r); /* reserved, */
	(void)reader_string(&r); /* and a comment. */
	while (!r.failed && r.left > 0) {
		unsigned section = reader_u8(&r);
		struct sp_view data = reader_string(&r);

		if (!r.failed && !read_section(s, section, data))
			reader_fail(&r);
	}
	return reader_finish(&r) == SP_OK ? SP_OK : SP_ERR_KEY_FORMAT;
}

/* A type that is none of ours is told from a certificate by its name. */
static bool
is_plain(struct sp_view blob)
{
	static const char ends[] = "-cert-v01@openssh.com";
	const size_t len = sizeof ends - 1;
	struct sp_view name;
	struct reader r;

	reader_init(&r, blob);
	name = reader_string(&r);
	return !r.failed && name.len > 0 &&
	    (name.len < len ||
		memcmp(name.data + name.len - len, ends, len) != 0);
}

bool
sp_krl_is_one(struct sp_view text)
{
	/* A list of plain keys has no such line. */
	const size_t len = sizeof magic - 1;

	return text.len >= len && memcmp(text.data, magic, len) == 0;
}

enum sp_status
sp_krl_find(const struct sp_crypto *crypto, struct sp_view list,
    struct sp_view key_blob, bool *is_revoked)
{
	struct sp_certificate certificate;
	uint8_t room[LIMIT_KEY_BLOB];
	struct search s = { .is_found = false };
	enum sp_status status;
	size_t len;

	status = sp_certificate_parse(key_blob, &certificate);
	if (status == SP_OK) {
		status =
		    sp_certificate_key(&certificate, room, sizeof room, &len);
		if (status != SP_OK)
			return status;
		s.certificate = &certificate;
		key_blob = view_of(room, len);
		status = add_subject(&s, crypto, certificate.authority);
	} else if (is_plain(key_blob)) {
		status = SP_OK;
	}
	if (status == SP_OK)
		status = add_subject(&s, crypto, key_blob);
	if (status == SP_OK)
		status = read_list(&s, list);
	if (status == SP_OK)
		*is_revoked = s.is_found;
	return status;
}
