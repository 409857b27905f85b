/* The flow of requests and answers. */
#include "modules/sftp/conversation.h"

#include "modules/sftp/operation.h"
#include "modules/sftp/sftpanswer.h"

#include <string.h>

static void on_done(struct sp_reply *, uint32_t);

void
conversation_init(struct conversation *c, struct sp_chan *chan,
    const struct sp_storage_ops *ops, struct sp_store *store)
{
	c->chan = chan;
	c->ops = ops;
	c->store = store;
	sftpframe_init(&c->frame);
	buffer_init(&c->out, CONVERSATION_OUT_MAX);
}

void
conversation_clear(struct conversation *c)
{
	if (c->store != NULL)
		c->ops->detach(c->store);
	handletable_clear(&c->handles);
	sftpframe_clear(&c->frame);
	buffer_clear(&c->out);
}

/* ---- the storage's answers ---- */

struct sp_reply *
conversation_reply(struct conversation *c)
{
	c->reply = (struct sp_reply){
		.size = sizeof c->reply,
		.done = on_done,
	};
	return &c->reply;
}

void
conversation_settle(
    struct conversation *c, conversation_step *next, uint32_t status)
{
	if (status == SP_FILE_LATER) {
		c->next = next;
		c->is_waiting = true;
		return;
	}
	next(c, status);
}

static void
on_done(struct sp_reply *reply, uint32_t status)
{
	struct conversation *c = (struct conversation *)((char *)reply -
	    offsetof(struct conversation, reply));

	if (!c->is_waiting)
		return;
	c->is_waiting = false;
	c->next(c, status == SP_FILE_LATER ? SP_FILE_FAILED : status);
	sp_chan_resume(c->chan);
}

/* ---- hearing ---- */

static bool
can_hear(const struct conversation *c)
{
	return !c->is_broken && !c->is_waiting && !c->is_reading &&
	    !c->is_copying && buffer_len(&c->out) < CONVERSATION_ANSWERS;
}

static void
hear_message(struct conversation *c, struct sp_view data)
{
	enum sp_status status = sftpmessage_decode(
	    &c->request, data, SFTPMESSAGE_CLIENT, SFTPMESSAGE_UNKNOWN);
	bool is_first = c->request.kind == SFTPMESSAGE_INIT;

	/* Who has no id to be answered by, or begins twice, is no client. */
	if (is_first == c->has_begun || data.len < 5) {
		c->is_broken = true;
		return;
	}
	c->has_begun = true;
	if (status == SP_OK)
		operation_begin(c);
	else
		sftpanswer_status(c, SP_FILE_BAD_MESSAGE, NULL);
}

static void
end_write(struct conversation *c)
{
	c->is_writing = false;
	sftpanswer_status(c, c->write_status, c->reply.reason);
}

static void
wrote(struct conversation *c, uint32_t status)
{
	if (status != SP_FILE_OK)
		c->write_status = status;
	if (c->frame.left == 0)
		end_write(c);
}

static void
begin_write(struct conversation *c)
{
	if (!c->has_begun) {
		c->is_broken = true;
		return;
	}
	conversation_reply(c);
	c->is_writing = true;
	c->write_status = operation_check_write(c);
	if (c->frame.left == 0)
		end_write(c);
}

/* What follows a failure is passed over; it is answered at the end. */
static void
write_data(struct conversation *c, struct sp_view data)
{
	uint64_t offset = c->request.offset;

	c->request.offset += data.len;
	if (c->write_status != SP_FILE_OK)
		wrote(c, c->write_status);
	else
		conversation_settle(c, wrote,
		    c->ops->write(conversation_reply(c), c->store,
			c->entry->file, offset, data));
}

size_t
conversation_hear(struct conversation *c, struct sp_view input)
{
	size_t len = input.len;
	struct sftpmessage message;
	struct sp_view data;

	while (can_hear(c)) {
		switch (sftpframe_next(&c->frame, &input, &message, &data)) {
		case SFTPFRAME_NOTHING:
			return len;
		case SFTPFRAME_MESSAGE:
			hear_message(c, data);
			break;
		case SFTPFRAME_WRITE:
			c->request = message;
			begin_write(c);
			break;
		case SFTPFRAME_DATA:
			write_data(c, data);
			break;
		case SFTPFRAME_BROKEN:
			c->is_broken = true;
			break;
		}
	}
	return c->is_broken ? len : len - input.len;
}

/* ---- speaking ---- */

static bool
send_answers(struct conversation *c)
{
	struct sp_view out = buffer_view(&c->out);

	if (c->is_naming)
		return false;
	if (out.len > 0)
		buffer_consume(
		    &c->out, sp_chan_send(c->chan, out.data, out.len));
	return buffer_len(&c->out) == 0;
}

static void
end_if_done(struct conversation *c)
{
	bool is_whole = !sftpframe_is_inside(&c->frame);

	if (c->has_eof)
		sp_chan_exit(c->chan, is_whole ? 0 : 1);
}

void
conversation_speak(struct conversation *c)
{
	while (!c->is_broken && send_answers(c) && !c->is_waiting) {
		if (c->is_reading) {
			if (!sftpanswer_read(c))
				return;
		} else if (c->is_copying) {
			operation_copy(c);
			if (c->is_copying) {
				/* Others have their turn between pieces. */
				sp_chan_resume(c->chan);
				return;
			}
		} else if (buffer_len(&c->out) == 0) {
			end_if_done(c);
			return;
		}
	}
	if (c->is_broken)
		sp_chan_exit(c->chan, 1);
}

void
conversation_end(struct conversation *c)
{
	c->has_eof = true;
}
