/* Telling the ledger, where there is something to tell. */
#include "daemon/login/reputation.h"

#include "daemon/config/penalties.h"
#include "daemon/ipc/ipc.h"

#include <unistd.h>

void
reputation_init(struct reputation *r, const struct penalty_settings *settings)
{
	*r = (struct reputation){ .settings = settings, .ledger = -1 };
}

void
reputation_set_ledger(struct reputation *r, int socket)
{
	if (r->ledger >= 0)
		close(r->ledger);
	r->ledger = socket;
}

/* Known for longer than half of the time, and owing no more than may be. */
static bool
is_good_already(const struct reputation *r, const struct cidr_address *address,
    uint64_t now)
{
	const struct arrears_account account =
	    arrears_find(&r->arrears, address->bytes);

	return account.until <= now + r->settings->max_known &&
	    account.known_until >= now + r->settings->known_time / 2;
}

void
reputation_tell(struct reputation *r, enum conduct_kind kind,
    const struct cidr_address *address, bool is_claimed, uint64_t now)
{
	struct conduct conduct = { .kind = kind, .is_claimed = is_claimed };
	enum sp_status status;
	struct buffer body;

	if (kind == CONDUCT_NONE || r->ledger < 0 ||
	    !penalties_are_for(r->settings, address) ||
	    (kind == CONDUCT_SUCCESS &&
		(is_claimed || is_good_already(r, address, now))))
		return;
	memcpy(conduct.address, address->bytes, sizeof conduct.address);
	buffer_init(&body, 32);
	status = conduct_encode(&conduct, &body);
	if (status == SP_OK)
		status = ipc_send(
		    r->ledger, IPC_CONDUCT, buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	if (status == SP_ERR_EOF)
		reputation_set_ledger(r, -1);
}
