/*
 * The public calls of the connection protocol, and the only place where
 * the engine meets it: a program that calls none of them holds none of it.
 */
#include "lib/connection/channel_type.h"
#include "lib/connection/connection.h"
#include "lib/connection/flow.h"
#include "lib/connection/global.h"
#include "lib/connection/global_request.h"
#include "lib/connection/request.h"
#include "lib/connection/session_request.h"
#include "lib/engine.h"
#include "lib/pubkey/hostproof.h"

static const struct engine_connection_ops ops = {
	.receive = connection_receive,
	.settle = connection_settle,
	.raise = connection_raise,
	.can_receive = connection_can_receive,
	.relax = connection_relax,
	.free = connection_free,
};

enum sp_status
sp_engine_enable_connection(struct sp_engine *e)
{
	if (e->connection != NULL)
		return SP_OK;
	e->connection_ops = &ops;
	return connection_new(&e->transport, e->max_channels, e->window_initial,
	    e->window_max, &e->connection);
}

/* Whether channels are there at all, with the last event's view settled. */
static bool
is_ready(struct sp_engine *e)
{
	if (e->connection == NULL || !e->transport.is_trusted ||
	    e->transport.is_closed)
		return false;
	(void)engine_settle(e, connection_settle(e->connection));
	return !e->transport.is_closed;
}

/* The channel a call is about; SP_ERR_CHANNEL when there is none. */
static enum sp_status
get_channel(struct sp_engine *e, uint32_t number, struct channel **channel)
{
	if (!is_ready(e))
		return SP_ERR_STATE;
	*channel = channel_find(e->connection, number);
	if (*channel == NULL || (*channel)->state != CHANNEL_OPEN)
		return SP_ERR_CHANNEL;
	return SP_OK;
}

/* A call that makes no sense, or comes too late, fails alone. */
static enum sp_status
called(struct sp_engine *e, enum sp_status status)
{
	switch (status) {
	case SP_ERR_ARGUMENT:
	case SP_ERR_CHANNEL:
	case SP_ERR_STALE_TOKEN:
	case SP_ERR_STATE:
		return status;
	default:
		return engine_settle(e, status);
	}
}

/*
 * So does one that begins something and finds it too large, or too much
 * waiting already.
 */
static enum sp_status
begun(struct sp_engine *e, enum sp_status status)
{
	return status == SP_ERR_LIMIT ? status : called(e, status);
}

/* ---- opening and closing ---- */

static enum sp_status
open_channel(struct sp_engine *e, const struct form *form, const void *values,
    uint32_t *channel)
{
	if (form == NULL)
		return SP_ERR_ARGUMENT;
	if (!is_ready(e))
		return SP_ERR_STATE;
	return begun(
	    e, channel_send_open(e->connection, form, values, channel));
}

enum sp_status
sp_channel_open(struct sp_engine *e, const char *type, struct sp_view data,
    uint32_t *channel)
{
	const struct form form = form_of_bytes(type);

	return open_channel(e, &form, &data, channel);
}

enum sp_status
sp_open_send(struct sp_engine *e, const struct sp_open *open, uint32_t *channel)
{
	return open_channel(e, channel_type_form(open->type), open, channel);
}

enum sp_status
sp_channel_accept(struct sp_engine *e, sp_token token)
{
	if (!is_ready(e))
		return SP_ERR_STALE_TOKEN;
	return called(e, channel_accept(e->connection, token));
}

enum sp_status
sp_channel_refuse(struct sp_engine *e, sp_token token, uint32_t reason,
    const char *description)
{
	if (!is_ready(e))
		return SP_ERR_STALE_TOKEN;
	return called(
	    e, channel_refuse(e->connection, token, reason, description));
}

enum sp_status
sp_channel_eof(struct sp_engine *e, uint32_t number)
{
	struct channel *channel;
	enum sp_status status = get_channel(e, number, &channel);

	if (status != SP_OK)
		return status;
	return called(e, channel_send_eof(e->connection, channel));
}

enum sp_status
sp_channel_close(struct sp_engine *e, uint32_t number)
{
	struct channel *channel;
	enum sp_status status = get_channel(e, number, &channel);

	if (status != SP_OK)
		return status;
	return called(e, channel_send_close(e->connection, channel));
}

enum sp_status
sp_channel_hold(struct sp_engine *e, uint32_t number)
{
	struct channel *channel;
	enum sp_status status = get_channel(e, number, &channel);

	if (status == SP_OK)
		channel->is_held = true;
	return status;
}

/* ---- requests ---- */

static enum sp_status
send_request(struct sp_engine *e, uint32_t number, const struct form *form,
    const void *values, bool want_reply)
{
	struct channel *channel;
	enum sp_status status;

	if (form == NULL)
		return SP_ERR_ARGUMENT;
	status = get_channel(e, number, &channel);
	if (status != SP_OK)
		return status;
	return begun(
	    e, request_send(e->connection, channel, form, values, want_reply));
}

enum sp_status
sp_channel_request(struct sp_engine *e, uint32_t number, const char *name,
    bool want_reply, struct sp_view data)
{
	const struct form form = form_of_bytes(name);

	return send_request(e, number, &form, &data, want_reply);
}

enum sp_status
sp_request_send(struct sp_engine *e, uint32_t number,
    const struct sp_request *request, bool want_reply)
{
	return send_request(e, number, session_request_form(request->kind),
	    request, want_reply);
}

enum sp_status
sp_channel_answer(struct sp_engine *e, sp_token token, bool success)
{
	if (!is_ready(e))
		return SP_ERR_STALE_TOKEN;
	return called(e, request_answer(e->connection, token, success));
}

static enum sp_status
send_global(struct sp_engine *e, const struct form *form, const void *values,
    bool want_reply)
{
	if (form == NULL)
		return SP_ERR_ARGUMENT;
	if (!is_ready(e))
		return SP_ERR_STATE;
	return begun(e, global_send(e->connection, form, values, want_reply));
}

enum sp_status
sp_global_request(
    struct sp_engine *e, const char *name, bool want_reply, struct sp_view data)
{
	const struct form form = form_of_bytes(name);

	return send_global(e, &form, &data, want_reply);
}

enum sp_status
sp_global_send(
    struct sp_engine *e, const struct sp_global *request, bool want_reply)
{
	if (global_request_check(request) != SP_OK)
		return SP_ERR_ARGUMENT;
	return send_global(
	    e, global_request_form(request->kind), request, want_reply);
}

enum sp_status
sp_global_answer(
    struct sp_engine *e, sp_token token, bool success, struct sp_view data)
{
	if (!is_ready(e))
		return SP_ERR_STALE_TOKEN;
	return called(e, global_answer(e->connection, token, success, data));
}

enum sp_status
sp_forward_port_answer(struct sp_engine *e, sp_token token, uint32_t port)
{
	uint8_t data[4];

	if (port > FORM_PORT_MAX)
		return SP_ERR_ARGUMENT;
	writer_put_u32(data, port);
	return sp_global_answer(
	    e, token, true, view_of(data, port == 0 ? 0 : sizeof data));
}

/* ---- data ---- */

enum sp_status
sp_channel_reserve(struct sp_engine *e, uint32_t number, uint32_t type,
    size_t want, struct iovec *iov, size_t *count)
{
	struct channel *channel;
	enum sp_status status = get_channel(e, number, &channel);

	if (status == SP_OK)
		status = called(e,
		    flow_reserve(
			e->connection, channel, type, want, iov, count));
	if (status != SP_OK || e->transport.is_closed)
		*count = 0;
	return status;
}

enum sp_status
sp_channel_commit(struct sp_engine *e, size_t len)
{
	if (e->connection == NULL || e->transport.is_closed)
		return SP_ERR_STATE;
	return called(e, flow_commit(e->connection, len));
}

enum sp_status
sp_channel_write(struct sp_engine *e, uint32_t number, uint32_t type,
    struct sp_view data, size_t *taken)
{
	enum sp_status status = SP_OK;
	size_t done = 0;

	while (done < data.len) {
		struct iovec iov;
		size_t count = 1;

		status = sp_channel_reserve(
		    e, number, type, data.len - done, &iov, &count);
		if (status != SP_OK || count == 0)
			break;
		memcpy(iov.iov_base, data.data + done, iov.iov_len);
		status = sp_channel_commit(e, iov.iov_len);
		if (status != SP_OK)
			break;
		done += iov.iov_len;
	}
	*taken = done;
	return done > 0 ? SP_OK : status;
}

void
sp_channel_took(struct sp_engine *e, uint32_t number, size_t len)
{
	struct connection *c = e->connection;

	if (c == NULL || c->pending == NULL || c->pending->number != number)
		return;
	if (len > c->pending_data.len)
		len = c->pending_data.len;
	c->pending_data.data += len;
	c->pending_data.len -= len;
	if (!e->transport.is_closed)
		(void)engine_settle(e, flow_credit(c, c->pending, len));
	if (c->pending_data.len == 0)
		c->pending = NULL;
}

/*
 * A channel whose queue can be read: what its peer sent before the end of
 * the connection is still the owner's.
 */
static struct channel *
find_reader(struct sp_engine *e, uint32_t number)
{
	struct channel *channel;

	if (e->connection == NULL)
		return NULL;
	(void)engine_settle(e, connection_settle(e->connection));
	channel = channel_find(e->connection, number);
	if (channel == NULL || channel->state != CHANNEL_OPEN)
		return NULL;
	return channel;
}

struct sp_view
sp_channel_queue(struct sp_engine *e, uint32_t number, uint32_t type)
{
	struct channel *channel = find_reader(e, number);

	if (channel == NULL)
		return view_of(NULL, 0);
	return buffer_view(&channel->queues[type == 0 ? 0 : 1]);
}

void
sp_channel_consume(
    struct sp_engine *e, uint32_t number, uint32_t type, size_t len)
{
	struct channel *channel = find_reader(e, number);
	enum sp_status status;
	struct buffer *queue;

	if (channel == NULL)
		return;
	queue = &channel->queues[type == 0 ? 0 : 1];
	if (len > buffer_len(queue))
		len = buffer_len(queue);
	buffer_consume(queue, len);
	if (e->transport.is_closed)
		return;
	status = flow_credit(e->connection, channel, len);
	if (status == SP_OK)
		status = channel_end_if_drained(e->connection, channel);
	(void)engine_settle(e, status);
}

enum sp_status
sp_host_key_verify_proof(const struct sp_engine *e, struct sp_view host_key,
    struct sp_view signature)
{
	return hostproof_verify(
	    e->transport.crypto, sp_engine_session_id(e), host_key, signature);
}
