/* What all strangers of a gate share. */
#ifndef SP_GATE_GATE_H
#define SP_GATE_GATE_H

#include "daemon/config/projection.h"
#include "daemon/gate/budget.h"
#include "daemon/gate/crowd.h"
#include "daemon/gate/doorman.h"
#include "daemon/gate/neighbour.h"
#include "daemon/gate/notary.h"

#include <sallyport/key.h>

struct event_base;

struct gate {
	struct event_base *base;
	struct sp_crypto *crypto;
	struct arena arena; /* of the settings */
	struct gate_settings settings;
	struct crowd *crowd;
	struct budget *budget;
	struct notary *notary;
	struct neighbour *login;
	struct doorman *doorman; /* NULL: the porter has one, for all */
	struct porter *porter; /* NULL: its strangers are its own */
	uint64_t connections; /* accepted so far: the number of the last */
	uint32_t newcomers; /* whose proxy has not said who they are */
	bool is_retiring; /* takes no more, ends with the last */
};

/* A stranger has gone: the last one takes a retiring gate with him. */
void gate_stranger_left(struct gate *);

#endif
