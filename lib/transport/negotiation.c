/* KEXINIT written, read, and matched. */
#include "lib/transport/negotiation.h"

#include "lib/crypto/mac.h"
#include "lib/limits.h"
#include "lib/message.h"
#include "lib/pubkey/pubkey.h"
#include "lib/transport/compression.h"
#include "lib/wire/namelist.h"
#include "lib/wire/reader.h"

#include <stdlib.h>
#include <string.h>

/* A copy of a list whose every name is known. */
static enum sp_status
copy_list(const char *given, algorithm_row *row, char **copy)
{
	struct sp_view list = view_of_string(given);
	struct sp_view name;

	if (list.len == 0)
		return SP_ERR_ARGUMENT;
	*copy = strndup(given, list.len);
	if (*copy == NULL)
		return SP_ERR_MEMORY;
	while (namelist_next(&list, &name))
		if (!algorithm_is_known(row, name))
			return SP_ERR_ARGUMENT;
	/* An empty name at the end is none to namelist_next(). */
	return (*copy)[strlen(*copy) - 1] == ',' ? SP_ERR_ARGUMENT : SP_OK;
}

/* What the configuration names, or else what is modern. */
static enum sp_status
make_list(const char *given, algorithm_row *row, char **list)
{
	enum sp_status status;
	struct buffer names;

	if (given != NULL)
		return copy_list(given, row, list);
	buffer_init(&names, LIMIT_KEXINIT);
	status = algorithm_names(row, ALGORITHM_MODERN, &names);
	if (status == SP_OK)
		status = buffer_append(&names, view_of("", 1));
	if (status != SP_OK) {
		buffer_clear(&names);
		return status;
	}
	*list = (char *)names.data;
	return SP_OK;
}

static bool
has_key_for(const struct sp_engine_config *config, struct sp_view algorithm)
{
	for (size_t i = 0; i < config->host_key_count; i++)
		if (view_equal_string(
			algorithm, config->host_keys[i].algorithm))
			return true;
	return false;
}

/* The certificate among the host keys whose key signs with an algorithm. */
static struct sp_view
certificate_for(const struct sp_engine_config *config, struct sp_view algorithm)
{
	for (size_t i = 0; i < config->host_key_count; i++) {
		struct sp_view name =
		    view_of_string(config->host_keys[i].algorithm);
		const char *plain = sp_certificate_algorithm(name);

		if (plain != NULL && view_equal_string(algorithm, plain))
			return name;
	}
	return view_of(NULL, 0);
}

/* Adds a name that is not in the list; an empty one is none. */
static enum sp_status
add_name(struct buffer *list, struct sp_view name)
{
	enum sp_status status = SP_OK;

	if (name.len == 0 || namelist_has(buffer_view(list), name))
		return SP_OK;
	if (buffer_len(list) > 0)
		status = buffer_append(list, view_of(",", 1));
	return status == SP_OK ? buffer_append(list, name) : status;
}

/*
 * What a server has keys for, of its list: where a certificate's key may
 * sign with what the list names, the certificate is offered, and first.
 */
static enum sp_status
drop_keyless(char **names, const struct sp_engine_config *config)
{
	struct sp_view list = view_of_string(*names), name;
	enum sp_status status = SP_OK;
	struct buffer kept;

	buffer_init(&kept, LIMIT_KEXINIT);
	while (status == SP_OK && namelist_next(&list, &name))
		status = add_name(&kept, certificate_for(config, name));
	list = view_of_string(*names);
	while (status == SP_OK && namelist_next(&list, &name))
		if (has_key_for(config, name))
			status = add_name(&kept, name);
	if (status == SP_OK && buffer_len(&kept) == 0)
		status = SP_ERR_ARGUMENT;
	if (status == SP_OK)
		status = buffer_append(&kept, view_of("", 1));
	if (status != SP_OK) {
		buffer_clear(&kept);
		return status;
	}
	free(*names);
	*names = (char *)kept.data;
	return SP_OK;
}

enum sp_status
negotiation_offer_init(
    struct negotiation_offer *offer, const struct sp_engine_config *config)
{
	const struct sp_algorithms *names = &config->algorithms;
	enum sp_status status;

	*offer = (struct negotiation_offer){ .kex = NULL };
	status = make_list(names->kex, kexmethod_row, &offer->kex);
	if (status == SP_OK)
		status = make_list(
		    names->host_key, pubkey_offer_row, &offer->host_key);
	if (status == SP_OK)
		status = make_list(
		    names->user_key, pubkey_user_row, &offer->user_key);
	if (status == SP_OK)
		status = make_list(names->cipher, cipher_row, &offer->cipher);
	if (status == SP_OK)
		status = make_list(names->mac, mac_row, &offer->mac);
	if (status == SP_OK)
		status = make_list(
		    names->compression, compression_row, &offer->compression);
	if (status == SP_OK && config->role == SP_SERVER)
		status = drop_keyless(&offer->host_key, config);
	if (status != SP_OK)
		negotiation_offer_clear(offer);
	return status;
}

void
negotiation_offer_clear(struct negotiation_offer *offer)
{
	free(offer->kex);
	free(offer->host_key);
	free(offer->user_key);
	free(offer->cipher);
	free(offer->mac);
	free(offer->compression);
	*offer = (struct negotiation_offer){ .kex = NULL };
}

void
negotiation_write(struct writer *w, const struct negotiation_offer *offer,
    enum sp_role role, bool is_first, const uint8_t cookie[16])
{
	size_t mark;

	writer_bytes(w, view_of(cookie, 16));
	mark = writer_begin_string(w);
	writer_bytes(w, view_of_string(offer->kex));
	if (is_first && role == SP_CLIENT)
		writer_bytes(w,
		    view_of_string(",ext-info-c,kex-strict-c-v00@openssh.com"));
	if (is_first && role == SP_SERVER)
		writer_bytes(w,
		    view_of_string(",ext-info-s,kex-strict-s-v00@openssh.com"));
	writer_end_string(w, mark);
	writer_cstring(w, offer->host_key);
	writer_cstring(w, offer->cipher);
	writer_cstring(w, offer->cipher);
	writer_cstring(w, offer->mac);
	writer_cstring(w, offer->mac);
	writer_cstring(w, offer->compression);
	writer_cstring(w, offer->compression);
	writer_cstring(w, "");
	writer_cstring(w, "");
	writer_bool(w, false); /* first_kex_packet_follows */
	writer_u32(w, 0);
}

enum sp_status
negotiation_read(struct sp_view payload, struct negotiation_lists *lists)
{
	struct negotiation_lists l;
	enum sp_status status;
	struct reader r;

	reader_init(&r, payload);
	reader_u8(&r);
	reader_bytes(&r, 16); /* cookie */
	l.kex = reader_namelist(&r);
	l.host_key = reader_namelist(&r);
	l.cipher_to_server = reader_namelist(&r);
	l.cipher_to_client = reader_namelist(&r);
	l.mac_to_server = reader_namelist(&r);
	l.mac_to_client = reader_namelist(&r);
	l.compression_to_server = reader_namelist(&r);
	l.compression_to_client = reader_namelist(&r);
	l.language_to_server = reader_namelist(&r);
	l.language_to_client = reader_namelist(&r);
	l.first_kex_packet_follows = reader_bool(&r);
	reader_u32(&r); /* reserved: whatever it says (RFC 4253 7.1) */
	status = reader_finish(&r);
	if (status == SP_OK)
		*lists = l;
	return status;
}

static struct sp_view
first_name(struct sp_view list)
{
	struct sp_view name;

	namelist_next(&list, &name);
	return name;
}

/* RFC 4253 7: a guess is right when both first names agree. */
static bool
is_guess_right(
    const struct negotiation_lists *a, const struct negotiation_lists *b)
{
	return view_equal(first_name(a->kex), first_name(b->kex)) &&
	    view_equal(first_name(a->host_key), first_name(b->host_key));
}

/* Of one direction. A cipher with a tag of its own takes no MAC. */
static enum sp_status
choose_suite(
    struct sp_view cipher, struct sp_view mac, struct cipher_suite *suite)
{
	const struct cipher *c = cipher_find(cipher);
	const struct mac *m = NULL;

	if (c == NULL)
		return SP_ERR_NO_CIPHER;
	if (c->tag_len == 0 && (m = mac_find(mac)) == NULL)
		return SP_ERR_NO_MAC;
	*suite = (struct cipher_suite){ .cipher = c, .mac = m };
	return SP_OK;
}

enum sp_status
negotiation_choose(const struct negotiation_lists *ours,
    const struct negotiation_lists *peers, enum sp_role role,
    struct negotiation *result)
{
	const struct negotiation_lists *c = role == SP_CLIENT ? ours : peers;
	const struct negotiation_lists *s = role == SP_CLIENT ? peers : ours;
	struct negotiation n = { .guess_was_wrong = false };
	enum sp_status status;

	n.method = kexmethod_find(namelist_match(c->kex, s->kex));
	if (n.method == NULL)
		return SP_ERR_NO_KEX;
	if (!view_to_string(namelist_match(c->host_key, s->host_key),
		n.host_key, sizeof n.host_key) ||
	    n.host_key[0] == '\0')
		return SP_ERR_NO_HOST_KEY;
	status = choose_suite(
	    namelist_match(c->cipher_to_server, s->cipher_to_server),
	    namelist_match(c->mac_to_server, s->mac_to_server), &n.to_server);
	if (status == SP_OK)
		status = choose_suite(
		    namelist_match(c->cipher_to_client, s->cipher_to_client),
		    namelist_match(c->mac_to_client, s->mac_to_client),
		    &n.to_client);
	if (status != SP_OK)
		return status;
	n.compression_to_server = compression_find(
	    namelist_match(c->compression_to_server, s->compression_to_server));
	n.compression_to_client = compression_find(
	    namelist_match(c->compression_to_client, s->compression_to_client));
	if (n.compression_to_server == NULL || n.compression_to_client == NULL)
		return SP_ERR_NO_COMPRESSION;
	n.guess_was_wrong =
	    peers->first_kex_packet_follows && !is_guess_right(c, s);
	*result = n;
	return SP_OK;
}
