/* Certificates, field by field (OpenSSH's PROTOCOL.certkeys). */
#include "tests/issuer.h"

#include "lib/wire/reader.h"
#include "lib/wire/view.h"
#include "lib/wire/writer.h"

/* The fields of a key's blob, behind its type. */
static struct sp_view
fields_of(const struct sp_key *key)
{
	struct reader r;

	reader_init(&r, sp_key_blob(key));
	reader_string(&r);
	return reader_rest(&r);
}

enum sp_status
issuer_certify(const struct sp_key *key, const struct sp_key *authority,
    const char *type, uint32_t kind, struct buffer *out)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	enum sp_status status;
	struct writer w;
	size_t mark, len;

	writer_init(&w, out);
	writer_cstring(&w, type);
	writer_cstring(&w, "by chance");
	writer_bytes(&w, fields_of(key));
	writer_u64(&w, 7);
	writer_u32(&w, kind);
	writer_cstring(&w, "a host");
	mark = writer_begin_string(&w);
	writer_cstring(&w, ISSUER_PRINCIPAL);
	writer_end_string(&w, mark);
	writer_u64(&w, ISSUER_VALID_AFTER);
	writer_u64(&w, ISSUER_VALID_BEFORE);
	writer_cstring(&w, "");
	writer_cstring(&w, "");
	writer_cstring(&w, "");
	writer_string(&w, sp_key_blob(authority));
	status = writer_finish(&w);
	if (status == SP_OK)
		status = sp_key_sign(authority, "ssh-ed25519", buffer_view(out),
		    signature, &len);
	if (status != SP_OK)
		return status;
	writer_string(&w, view_of(signature, len));
	return writer_finish(&w);
}
