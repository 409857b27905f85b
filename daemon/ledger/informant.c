/* What an informant can know. */
#include "daemon/ledger/informant.h"

#include "daemon/ipc/share.h"
#include "daemon/ledger/penalty.h"

bool
informant_init(struct informant *informant, const struct control_peer *peer)
{
	*informant = (struct informant){
		.role = peer->role,
		.id = peer->id,
		.part = peer->part,
		.parts = peer->parts,
		.is_steered = peer->is_steered,
	};
	return peer->role == IPC_ROLE_LOGIN || peer->role == IPC_ROLE_GATE;
}

/* It reads nothing of what strangers say, so that none of them is it. */
static bool
is_porter(const struct informant *informant)
{
	return informant->role == IPC_ROLE_GATE && informant->parts == 0;
}

static bool
is_its_own(const struct informant *informant,
    const uint8_t address[CONDUCT_ADDRESS_LEN])
{
	return informant->parts <= 1 || !informant->is_steered ||
	    share_of(address, informant->parts) == informant->part;
}

static const char *
refusal_of_gate(
    const struct informant *informant, const struct conduct *conduct)
{
	switch (conduct->kind) {
	case CONDUCT_NOAUTH:
	case CONDUCT_GRACE_EXCEEDED:
		break;
	case CONDUCT_CRASH:
		if (is_porter(informant))
			return NULL;
		return "a gate knows of no crash but its own";
	case CONDUCT_AUTHFAIL:
	case CONDUCT_SUCCESS:
	case CONDUCT_NONE:
	case CONDUCT_KINDS:
		return "a gate knows of no login";
	}
	return is_its_own(informant, conduct->address)
	    ? NULL
	    : "it serves no such source";
}

const char *
informant_refusal(
    const struct informant *informant, const struct conduct *conduct)
{
	return informant->role == IPC_ROLE_GATE
	    ? refusal_of_gate(informant, conduct)
	    : NULL;
}

/*
 * Where nobody knows which gate meets whom each could speak of all, and so it
 * could through a login, for what a proxy is said to have said: that is to be
 * no more than a nuisance.
 */
uint64_t
informant_limit(const struct informant *informant,
    const struct conduct *conduct, const struct penalty_settings *settings)
{
	bool is_sure = informant->role != IPC_ROLE_GATE ||
	    informant->parts <= 1 || informant->is_steered;

	return is_sure && !conduct->is_claimed ? PENALTY_NO_LIMIT
					       : 2 * settings->min;
}
