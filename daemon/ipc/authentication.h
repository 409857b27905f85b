/*
 * Bodies of the messages between a gate and a login. All of a request is
 * a stranger's: login believes nothing but what it verified.
 */
#ifndef SP_IPC_AUTHENTICATION_H
#define SP_IPC_AUTHENTICATION_H

#include "daemon/ipc/claim.h"
#include "daemon/ipc/ipc.h"
#include "lib/limits.h"
#include "lib/wire/writer.h"

#include <sallyport/engine.h>

/* AUTH_REQUEST: USERAUTH_REQUEST as the gate's engine raised it. */
struct authentication_request {
	struct sp_view user;
	struct sp_view service;
	struct sp_view method;
	/* publickey and hostbased; empty in other methods */
	struct sp_view key_algorithm;
	struct sp_view key;
	bool is_signed;
	struct sp_view signature;
	struct sp_view bound_to; /* host key blob; empty: any */
	/* password: a secret, as is every body that holds a request */
	struct sp_view password;
	bool is_change; /* new_password is to take its place */
	struct sp_view new_password;
	/* keyboard-interactive */
	struct sp_view submethods; /* hints; a name-list */
	/* hostbased: whose key it is, and who its user is */
	struct sp_view client_host;
	struct sp_view client_user;
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
	struct claim claim; /* of a proxy, as the gate read it */
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
	AUTHENTICATION_CROWDED, /* as many sessions of his are open as may be */
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

/*
 * AUTH_PROMPT: a login asks the client, in place of an answer to a request
 * of keyboard-interactive or to the responses before. All of them together
 * fit a message of the protocol. count 0: it is only a text.
 */
enum { AUTHENTICATION_PROMPTS_MAX = LIMIT_CHANNEL_PACKET };
struct authentication_prompts {
	struct sp_view name;
	struct sp_view instruction;
	size_t count;
	struct sp_prompt prompts[LIMIT_PROMPTS];
};
enum sp_status authentication_prompts_encode(
    const struct authentication_prompts *, struct buffer *);
/* No text has a NUL. */
enum sp_status
authentication_prompts_decode(struct sp_view, struct authentication_prompts *);

/* AUTH_RESPONSE: what the client typed; secrets. */
struct authentication_responses {
	bool is_complete; /* false: their number was wrong, there are none */
	size_t count;
	struct sp_view responses[LIMIT_PROMPTS];
};
enum sp_status authentication_responses_encode(
    const struct authentication_responses *, struct buffer *);
enum sp_status authentication_responses_decode(
    struct sp_view, struct authentication_responses *);

/* AUTH_CHANGE: the password is right, and must be changed. */
struct authentication_change {
	struct sp_view prompt; /* without a NUL */
};
enum sp_status authentication_change_encode(
    const struct authentication_change *, struct buffer *);
enum sp_status
authentication_change_decode(struct sp_view, struct authentication_change *);

#endif
