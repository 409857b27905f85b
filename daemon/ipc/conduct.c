/* The body of CONDUCT, and words for it. */
#include "daemon/ipc/conduct.h"

#include "lib/wire/reader.h"

enum sp_status
conduct_encode(const struct conduct *conduct, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u8(&w, (uint8_t)conduct->kind);
	writer_bytes(&w, view_of(conduct->address, sizeof conduct->address));
	writer_bool(&w, conduct->is_claimed);
	return writer_finish(&w);
}

enum sp_status
conduct_decode(struct sp_view body, struct conduct *conduct)
{
	struct conduct got;
	enum sp_status status;
	struct sp_view address;
	struct reader r;
	uint8_t kind;

	reader_init(&r, body);
	kind = reader_u8(&r);
	if (kind == CONDUCT_NONE || kind >= CONDUCT_KINDS)
		reader_fail(&r);
	address = reader_bytes(&r, sizeof got.address);
	got.is_claimed = reader_bool(&r);
	status = reader_finish(&r);
	if (status != SP_OK)
		return status;
	got.kind = (enum conduct_kind)kind;
	memcpy(got.address, address.data, sizeof got.address);
	*conduct = got;
	return SP_OK;
}

const char *
conduct_text(enum conduct_kind kind)
{
	switch (kind) {
	case CONDUCT_NOAUTH:
		return "penalty: connections without attempting authentication";
	case CONDUCT_GRACE_EXCEEDED:
		return "penalty: exceeded login_time";
	case CONDUCT_AUTHFAIL:
		return "penalty: failed authentication";
	case CONDUCT_CRASH:
		return "penalty: caused crash";
	case CONDUCT_NONE:
	case CONDUCT_SUCCESS:
	case CONDUCT_KINDS:
		break;
	}
	return "penalty";
}
