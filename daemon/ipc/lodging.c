/* The body of LODGE. */
#include "daemon/ipc/lodging.h"

#include "lib/wire/reader.h"

static bool
is_identity(struct sp_view v)
{
	return v.len > 0 && v.len <= LODGING_IDENTITY_MAX &&
	    memchr(v.data, '\0', v.len) == NULL;
}

enum sp_status
lodging_encode(const struct lodging *lodging, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, lodging->identity);
	writer_u32(&w, lodging->max);
	return writer_finish(&w);
}

enum sp_status
lodging_decode(struct sp_view body, struct lodging *lodging)
{
	struct lodging got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, body);
	got.identity = reader_string(&r);
	got.max = reader_u32(&r);
	status = reader_finish(&r);
	if (status == SP_OK && (!is_identity(got.identity) || got.max == 0))
		status = SP_ERR_FORMAT;
	if (status == SP_OK)
		*lodging = got;
	return status;
}
