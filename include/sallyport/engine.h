/*
 * The engine: one SSH-2 connection, client or server, without any I/O. It
 * is fed bytes, the time and answers, and gives back bytes and events. It
 * has no descriptor, clock or log, and never calls back.
 *
 * The owner's loop:
 *
 *	while there is room (sp_engine_input_room): read, sp_engine_input
 *	while sp_engine_next_event: act on the event
 *	sp_engine_output: write, sp_engine_output_sent
 *
 * Views in an event are borrowed from the engine and valid until the next
 * call that takes the engine; those of the questions that stop all reading
 * (EXCHANGE, SIGN_EXCHANGE, HOST_KEY, AUTH_REQUEST, AUTH_RESPONSE,
 * AUTH_SIGN, AUTH_PROMPT) until the answer.
 *
 * Some events are questions: they carry a token, and something waits until
 * one of the calls that take a token answers. An answer to a token that is
 * no longer open does nothing and returns SP_ERR_STALE_TOKEN.
 *
 * Calls that return a status other than SP_OK had no effect. A failure of
 * the connection itself comes as SP_EVENT_CLOSED, once, as the last event;
 * what sp_engine_output() still holds (the disconnect message) should be
 * sent, and what channels' queues hold can still be read.
 */
#ifndef SALLYPORT_ENGINE_H
#define SALLYPORT_ENGINE_H

#include <sallyport/types.h>

#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sp_crypto;
struct sp_engine;

enum sp_role { SP_CLIENT, SP_SERVER };

/* ---- making one ---- */

/*
 * Algorithms in order of preference, as name-lists ("a,b"). NULL stands
 * for what the library offers by default.
 */
struct sp_algorithms {
	const char *kex;
	const char *host_key;
	/*
	 * A server's: what users' keys may sign with. Clients are told so
	 * once, as "server-sig-algs" right behind the first NEWKEYS: it is
	 * the same for all users, so there is nothing to say again before
	 * SUCCESS (RFC 8308 2.4). A client takes it in both places:
	 * sp_engine_server_sig_algs().
	 */
	const char *user_key;
	const char *cipher;
	const char *mac; /* for ciphers without a tag of their own */
	const char *compression; /* NULL: none at all */
};

/*
 * A host key the server can have signed: its public part, or a certificate
 * of it. That is offered, and before the others, where the list of host key
 * algorithms has the one that its key signs with.
 */
struct sp_host_key {
	/* "ssh-ed25519", "ssh-ed25519-cert-v01@openssh.com" */
	const char *algorithm;
	struct sp_view blob;
};

/* A group of diffie-hellman-group-exchange-sha256: big-endian numbers. */
struct sp_dh_group {
	struct sp_view prime;
	struct sp_view generator;
};

/* Everything is copied but crypto and groups, borrowed for good. */
struct sp_engine_config {
	enum sp_role role;
	const struct sp_crypto *crypto;
	const char *software; /* "Sallyport_0.1"; NULL: the library's own */
	/*
	 * Server: lines of text that go out before the identification, for
	 * who looks at the bytes (RFC 4253 4.2); NULL: none. Clients pass
	 * over them; sp_auth_banner() is what users see.
	 */
	const char *greeting;
	struct sp_algorithms algorithms;
	const struct sp_host_key *host_keys; /* server: at least one */
	size_t host_key_count;
	/*
	 * Server: failures before a disconnect; 0: 6. The "none" that every
	 * client begins with is none, nor is a question about a key, of
	 * which there may be 64.
	 */
	uint32_t max_tries;
	uint32_t max_channels; /* 0: 64 */
	uint32_t window_initial; /* bytes we let the peer send; 0: 2 MiB */
	uint32_t window_max; /* it grows up to this with need; 0: 16 MiB */
	uint64_t rekey_bytes; /* either direction; 0: 1 GiB; least 64 KiB */
	uint64_t rekey_ms; /* 0: one hour; least a second */
	uint64_t now_ms; /* a monotonic clock of the owner's */
	/*
	 * 16 bytes for the first KEXINIT, the first of them below 128: the
	 * cookies of later ones then begin with 128 or more. NULL: random.
	 */
	const uint8_t *first_cookie;
	/* Server: SP_EVENT_EXCHANGE is raised; without it none is asked. */
	bool asks_for_exchanges;
	/*
	 * Server: what a group exchange chooses from, at random where
	 * several have the size that was asked for; those of less than 2048
	 * and more than 3072 bits are never given. The owner knows that the
	 * primes are safe ones; where one cannot be the exchange fails. None:
	 * the groups of RFC 3526.
	 */
	const struct sp_dh_group *groups;
	size_t group_count;
};

/*
 * SP_ERR_ARGUMENT when a name-list has a name that is not known, a server
 * has no host key, the first cookie begins with 128 or more, or a greeting
 * cannot be sent: a client's, more than 64 lines, one of more than 1022
 * bytes, with control characters, or that begins with "SSH-";
 * SP_ERR_MEMORY, SP_ERR_RANDOM.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_engine_new(const struct sp_engine_config *, struct sp_engine **);
/* Wipes and frees; NULL is allowed. */
SP_PUBLIC void sp_engine_free(struct sp_engine *);

/*
 * Lets the engine go on to the connection protocol once authenticated.
 * Without it (a gate) authentication can only be exported, never
 * accepted. Call it right after sp_engine_new() or sp_engine_import().
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_engine_enable_connection(struct sp_engine *);

/* ---- bytes and time ---- */

/*
 * Where to put the bytes read next, and how many at most; 0 while the
 * engine wants no input: a question is open, output must leave first, or
 * events must be taken before more fits.
 */
SP_PUBLIC size_t sp_engine_input_room(struct sp_engine *, uint8_t **room);
SP_PUBLIC void sp_engine_input(struct sp_engine *, size_t len);
/* The peer will send no more. */
SP_PUBLIC void sp_engine_input_eof(struct sp_engine *);

/* Bytes to write to the peer now, valid until the next call. */
SP_PUBLIC struct sp_view sp_engine_output(struct sp_engine *);
SP_PUBLIC void sp_engine_output_sent(struct sp_engine *, size_t len);

/*
 * The time; and when to call sp_engine_set_time() and then
 * sp_engine_next_event() again, or 0.
 */
SP_PUBLIC void sp_engine_set_time(struct sp_engine *, uint64_t now_ms);
SP_PUBLIC uint64_t sp_engine_deadline(const struct sp_engine *);

/* Gives spare memory back: for a connection that has gone quiet. */
SP_PUBLIC void sp_engine_relax(struct sp_engine *);

/* ---- events ---- */

typedef uint64_t sp_token; /* 0 is never a token */

enum sp_event_kind {
	SP_EVENT_IDENTIFIED, /* identified: the peer said who it is */
	SP_EVENT_EXCHANGE, /* question, exchange: server, where it wants it */
	SP_EVENT_SIGN_EXCHANGE, /* question, sign_exchange: server */
	SP_EVENT_HOST_KEY, /* question, host_key: client */
	SP_EVENT_KEX_DONE, /* kex: keys are in use in both directions */
	SP_EVENT_AUTH_READY, /* client: requests may be sent */
	SP_EVENT_AUTH_REQUEST, /* question, auth_request: server */
	SP_EVENT_AUTH_RESPONSE, /* question, auth_response: server */
	SP_EVENT_AUTH_ABORTED, /* server: instead of it a new request came */
	SP_EVENT_AUTH_SIGN, /* question, auth_sign: client */
	SP_EVENT_AUTH_PROMPT, /* question, auth_prompt: client */
	SP_EVENT_AUTH_CHANGE_PASSWORD, /* auth_change_password: client */
	SP_EVENT_AUTH_FAILED, /* auth_failed: client */
	SP_EVENT_AUTH_KEY_OK, /* auth_key_ok: client, it would be taken */
	SP_EVENT_AUTH_BANNER, /* banner: client */
	SP_EVENT_AUTHENTICATED, /* both sides: channels may be opened */
	SP_EVENT_CHANNEL_OPEN, /* question, channel_open */
	SP_EVENT_CHANNEL_CONFIRMED, /* channel: ours was opened */
	SP_EVENT_CHANNEL_REFUSED, /* channel_refused: ours was not */
	SP_EVENT_CHANNEL_REQUEST, /* channel_request; question if token */
	SP_EVENT_CHANNEL_REPLY, /* channel_reply: to our request */
	SP_EVENT_CHANNEL_DATA, /* channel_data */
	SP_EVENT_CHANNEL_WRITABLE, /* channel: its window has opened */
	SP_EVENT_CHANNEL_EOF, /* channel: the peer sends no more data */
	SP_EVENT_CHANNEL_CLOSING, /* channel: the peer closed a held one */
	SP_EVENT_CHANNEL_CLOSED, /* channel: gone, the number is free */
	SP_EVENT_GLOBAL_REQUEST, /* global_request; question if token */
	SP_EVENT_GLOBAL_REPLY, /* global_reply: to our request */
	SP_EVENT_PONG, /* pong: the answer to our ping */
	SP_EVENT_CLOSED, /* closed: the last event */
};

struct sp_event {
	enum sp_event_kind kind;
	sp_token token; /* 0 where nothing is asked */
	uint32_t channel; /* our number, in channel events */
	union {
		struct {
			struct sp_view line; /* without CR LF */
			struct sp_view protocol; /* "2.0", or "1.99" */
			struct sp_view software; /* after "SSH-2.0-" */
			struct sp_view comments;
		} identified;
		/* The peer's KEXINIT has come: may its exchange begin? */
		struct {
			bool first; /* false: a rekey */
			struct sp_view method;
			uint32_t cost_us; /* about what it will take us */
		} exchange;
		/*
		 * The server's question in every key exchange: sign the
		 * exchange hash of these fields, where the algorithm is a
		 * certificate's with that of sp_certificate_algorithm().
		 */
		struct {
			struct sp_view method; /* "curve25519-sha256" */
			struct sp_view host_key_algorithm;
			struct sp_view host_key; /* public blob */
			struct sp_view client_identification;
			struct sp_view server_identification;
			struct sp_view client_kexinit;
			struct sp_view server_kexinit;
			struct sp_view group; /* RFC 4419 3: min .. g */
			struct sp_view client_value;
			struct sp_view server_value;
			struct sp_view shared; /* secret */
			struct sp_view hash; /* what is to be signed */
		} sign_exchange;
		/*
		 * The signature is verified; is the key the right one? With
		 * a certificate's algorithm (a client has those that it
		 * names) the blob is a host's certificate, whose key has
		 * signed: authority, time, options and host name are the
		 * owner's to judge (sp_certificate_parse()).
		 */
		struct {
			struct sp_view algorithm;
			struct sp_view blob;
		} host_key;
		struct {
			bool first; /* false: a rekey */
			struct sp_view method;
			struct sp_view host_key_algorithm;
			struct sp_view cipher_in;
			struct sp_view cipher_out;
			struct sp_view mac_in; /* empty: the cipher's own */
			struct sp_view mac_out;
			struct sp_view compression_in; /* once logged in */
			struct sp_view compression_out;
			struct sp_view session_id;
		} kex;
		/*
		 * RFC 4252 5. Text is as the peer sent it, and may hold any
		 * byte. The fields of other methods than the request's are
		 * empty; those of a method the library does not know are
		 * not read, and it can only be refused.
		 */
		struct {
			struct sp_view user;
			struct sp_view service;
			struct sp_view method;
			/* "publickey" (RFC 4252 7) */
			struct sp_view key_algorithm;
			struct sp_view key; /* blob */
			bool is_signed; /* false: would this key do? */
			struct sp_view signature; /* blob, not verified */
			struct sp_view signed_data; /* what it must sign */
			/* host key blob the proof is for; empty: any */
			struct sp_view bound_to;
			/* "password" (RFC 4252 8); wiped with the answer */
			struct sp_view password;
			bool is_change; /* there is a new one */
			struct sp_view new_password;
			/* "keyboard-interactive" (RFC 4256 3.1) */
			struct sp_view language;
			struct sp_view submethods; /* hints; a name-list */
			/* "hostbased" (RFC 4252 9) */
			struct sp_view host_algorithm;
			struct sp_view host_key; /* blob, the client's host's */
			struct sp_view client_host; /* the name it says */
			struct sp_view client_user; /* his name there */
			struct sp_view host_signature; /* not verified */
			struct sp_view host_signed_data;
		} auth_request;
		/*
		 * RFC 4256 3.4; wiped with the answer. is_complete false:
		 * the number is not that of the prompts. It can only be
		 * refused then, and there are none to be seen.
		 */
		struct {
			bool is_complete;
			uint32_t count;
			struct sp_view responses; /* sp_auth_next_response() */
		} auth_response;
		struct {
			struct sp_view key_algorithm;
			struct sp_view key;
			struct sp_view data; /* to be signed */
		} auth_sign;
		/* RFC 4256 3.2; all text is the server's and not to be trusted. */
		struct {
			struct sp_view name;
			struct sp_view instruction;
			struct sp_view language;
			uint32_t count; /* may be 0: then it is only a text */
			struct sp_view prompts; /* sp_auth_next_prompt() */
		} auth_prompt;
		/* RFC 4252 8: the password is right, and must be changed. */
		struct {
			struct sp_view prompt;
			struct sp_view language;
		} auth_change_password;
		/* The key that was asked about. */
		struct {
			struct sp_view key_algorithm;
			struct sp_view key;
		} auth_key_ok;
		struct {
			struct sp_view methods; /* that can continue */
			bool partial_success;
		} auth_failed;
		struct {
			struct sp_view message;
			struct sp_view language;
		} banner;
		struct {
			struct sp_view type; /* "session" */
			struct sp_view data; /* as the type defines */
		} channel_open;
		struct {
			uint32_t reason; /* RFC 4254 5.1 */
			struct sp_view description;
		} channel_refused;
		struct {
			struct sp_view name; /* "exec" */
			struct sp_view data; /* as the name defines */
		} channel_request;
		struct {
			bool success;
		} channel_reply;
		/*
		 * sp_channel_took() says how much of it was used; the rest is
		 * kept in the channel's queue. Empty: data has gathered in
		 * the queue, as it does while a request of the channel is
		 * open. What comes while it is not empty joins it without
		 * an event.
		 */
		struct {
			uint32_t type; /* 0 data, 1 stderr */
			struct sp_view data;
		} channel_data;
		struct {
			struct sp_view name;
			struct sp_view data;
		} global_request;
		struct {
			bool success;
			struct sp_view data;
		} global_reply;
		struct {
			struct sp_view data; /* as the peer gave it back */
		} pong;
		struct {
			enum sp_status status;
			bool by_peer; /* the peer sent the disconnect */
			uint32_t reason; /* RFC 4253 11.1; 0: none was sent */
			struct sp_view description; /* the peer's, or a text */
		} closed;
	} u;
};

/*
 * The next thing that happened. False: nothing until there is more input,
 * an answer, or time passes.
 */
SP_PUBLIC bool sp_engine_next_event(struct sp_engine *, struct sp_event *);

/* ---- the transport ---- */

/* SP_EVENT_EXCHANGE: now. Who wants none of it ends the connection. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_exchange_begin(struct sp_engine *, sp_token);
/* SP_EVENT_SIGN_EXCHANGE: the signature blob over the hash. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_exchange_signed(struct sp_engine *, sp_token, struct sp_view signature);
/* It cannot be signed: the connection ends. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_exchange_refuse(struct sp_engine *, sp_token);
/* SP_EVENT_HOST_KEY. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_host_key_answer(struct sp_engine *, sp_token, bool accept);

/*
 * Starts a key exchange; does nothing while one is under way. One that the
 * peer (or the owner, with a question) does not bring to its end within
 * two minutes ends the connection with SP_ERR_TIMEOUT; for the first there
 * is no such bound, which is the owner's. SP_ERR_STATE before the first has
 * ended, and for a client that will compress once it is let in while its
 * request has no answer: what crosses SUCCESS would be taken for compressed.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_engine_rekey(struct sp_engine *);

/*
 * Whether the engine starts exchanges of its own when they are due: it
 * does after authentication, unless it was told before or then not to.
 */
SP_PUBLIC void sp_engine_allow_rekey(struct sp_engine *, bool);

/*
 * Asks the peer for an answer, SP_EVENT_PONG, which says that it lives.
 * SP_ERR_STATE before the login, and where the peer did not say that it
 * knows "ping@openssh.com" (OpenSSH's PROTOCOL 1.9): only servers do. The
 * peer's own pings are answered without an event, but not before the login
 * nor during a key exchange, nor where the answer would make a packet of more
 * than 35,000 bytes. One that was passed over so is not answered later
 * either: that an answer is missing shows nothing, where keys have changed
 * (SP_EVENT_KEX_DONE) since. There are never more answers than pings; the
 * connection of a peer that sends another ends.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_engine_ping(struct sp_engine *, struct sp_view data);

/* RFC 4253 11.1: why a connection ends. */
enum sp_disconnect {
	SP_DISCONNECT_HOST_NOT_ALLOWED_TO_CONNECT = 1,
	SP_DISCONNECT_PROTOCOL_ERROR = 2,
	SP_DISCONNECT_KEY_EXCHANGE_FAILED = 3,
	SP_DISCONNECT_MAC_ERROR = 5,
	SP_DISCONNECT_COMPRESSION_ERROR = 6,
	SP_DISCONNECT_SERVICE_NOT_AVAILABLE = 7,
	SP_DISCONNECT_PROTOCOL_VERSION_NOT_SUPPORTED = 8,
	SP_DISCONNECT_HOST_KEY_NOT_VERIFIABLE = 9,
	SP_DISCONNECT_CONNECTION_LOST = 10,
	SP_DISCONNECT_BY_APPLICATION = 11,
	SP_DISCONNECT_TOO_MANY_CONNECTIONS = 12,
	SP_DISCONNECT_AUTH_CANCELLED_BY_USER = 13,
	SP_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE = 14,
	SP_DISCONNECT_ILLEGAL_USER_NAME = 15,
};

/*
 * Sends a disconnect and ends; SP_EVENT_CLOSED follows with
 * SP_ERR_BY_APPLICATION. reason: of enum sp_disconnect.
 */
SP_PUBLIC void sp_engine_disconnect(
    struct sp_engine *, uint32_t reason, const char *description);

/*
 * ---- userauth, server ----
 *
 * Answers to SP_EVENT_AUTH_REQUEST and SP_EVENT_AUTH_RESPONSE. What cannot
 * be an answer to the request that is open is SP_ERR_STATE.
 */

/*
 * methods: name-list of what can continue, borrowed. partial_success: the
 * method was passed and others are wanted as well.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_auth_fail(
    struct sp_engine *, sp_token, const char *methods, bool partial_success);
/* Only to an unsigned publickey request. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_key_ok(struct sp_engine *, sp_token);
/*
 * Only to "password": it is right, but too old. The client may send the
 * old and a new one next, or anything else (RFC 4252 8).
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_change_password(struct sp_engine *, sp_token, const char *prompt);

struct sp_prompt {
	struct sp_view text;
	bool echo; /* what is typed may be seen */
};
/*
 * Only to "keyboard-interactive" and to responses: asks (further), with at
 * most 32 prompts. SP_EVENT_AUTH_RESPONSE follows, or SP_EVENT_AUTH_ABORTED
 * and another request (RFC 4256 3.2). SP_ERR_LIMIT: too long, or too many.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_prompt(struct sp_engine *, sp_token, const char *name,
    const char *instruction, const struct sp_prompt *, size_t count);
/* Takes the first response off an event's; false when none is left. */
SP_PUBLIC bool
sp_auth_next_response(struct sp_view *responses, struct sp_view *response);
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_accept(struct sp_engine *, sp_token);
/* A text for the user, before the answer that ends authentication. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_banner(struct sp_engine *, const char *message);

/*
 * ---- userauth, client: after SP_EVENT_AUTH_READY, one at a time ----
 *
 * Each is answered by SP_EVENT_AUTHENTICATED or SP_EVENT_AUTH_FAILED,
 * unless said otherwise. SP_ERR_STATE while another has no answer yet, but
 * SP_EVENT_AUTH_PROMPT may be answered by another request.
 */

SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_none(struct sp_engine *, const char *user);
/*
 * With ask_first the server is asked whether it would take the key
 * (SP_EVENT_AUTH_KEY_OK or _FAILED); without, SP_EVENT_AUTH_SIGN follows
 * at once and its answer is sent. What is signed names the server's host
 * key where the server said that it knows the method for it,
 * "publickey-hostbound-v00@openssh.com" (OpenSSH's PROTOCOL 3.1).
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_publickey(struct sp_engine *, const char *user, const char *algorithm,
    struct sp_view key_blob, bool ask_first);
/*
 * new_password (NULL: none) is to take the other's place. The answer may be
 * SP_EVENT_AUTH_CHANGE_PASSWORD.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_password(struct sp_engine *, const char *user, struct sp_view password,
    const struct sp_view *new_password);
/* submethods: "" or hints for the server, a name-list (RFC 4256 3.1). */
SP_PUBLIC SP_MUST_USE enum sp_status sp_auth_keyboard_interactive(
    struct sp_engine *, const char *user, const char *submethods);
/* Takes the first prompt off an event's; false when none is left. */
SP_PUBLIC bool
sp_auth_next_prompt(struct sp_view *prompts, struct sp_prompt *prompt);
/*
 * SP_EVENT_AUTH_PROMPT: one response to each prompt, in order; copied.
 * SP_ERR_ARGUMENT when they are more or fewer.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_auth_respond(struct sp_engine *,
    sp_token, const struct sp_view *responses, size_t count);
/*
 * The key is the client's host's, which says that client_user is on it; its
 * name is client_host. SP_EVENT_AUTH_SIGN follows (RFC 4252 9).
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_hostbased(struct sp_engine *, const char *user, const char *algorithm,
    struct sp_view key_blob, const char *client_host, const char *client_user);
/* SP_EVENT_AUTH_SIGN: the signature blob over its data. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_auth_signed(struct sp_engine *, sp_token, struct sp_view signature);

/* ---- handing a connection to another process: server ---- */

/*
 * Instead of sp_auth_accept(): writes all that the connection is into a
 * new allocation (sp_engine_export_free), and ends this engine without a
 * word to the peer. SP_ERR_AGAIN while a key exchange is under way.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_engine_export(struct sp_engine *, sp_token, uint8_t **data, size_t *len);
SP_PUBLIC void sp_engine_export_free(uint8_t *data, size_t len);

/*
 * Takes over an exported connection; the config's role, algorithms and
 * host keys must be those of the connection's server. Call
 * sp_engine_enable_connection() and sp_engine_import_accept() next: it
 * sends USERAUTH_SUCCESS as the first packet. SP_ERR_IMPORT when the data
 * is not whole and consistent.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_engine_import(
    const struct sp_engine_config *, struct sp_view data, struct sp_engine **);
SP_PUBLIC SP_MUST_USE enum sp_status
sp_engine_import_accept(struct sp_engine *);

/* The exchange hash of the first key exchange; empty before it. */
SP_PUBLIC struct sp_view sp_engine_session_id(const struct sp_engine *);
/* What the host key of the last exchange signs with; empty before it. */
SP_PUBLIC struct sp_view sp_engine_host_key_algorithm(const struct sp_engine *);
/*
 * Client: what users' keys may sign with, as the server said last: it may
 * say so before SP_EVENT_AUTH_READY and again until it lets the user in (RFC
 * 8308 2.4, 3.1). A name-list, valid until the next call that takes the
 * engine; empty where it said nothing, as old servers do.
 */
SP_PUBLIC struct sp_view sp_engine_server_sig_algs(const struct sp_engine *);

/*
 * ---- channels ----
 *
 * Of every type, opened by name and by the bytes behind it; the types there
 * are, typed, are in <sallyport/connection.h>. The engine is asked for all
 * of them alike; what is not known to its owner, or whose data is
 * malformed, he refuses (RFC 4254 5.1, reason 3 or 1). A client is not
 * asked for "session": that is refused.
 */

/* RFC 4254 5.1: why a channel is not opened. */
enum sp_open_failure {
	SP_OPEN_ADMINISTRATIVELY_PROHIBITED = 1,
	SP_OPEN_CONNECT_FAILED = 2,
	SP_OPEN_UNKNOWN_CHANNEL_TYPE = 3,
	SP_OPEN_RESOURCE_SHORTAGE = 4,
};

/* Opens one of a type; data is what the type defines, borrowed. */
SP_PUBLIC SP_MUST_USE enum sp_status sp_channel_open(struct sp_engine *,
    const char *type, struct sp_view data, uint32_t *channel);

/* SP_EVENT_CHANNEL_OPEN; the event's channel number is the new one. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_channel_accept(struct sp_engine *, sp_token);
/* reason: of enum sp_open_failure. */
SP_PUBLIC SP_MUST_USE enum sp_status sp_channel_refuse(
    struct sp_engine *, sp_token, uint32_t reason, const char *description);

/*
 * Requests, too, are sent by name and bytes here, and typed there. One that
 * its owner does not know he answers with false, as one that is malformed,
 * or that the channel is not for (RFC 4254 5.4). Without a token no answer
 * is wanted.
 */

/* SP_EVENT_CHANNEL_REQUEST with a token. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_channel_answer(struct sp_engine *, sp_token, bool success);
/* Sends one; with want_reply SP_EVENT_CHANNEL_REPLY follows, in order. */
SP_PUBLIC SP_MUST_USE enum sp_status sp_channel_request(struct sp_engine *,
    uint32_t channel, const char *name, bool want_reply, struct sp_view data);

/*
 * Bulk output without a copy: points iov (up to *count entries) at room in
 * packets being built, within the peer's window and packet size and at
 * most want bytes; *count 0 when there is none now (SP_EVENT_CHANNEL_WRITABLE
 * or sent output makes some). Fill from the front and commit the sum,
 * which may be 0. No engine call in between: any gives the room up, and
 * the commit then is SP_ERR_ARGUMENT. type: 0 data, 1 stderr.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_channel_reserve(struct sp_engine *, uint32_t channel, uint32_t type,
    size_t want, struct iovec *iov, size_t *count);
SP_PUBLIC SP_MUST_USE enum sp_status
sp_channel_commit(struct sp_engine *, size_t len);

/* Copies what fits now; *taken may be less than data. */
SP_PUBLIC SP_MUST_USE enum sp_status sp_channel_write(struct sp_engine *,
    uint32_t channel, uint32_t type, struct sp_view data, size_t *taken);

/* After SP_EVENT_CHANNEL_DATA, before any other call: len bytes were used. */
SP_PUBLIC void
sp_channel_took(struct sp_engine *, uint32_t channel, size_t len);
/*
 * What waits in the channel's queue, and giving it up from the front (no
 * more than there is). Both work until the channel's SP_EVENT_CHANNEL_CLOSED,
 * which comes when the queue is empty or the owner has closed the channel;
 * after the end of the connection until the engine is freed.
 */
SP_PUBLIC struct sp_view
sp_channel_queue(struct sp_engine *, uint32_t channel, uint32_t type);
SP_PUBLIC void sp_channel_consume(
    struct sp_engine *, uint32_t channel, uint32_t type, size_t len);

/* We send no more data; then, we are done with it altogether. */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_channel_eof(struct sp_engine *, uint32_t channel);
SP_PUBLIC SP_MUST_USE enum sp_status
sp_channel_close(struct sp_engine *, uint32_t channel);

/*
 * The peer's close is answered at once, and what we had still to say
 * (exit-status) would come too late: OpenSSH closes as soon as data has
 * ended both ways. A held channel raises SP_EVENT_CHANNEL_CLOSING instead;
 * requests may still be sent, and sp_channel_close() ends it.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_channel_hold(struct sp_engine *, uint32_t channel);

/*
 * ---- global requests ----
 *
 * By name and bytes; typed in <sallyport/connection.h>. One that its owner
 * does not know he answers with false. Replies carry no name: they come in
 * the order of the requests (RFC 4254 4).
 */

SP_PUBLIC SP_MUST_USE enum sp_status sp_global_answer(
    struct sp_engine *, sp_token, bool success, struct sp_view data);
SP_PUBLIC SP_MUST_USE enum sp_status sp_global_request(
    struct sp_engine *, const char *name, bool want_reply, struct sp_view data);

#ifdef __cplusplus
}
#endif

#endif
