/*
 * The authentication protocol of one connection (RFC 4252), both roles.
 * A server raises each request to its owner and passes on the answer; a
 * client sends what its owner asks for. Methods have files of their own.
 */
#ifndef SP_USERAUTH_USERAUTH_H
#define SP_USERAUTH_USERAUTH_H

#include "lib/transport/transport.h"

/* What a client sent last and awaits an answer to. */
enum userauth_awaiting {
	USERAUTH_NOTHING,
	USERAUTH_ANSWER, /* to none, or to a signed publickey */
	USERAUTH_KEY_ANSWER, /* would this key do? */
	USERAUTH_SIGNATURE, /* our owner is signing */
};

struct userauth {
	struct transport *transport; /* borrowed */
	enum message_family family; /* of the method under way */

	/* server */
	uint32_t tries;
	uint32_t max_tries;
	uint32_t queries;
	bool had_request;
	bool had_partial_success;
	bool request_is_free; /* the one open now counts as no try */
	bool request_is_query; /* the one open now asks about a key */
	struct buffer user; /* of the first request */
	struct buffer service;

	/* both: the key asked about, as in PK_OK */
	struct buffer query; /* string algorithm, string blob */

	/* client */
	enum userauth_awaiting awaiting;
	struct buffer signed_data; /* publickey: what is being signed */
	struct buffer request; /* publickey: the request to send with it */
};

void userauth_init(struct userauth *, struct transport *, uint32_t max_tries);
void userauth_clear(struct userauth *);

enum sp_status userauth_receive_request(struct userauth *, struct reader *);
enum sp_status userauth_receive_failure(struct userauth *, struct reader *);
enum sp_status userauth_receive_success(struct userauth *, struct reader *);
enum sp_status userauth_receive_banner(struct userauth *, struct reader *);

/* Server: answers to the open request. */
SP_MUST_USE enum sp_status
userauth_fail(struct userauth *, const char *methods, bool partial_success);
SP_MUST_USE enum sp_status userauth_succeed(struct userauth *);
SP_MUST_USE enum sp_status
userauth_send_banner(struct userauth *, const char *message);

/* Client. */
SP_MUST_USE enum sp_status
userauth_send_none(struct userauth *, const char *user);

#endif
