/* The rows of event.def and field.def. */
#ifndef SP_LOG_EVENTS_H
#define SP_LOG_EVENTS_H

#include "daemon/ipc/ipc.h"
#include "daemon/log/log.h"

struct events_row {
	const char *name;
	enum log_level level;
	unsigned roles; /* of enum ipc_role: who may report it */
	const char *text;
};

enum events_kind { EVENTS_WORD, EVENTS_TEXT, EVENTS_NUMBER };

struct events_field {
	const char *name;
	enum events_kind kind;
};

const struct events_row *events_find(enum log_event);
const struct events_field *events_find_field(enum log_key);

/* By the name a text form uses; LOG_KEYS when there is none such. */
enum log_key events_key(struct sp_view name);

#endif
