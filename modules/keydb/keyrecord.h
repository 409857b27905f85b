/* What the index says of a key, as bytes: read by the module, written by
 * sallyportctl. */
#ifndef SP_KEYDB_KEYRECORD_H
#define SP_KEYDB_KEYRECORD_H

#include <sallyport/types.h>

enum { KEYRECORD_IDENTITY_SIZE = 256, KEYRECORD_OPTIONS_SIZE = 4096 };

/* Room for the longest. */
enum {
	KEYRECORD_MAX = 1 + 8 + KEYRECORD_IDENTITY_SIZE + KEYRECORD_OPTIONS_SIZE
};

struct keyrecord {
	char identity[KEYRECORD_IDENTITY_SIZE]; /* never empty */
	uint64_t expires; /* seconds since 1970; 0: never */
	/* As in an authorized_keys file: what bounds the key; "": nothing. */
	char options[KEYRECORD_OPTIONS_SIZE];
};

/* An identity: not empty, not too long, no control characters. */
SP_MUST_USE bool
keyrecord_set_identity(struct keyrecord *, const char *identity);

/* Options: not too long, no control characters; what they say is not read. */
SP_MUST_USE bool keyrecord_set_options(struct keyrecord *, const char *options);

size_t keyrecord_encode(const struct keyrecord *, uint8_t room[KEYRECORD_MAX]);
/* False for what this version did not write. */
SP_MUST_USE bool keyrecord_decode(struct sp_view, struct keyrecord *);

/* "SHA256:" and 43 characters of base64. */
bool keyrecord_is_fingerprint(const char *);

#endif
