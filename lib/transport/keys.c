/* Key derivation: HASH(K || H || letter || session_id) and onwards. */
#include "lib/transport/keys.h"

#include "lib/transport/kex.h"

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

enum sp_status
keys_derive(const struct transport *t, enum cipher_direction direction,
    struct cipher_state **state)
{
	bool to_server = (t->role == SP_CLIENT) == (direction == CIPHER_SEAL);
	const struct cipher *cipher = to_server
	    ? t->negotiated.cipher_to_server
	    : t->negotiated.cipher_to_client;
	uint8_t iv[KEY_MAX + DIGEST_MAX], key[KEY_MAX + DIGEST_MAX];
	enum sp_status status;
	struct buffer shared;
	struct writer w;

	buffer_init(&shared, LIMIT_PACKET);
	writer_init(&w, &shared);
	kexmethod_write_shared(
	    &w, t->negotiated.method, secret_view(&t->kex->shared));
	status = writer_finish(&w);
	if (status == SP_OK)
		status = derive(t, buffer_view(&shared), to_server ? 'A' : 'B',
		    iv, cipher->iv_len);
	if (status == SP_OK)
		status = derive(t, buffer_view(&shared), to_server ? 'C' : 'D',
		    key, cipher->key_len);
	if (status == SP_OK)
		status = cipher_new(cipher, t->crypto, direction,
		    view_of(key, cipher->key_len), view_of(iv, cipher->iv_len),
		    state);
	buffer_clear(&shared);
	OPENSSL_cleanse(key, sizeof key);
	OPENSSL_cleanse(iv, sizeof iv);
	return status;
}

void
keys_use(const struct transport *t, struct transport_direction *way,
    struct cipher_state *state)
{
	cipher_free(way->cipher);
	way->cipher = state;
	way->bytes = 0;
	way->packets = 0;
	if (t->is_strict)
		way->sequence = 0;
}
