/* Each type of channel: its fields in order, written and read. */
#include "lib/connection/channel_type.h"

enum { PORT_MAX = 65535 };

enum sp_status
channel_type_encode_tcpip(
    const struct channel_type_tcpip *tcpip, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, tcpip->address);
	writer_u32(&w, tcpip->port);
	writer_string(&w, tcpip->originator);
	writer_u32(&w, tcpip->originator_port);
	return writer_finish(&w);
}

enum sp_status
channel_type_decode_tcpip(struct sp_view data, struct channel_type_tcpip *tcpip)
{
	struct channel_type_tcpip got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.address = reader_string(&r);
	got.port = reader_u32(&r);
	got.originator = reader_string(&r);
	got.originator_port = reader_u32(&r);
	status = reader_finish(&r);
	if (status != SP_OK)
		return status;
	if (got.port > PORT_MAX || got.originator_port > PORT_MAX)
		return SP_ERR_FORMAT;
	*tcpip = got;
	return SP_OK;
}

enum sp_status
channel_type_encode_x11(const struct channel_type_x11 *x11, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, x11->originator);
	writer_u32(&w, x11->originator_port);
	return writer_finish(&w);
}

enum sp_status
channel_type_decode_x11(struct sp_view data, struct channel_type_x11 *x11)
{
	struct channel_type_x11 got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.originator = reader_string(&r);
	got.originator_port = reader_u32(&r);
	status = reader_finish(&r);
	if (status != SP_OK)
		return status;
	if (got.originator_port > PORT_MAX)
		return SP_ERR_FORMAT;
	*x11 = got;
	return SP_OK;
}

enum sp_status
channel_type_encode_direct_streamlocal(struct sp_view path, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, path);
	writer_cstring(&w, ""); /* reserved */
	writer_u32(&w, 0);
	return writer_finish(&w);
}

enum sp_status
channel_type_decode_direct_streamlocal(
    struct sp_view data, struct sp_view *path)
{
	enum sp_status status;
	struct sp_view got;
	struct reader r;

	reader_init(&r, data);
	got = reader_string(&r);
	reader_string(&r); /* reserved */
	reader_u32(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*path = got;
	return status;
}

enum sp_status
channel_type_encode_forwarded_streamlocal(
    struct sp_view path, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, path);
	writer_cstring(&w, ""); /* reserved */
	return writer_finish(&w);
}

enum sp_status
channel_type_decode_forwarded_streamlocal(
    struct sp_view data, struct sp_view *path)
{
	enum sp_status status;
	struct sp_view got;
	struct reader r;

	reader_init(&r, data);
	got = reader_string(&r);
	reader_string(&r); /* reserved */
	status = reader_finish(&r);
	if (status == SP_OK)
		*path = got;
	return status;
}

enum sp_status
channel_type_encode_tun(const struct channel_type_tun *tun, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u32(&w, tun->mode);
	writer_u32(&w, tun->unit);
	return writer_finish(&w);
}

enum sp_status
channel_type_decode_tun(struct sp_view data, struct channel_type_tun *tun)
{
	struct channel_type_tun got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.mode = reader_u32(&r);
	got.unit = reader_u32(&r);
	status = reader_finish(&r);
	if (status != SP_OK)
		return status;
	if (got.mode != CHANNEL_TYPE_TUN_LAYER_3 &&
	    got.mode != CHANNEL_TYPE_TUN_LAYER_2)
		return SP_ERR_FORMAT;
	*tun = got;
	return SP_OK;
}
