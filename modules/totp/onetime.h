/* One-time codes of RFC 6238: reading secrets, and finding the step of time
 * that a code is of. */
#ifndef SP_TOTP_ONETIME_H
#define SP_TOTP_ONETIME_H

#include <sallyport/types.h>

enum {
	ONETIME_SECRET_MAX = 128, /* bytes */
	ONETIME_TEXT_MAX = 1024, /* of a secret's file */
	ONETIME_DIGITS_MIN = 6,
	ONETIME_DIGITS_MAX = 8,
	ONETIME_WINDOW_MAX = 10,
};

enum onetime_hash { ONETIME_SHA1, ONETIME_SHA256, ONETIME_SHA512 };

struct onetime_secret {
	char bytes[ONETIME_SECRET_MAX];
	size_t len;
};

/*
 * The first line of a file that is not empty and no comment ("#"): a secret
 * in base32, in any case, with blanks and "=" as programs show it. False
 * where it is none, or shorter than 80 bits.
 */
SP_MUST_USE bool
onetime_read_secret(struct sp_view text, struct onetime_secret *);

struct onetime_rules {
	enum onetime_hash hash;
	unsigned digits;
	unsigned period; /* seconds */
	unsigned window; /* steps before and behind that are taken as well */
};

/*
 * The latest step whose code this is, of those around the time; blanks in
 * the code are passed over. False where it is of none. It takes as long for
 * each code.
 */
SP_MUST_USE bool
onetime_find(const struct onetime_secret *, const struct onetime_rules *,
    uint64_t seconds, const char *code, uint64_t *step);

#endif
