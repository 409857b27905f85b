/* Each global request: its fields in order, written and read. */
#include "lib/connection/global_request.h"

enum { PORT_MAX = 65535 };

enum sp_status
global_request_encode_tcpip(
    const struct global_request_tcpip *tcpip, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, tcpip->address);
	writer_u32(&w, tcpip->port);
	return writer_finish(&w);
}

enum sp_status
global_request_decode_tcpip(
    struct sp_view data, struct global_request_tcpip *tcpip)
{
	struct global_request_tcpip got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.address = reader_string(&r);
	got.port = reader_u32(&r);
	status = reader_finish(&r);
	if (status != SP_OK)
		return status;
	if (got.port > PORT_MAX)
		return SP_ERR_FORMAT;
	*tcpip = got;
	return SP_OK;
}

enum sp_status
global_request_encode_port(uint32_t port, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u32(&w, port);
	return writer_finish(&w);
}

enum sp_status
global_request_decode_port(struct sp_view data, uint32_t *port)
{
	enum sp_status status;
	struct reader r;
	uint32_t got;

	reader_init(&r, data);
	got = reader_u32(&r);
	status = reader_finish(&r);
	if (status != SP_OK)
		return status;
	if (got == 0 || got > PORT_MAX)
		return SP_ERR_FORMAT;
	*port = got;
	return SP_OK;
}

enum sp_status
global_request_encode_path(struct sp_view path, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, path);
	return writer_finish(&w);
}

enum sp_status
global_request_decode_path(struct sp_view data, struct sp_view *path)
{
	enum sp_status status;
	struct sp_view got;
	struct reader r;

	reader_init(&r, data);
	got = reader_string(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*path = got;
	return status;
}

/* ---- host keys ---- */

enum sp_status
global_request_encode_blob(struct sp_view blob, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, blob);
	return writer_finish(&w);
}

enum sp_status
global_request_decode_blobs(struct sp_view data, size_t *count)
{
	struct reader r;
	size_t n = 0;

	reader_init(&r, data);
	for (; r.left > 0; n++) {
		if (reader_string(&r).len == 0 || n == GLOBAL_REQUEST_KEYS)
			return SP_ERR_FORMAT;
	}
	if (r.failed)
		return SP_ERR_FORMAT;
	*count = n;
	return SP_OK;
}

bool
global_request_next_blob(struct sp_view *blobs, struct sp_view *blob)
{
	struct reader r;

	reader_init(&r, *blobs);
	*blob = reader_string(&r);
	*blobs = reader_rest(&r);
	return !r.failed;
}

enum sp_status
global_request_write_proof(
    struct sp_view session_id, struct sp_view host_key, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_cstring(&w, "hostkeys-prove-00@openssh.com");
	writer_string(&w, session_id);
	writer_string(&w, host_key);
	return writer_finish(&w);
}
