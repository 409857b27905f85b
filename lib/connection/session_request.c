/* Each request of a session: its fields in order, written and read. */
#include "lib/connection/session_request.h"

/* Opcodes from here on are not defined, and end the list (RFC 4254 8). */
enum { MODE_UNDEFINED = 160 };

static void
write_size(struct writer *w, uint32_t columns, uint32_t rows, uint32_t width,
    uint32_t height)
{
	writer_u32(w, columns);
	writer_u32(w, rows);
	writer_u32(w, width);
	writer_u32(w, height);
}

enum sp_status
session_request_encode_pty(
    const struct session_request_pty *pty, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, pty->term);
	write_size(&w, pty->columns, pty->rows, pty->width, pty->height);
	writer_string(&w, pty->modes);
	return writer_finish(&w);
}

enum sp_status
session_request_decode_pty(struct sp_view data, struct session_request_pty *pty)
{
	struct session_request_pty got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.term = reader_string(&r);
	got.columns = reader_u32(&r);
	got.rows = reader_u32(&r);
	got.width = reader_u32(&r);
	got.height = reader_u32(&r);
	got.modes = reader_string(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*pty = got;
	return status;
}

bool
session_request_next_mode(
    struct sp_view *modes, struct session_request_mode *mode)
{
	struct session_request_mode got;
	struct reader r;

	reader_init(&r, *modes);
	got.opcode = reader_u8(&r);
	got.value = reader_u32(&r);
	*modes = reader_rest(&r);
	if (r.failed || got.opcode == 0 || got.opcode >= MODE_UNDEFINED)
		return false;
	*mode = got;
	return true;
}

enum sp_status
session_request_encode_env(
    const struct session_request_env *env, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, env->name);
	writer_string(&w, env->value);
	return writer_finish(&w);
}

enum sp_status
session_request_decode_env(struct sp_view data, struct session_request_env *env)
{
	struct session_request_env got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.name = reader_string(&r);
	got.value = reader_string(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*env = got;
	return status;
}

enum sp_status
session_request_encode_x11(
    const struct session_request_x11 *x11, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_bool(&w, x11->single);
	writer_string(&w, x11->protocol);
	writer_string(&w, x11->cookie);
	writer_u32(&w, x11->screen);
	return writer_finish(&w);
}

enum sp_status
session_request_decode_x11(struct sp_view data, struct session_request_x11 *x11)
{
	struct session_request_x11 got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.single = reader_bool(&r);
	got.protocol = reader_string(&r);
	got.cookie = reader_string(&r);
	got.screen = reader_u32(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*x11 = got;
	return status;
}

enum sp_status
session_request_encode_flag(bool flag, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_bool(&w, flag);
	return writer_finish(&w);
}

enum sp_status
session_request_decode_flag(struct sp_view data, bool *flag)
{
	enum sp_status status;
	struct reader r;
	bool got;

	reader_init(&r, data);
	got = reader_bool(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*flag = got;
	return status;
}

enum sp_status
session_request_encode_break(uint32_t ms, struct buffer *out)
{
	return session_request_encode_status(ms, out);
}

enum sp_status
session_request_decode_break(struct sp_view data, uint32_t *ms)
{
	return session_request_decode_status(data, ms);
}

enum sp_status
session_request_encode_text(struct sp_view text, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, text);
	return writer_finish(&w);
}

enum sp_status
session_request_decode_text(struct sp_view data, struct sp_view *text)
{
	enum sp_status status;
	struct sp_view got;
	struct reader r;

	reader_init(&r, data);
	got = reader_string(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*text = got;
	return status;
}

enum sp_status
session_request_encode_size(
    const struct session_request_size *size, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	write_size(&w, size->columns, size->rows, size->width, size->height);
	return writer_finish(&w);
}

enum sp_status
session_request_decode_size(
    struct sp_view data, struct session_request_size *size)
{
	struct session_request_size got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.columns = reader_u32(&r);
	got.rows = reader_u32(&r);
	got.width = reader_u32(&r);
	got.height = reader_u32(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*size = got;
	return status;
}

enum sp_status
session_request_encode_status(uint32_t exit_status, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u32(&w, exit_status);
	return writer_finish(&w);
}

enum sp_status
session_request_decode_status(struct sp_view data, uint32_t *exit_status)
{
	enum sp_status status;
	struct reader r;
	uint32_t got;

	reader_init(&r, data);
	got = reader_u32(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*exit_status = got;
	return status;
}

enum sp_status
session_request_encode_exit_signal(
    const struct session_request_exit_signal *exit_signal, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string(&w, exit_signal->name);
	writer_bool(&w, exit_signal->has_core);
	writer_string(&w, exit_signal->message);
	writer_string(&w, exit_signal->language);
	return writer_finish(&w);
}

enum sp_status
session_request_decode_exit_signal(
    struct sp_view data, struct session_request_exit_signal *exit_signal)
{
	struct session_request_exit_signal got;
	enum sp_status status;
	struct reader r;

	reader_init(&r, data);
	got.name = reader_string(&r);
	got.has_core = reader_bool(&r);
	got.message = reader_string(&r);
	got.language = reader_string(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*exit_signal = got;
	return status;
}
