/* The transport's state, written by one process and read by the next. */
#include "lib/transport/handover.h"

#include "lib/crypto/mac.h"
#include "lib/transport/identification.h"

enum { HANDOVER_VERSION = 3 };

static void
write_direction(struct writer *w, const struct transport_direction *way)
{
	struct cipher_suite suite = cipher_suite_of(way->cipher);
	struct cipher_keys keys = cipher_keys_of(way->cipher);

	writer_cstring(w, suite.cipher->name);
	writer_cstring(w, suite.mac == NULL ? "" : suite.mac->name);
	writer_string(w, keys.key);
	writer_string(w, keys.iv);
	writer_string(w, keys.mac);
	writer_u32(w, way->sequence);
	writer_u64(w, way->bytes);
	writer_u64(w, way->packets);
}

/* Ciphertext behind the packet opened last. */
static struct sp_view
unopened(const struct transport *t)
{
	struct sp_view in = buffer_view(&t->in);

	if (in.len == t->opened)
		return view_of(NULL, 0);
	return view_of(in.data + t->opened, in.len - t->opened);
}

enum sp_status
handover_write(const struct transport *t, struct buffer *out)
{
	struct writer w;

	if (t->kex != NULL || !t->first_kex_done || t->is_closed)
		return SP_ERR_AGAIN;
	writer_init(&w, out);
	writer_u8(&w, HANDOVER_VERSION);
	writer_string(&w, buffer_view(&t->session_id));
	writer_cstring(&w, t->our_identification);
	writer_cstring(&w, t->peer_identification);
	writer_cstring(&w, t->negotiated.method->name);
	writer_cstring(&w, t->negotiated.host_key);
	writer_bool(&w, t->is_strict);
	writer_u32(&w, t->extensions);
	writer_u64(&w, t->rekey_at > t->now ? t->rekey_at - t->now : 0);
	writer_cstring(&w, t->negotiated.compression_to_server->name);
	writer_cstring(&w, t->negotiated.compression_to_client->name);
	write_direction(&w, &t->rx);
	write_direction(&w, &t->tx);
	writer_string(&w, buffer_view(&t->out));
	writer_string(&w, unopened(t));
	return writer_finish(&w);
}

static bool
read_identification(struct reader *r, char *room, size_t size)
{
	struct sp_view line = reader_string_max(r, LIMIT_IDENTIFICATION - 2);
	struct identification parts;

	return identification_split(line, &parts) && !view_has_control(line) &&
	    view_to_string(line, room, size);
}

static enum sp_status
read_direction(struct transport *t, struct reader *r,
    struct transport_direction *way, enum cipher_direction direction,
    struct cipher_suite *chosen)
{
	struct cipher_suite suite;
	struct cipher_keys keys;
	struct sp_view mac;
	enum sp_status status;

	suite.cipher = cipher_find(reader_string(r));
	mac = reader_string(r);
	suite.mac = mac.len == 0 ? NULL : mac_find(mac);
	keys.key = reader_string(r);
	keys.iv = reader_string(r);
	keys.mac = reader_string(r);
	way->sequence = reader_u32(r);
	way->bytes = reader_u64(r);
	way->packets = reader_u64(r);
	if (r->failed || suite.cipher == NULL ||
	    (mac.len > 0 && suite.mac == NULL))
		return SP_ERR_IMPORT;
	*chosen = suite;
	status = cipher_new(suite, t->crypto, direction, keys, &way->cipher);
	return status == SP_ERR_ARGUMENT ? SP_ERR_IMPORT : status;
}

/* It begins when the importer says SUCCESS: there is no stream to move. */
static enum sp_status
read_compression(struct transport *t, struct reader *r)
{
	struct negotiation *n = &t->negotiated;

	n->compression_to_server = compression_find(reader_string(r));
	n->compression_to_client = compression_find(reader_string(r));
	return n->compression_to_server == NULL ||
		n->compression_to_client == NULL
	    ? SP_ERR_IMPORT
	    : SP_OK;
}

static enum sp_status
read_names(struct transport *t, struct reader *r)
{
	struct sp_view session_id = reader_string(r);
	bool is_good;

	is_good = read_identification(
	    r, t->our_identification, sizeof t->our_identification);
	is_good = is_good &&
	    read_identification(
		r, t->peer_identification, sizeof t->peer_identification);
	t->negotiated.method = kexmethod_find(reader_string(r));
	is_good = is_good && t->negotiated.method != NULL &&
	    view_to_string(reader_string(r), t->negotiated.host_key,
		sizeof t->negotiated.host_key) &&
	    t->negotiated.host_key[0] != '\0';
	if (!is_good || r->failed || session_id.len < 20 ||
	    session_id.len > DIGEST_MAX)
		return SP_ERR_IMPORT;
	return buffer_append(&t->session_id, session_id);
}

enum sp_status
handover_read(struct transport *t, struct sp_view data)
{
	struct sp_view out, in;
	enum sp_status status;
	uint64_t rekey_in;
	struct reader r;

	reader_init(&r, data);
	if (reader_u8(&r) != HANDOVER_VERSION)
		return SP_ERR_IMPORT;
	status = read_names(t, &r);
	if (status != SP_OK)
		return status;
	t->is_strict = reader_bool(&r);
	t->extensions = reader_u32(&r);
	rekey_in = reader_u64(&r);
	status = read_compression(t, &r);
	if (status != SP_OK)
		return status;
	status = read_direction(
	    t, &r, &t->rx, CIPHER_OPEN, &t->negotiated.to_server);
	if (status == SP_OK)
		status = read_direction(
		    t, &r, &t->tx, CIPHER_SEAL, &t->negotiated.to_client);
	if (status != SP_OK)
		return status;
	out = reader_string(&r);
	in = reader_string(&r);
	if (reader_finish(&r) != SP_OK)
		return SP_ERR_IMPORT;
	/* Sooner where the importer has keys renewed more often. */
	t->rekey_at =
	    t->now + (rekey_in < t->rekey_ms ? rekey_in : t->rekey_ms);
	t->out_answers = out.len;
	status = buffer_append(&t->out, out);
	if (status == SP_OK)
		status = buffer_append(&t->in, in);
	t->first_kex_done = true;
	return status == SP_ERR_LIMIT ? SP_ERR_IMPORT : status;
}
