/* One session after the other, when there is room for it. */
#include "daemon/supervisor/recount.h"

#include "daemon/log/log.h"

#include <event2/event.h>
#include <unistd.h>

bool
recount_is_under_way(const struct recount *r)
{
	return r->writable != NULL;
}

void
recount_end(struct recount *r)
{
	if (r->writable == NULL)
		return;
	event_free(r->writable);
	r->writable = NULL;
	close(r->socket);
}

static void
on_writable(evutil_socket_t socket, short what, void *arg)
{
	struct recount *r = arg;
	enum sp_status status =
	    logsource_tell_guests(r->sink, socket, r->round);

	(void)what;
	if (status == SP_ERR_AGAIN)
		return;
	if (status != SP_OK && status != SP_ERR_EOF)
		log_event(EVENT_PROCESS_FAILED,
		    LOG_FIELDS(log_text(FIELD_ROLE, "ledger"),
			log_text(
			    FIELD_REASON, "it cannot be told of all sessions"),
			log_text(FIELD_REMEDY, "allow more open files")));
	recount_end(r);
}

void
recount_begin(struct recount *r, struct logsource_sink *sink, int socket)
{
	recount_end(r);
	*r = (struct recount){
		.sink = sink,
		.socket = socket,
		.round = ++sink->rounds,
	};
	r->writable = event_new(
	    sink->base, socket, EV_WRITE | EV_PERSIST, on_writable, r);
	if (r->writable == NULL)
		close(socket);
	else if (event_add(r->writable, NULL) != 0)
		recount_end(r);
}
