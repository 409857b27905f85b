/* A message that is there to be answered, and its answer. */
#include "lib/transport/ping.h"

#include "lib/transport/packet.h"

/* What of a message is not its data: number and length. */
enum { PING_HEADER = 1 + 4 };

enum sp_status
ping_send(struct transport *t, struct sp_view data)
{
	enum sp_status status;
	struct writer w;

	if ((t->extensions & EXTENSION_PING) == 0 || !t->is_trusted)
		return SP_ERR_STATE;
	transport_begin(t, &w, SSH_MSG_PING);
	writer_string(&w, data);
	status = transport_end(t, &w);
	if (status == SP_OK)
		t->pings++;
	return status;
}

/*
 * A stranger gets no answer, nor does anybody while an answer would have to
 * wait for an exchange of keys: what waits must not grow with questions
 * that cost the peer nothing. Nor is there one that would make a longer
 * packet than every peer takes (RFC 4253 6.1).
 */
enum sp_status
ping_receive(struct transport *t, struct reader *r)
{
	struct sp_view data = reader_string(r);
	enum sp_status status = reader_finish(r);
	struct writer w;

	if (status != SP_OK || !t->is_trusted || transport_is_exchanging(t) ||
	    data.len > PACKET_PAYLOAD_MAX - PING_HEADER)
		return status;
	transport_begin(t, &w, SSH_MSG_PONG);
	writer_string(&w, data);
	return transport_end(t, &w);
}

enum sp_status
ping_receive_pong(struct transport *t, struct reader *r)
{
	struct sp_view data = reader_string(r);
	enum sp_status status = reader_finish(r);

	if (status != SP_OK)
		return status;
	if (t->pings == 0)
		return SP_ERR_UNEXPECTED_MESSAGE;
	t->pings--;
	event_push(&t->events, SP_EVENT_PONG)->u.pong.data = data;
	return SP_OK;
}
