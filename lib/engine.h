/*
 * The engine's own parts: one struct of all layers. The connection layer
 * is there only where it was enabled, so that a program can hold the
 * engine without its code.
 */
#ifndef SP_ENGINE_H
#define SP_ENGINE_H

#include "lib/transport/transport.h"
#include "lib/userauth/userauth.h"

struct connection;

/* What engine.c needs of the connection layer, given by engine_channel.c. */
struct engine_connection_ops {
	enum sp_status (*receive)(
	    struct connection *, const struct message *, struct reader *);
	/* Before anything else in a call: the last event's view is gone. */
	enum sp_status (*settle)(struct connection *);
	/* Raises an event that no packet of its own brought. */
	bool (*raise)(struct connection *);
	/* False while too many questions are open to open a packet. */
	bool (*can_receive)(const struct connection *);
	void (*relax)(struct connection *);
	void (*free)(struct connection *);
};

struct sp_engine {
	struct transport transport;
	struct userauth userauth;
	struct connection *connection; /* NULL unless enabled */
	const struct engine_connection_ops *connection_ops;
	uint32_t max_channels; /* of the configuration, for enabling */
	uint32_t window_initial;
	uint32_t window_max;
	bool seen[MESSAGE_ROWS]; /* messages that may come only once */
	bool waits_for_accept; /* imported, SUCCESS not sent yet */
};

/* An engine with nothing sent yet; sp_engine_new() and import start it. */
SP_MUST_USE enum sp_status
engine_alloc(const struct sp_engine_config *, struct sp_engine **);

/*
 * Every public call that can fail the connection ends here: a fatal status
 * closes it, and SP_OK is left of it since the owner learns by the event.
 */
enum sp_status engine_settle(struct sp_engine *, enum sp_status);

#endif
