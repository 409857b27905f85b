/*
 * The session: the login process once it is the user. It takes over the
 * connection that the gate exported, runs the handlers of the profile on a
 * loop of its own, and lives as long as the connection.
 */
#ifndef SP_SESSION_SESSION_H
#define SP_SESSION_SESSION_H

#include "daemon/config/settings.h"
#include "daemon/modload/modgroup.h"
#include "daemon/session/restriction.h"

#include <sallyport/engine.h>

#include <sys/types.h>

struct event_base;
struct pump;
struct sp_chan;

/* What modules and the log may know about it. */
struct session_facts {
	const char *user; /* the name that logged in */
	const char *account; /* the account the process runs as */
	const char *home;
	const char *shell;
	const char *identity;
	const char *greeting; /* for a shell on a terminal; or "" */
	const char *motd; /* the profile's, expanded; NULL: none */
	const char *peer;
	const char *peer_port;
	const char *local;
	const char *local_port;
	const char *listener;
};

/* All of it borrowed, for good. */
struct session_given {
	const struct access_settings *access;
	const struct profile_settings *profile;
	const struct modgroup *handlers; /* as access->handlers */
	const struct sp_crypto *crypto;
	const struct sp_algorithms *algorithms; /* for new keys */
	const struct sp_dh_group *groups; /* as of the engine */
	size_t group_count;
	const struct sp_host_key *host_keys;
	size_t host_key_count;
	bool records_terminals; /* in utmp, where that can be */
	bool tells_host_keys; /* to its client, and proves them */
	uint64_t rekey_bytes; /* new keys of its own accord: after so many, */
	uint64_t rekey_ms; /* and so long */
	struct session_facts facts;
	struct restrictions restrictions; /* of all who let him in */
	void *tally; /* of the identity (tally.h); NULL: no handler counts */
	int client; /* the connection's socket */
	int keyholder; /* signs for this session; -1: nobody does */
	struct sp_view session_id; /* that the connection must have */
};

/*
 * Runs the session on the exported connection; the exit status of the
 * process. Returns when the connection is over, or was none. Takes the
 * room (ipc.h) that holds the export: a session has no use for it.
 */
int session_run(
    const struct session_given *, uint8_t *room, struct sp_view exported);

/* ---- for the parts of a session ---- */

struct session;

const struct session_given *session_given(const struct session *);
struct pump *session_pump(struct session *);
struct event_base *session_base(struct session *);
struct sideruns *session_sideruns(struct session *);

/* When a channel was last used, in either direction, by pump_now(). */
uint64_t session_last_use(const struct session *);

/* Ends the connection, in a turn of the pump; the log has the reason. */
void session_end(struct session *, uint32_t disconnect, const char *reason);

/* A program was started: the first says what packets say of themselves. */
void session_serves(struct session *, bool has_terminal);

/* The client is sending much: what it sent is acknowledged at once. */
void session_acknowledge(const struct session *);

/* While any channel wants it, programs that are overdue stay unreaped. */
void session_hold_reaping(struct session *, bool is_wanted);

/* A channel goes before its program, which has these milliseconds to end. */
void session_leave(struct session *, pid_t, uint64_t ms);

#endif
