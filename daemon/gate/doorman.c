/* Who is kept out, and what the ledger is told. */
#include "daemon/gate/doorman.h"

#include "daemon/config/penalties.h"
#include "daemon/gate/neighbour.h"
#include "daemon/ipc/arrears.h"

#include <stdlib.h>
#include <unistd.h>

struct doorman {
	const struct penalty_settings *settings;
	struct neighbour *ledger;
	struct arrears arrears;
};

static void on_message(void *, struct ipc_message *);

static const struct neighbour_owner ledger_owner = {
	.message = on_message,
};

struct doorman *
doorman_new(struct event_base *base, const struct penalty_settings *settings)
{
	struct doorman *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->settings = settings;
	d->ledger = neighbour_new(base, IPC_ROLE_LEDGER, &ledger_owner, d);
	if (d->ledger != NULL)
		return d;
	free(d);
	return NULL;
}

void
doorman_free(struct doorman *d)
{
	if (d == NULL)
		return;
	neighbour_free(d->ledger);
	arrears_close(&d->arrears);
	free(d);
}

bool
doorman_open(struct doorman *d, int fd)
{
	return arrears_open(&d->arrears, fd, false);
}

void
doorman_replace(struct doorman *d, int socket)
{
	neighbour_replace(d->ledger, socket);
}

/* No message of a ledger's is a gate's to take. */
static void
on_message(void *arg, struct ipc_message *message)
{
	struct doorman *d = arg;

	ipc_close_fds(message);
	neighbour_hang_up(d->ledger, sp_status_text(SP_ERR_UNEXPECTED_MESSAGE));
}

bool
doorman_is_there(const struct doorman *d)
{
	return !d->settings->are_on ||
	    (neighbour_is_there(d->ledger) && d->arrears.pages != NULL);
}

const char *
doorman_refusal(
    const struct doorman *d, const struct cidr_address *address, uint64_t now)
{
	struct arrears_account account;

	if (!penalties_are_for(d->settings, address))
		return NULL;
	account = arrears_find(&d->arrears, address->bytes);
	return account.is_enforced && account.until > now
	    ? conduct_text(account.cause)
	    : NULL;
}

/*
 * A line before the identification (RFC 4253 4.2), as OpenSSH sends it. What
 * has come is taken, so that the end is not a reset that overtakes it.
 */
void
doorman_turn_away(int socket)
{
	static const char text[] = "Not allowed at this time\r\n";
	uint8_t unread[256];

	/* Once: who sends more than that has no need of the text. */
	if (write(socket, text, sizeof text - 1) > 0 &&
	    read(socket, unread, sizeof unread) > 0)
		return;
}

void
doorman_tell(struct doorman *d, enum conduct_kind kind,
    const struct cidr_address *address)
{
	struct conduct conduct = { .kind = kind };
	struct buffer body;

	if (kind == CONDUCT_NONE || !penalties_are_for(d->settings, address))
		return;
	memcpy(conduct.address, address->bytes, sizeof conduct.address);
	buffer_init(&body, 32);
	if (conduct_encode(&conduct, &body) == SP_OK)
		neighbour_tell(d->ledger, IPC_CONDUCT, buffer_view(&body));
	buffer_clear(&body);
}
