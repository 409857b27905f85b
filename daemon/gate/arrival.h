/* Somebody who comes in by a listener, or by a proxy that is known there. */
#ifndef SP_GATE_ARRIVAL_H
#define SP_GATE_ARRIVAL_H

#include "daemon/config/cidr.h"
#include "daemon/ipc/claim.h"

struct arrival {
	const char *listener; /* borrowed for as long as its gate lives */
	struct cidr_endpoint peer; /* his own address, by whoever's word */
	struct claim claim; /* made where it is a proxy's */
	bool is_spared; /* a proxy itself: nothing is held against it */
};

#endif
