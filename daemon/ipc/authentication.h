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
	struct sp_view bound_to; /* host key blob; empty: any */
};
enum sp_status authentication_request_encode(
    const struct authentication_request *, struct buffer *);
enum sp_status
authentication_request_decode(struct sp_view, struct authentication_request *);

/*
 * SPAWN: a stranger's first request, "none" only where there are banners.
 * Descriptors: the stranger's socket, and login's end of the talk.
 */
struct authentication_spawn {
	uint64_t connection; /* the gate's number for it, for the logs */
	struct sp_view ticket;
	struct authentication_request request;
};
enum sp_status authentication_spawn_encode(
    const struct authentication_spawn *, struct buffer *);
enum sp_status
authentication_spawn_decode(struct sp_view, struct authentication_spawn *);

/* Why a login ends the connection. */
enum authentication_ending {
	AUTHENTICATION_GOES_ON, /* it does not */
	AUTHENTICATION_TRIES, /* there were too many */
	AUTHENTICATION_BREACH, /* the client may not send this */
	AUTHENTICATION_CLOSED, /* nobody is let in now */
	AUTHENTICATION_FAULT, /* it is this side's */
	AUTHENTICATION_ENDINGS
};

/* What the client is told of it: a reason of RFC 4253 11.1, and a text. */
struct authentication_farewell {
	uint32_t reason;
	const char *text;
};
const struct authentication_farewell *
    authentication_farewell_of(enum authentication_ending);

/* AUTH_FAILED: USERAUTH_FAILURE, or the end of the connection. */
struct authentication_failure {
	struct sp_view methods; /* name-list of what can continue */
	bool partial_success;
	enum authentication_ending ending;
};
enum sp_status authentication_failure_encode(
    const struct authentication_failure *, struct buffer *);
enum sp_status
authentication_failure_decode(struct sp_view, struct authentication_failure *);

/* AUTH_BANNER: a text for the user, before the answer to a request. */
enum { AUTHENTICATION_BANNER_MAX = 8000 };
struct authentication_banner {
	struct sp_view text; /* UTF-8 without a NUL */
};
enum sp_status authentication_banner_encode(
    const struct authentication_banner *, struct buffer *);
enum sp_status
authentication_banner_decode(struct sp_view, struct authentication_banner *);

#endif
