/*
 * Saying what happened: one call, an event of event.def and its fields of
 * field.def. The record goes to the supervisor, which alone writes logs;
 * it never blocks, and what does not fit is counted and told later.
 *
 *	log_event(EVENT_AUTH_FAILED,
 *	    LOG_FIELDS(log_view(FIELD_USER, user),
 *		log_number(FIELD_PORT, port)));
 *	log_event(EVENT_RELOADED, NULL, 0);
 */
#ifndef SP_LOG_LOG_H
#define SP_LOG_LOG_H

#include "lib/wire/view.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum log_event {
#define EVENT(NAME, name, level, roles, text) EVENT_##NAME,
#include "daemon/log/event.def"
#undef EVENT
	LOG_EVENTS
};

enum log_key {
#define FIELD(NAME, name, kind) FIELD_##NAME,
#include "daemon/log/field.def"
#undef FIELD
	LOG_KEYS
};

/* One field; text is borrowed for the call, and may hold any bytes. */
struct log_field {
	enum log_key key;
	struct sp_view text;
	uint64_t number;
};

static inline struct log_field
log_view(enum log_key key, struct sp_view text)
{
	return (struct log_field){ .key = key, .text = text };
}

static inline struct log_field
log_text(enum log_key key, const char *text)
{
	return log_view(key, view_of_string(text));
}

static inline struct log_field
log_number(enum log_key key, uint64_t number)
{
	return (struct log_field){ .key = key, .number = number };
}

/* The two arguments "fields, n" of log_event(). */
#define LOG_FIELDS(...) \
	(const struct log_field[]){ __VA_ARGS__ }, \
	    sizeof((const struct log_field[]){ __VA_ARGS__ }) / \
	    sizeof(struct log_field)

/*
 * From now on records go to this socket (IPC_FD_LOG), those above the
 * level nowhere. Before it nothing is logged. The socket stays the
 * caller's.
 */
void log_open(int socket, enum log_level level);

/* The same for who writes the logs himself: he is handed encoded records. */
typedef void log_taker(struct sp_view body);
void log_divert(log_taker *, enum log_level level);

/* A text field longer than 1,024 bytes is cut; absent fields are left out. */
void log_event(enum log_event, const struct log_field *fields, size_t n);

#endif
