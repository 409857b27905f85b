/* Answers that wait for room in a socket. */
#include "daemon/keyholder/outbox.h"

#include <event2/event.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct outbox_letter {
	enum ipc_type type;
	STAILQ_ENTRY(outbox_letter) entry;
	size_t len;
	uint8_t body[];
};

static void on_writable(evutil_socket_t, short, void *);

bool
outbox_open(struct outbox *box, struct event_base *base, int socket,
    void (*emptied)(void *arg, enum sp_status), void *arg)
{
	*box =
	    (struct outbox){ .socket = socket, .emptied = emptied, .arg = arg };
	STAILQ_INIT(&box->letters);
	box->writable = event_new(base, socket, EV_WRITE, on_writable, box);
	return box->writable != NULL;
}

static void
drop_first(struct outbox *box)
{
	struct outbox_letter *letter = STAILQ_FIRST(&box->letters);

	STAILQ_REMOVE_HEAD(&box->letters, entry);
	OPENSSL_cleanse(letter->body, letter->len);
	free(letter);
}

void
outbox_clear(struct outbox *box)
{
	while (!STAILQ_EMPTY(&box->letters))
		drop_first(box);
	if (box->writable != NULL)
		event_free(box->writable);
	box->writable = NULL;
}

void
outbox_stop(struct outbox *box)
{
	event_del(box->writable);
}

bool
outbox_is_empty(const struct outbox *box)
{
	return STAILQ_EMPTY(&box->letters);
}

static enum sp_status
keep(struct outbox *box, enum ipc_type type, struct sp_view body)
{
	struct outbox_letter *letter = malloc(sizeof *letter + body.len);

	if (letter == NULL)
		return SP_ERR_MEMORY;
	letter->type = type;
	letter->len = body.len;
	if (body.len > 0)
		memcpy(letter->body, body.data, body.len);
	STAILQ_INSERT_TAIL(&box->letters, letter, entry);
	return event_add(box->writable, NULL) == 0 ? SP_ERR_AGAIN
						   : SP_ERR_MEMORY;
}

enum sp_status
outbox_send(struct outbox *box, enum ipc_type type, struct sp_view body)
{
	enum sp_status status = SP_ERR_AGAIN;

	if (outbox_is_empty(box))
		status = ipc_send(box->socket, type, body, NULL, 0);
	return status == SP_ERR_AGAIN ? keep(box, type, body) : status;
}

static void
on_writable(evutil_socket_t socket, short what, void *arg)
{
	struct outbox *box = arg;
	enum sp_status status = SP_OK;

	(void)what;
	while (status == SP_OK && !outbox_is_empty(box)) {
		const struct outbox_letter *first = STAILQ_FIRST(&box->letters);

		status = ipc_send(socket, first->type,
		    view_of(first->body, first->len), NULL, 0);
		if (status == SP_OK)
			drop_first(box);
	}
	if (status == SP_ERR_AGAIN && event_add(box->writable, NULL) == 0)
		return;
	box->emptied(box->arg, status);
}
