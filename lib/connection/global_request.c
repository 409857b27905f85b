/* Each global request: its name and its fields in order. */
#include "lib/connection/global_request.h"

#include "lib/limits.h"
#include "lib/pubkey/hostproof.h"

#define FORWARD \
	FORM_A_STRING(struct sp_global, u.forward.address), \
	    FORM_A_PORT(struct sp_global, u.forward.port)
#define PATH FORM_A_STRING(struct sp_global, u.path)
#define KEYS FORM_A_REST(struct sp_global, u.host_keys)

static const struct form forms[] = {
	[SP_GLOBAL_TCPIP_FORWARD] = FORM_ASKED("tcpip-forward", FORWARD),
	[SP_GLOBAL_CANCEL_TCPIP_FORWARD] =
	    FORM_ASKED("cancel-tcpip-forward", FORWARD),
	[SP_GLOBAL_STREAMLOCAL_FORWARD] =
	    FORM_ASKED("streamlocal-forward@openssh.com", PATH),
	[SP_GLOBAL_CANCEL_STREAMLOCAL_FORWARD] =
	    FORM_ASKED("cancel-streamlocal-forward@openssh.com", PATH),
	[SP_GLOBAL_NO_MORE_SESSIONS] =
	    FORM_ASKED("no-more-sessions@openssh.com", FORM_NOTHING),
	[SP_GLOBAL_HOSTKEYS_PROVE] = FORM_ASKED(hostproof_request, KEYS),
	[SP_GLOBAL_HOSTKEYS] = FORM_TOLD("hostkeys-00@openssh.com", KEYS),
	[SP_GLOBAL_KEEPALIVE] =
	    FORM_ASKED("keepalive@openssh.com", FORM_NOTHING),
};

enum { FORMS = sizeof forms / sizeof forms[0] };

/* The reply where the server chose: its port, never 0. */
static const struct form port_form =
    FORM_ASKED("", { FORM_NUMBER, 0, 1, FORM_PORT_MAX });

const struct form *
global_request_form(enum sp_global_kind kind)
{
	return form_at(forms, FORMS, kind);
}

enum sp_status
global_request_check(const struct sp_global *request)
{
	size_t count;

	if (request->kind != SP_GLOBAL_HOSTKEYS &&
	    request->kind != SP_GLOBAL_HOSTKEYS_PROVE)
		return SP_OK;
	return global_request_decode_blobs(request->u.host_keys, &count);
}

enum sp_status
sp_global_read(const struct sp_event *event, struct sp_global *request)
{
	size_t row = form_find(forms, FORMS, event->u.global_request.name);
	struct sp_global got = { .kind = (enum sp_global_kind)row };
	enum sp_status status =
	    form_read(&forms[row], event->u.global_request.data, &got);

	if (status == SP_OK)
		status = global_request_check(&got);
	if (status == SP_OK)
		*request = got;
	return status;
}

enum sp_status
sp_forward_port_read(const struct sp_event *event, uint32_t *port)
{
	enum sp_status status;
	uint32_t got = 0;

	status = form_read(&port_form, event->u.global_reply.data, &got);
	if (status == SP_OK)
		*port = got;
	return status;
}

/* ---- host keys ---- */

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
sp_strings_next(struct sp_view *strings, struct sp_view *string)
{
	struct reader r;
	struct sp_view got;

	reader_init(&r, *strings);
	got = reader_string(&r);
	if (r.failed)
		return false;
	*string = got;
	*strings = reader_rest(&r);
	return true;
}

enum sp_status
sp_strings_write(const struct sp_view *strings, size_t count, uint8_t *room,
    size_t size, size_t *len)
{
	size_t left = size;

	for (size_t i = 0; i < count; i++) {
		struct sp_view string = strings[i];

		if (left < 4 || string.len > left - 4 ||
		    string.len > UINT32_MAX)
			return SP_ERR_LIMIT;
		room = writer_put_u32(room, (uint32_t)string.len);
		if (string.len > 0)
			memcpy(room, string.data, string.len);
		room += string.len;
		left -= 4 + string.len;
	}
	*len = size - left;
	return SP_OK;
}
