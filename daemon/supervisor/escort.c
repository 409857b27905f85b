/* Gates for one connection each: started, given it, and forgotten. */
#include "daemon/supervisor/escort.h"

#include "daemon/log/log.h"
#include "daemon/log/repetition.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BODY_MAX = 512 /* of CONNECTION */ };

struct escort {
	struct escorts *all;
	void *crew; /* NULL once it was introduced */
	struct member *member;
	struct buffer body; /* what it is to be sent */
	int fds[2]; /* with it; -1 once sent */
	struct event *late;
	LIST_ENTRY(escort) link;
};

static void
close_fds(struct escort *escort)
{
	for (size_t i = 0; i < 2; i++) {
		if (escort->fds[i] >= 0)
			close(escort->fds[i]);
		escort->fds[i] = -1;
	}
}

static void
escort_free(struct escort *escort)
{
	LIST_REMOVE(escort, link);
	escort->all->count--;
	close_fds(escort);
	buffer_clear(&escort->body);
	if (escort->late != NULL)
		event_free(escort->late);
	free(escort);
}

static void
on_ready(void *arg, struct member *member)
{
	struct escort *escort = arg;

	escort->all->introduce(escort->crew, member);
	escort->crew = NULL;
	member_send(
	    member, IPC_CONNECTION, buffer_view(&escort->body), escort->fds, 2);
	close_fds(escort);
	buffer_clear(&escort->body);
}

static void
on_ended(void *arg, struct member *member, int status)
{
	member_log_end(member, status);
	escort_free(arg);
}

static const struct member_owner escort_owner = {
	.argument = "--connection",
	.ready = on_ready,
	.ended = on_ended,
};

/* Its stranger's time was over long ago. */
static void
on_late(int socket, short what, void *arg)
{
	struct escort *escort = arg;

	(void)socket;
	(void)what;
	member_kill(escort->member);
}

/* Its connection ends; strangers can bring it about as often as they like. */
static void
log_failure(int error)
{
	static struct repetition repetition;
	struct log_field fields[3] = {
		log_text(FIELD_ROLE, "gate"),
		log_text(FIELD_REASON, strerror(error)),
	};
	size_t count = 2;
	uint64_t left_out;

	if (!repetition_allows(&repetition, member_now(), &left_out))
		return;
	if (left_out > 0)
		fields[count++] = log_number(FIELD_COUNT, left_out);
	log_event(EVENT_PROCESS_NOT_STARTED, fields, count);
}

static bool
start(struct escort *escort, const struct escort_orders *orders)
{
	const struct timeval time = {
		.tv_sec = (time_t)(orders->time / 1000) + 1,
	};
	struct event_base *base = escort->all->house->sink->base;

	escort->late = event_new(base, -1, 0, on_late, escort);
	if (escort->late == NULL || event_add(escort->late, &time) != 0)
		return false;
	escort->member = member_start(escort->all->house, IPC_ROLE_GATE,
	    orders->gate, &orders->kit, &escort_owner, escort);
	/* Nobody takes its place. */
	if (escort->member != NULL)
		escort->member->is_retiring = escort->member->is_escort = true;
	return escort->member != NULL;
}

void
escort_start(struct escorts *all, const struct escort_orders *orders,
    struct ipc_message *message)
{
	struct escort *escort =
	    all->count < CONTROL_ESCORTS_MAX ? calloc(1, sizeof *escort) : NULL;

	if (escort == NULL) {
		ipc_close_fds(message);
		return;
	}
	*escort = (struct escort){
		.all = all,
		.crew = orders->crew,
		.fds = { message->fds[0], message->fds[1] },
	};
	message->fds[0] = message->fds[1] = -1;
	LIST_INSERT_HEAD(&all->all, escort, link);
	all->count++;
	buffer_init(&escort->body, BODY_MAX);
	if (buffer_append(&escort->body, message->body) != SP_OK ||
	    !start(escort, orders)) {
		log_failure(errno);
		escort_free(escort);
	}
}

void
escort_move(struct escorts *all, const void *from, void *to)
{
	struct escort *escort;

	LIST_FOREACH(escort, &all->all, link)
	if (escort->crew == from)
		escort->crew = to;
}

void
escort_free_all(struct escorts *all)
{
	while (!LIST_EMPTY(&all->all)) {
		struct escort *escort = LIST_FIRST(&all->all);

		member_disown(escort->member);
		escort_free(escort);
	}
}
