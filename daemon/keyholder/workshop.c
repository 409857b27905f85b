/* Orders that wait for the worker. */
#include "daemon/keyholder/workshop.h"

#include "daemon/ipc/work.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

/* The row of WORK. */
enum { ORDER_MAX = 20480 };

struct workshop_job {
	struct workshop_customer *customer; /* NULL: he has left */
	uint64_t id;
	struct signature what;
	struct buffer order; /* as it is sent */
	STAILQ_ENTRY(workshop_job) entry;
};

struct workshop {
	int socket; /* -1 once the worker was lost */
	struct event *readable;
	const struct workshop_owner *owner;
	void *arg;
	uint64_t last_id;
	struct workshop_job *making; /* the one that the worker has */
	struct {
		size_t open;
		TAILQ_HEAD(, workshop_customer) turns; /* the first is next */
	} kinds[WORKSHOP_KINDS];
	uint8_t room[IPC_ROOM];
};

static void on_readable(evutil_socket_t, short, void *);

struct workshop *
workshop_new(struct event_base *base, int socket,
    const struct workshop_owner *owner, void *arg)
{
	struct workshop *w = calloc(1, sizeof *w);

	if (w == NULL) {
		close(socket);
		return NULL;
	}
	w->socket = socket;
	w->owner = owner;
	w->arg = arg;
	for (size_t i = 0; i < WORKSHOP_KINDS; i++)
		TAILQ_INIT(&w->kinds[i].turns);
	w->readable =
	    event_new(base, socket, EV_READ | EV_PERSIST, on_readable, w);
	if (w->readable == NULL || event_priority_set(w->readable, 0) != 0 ||
	    event_add(w->readable, NULL) != 0) {
		workshop_free(w);
		return NULL;
	}
	return w;
}

static void
free_job(struct workshop_job *job)
{
	signature_clear(&job->what);
	buffer_clear(&job->order);
	free(job);
}

void
workshop_free(struct workshop *w)
{
	if (w == NULL)
		return;
	if (w->making != NULL)
		free_job(w->making);
	if (w->readable != NULL)
		event_free(w->readable);
	if (w->socket >= 0)
		close(w->socket);
	free(w);
}

static void
lose_worker(struct workshop *w)
{
	event_del(w->readable);
	close(w->socket);
	w->socket = -1;
	w->owner->lost(w->arg);
}

/* ---- customers ---- */

void
workshop_enter(struct workshop_customer *customer, enum workshop_kind kind)
{
	*customer = (struct workshop_customer){ .kind = kind };
	STAILQ_INIT(&customer->waiting);
}

bool
workshop_has_room(
    const struct workshop *w, const struct workshop_customer *customer)
{
	if (w == NULL)
		return true;
	return customer->open <
	    (w->kinds[customer->kind].open < WORKSHOP_KIND_MAX
		    ? WORKSHOP_CUSTOMER_MAX
		    : 1);
}

/* The next of whose turn it is, who then is the last. */
static struct workshop_job *
take_next(struct workshop *w)
{
	for (size_t i = 0; i < WORKSHOP_KINDS; i++) {
		struct workshop_customer *customer =
		    TAILQ_FIRST(&w->kinds[i].turns);
		struct workshop_job *job;

		if (customer == NULL)
			continue;
		job = STAILQ_FIRST(&customer->waiting);
		STAILQ_REMOVE_HEAD(&customer->waiting, entry);
		TAILQ_REMOVE(&w->kinds[i].turns, customer, turn);
		if (!STAILQ_EMPTY(&customer->waiting))
			TAILQ_INSERT_TAIL(&w->kinds[i].turns, customer, turn);
		return job;
	}
	return NULL;
}

/* What cannot be sent is as good as a worker that has gone. */
static void
begin_next(struct workshop *w)
{
	if (w->making != NULL || w->socket < 0)
		return;
	w->making = take_next(w);
	if (w->making != NULL &&
	    ipc_send(w->socket, IPC_WORK, buffer_view(&w->making->order), NULL,
		0) != SP_OK)
		lose_worker(w);
}

static void
close_order(struct workshop *w, struct workshop_customer *customer)
{
	customer->open--;
	w->kinds[customer->kind].open--;
}

void
workshop_leave(struct workshop *w, struct workshop_customer *customer)
{
	struct workshop_job *job;

	if (w == NULL || customer->open == 0)
		return;
	if (!STAILQ_EMPTY(&customer->waiting))
		TAILQ_REMOVE(&w->kinds[customer->kind].turns, customer, turn);
	while ((job = STAILQ_FIRST(&customer->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&customer->waiting, entry);
		close_order(w, customer);
		free_job(job);
	}
	if (w->making == NULL || w->making->customer != customer)
		return;
	w->making->customer = NULL;
	close_order(w, customer);
}

/* ---- orders ---- */

static struct workshop_job *
new_job(struct workshop *w, struct workshop_customer *customer,
    const struct signature *what)
{
	struct workshop_job *job = calloc(1, sizeof *job);
	const struct work_order order = {
		.id = w->last_id + 1,
		.key =
		    view_of(what->key->blob_hash, sizeof what->key->blob_hash),
		.algorithm = view_of_string(what->algorithm),
		.data = buffer_view(&what->data),
	};

	if (job == NULL)
		return NULL;
	job->customer = customer;
	job->id = ++w->last_id;
	buffer_init(&job->order, ORDER_MAX);
	if (work_order_encode(&order, &job->order) != SP_OK) {
		buffer_clear(&job->order);
		free(job);
		return NULL;
	}
	return job;
}

enum sp_status
workshop_order(struct workshop *w, struct workshop_customer *customer,
    struct signature *what)
{
	struct workshop_job *job;

	if (w == NULL || w->socket < 0)
		return SP_ERR_STATE;
	if (!workshop_has_room(w, customer))
		return SP_ERR_LIMIT;
	job = new_job(w, customer, what);
	if (job == NULL)
		return SP_ERR_MEMORY;
	job->what = *what;
	signature_init(what, what->id);
	if (STAILQ_EMPTY(&customer->waiting))
		TAILQ_INSERT_TAIL(
		    &w->kinds[customer->kind].turns, customer, turn);
	STAILQ_INSERT_TAIL(&customer->waiting, job, entry);
	customer->open++;
	w->kinds[customer->kind].open++;
	begin_next(w);
	return SP_OK;
}

/* The worker has the next before this one is told. */
static void
finish(struct workshop *w, struct sp_view signature)
{
	struct workshop_job *job = w->making;
	struct workshop_customer *customer = job->customer;

	w->making = NULL;
	if (customer != NULL)
		close_order(w, customer);
	begin_next(w);
	if (customer != NULL)
		w->owner->made(w->arg, customer, &job->what, signature);
	free_job(job);
}

static void
on_readable(evutil_socket_t socket, short what, void *arg)
{
	struct workshop *w = arg;
	struct work_result result;
	struct ipc_message message;
	enum sp_status status = ipc_receive(
	    socket, IPC_ROLE_WORKER, IPC_ROLE_KEYHOLDER, w->room, &message);

	(void)what;
	if (status == SP_ERR_AGAIN)
		return;
	if (status == SP_OK)
		status = message.type == IPC_WORKED
		    ? work_result_decode(message.body, &result)
		    : SP_ERR_UNEXPECTED_MESSAGE;
	if (status != SP_OK || w->making == NULL || result.id != w->making->id)
		lose_worker(w);
	else
		finish(w, result.signature);
}
