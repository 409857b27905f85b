/* The end of a connection, said by one side. */
#include "lib/transport/disconnect.h"

enum sp_status
disconnect_send(struct transport *t, uint32_t reason, const char *description)
{
	struct writer w;

	transport_begin(t, &w, SSH_MSG_DISCONNECT);
	writer_u32(&w, reason);
	writer_cstring(&w, description);
	writer_cstring(&w, ""); /* language */
	return transport_end(t, &w);
}

enum sp_status
disconnect_receive(struct transport *t, struct reader *r)
{
	uint32_t reason = reader_u32(r);
	struct sp_view description = reader_string(r);
	struct sp_event *event;
	enum sp_status status;

	/* Some old peers leave the language out. */
	if (r->left > 0)
		reader_string(r);
	status = reader_finish(r);
	if (status != SP_OK)
		return status;
	t->is_closed = true;
	t->question = 0;
	event = event_push(&t->events, SP_EVENT_CLOSED);
	event->u.closed.status = SP_ERR_DISCONNECTED;
	event->u.closed.by_peer = true;
	event->u.closed.reason = reason;
	event->u.closed.description = description;
	return SP_OK;
}
