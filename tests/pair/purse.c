/* The meter read whenever an engine's turn begins and ends. */
#include "tests/pair/purse.h"

#include "tests/unit/alloc_meter.h"

static struct {
	enum sp_role side;
	size_t held;
	size_t most;
	size_t before; /* all that was allocated when its turn began */
} purse;

void
purse_begin(void)
{
	purse.before = alloc_meter_now();
	alloc_meter_forget_peak();
}

void
purse_end(void)
{
	size_t most = purse.held + alloc_meter_peak() - purse.before;

	if (most > purse.most)
		purse.most = most;
	/* What was freed may be more than what was allocated. */
	purse.held += alloc_meter_now();
	purse.held -= purse.before;
}

static void
take_turn(enum sp_role side, bool begins)
{
	if (side != purse.side)
		return;
	if (begins)
		purse_begin();
	else
		purse_end();
}

void
purse_open(struct pair *p, enum sp_role side)
{
	purse.side = side;
	purse.held = purse.most = 0;
	p->turn = take_turn;
}

size_t
purse_held(void)
{
	return purse.held;
}

size_t
purse_most(void)
{
	return purse.most;
}
