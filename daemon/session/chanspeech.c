/* Speaking: data and what waits of it, room, the end; module.h's part. */
#include "daemon/session/chanspeech.h"

#include "daemon/modload/modlog.h"
#include "daemon/session/chan.h"

#include <event2/event.h>

/* Who sends so much at once is uploading. */
enum { BULK = 16384 };

static struct sp_engine *
engine_of(struct sp_chan *chan)
{
	return pump_engine(session_pump(chan->session));
}

static const struct sp_handler_ops *
ops_of(const struct sp_chan *chan)
{
	return &chan->handler->module.handler;
}

bool
chanspeech_is_held(const struct sp_chan *chan)
{
	return chan->was_accepted && ops_of(chan)->data != NULL &&
	    chan->pid == 0 && !chan->is_exiting && !chan->is_closing;
}

/* ---- the handler's turns ---- */

/* It may be told of room while it is speaking: once is enough. */
static void
speak(struct sp_chan *chan)
{
	if (chan->is_speaking || ops_of(chan)->speak == NULL)
		return;
	chan->is_speaking = true;
	modlog_set_speaker(chan->handler->name);
	ops_of(chan)->speak(chan);
	modlog_set_speaker(NULL);
	chan->is_speaking = false;
}

static size_t
hear(struct sp_chan *chan, struct sp_view data)
{
	size_t taken;

	modlog_set_speaker(chan->handler->name);
	taken = ops_of(chan)->data(chan, data);
	modlog_set_speaker(NULL);
	return taken < data.len ? taken : data.len;
}

static void
tell_eof(struct sp_chan *chan)
{
	chan->has_eof = false;
	if (ops_of(chan)->eof == NULL)
		return;
	modlog_set_speaker(chan->handler->name);
	ops_of(chan)->eof(chan);
	modlog_set_speaker(NULL);
	speak(chan);
}

static struct sp_view
waiting(struct sp_chan *chan)
{
	return sp_channel_queue(engine_of(chan), chan->number, 0);
}

void
chanspeech_go(struct sp_chan *chan)
{
	struct sp_view data;
	size_t taken;

	if (chan->is_speaking)
		return;
	speak(chan);
	while (chanspeech_is_held(chan) && (data = waiting(chan)).len > 0) {
		taken = hear(chan, data);
		if (taken == 0)
			return;
		sp_channel_consume(engine_of(chan), chan->number, 0, taken);
		speak(chan);
	}
	if (chanspeech_is_held(chan) && chan->has_eof)
		tell_eof(chan);
}

void
chanspeech_event(struct sp_chan *chan, const struct sp_event *event)
{
	bool is_data = event->kind == SP_EVENT_CHANNEL_DATA;
	struct sp_view data = view_of(NULL, 0);

	if (is_data)
		data = event->u.channel_data.data;
	if (data.len >= BULK)
		session_acknowledge(chan->session);
	/* Behind what waits in the queue nothing comes as an event. */
	if (is_data && data.len > 0)
		sp_channel_took(
		    engine_of(chan), chan->number, hear(chan, data));
	chanspeech_go(chan);
	chan_look_exiting(chan);
}

/* ---- the functions of module.h ---- */

size_t
sp_chan_reserve(
    struct sp_chan *chan, size_t want, struct iovec *parts, size_t *count)
{
	size_t len = 0;

	if (!chan->is_speaking ||
	    sp_channel_reserve(
		engine_of(chan), chan->number, 0, want, parts, count) != SP_OK)
		*count = 0;
	for (size_t i = 0; i < *count; i++)
		len += parts[i].iov_len;
	if (chan->is_speaking && len < want)
		pump_wait(session_pump(chan->session), &chan->waiter);
	return len;
}

void
sp_chan_commit(struct sp_chan *chan, size_t len)
{
	/* Fails only where the connection has ended. */
	if (sp_channel_commit(engine_of(chan), len) != SP_OK)
		return;
}

size_t
sp_chan_send(struct sp_chan *chan, const void *data, size_t len)
{
	size_t taken = 0;

	if (!chan->is_speaking ||
	    sp_channel_write(engine_of(chan), chan->number, 0,
		view_of(data, len), &taken) != SP_OK)
		taken = 0;
	if (chan->is_speaking && taken < len)
		pump_wait(session_pump(chan->session), &chan->waiter);
	return taken;
}

static void
resume(void *arg)
{
	struct sp_chan *chan = arg;

	if (chanspeech_is_held(chan))
		chanspeech_go(chan);
	chan_look_exiting(chan);
}

static void
on_resumption(evutil_socket_t fd, short what, void *arg)
{
	struct sp_chan *chan = arg;

	(void)fd;
	(void)what;
	pump_turn(session_pump(chan->session), resume, chan);
}

/* By a timer: what is active at once would come before the socket does. */
void
sp_chan_resume(struct sp_chan *chan)
{
	static const struct timeval now = { 0 };

	if (chan->resumption == NULL)
		chan->resumption = evtimer_new(
		    session_base(chan->session), on_resumption, chan);
	/* Without memory the channel would stand still for ever. */
	if (chan->resumption == NULL ||
	    evtimer_add(chan->resumption, &now) != 0)
		session_end(chan->session, SP_DISCONNECT_BY_APPLICATION,
		    "out of memory");
}
