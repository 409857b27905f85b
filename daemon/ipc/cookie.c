/* Cookies: an HMAC over a fixed text and the number. */
#include "daemon/ipc/cookie.h"

#include "lib/wire/view.h"

enum { DIGEST_LEN = 32 };

enum sp_status
cookie_make(const struct sp_crypto *crypto, struct sp_view key, uint64_t serial,
    uint8_t cookie[COOKIE_LEN])
{
	uint8_t number[sizeof serial], digest[DIGEST_LEN];
	const struct sp_view pieces[] = {
		view_of_string("sallyport cookie 1"),
		view_of(number, sizeof number),
	};
	enum sp_status status;

	for (size_t i = 0; i < sizeof number; i++)
		number[i] = (uint8_t)(serial >> 8 * (sizeof number - 1 - i));
	status = digest_hmac(crypto, DIGEST_SHA256, key, pieces, 2, digest);
	if (status != SP_OK)
		return status;
	memcpy(cookie, digest, COOKIE_LEN);
	cookie[0] &= COOKIE_IS_LATER - 1;
	return SP_OK;
}

struct sp_view
cookie_of_kexinit(struct sp_view kexinit)
{
	/* It follows the message's number (RFC 4253 7.1). */
	if (kexinit.len < 1 + COOKIE_LEN)
		return view_of(NULL, 0);
	return view_of(kexinit.data + 1, COOKIE_LEN);
}
