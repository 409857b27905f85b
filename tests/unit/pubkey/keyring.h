/* The files of tests/unit/pubkey/keys, which ssh-keygen and openssl made. */
#ifndef SP_TESTS_KEYRING_H
#define SP_TESTS_KEYRING_H

#include "lib/limits.h"
#include "lib/wire/buffer.h"

#include <sallyport/key.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A file with a NUL behind that does not count. */
static inline struct buffer
keyring_read(const char *name)
{
	enum { ROOM = 65536 };
	const char *top = getenv("srcdir");
	struct buffer text;
	uint8_t *room;
	char path[512];
	FILE *file;

	buffer_init(&text, ROOM);
	snprintf(path, sizeof path, "%s/tests/unit/pubkey/keys/%s",
	    top == NULL ? "." : top, name);
	file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("cannot open %s", path);
	assert_int_equal(buffer_room(&text, ROOM, &room), SP_OK);
	buffer_grew(&text, fread(room, 1, ROOM - 1, file));
	room[buffer_len(&text)] = '\0';
	fclose(file);
	return text;
}

static inline enum sp_status
keyring_try(const struct sp_crypto *crypto, const char *name,
    const char *passphrase, struct sp_key **key)
{
	struct buffer text = keyring_read(name);
	enum sp_status status =
	    sp_key_parse(crypto, buffer_view(&text), passphrase, key);

	buffer_clear(&text);
	return status;
}

/* The private key of a file without a passphrase. */
static inline struct sp_key *
keyring_key(const struct sp_crypto *crypto, const char *name)
{
	struct sp_key *key = NULL;

	assert_int_equal(keyring_try(crypto, name, NULL, &key), SP_OK);
	return key;
}

/* True when the public key file names exactly this key. */
static inline bool
keyring_has_public(const char *public_file, struct sp_view blob)
{
	struct buffer line = keyring_read(public_file);
	struct sp_key_line parts;
	bool is_equal;

	assert_int_equal(sp_key_parse_line(buffer_view(&line), &parts), SP_OK);
	is_equal = sp_key_line_is(&parts, blob);
	buffer_clear(&line);
	return is_equal;
}

#endif
