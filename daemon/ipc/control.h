/* Bodies of the messages by which the supervisor makes processes known. */
#ifndef SP_IPC_CONTROL_H
#define SP_IPC_CONTROL_H

#include "daemon/ipc/claim.h"
#include "daemon/ipc/ipc.h"
#include "lib/wire/writer.h"

/* PEER: the descriptor leads to the process of this role and number. */
struct control_peer {
	enum ipc_role role;
	/* Gates count from 1; a service's way; a generation elsewhere. */
	uint32_t id;
	uint32_t pid; /* as the supervisor forked it */
	struct sp_view link; /* a secret of the two ends alone; borrowed */
	/* Of a gate: which part of all sources are its own (share.h). */
	uint32_t part;
	/* 1: all; 0: it accepts all, and reads nothing of what they say. */
	uint32_t parts;
	bool is_steered; /* else any source may be at any gate */
};
enum sp_status
control_peer_encode(const struct control_peer *, struct buffer *);
enum sp_status control_peer_decode(struct sp_view, struct control_peer *);

/*
 * HOST_KEYS: algorithm and public blob of each key, in order of preference,
 * and the listeners by which strangers come who may be shown it.
 */
enum { CONTROL_HOST_KEYS_MAX = 64, CONTROL_LISTENERS_MAX = 64 };
struct control_host_keys {
	size_t count;
	struct {
		struct sp_view algorithm; /* "ssh-ed25519" */
		struct sp_view blob;
		uint64_t listeners; /* bit i: that of listeners[i] */
	} keys[CONTROL_HOST_KEYS_MAX];
	size_t listener_count;
	struct sp_view listeners[CONTROL_LISTENERS_MAX]; /* their names */
};
enum sp_status
control_host_keys_encode(const struct control_host_keys *, struct buffer *);
/* Borrows from the body. */
enum sp_status
control_host_keys_decode(struct sp_view, struct control_host_keys *);
/* The bit of the listener with this name; 0: there is none. */
uint64_t
control_host_keys_of(const struct control_host_keys *, struct sp_view listener);

/* LISTENER: its name in the configuration ("[::]:22"). */
struct control_listener {
	struct sp_view name;
	bool is_steered; /* a source always meets the same gate */
};
enum sp_status
control_listener_encode(const struct control_listener *, struct buffer *);
enum sp_status
control_listener_decode(struct sp_view, struct control_listener *);

/*
 * CONNECTION: the socket, and one end of a leash: a pair by which the gate
 * that accepted it says when it has to go, and hears that it has gone.
 */
struct control_connection {
	uint64_t number; /* for the logs */
	struct sp_view listener;
	struct claim claim; /* by a proxy that it knows */
};
enum sp_status
control_connection_encode(const struct control_connection *, struct buffer *);
enum sp_status
control_connection_decode(struct sp_view, struct control_connection *);

/* So many gates with one connection each there are at most. */
enum { CONTROL_ESCORTS_MAX = 512 };

#endif
