/* Who is at the desk: entered, read, answered, gone. */
#include "daemon/keyholder/peer.h"

#include "daemon/keyholder/serials.h"
#include "daemon/log/log.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

/* The row of SIGNED. */
enum { ANSWER_MAX = 4096 };

static void on_readable(evutil_socket_t, short, void *);
static void on_rested(evutil_socket_t, short, void *);
static void on_answered(void *arg, enum sp_status);
static void on_sweep(evutil_socket_t, short, void *);

bool
peer_company_open(struct peer_company *company, struct event_base *base,
    const struct peer_owner *owner, void *arg)
{
	uint8_t *room;

	*company =
	    (struct peer_company){ .base = base, .owner = owner, .arg = arg };
	LIST_INIT(&company->present);
	LIST_INIT(&company->gone);
	buffer_init(&company->answer, ANSWER_MAX);
	company->sweep = event_new(base, -1, 0, on_sweep, company);
	/* Kept: to refuse somebody for want of memory must not need any. */
	return company->sweep != NULL &&
	    buffer_room(&company->answer, ANSWER_MAX, &room) == SP_OK &&
	    event_priority_set(company->sweep, PEER_FIRST) == 0;
}

static void
peer_free(struct peer *peer)
{
	if (peer->readable != NULL)
		event_free(peer->readable);
	if (peer->rested != NULL)
		event_free(peer->rested);
	outbox_clear(&peer->answers);
	secret_clear(&peer->link);
	free(peer->serials);
	workshop_leave(peer->company->workshop, &peer->customer);
	close(peer->socket);
	free(peer);
}

void
peer_leave(struct peer *peer)
{
	struct peer_company *company = peer->company;

	event_del(peer->readable);
	event_del(peer->rested);
	outbox_stop(&peer->answers);
	workshop_leave(company->workshop, &peer->customer);
	LIST_REMOVE(peer, entry);
	if (peer->role == IPC_ROLE_SESSION)
		company->sessions--;
	LIST_INSERT_HEAD(&company->gone, peer, entry);
	peer_company_sweep(company);
}

static void
free_all(struct peer_list *list)
{
	struct peer *peer;

	while ((peer = LIST_FIRST(list)) != NULL) {
		LIST_REMOVE(peer, entry);
		peer_free(peer);
	}
}

static void
on_sweep(evutil_socket_t socket, short what, void *arg)
{
	struct peer_company *company = arg;

	(void)socket;
	(void)what;
	free_all(&company->gone);
	company->owner->swept(company->arg);
}

void
peer_company_sweep(struct peer_company *company)
{
	event_active(company->sweep, EV_TIMEOUT, 1);
}

void
peer_company_close(struct peer_company *company)
{
	free_all(&company->present);
	free_all(&company->gone);
	if (company->sweep != NULL)
		event_free(company->sweep);
	buffer_clear(&company->answer);
}

struct peer *
peer_enter(
    struct peer_company *company, enum ipc_role role, uint32_t id, int socket)
{
	struct peer *peer = calloc(1, sizeof *peer);
	struct event_base *base = company->base;
	bool has_outbox;

	if (peer == NULL) {
		close(socket);
		return NULL;
	}
	*peer = (struct peer){
		.company = company, .role = role, .id = id, .socket = socket
	};
	workshop_enter(&peer->customer,
	    role == IPC_ROLE_GATE ? WORKSHOP_STRANGER : WORKSHOP_SESSION);
	has_outbox =
	    outbox_open(&peer->answers, base, socket, on_answered, peer);
	peer->readable =
	    event_new(base, socket, EV_READ | EV_PERSIST, on_readable, peer);
	peer->rested = event_new(base, -1, 0, on_rested, peer);
	if (!has_outbox || peer->readable == NULL || peer->rested == NULL ||
	    event_priority_set(peer->readable,
		role == IPC_ROLE_GATE ? PEER_STRANGERS : PEER_FIRST) != 0 ||
	    event_add(peer->readable, NULL) != 0) {
		peer_free(peer);
		return NULL;
	}
	LIST_INSERT_HEAD(&company->present, peer, entry);
	if (role == IPC_ROLE_SESSION)
		company->sessions++;
	return peer;
}

void
peer_refuse(struct peer *peer, const char *reason)
{
	log_event(EVENT_PEER_REFUSED,
	    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(peer->role)),
		log_number(FIELD_PEER, peer->id),
		log_text(FIELD_REASON, reason)));
	peer_leave(peer);
}

void
peer_go_on(struct peer *peer)
{
	if (event_pending(peer->rested, EV_TIMEOUT, NULL))
		return;
	if (outbox_is_empty(&peer->answers) &&
	    workshop_has_room(peer->company->workshop, &peer->customer))
		event_add(peer->readable, NULL);
	else
		event_del(peer->readable);
}

void
peer_answer(struct peer *peer, enum ipc_type type)
{
	struct buffer *answer = &peer->company->answer;
	enum sp_status status =
	    outbox_send(&peer->answers, type, buffer_view(answer));

	buffer_consume(answer, buffer_len(answer));
	if (status == SP_OK || status == SP_ERR_AGAIN)
		peer_go_on(peer);
	else
		peer_leave(peer);
}

static void
on_answered(void *arg, enum sp_status status)
{
	struct peer *peer = arg;

	if (status == SP_OK)
		peer_go_on(peer);
	else
		peer_leave(peer);
}

void
peer_rest(struct peer *peer, uint64_t ms)
{
	const struct timeval time = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	event_del(peer->readable);
	event_add(peer->rested, &time);
}

static void
on_rested(evutil_socket_t socket, short what, void *arg)
{
	(void)socket;
	(void)what;
	peer_go_on(arg);
}

static void
on_readable(evutil_socket_t socket, short what, void *arg)
{
	struct peer *peer = arg;

	(void)socket;
	(void)what;
	peer->company->owner->readable(peer->company->arg, peer);
}
