/*
 * A member: one running process of the daemon's own programs, with the
 * control socket that leads to it.
 */
#ifndef SP_SUPERVISOR_MEMBER_H
#define SP_SUPERVISOR_MEMBER_H

#include "daemon/ipc/control.h"
#include "daemon/supervisor/logsource.h"

struct member;
LIST_HEAD(member_list, member);

struct launch_kit;
struct member_house;

struct member_owner {
	const char *argument; /* of a gate's program; NULL: none */
	/* It is up and wants to be made known to others. */
	void (*ready)(void *arg, struct member *);
	/* It serves, and wants another in its place. */
	void (*worn)(void *arg, struct member *);
	/* It ended, with this wait status; freed after the call. */
	void (*ended)(void *arg, struct member *, int status);
};

struct member {
	enum ipc_role role;
	uint32_t id; /* of a gate its number, of others their generation */
	uint32_t crew; /* the generation of the crew it was started for */
	pid_t pid;
	uint32_t way; /* of a service: the group of auth it is for */
	const char *name; /* of that group; NULL: no service, or retired */
	bool is_ready;
	bool is_porter; /* a gate that reads nothing of what strangers say */
	bool is_escort; /* a gate of one connection */
	/* Of a gate, as in control.h. */
	uint32_t part;
	uint32_t parts;
	bool is_steered;
	bool is_retiring; /* nobody replaces it */
	uint64_t started; /* ms, monotonic */
	struct buffer host_keys; /* of a keyholder: body of HOST_KEYS */
	/* What follows is member.c's own. */
	const struct member_house *house;
	int control; /* -1 once it is hung up */
	struct event *readable;
	const struct member_owner *owner;
	void *arg;
	LIST_ENTRY(member) link;
};

/* What all members are started with; borrowed for good. */
struct member_house {
	struct logsource_sink *sink;
	struct member_list members;
	const char *state; /* the folder, for the keyholder */
	const char *configuration; /* the file; NULL: there is none */
	const char *modules; /* the folder; NULL: their own */
	bool keep_stderr;
	/* A porter, retired or not, sends one: the descriptors are to take. */
	void (*connection)(void *arg, struct ipc_message *);
	void *arg;
};

/* NULL with errno set. What the kit has stays the caller's. */
struct member *member_start(struct member_house *, enum ipc_role, uint32_t id,
    const struct launch_kit *, const struct member_owner *, void *arg);

/* From now on its end is nobody's business. */
void member_disown(struct member *);

/*
 * Sends on the control socket. A process that does not take what it is
 * told is killed.
 */
void member_send(struct member *, enum ipc_type, struct sp_view body,
    const int *fds, size_t fd_count);

/* The line about an end that was nobody's business, or a connection's. */
void member_log_end(const struct member *, int status);

/* Disowned, and told to take nothing new and to end when it is done. */
void member_retire(struct member *);
void member_kill(struct member *);

/*
 * Takes all dead children; those that are no members (orphaned sessions)
 * just go.
 */
void member_reap(struct member_house *);

/* At the end of the supervisor: hangs up on all. */
void member_free_all(struct member_house *);

uint64_t member_now(void); /* ms, monotonic */

#endif
