/* Bodies of the messages by which the supervisor makes processes known. */
#include "daemon/ipc/control.h"

#include "daemon/ipc/cookie.h"
#include "lib/wire/reader.h"

enum { ALGORITHM_MAX = 64, BLOB_MAX = 16384, NAME_MAX_LEN = 250 };

static bool
is_role(uint32_t role)
{
	switch ((enum ipc_role)role) {
	case IPC_ROLE_SUPERVISOR:
	case IPC_ROLE_KEYHOLDER:
	case IPC_ROLE_GATE:
	case IPC_ROLE_LOGIN:
	case IPC_ROLE_SESSION:
	case IPC_ROLE_SERVICE:
	case IPC_ROLE_LEDGER:
		return true;
	case IPC_ROLE_WORKER:
		break; /* its keyholder's alone */
	}
	return false;
}

enum sp_status
control_peer_encode(const struct control_peer *peer, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u32(&w, peer->role);
	writer_u32(&w, peer->id);
	writer_u32(&w, peer->pid);
	writer_string_max(&w, peer->link, COOKIE_KEY_LEN);
	writer_u32(&w, peer->part);
	writer_u32(&w, peer->parts);
	writer_bool(&w, peer->is_steered);
	return writer_finish(&w);
}

enum sp_status
control_peer_decode(struct sp_view body, struct control_peer *peer)
{
	struct control_peer got;
	struct reader r;
	uint32_t role;
	enum sp_status status;

	reader_init(&r, body);
	role = reader_u32(&r);
	if (!is_role(role))
		reader_fail(&r);
	got.role = (enum ipc_role)role;
	got.id = reader_u32(&r);
	got.pid = reader_u32(&r);
	got.link = reader_string_max(&r, COOKIE_KEY_LEN);
	got.part = reader_u32(&r);
	got.parts = reader_u32(&r);
	got.is_steered = reader_bool(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*peer = got;
	return status;
}

enum sp_status
control_host_keys_encode(
    const struct control_host_keys *keys, struct buffer *out)
{
	struct writer w;

	if (keys->count > CONTROL_HOST_KEYS_MAX ||
	    keys->listener_count > CONTROL_LISTENERS_MAX)
		return SP_ERR_LIMIT;
	writer_init(&w, out);
	writer_u32(&w, (uint32_t)keys->count);
	for (size_t i = 0; i < keys->count; i++) {
		writer_string_max(&w, keys->keys[i].algorithm, ALGORITHM_MAX);
		writer_string_max(&w, keys->keys[i].blob, BLOB_MAX);
		writer_u64(&w, keys->keys[i].listeners);
	}
	writer_u32(&w, (uint32_t)keys->listener_count);
	for (size_t i = 0; i < keys->listener_count; i++)
		writer_string_max(&w, keys->listeners[i], NAME_MAX_LEN);
	return writer_finish(&w);
}

enum sp_status
control_host_keys_decode(struct sp_view body, struct control_host_keys *keys)
{
	struct control_host_keys got = { 0 };
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.count = reader_u32(&r);
	if (got.count > CONTROL_HOST_KEYS_MAX)
		return SP_ERR_FORMAT;
	for (size_t i = 0; i < got.count; i++) {
		got.keys[i].algorithm = reader_string_max(&r, ALGORITHM_MAX);
		got.keys[i].blob = reader_string_max(&r, BLOB_MAX);
		got.keys[i].listeners = reader_u64(&r);
	}
	got.listener_count = reader_u32(&r);
	if (got.listener_count > CONTROL_LISTENERS_MAX)
		return SP_ERR_FORMAT;
	for (size_t i = 0; i < got.listener_count; i++)
		got.listeners[i] = reader_string_max(&r, NAME_MAX_LEN);
	status = reader_finish(&r);
	if (status == SP_OK)
		*keys = got;
	return status;
}

uint64_t
control_host_keys_of(
    const struct control_host_keys *keys, struct sp_view listener)
{
	for (size_t i = 0; i < keys->listener_count; i++)
		if (view_equal(keys->listeners[i], listener))
			return UINT64_C(1) << i;
	return 0;
}

enum sp_status
control_listener_encode(
    const struct control_listener *listener, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_string_max(&w, listener->name, NAME_MAX_LEN);
	writer_bool(&w, listener->is_steered);
	return writer_finish(&w);
}

enum sp_status
control_listener_decode(struct sp_view body, struct control_listener *listener)
{
	struct control_listener got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.name = reader_string_max(&r, NAME_MAX_LEN);
	got.is_steered = reader_bool(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*listener = got;
	return status;
}

enum sp_status
control_connection_encode(
    const struct control_connection *connection, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u64(&w, connection->number);
	writer_string_max(&w, connection->listener, NAME_MAX_LEN);
	claim_write(&w, &connection->claim);
	return writer_finish(&w);
}

enum sp_status
control_connection_decode(
    struct sp_view body, struct control_connection *connection)
{
	struct control_connection got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.number = reader_u64(&r);
	got.listener = reader_string_max(&r, NAME_MAX_LEN);
	got.claim = claim_read(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*connection = got;
	return status;
}
