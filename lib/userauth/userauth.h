/*
 * The authentication protocol of one connection (RFC 4252), both roles.
 * A server raises each request to its owner and passes on the answer; a
 * client sends what its owner asks for. Methods have files of their own.
 */
#ifndef SP_USERAUTH_USERAUTH_H
#define SP_USERAUTH_USERAUTH_H

#include "lib/transport/transport.h"

/* USERAUTH_METHOD_PASSWORD and so on. */
enum userauth_method {
#define METHOD(name, text, forms, read) USERAUTH_METHOD_##name,
#include "lib/userauth/method.def"
#undef METHOD
	USERAUTH_METHODS
};

/* What a client sent last and awaits an answer to. */
enum userauth_awaiting {
	USERAUTH_NOTHING,
	USERAUTH_ANSWER, /* to a request that may succeed */
	USERAUTH_KEY_ANSWER, /* would this key do? */
	USERAUTH_SIGNATURE, /* our owner is signing */
	USERAUTH_RESPONSES, /* our owner is asking its user */
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
	bool request_has_password; /* ... brought a password */
	bool request_is_prompted; /* ... may be answered with prompts */
	bool request_is_spoilt; /* ... cannot be accepted any more */
	struct buffer user; /* of the first request */
	struct buffer service;

	/* both */
	struct buffer query; /* the key asked about, as in PK_OK */
	uint32_t prompts; /* of the INFO_REQUEST that awaits responses */

	/* client */
	enum userauth_awaiting awaiting;
	struct buffer signed_data; /* what is being signed */
	struct buffer request; /* the request to send with it */
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
/* Whether the open request can be accepted at all. */
bool userauth_may_accept(const struct userauth *);
/* It was answered: what it brought is wiped. */
void userauth_forget_request(struct userauth *);

/* Client. */
SP_MUST_USE enum sp_status
userauth_send_none(struct userauth *, const char *user);

/* ---- for the methods ---- */

/* As it stands in a request: "password". */
const char *userauth_method_name(enum userauth_method);

/* The service that every request is for. */
extern const char userauth_service[];

/*
 * Whether a client may send a request now. One may be sent instead of the
 * answers to prompts, which are then not asked for any more.
 */
SP_MUST_USE enum sp_status
userauth_check_start(const struct userauth *, struct sp_view user);
/* A client's request of this family is on its way, or about to be. */
void userauth_started(
    struct userauth *, enum message_family, enum userauth_awaiting);
/* Begins USERAUTH_REQUEST: the writer is behind the method's name. */
void userauth_begin_request(struct userauth *, struct writer *,
    struct sp_view user, enum userauth_method);

/*
 * What a user or a host signs: the request as it is sent, without its
 * signature, behind the session id (RFC 4252 7, 9).
 */
void userauth_write_signed_data(
    struct writer *, struct sp_view session_id, struct sp_view request);
/*
 * Client: has our owner sign u->request, which it then sends. The views of
 * algorithm and key are in the request.
 */
SP_MUST_USE enum sp_status userauth_ask_signature(struct userauth *,
    enum message_family, struct sp_view algorithm, struct sp_view key);
SP_MUST_USE enum sp_status
userauth_signed(struct userauth *, struct sp_view signature);

#endif
