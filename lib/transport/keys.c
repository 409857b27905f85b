/* Key derivation: HASH(K || H || letter || session_id) and onwards. */
#include "lib/transport/keys.h"

#include "lib/crypto/mac.h"
#include "lib/transport/kex.h"
#include "lib/transport/zlibstream.h"

#include <openssl/crypto.h>

enum { KEY_MAX = 64 };

/* len bytes of the key named by a letter, into room (KEY_MAX + a digest). */
static enum sp_status
derive(const struct transport *t, struct sp_view shared, char letter,
    uint8_t *room, size_t len)
{
	enum digest_kind kind = t->negotiated.method->digest;
	struct sp_view hash = view_of(t->kex->hash, t->kex->hash_len);
	struct sp_view first[] = { shared, hash, view_of(&letter, 1),
		buffer_view(&t->session_id) };
	enum sp_status status;
	size_t done;

	status = digest_of(t->crypto, kind, first, 4, room);
	for (done = digest_len(kind); status == SP_OK && done < len;
	     done += digest_len(kind)) {
		struct sp_view more[] = { shared, hash, view_of(room, done) };

		status = digest_of(t->crypto, kind, more, 3, room + done);
	}
	return status;
}

static bool
is_to_server(const struct transport *t, enum cipher_direction direction)
{
	return (t->role == SP_CLIENT) == (direction == CIPHER_SEAL);
}

static enum sp_status
derive_cipher(const struct transport *t, enum cipher_direction direction,
    struct cipher_state **state)
{
	bool to_server = is_to_server(t, direction);
	struct cipher_suite suite =
	    to_server ? t->negotiated.to_server : t->negotiated.to_client;
	const char *letters = to_server ? "ACE" : "BDF";
	uint8_t room[3][KEY_MAX + DIGEST_MAX];
	struct cipher_keys keys = {
		.iv = view_of(room[0], suite.cipher->iv_len),
		.key = view_of(room[1], suite.cipher->key_len),
		.mac = view_of(room[2], suite.mac == NULL ? 0 : suite.mac->len),
	};
	const size_t lens[3] = { keys.iv.len, keys.key.len, keys.mac.len };
	enum sp_status status;
	struct buffer shared;
	struct writer w;

	buffer_init(&shared, LIMIT_PACKET);
	writer_init(&w, &shared);
	kexmethod_write_shared(
	    &w, t->negotiated.method, secret_view(&t->kex->shared));
	status = writer_finish(&w);
	for (size_t i = 0; status == SP_OK && i < 3; i++)
		status = derive(
		    t, buffer_view(&shared), letters[i], room[i], lens[i]);
	if (status == SP_OK)
		status = cipher_new(suite, t->crypto, direction, keys, state);
	buffer_clear(&shared);
	OPENSSL_cleanse(room, sizeof room);
	return status;
}

enum sp_status
keys_compress(const struct transport *t, enum cipher_direction direction,
    struct zlibstream **stream)
{
	const struct compression *compression = is_to_server(t, direction)
	    ? t->negotiated.compression_to_server
	    : t->negotiated.compression_to_client;

	*stream = NULL;
	if (!compression->is_zlib || !t->is_trusted || t->compresses_later)
		return SP_OK;
	return direction == CIPHER_SEAL ? zlibstream_new_deflate(stream)
					: zlibstream_new_inflate(stream);
}

enum sp_status
keys_derive(const struct transport *t, enum cipher_direction direction,
    struct keys *keys)
{
	enum sp_status status;

	status = derive_cipher(t, direction, &keys->cipher);
	if (status != SP_OK)
		return status;
	status = keys_compress(t, direction, &keys->zlib);
	if (status != SP_OK)
		cipher_free(keys->cipher);
	return status;
}

void
keys_free(struct keys *keys)
{
	cipher_free(keys->cipher);
	zlibstream_free(keys->zlib);
}

void
keys_use(const struct transport *t, struct transport_direction *way,
    const struct keys *keys)
{
	/* Who begins it now may not know yet that he does. */
	way->awaits_stream = way->zlib == NULL && keys->zlib != NULL;
	cipher_free(way->cipher);
	zlibstream_free(way->zlib);
	way->cipher = keys->cipher;
	way->zlib = keys->zlib;
	way->bytes = 0;
	way->packets = 0;
	if (t->is_strict)
		way->sequence = 0;
}
