/* sk-ssh-ed25519@openssh.com and sk-ecdsa-sha2-nistp256@openssh.com. */
#include "lib/pubkey/sk.h"

#include "lib/crypto/digest.h"
#include "lib/pubkey/ecdsa.h"
#include "lib/pubkey/ed25519.h"
#include "lib/pubkey/pubkey.h"

/* Of the flags an authenticator signs: a touch, and a PIN or the like. */
enum { FLAG_TOUCHED = 0x01, FLAG_VERIFIED = 0x04 };
enum { HASH_LEN = 32, SIGNED_LEN = 2 * HASH_LEN + PUBKEY_TRAILER_MAX };

/*
 * What the authenticator signed: it hashes the application and the data,
 * and puts its flags and its counter between them.
 */
static enum sp_status
make_signed(const struct pubkey_claim *claim, struct sp_view application,
    uint8_t out[SIGNED_LEN])
{
	enum sp_status status =
	    digest_of(claim->crypto, DIGEST_SHA256, &application, 1, out);

	memcpy(out + HASH_LEN, claim->trailer, PUBKEY_TRAILER_MAX);
	if (status == SP_OK)
		status = digest_of(claim->crypto, DIGEST_SHA256, &claim->data,
		    1, out + HASH_LEN + PUBKEY_TRAILER_MAX);
	return status;
}

static struct sp_key_presence
presence_of(const uint8_t trailer[PUBKEY_TRAILER_MAX])
{
	struct sp_key_presence presence = { .is_reported = true };
	struct reader r;
	uint8_t flags;

	reader_init(&r, view_of(trailer, PUBKEY_TRAILER_MAX));
	flags = reader_u8(&r);
	presence.is_touched = (flags & FLAG_TOUCHED) != 0;
	presence.is_verified = (flags & FLAG_VERIFIED) != 0;
	presence.counter = reader_u32(&r);
	return presence;
}

static enum sp_status
verify_ed25519(const struct pubkey_claim *claim)
{
	struct sp_view point, application;
	uint8_t data[SIGNED_LEN];
	struct reader r;
	enum sp_status status;

	reader_init(&r, claim->fields);
	point = reader_string(&r);
	application = reader_string(&r);
	if (reader_finish(&r) != SP_OK)
		return SP_ERR_KEY_FORMAT;
	status = make_signed(claim, application, data);
	if (status == SP_OK)
		status = ed25519_verify(
		    point, view_of(data, sizeof data), claim->signature);
	if (status == SP_OK)
		*claim->presence = presence_of(claim->trailer);
	return status;
}

static enum sp_status
verify_ecdsa(const struct pubkey_claim *claim)
{
	struct sp_view curve, point, application;
	uint8_t data[SIGNED_LEN];
	struct reader r;
	enum sp_status status;

	reader_init(&r, claim->fields);
	curve = reader_string(&r);
	point = reader_string(&r);
	application = reader_string(&r);
	if (reader_finish(&r) != SP_OK)
		return SP_ERR_KEY_FORMAT;
	status = make_signed(claim, application, data);
	if (status == SP_OK)
		status = ecdsa_verify(&ecdsa_nistp256, curve, point,
		    view_of(data, sizeof data), claim->signature);
	if (status == SP_OK)
		*claim->presence = presence_of(claim->trailer);
	return status;
}

static const struct pubkey_algorithm ed25519_algorithms[] = {
	{ .name = "sk-ssh-ed25519@openssh.com" },
	{ .name = NULL },
};

static const struct pubkey_algorithm ecdsa_algorithms[] = {
	{ .name = "sk-ecdsa-sha2-nistp256@openssh.com" },
	{ .name = NULL },
};

const struct pubkey_type sk_ed25519_type = {
	.name = "sk-ssh-ed25519@openssh.com",
	.algorithms = ed25519_algorithms,
	.host_set = ALGORITHM_MODERN,
	.user_set = ALGORITHM_MODERN,
	.has_trailer = true,
	.verify = verify_ed25519,
};

const struct pubkey_type sk_ecdsa_type = {
	.name = "sk-ecdsa-sha2-nistp256@openssh.com",
	.algorithms = ecdsa_algorithms,
	.host_set = ALGORITHM_COMPATIBLE,
	.user_set = ALGORITHM_MODERN,
	.has_trailer = true,
	.verify = verify_ecdsa,
};
