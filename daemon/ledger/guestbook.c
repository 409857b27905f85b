/* Sessions by their sockets, and a count for each identity. */
#include "daemon/ledger/guestbook.h"

#include "daemon/ipc/ipc.h"
#include "daemon/log/log.h"

#include <event2/event.h>
#include <poll.h>
#include <search.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	/* A full queue is tried again: for four seconds. */
	TRIES = 2000,
	PAUSE_MS = 2,
};

struct identity {
	uint32_t sessions;
	size_t len;
	uint8_t name[];
};

struct guest_entry {
	struct guestbook *book;
	struct identity *identity;
	uint32_t max; /* as it was admitted by */
	int socket;
	struct event *readable;
	LIST_ENTRY(guest_entry) link;
};

/* ---- identities ---- */

static int
compare(const void *a, const void *b)
{
	const struct identity *one = a, *other = b;

	if (one->len != other->len)
		return one->len < other->len ? -1 : 1;
	return memcmp(one->name, other->name, one->len);
}

static struct identity *
identity_new(struct sp_view name)
{
	struct identity *identity = malloc(sizeof *identity + name.len);

	if (identity == NULL)
		return NULL;
	identity->sessions = 0;
	identity->len = name.len;
	memcpy(identity->name, name.data, name.len);
	return identity;
}

/* It lives until as many have left it as are counted. */
static void
leave_identity(struct guestbook *book, struct identity *identity)
{
	if (identity->sessions > 0 && --identity->sessions > 0)
		return;
	tdelete(identity, &book->identities, compare);
	free(identity);
}

/* The one of this name, with one session more; NULL without memory. */
static struct identity *
join_identity(struct guestbook *book, struct sp_view name)
{
	struct identity *fresh = identity_new(name);
	struct identity **found;

	if (fresh == NULL)
		return NULL;
	found = tsearch(fresh, &book->identities, compare);
	if (found == NULL || *found != fresh)
		free(fresh);
	if (found == NULL)
		return NULL;
	(*found)->sessions++;
	return *found;
}

/* ---- guests ---- */

static void
sweep(struct guestbook *book)
{
	struct guest_entry *guest;

	while ((guest = LIST_FIRST(&book->gone)) != NULL) {
		LIST_REMOVE(guest, link);
		event_free(guest->readable);
		free(guest);
	}
}

static void
check_out(struct guest_entry *guest)
{
	struct guestbook *book = guest->book;

	event_del(guest->readable);
	close(guest->socket);
	leave_identity(book, guest->identity);
	book->count--;
	LIST_REMOVE(guest, link);
	LIST_INSERT_HEAD(&book->gone, guest, link);
}

static void
on_guest(int socket, short what, void *arg)
{
	struct guest_entry *guest = arg;
	struct ipc_message message;
	/* The table of messages lets a session say nothing. */
	enum sp_status status = ipc_receive(socket, IPC_ROLE_SESSION,
	    IPC_ROLE_LEDGER, guest->book->room, &message);

	(void)what;
	if (status == SP_ERR_AGAIN)
		return;
	if (status != SP_ERR_EOF)
		log_event(EVENT_PEER_REFUSED,
		    LOG_FIELDS(
			log_text(FIELD_ROLE, ipc_role_name(IPC_ROLE_SESSION)),
			log_text(FIELD_REASON,
			    "a session has nothing to say "
			    "to the ledger")));
	check_out(guest);
}

/* NULL without memory; takes the socket when it succeeds. */
static struct guest_entry *
check_in(struct guestbook *book, const struct lodging *lodging, int socket)
{
	struct guest_entry *guest = calloc(1, sizeof *guest);

	if (guest == NULL)
		return NULL;
	*guest = (struct guest_entry){
		.book = book,
		.identity = join_identity(book, lodging->identity),
		.max = lodging->max,
		.socket = socket,
	};
	if (guest->identity != NULL)
		guest->readable = event_new(
		    book->base, socket, EV_READ | EV_PERSIST, on_guest, guest);
	if (guest->readable != NULL && event_add(guest->readable, NULL) == 0) {
		LIST_INSERT_HEAD(&book->guests, guest, link);
		book->count++;
		return guest;
	}
	if (guest->readable != NULL)
		event_free(guest->readable);
	if (guest->identity != NULL)
		leave_identity(book, guest->identity);
	free(guest);
	return NULL;
}

void
guestbook_init(
    struct guestbook *book, struct event_base *base, uint8_t *room, size_t max)
{
	*book = (struct guestbook){ .base = base, .room = room, .max = max };
	LIST_INIT(&book->guests);
	LIST_INIT(&book->gone);
}

bool
guestbook_admit(
    struct guestbook *book, const struct lodging *lodging, int socket)
{
	struct guest_entry *guest;
	bool is_full;

	sweep(book);
	guest =
	    book->count < book->max ? check_in(book, lodging, socket) : NULL;
	if (guest == NULL) {
		close(socket);
		return false;
	}
	is_full = guest->identity->sessions > lodging->max;
	/* Who is not there any more needs no answer, and no place. */
	if (ipc_send(socket, is_full ? IPC_LODGING_REFUSED : IPC_LODGED,
		view_of(NULL, 0), NULL, 0) != SP_OK ||
	    is_full)
		check_out(guest);
	return true;
}

void
guestbook_inherit(
    struct guestbook *book, const struct lodging *lodging, int socket)
{
	sweep(book);
	if (check_in(book, lodging, socket) == NULL)
		close(socket);
}

/* ---- another ledger ---- */

/* False when that one is gone, or the time is up. */
static bool
hand_on(const struct guest_entry *guest, int heir, unsigned *tries)
{
	const struct lodging lodging = {
		.identity =
		    view_of(guest->identity->name, guest->identity->len),
		.max = guest->max,
	};
	struct buffer body;
	enum sp_status status;

	buffer_init(&body, LODGING_IDENTITY_MAX + 64);
	status = lodging_encode(&lodging, &body);
	while (status == SP_OK) {
		status = ipc_send(
		    heir, IPC_LODGE, buffer_view(&body), &guest->socket, 1);
		if (status == SP_OK || status == SP_ERR_EOF || *tries == 0)
			break;
		/*
		 * That it can be written to does not mean that a descriptor
		 * can be sent, so it is not asked.
		 */
		(*tries)--;
		poll(NULL, 0, PAUSE_MS);
		status = SP_OK;
	}
	buffer_clear(&body);
	return status == SP_OK;
}

void
guestbook_hand_on(struct guestbook *book, int heir)
{
	struct guest_entry *guest;
	unsigned tries = TRIES;

	while ((guest = LIST_FIRST(&book->guests)) != NULL &&
	    hand_on(guest, heir, &tries))
		check_out(guest);
}

void
guestbook_clear(struct guestbook *book)
{
	struct guest_entry *guest;

	while ((guest = LIST_FIRST(&book->guests)) != NULL)
		check_out(guest);
	sweep(book);
}
