/*
 * Bodies of the messages between a gate and a login. All of a request is
 * a stranger's: login believes nothing but what it verified.
 */
#ifndef SP_IPC_AUTHENTICATION_H
#define SP_IPC_AUTHENTICATION_H

#include "daemon/ipc/ipc.h"
#include "lib/wire/writer.h"

/* AUTH_REQUEST: USERAUTH_REQUEST as the gate's engine raised it. */
struct authentication_request {
	struct sp_view user;
	struct sp_view service;
	struct sp_view method;
	/* publickey; empty in other methods */
	struct sp_view key_algorithm;
	struct sp_view key;
	bool is_signed;
	struct sp_view signature;
};
enum sp_status authentication_request_encode(
    const struct authentication_request *, struct buffer *);
enum sp_status
authentication_request_decode(struct sp_view, struct authentication_request *);

/*
 * SPAWN: a stranger's first request but "none". Descriptors: the
 * stranger's socket, and login's end of the talk.
 */
struct authentication_spawn {
	uint64_t connection; /* the gate's number for it, for the logs */
	struct sp_view listener; /* the name the supervisor gave it */
	struct sp_view ticket;
	struct authentication_request request;
};
enum sp_status authentication_spawn_encode(
    const struct authentication_spawn *, struct buffer *);
enum sp_status
authentication_spawn_decode(struct sp_view, struct authentication_spawn *);

/* AUTH_FAILED: USERAUTH_FAILURE, or the end of the connection. */
struct authentication_failure {
	struct sp_view methods; /* name-list of what can continue */
	bool partial_success;
	bool disconnect; /* no more tries */
};
enum sp_status authentication_failure_encode(
    const struct authentication_failure *, struct buffer *);
enum sp_status
authentication_failure_decode(struct sp_view, struct authentication_failure *);

#endif
