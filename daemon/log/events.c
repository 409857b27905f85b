/* The rows of event.def and field.def. */
#include "daemon/log/events.h"

#include <assert.h>

#define S IPC_ROLE_SUPERVISOR
#define K IPC_ROLE_KEYHOLDER
#define G IPC_ROLE_GATE
#define L IPC_ROLE_LOGIN
#define B IPC_ROLE_LEDGER
#define U IPC_ROLE_SESSION
#define V IPC_ROLE_SERVICE
static const struct events_row rows[LOG_EVENTS] = {
#define EVENT(NAME, name, level, roles, text) \
	[EVENT_##NAME] = { name, LOG_LEVEL_##level, roles, text },
#include "daemon/log/event.def"
#undef EVENT
};
#undef S
#undef K
#undef G
#undef L
#undef B
#undef U
#undef V

static const struct events_field fields[LOG_KEYS] = {
#define FIELD(NAME, name, kind) [FIELD_##NAME] = { name, EVENTS_##kind },
#include "daemon/log/field.def"
#undef FIELD
};

const struct events_row *
events_find(enum log_event event)
{
	assert((unsigned)event < LOG_EVENTS);
	return &rows[event];
}

const struct events_field *
events_find_field(enum log_key key)
{
	assert((unsigned)key < LOG_KEYS);
	return &fields[key];
}

enum log_key
events_key(struct sp_view name)
{
	size_t key = 0;

	while (key < LOG_KEYS && !view_equal_string(name, fields[key].name))
		key++;
	return (enum log_key)key;
}
