/*
 * What stands behind names in the connection protocol (RFC 4254): a
 * channel's type when it is opened, a channel request, a global request.
 * Each is a struct with a kind and, in its union, the fields of that kind.
 * One call reads it off an event of the engine, one sends it:
 *
 *	case SP_EVENT_CHANNEL_REQUEST:
 *		if (sp_request_read(&event, &request) != SP_OK)
 *			break; (and refuse it)
 *		if (request.kind == SP_REQUEST_EXEC)
 *			run(request.u.command);
 *
 *	request.kind = SP_REQUEST_EXEC;
 *	request.u.command = sp_text("ls -l");
 *	status = sp_request_send(engine, channel, &request, true);
 *
 * Reading: views are borrowed from the event, and text is as the peer sent
 * it and may hold any byte. SP_ERR_FORMAT or SP_ERR_TRAILING where the data
 * is not what the name defines, with the struct as it was; it is to be
 * refused. A name that is not known here is no error: the kind says so, and
 * the event has name and data. What is known is not thereby allowed: who
 * may ask for it is said below, and that is for the owner to look at.
 *
 * Sending: views are borrowed for the call. SP_ERR_ARGUMENT where a number
 * is out of its range, or a reply is wanted where the RFC has none; else as
 * sp_channel_open(), sp_channel_request() and sp_global_request(), which
 * send names that are not known here.
 *
 * Nothing here allocates. (PROTOCOL is OpenSSH's.)
 */
#ifndef SALLYPORT_CONNECTION_H
#define SALLYPORT_CONNECTION_H

#include <sallyport/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- channels ---- */

enum sp_channel_type {
	SP_CHANNEL_UNKNOWN,
	SP_CHANNEL_SESSION, /* to a server; RFC 4254 6.1 */
	SP_CHANNEL_X11, /* x11: to a client; RFC 4254 6.3.2 */
	SP_CHANNEL_DIRECT_TCPIP, /* tcpip: to a server; RFC 4254 7.2 */
	SP_CHANNEL_FORWARDED_TCPIP, /* tcpip: to a client; RFC 4254 7.2 */
	SP_CHANNEL_AUTH_AGENT, /* to a client; PROTOCOL.agent */
	SP_CHANNEL_DIRECT_STREAMLOCAL, /* path: to a server; PROTOCOL 2.4 */
	SP_CHANNEL_FORWARDED_STREAMLOCAL, /* path: to a client */
	SP_CHANNEL_TUN, /* tun: to a server; PROTOCOL 2.3 */
};

/*
 * DIRECT_TCPIP: connect to this address, for the originator.
 * FORWARDED_TCPIP: the originator came to this address. Ports are at most
 * 65535.
 */
struct sp_open_tcpip {
	struct sp_view address; /* a name or a number */
	uint32_t port;
	struct sp_view originator; /* a number, as the sender says */
	uint32_t originator_port;
};

struct sp_open_x11 {
	struct sp_view originator;
	uint32_t originator_port;
};

enum sp_tun_mode { SP_TUN_LAYER_3 = 1, SP_TUN_LAYER_2 = 2 };

/* As the unit of an interface: the server takes any. */
#define SP_TUN_ANY UINT32_C(0x7fffffff)

struct sp_open_tun {
	uint32_t mode; /* of enum sp_tun_mode */
	uint32_t unit;
};

struct sp_open {
	enum sp_channel_type type;
	union {
		struct sp_open_tcpip tcpip;
		struct sp_open_x11 x11;
		struct sp_view path; /* of a socket */
		struct sp_open_tun tun;
	} u;
};

/* SP_EVENT_CHANNEL_OPEN */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_open_read(const struct sp_event *, struct sp_open *);
SP_PUBLIC SP_MUST_USE enum sp_status
sp_open_send(struct sp_engine *, const struct sp_open *, uint32_t *channel);

/* ---- requests of a channel ---- */

enum sp_request_kind {
	SP_REQUEST_UNKNOWN,
	/* To a server, before there is a program. */
	SP_REQUEST_PTY, /* pty: "pty-req", RFC 4254 6.2 */
	SP_REQUEST_X11, /* x11: "x11-req", RFC 4254 6.3.1 */
	SP_REQUEST_ENV, /* env: RFC 4254 6.4 */
	SP_REQUEST_AUTH_AGENT, /* "auth-agent-req@openssh.com" */
	/* To a server: only one of these succeeds (RFC 4254 6.5). */
	SP_REQUEST_SHELL,
	SP_REQUEST_EXEC, /* command */
	SP_REQUEST_SUBSYSTEM, /* subsystem */
	/* To a server, while the program runs. */
	SP_REQUEST_WINDOW_CHANGE, /* size: RFC 4254 6.7; no reply */
	SP_REQUEST_SIGNAL, /* signal: RFC 4254 6.9; no reply */
	SP_REQUEST_BREAK, /* break_ms: RFC 4335 3 */
	/* To a client. */
	SP_REQUEST_XON_XOFF, /* client_can_do: RFC 4254 6.8; no reply */
	SP_REQUEST_EXIT_STATUS, /* exit_status: RFC 4254 6.10; no reply */
	SP_REQUEST_EXIT_SIGNAL, /* exit_signal: RFC 4254 6.10; no reply */
	/* To either: it reads no more of our data; PROTOCOL 2.1, no reply. */
	SP_REQUEST_EOW,
};

/* The size of a terminal; characters count where pixels are there too. */
struct sp_window_size {
	uint32_t columns;
	uint32_t rows;
	uint32_t width; /* pixels */
	uint32_t height;
};

struct sp_pty_request {
	struct sp_view term; /* "xterm" */
	struct sp_window_size size;
	struct sp_view modes; /* sp_terminal_modes_next() and _write() */
};

struct sp_x11_request {
	bool single; /* one connection and no more */
	struct sp_view protocol; /* "MIT-MAGIC-COOKIE-1" */
	struct sp_view cookie; /* in hexadecimal; a secret */
	uint32_t screen;
};

struct sp_env_request {
	struct sp_view name;
	struct sp_view value;
};

struct sp_exit_signal {
	struct sp_view name; /* "TERM", without "SIG" */
	bool core_dumped;
	struct sp_view message;
	struct sp_view language;
};

struct sp_request {
	enum sp_request_kind kind;
	union {
		struct sp_pty_request pty;
		struct sp_x11_request x11;
		struct sp_env_request env;
		struct sp_view command;
		struct sp_view subsystem; /* its name */
		struct sp_window_size size;
		struct sp_view signal; /* "TERM", without "SIG" */
		uint32_t break_ms; /* 0: as long as is usual */
		bool client_can_do; /* flow control by ^S and ^Q */
		uint32_t exit_status;
		struct sp_exit_signal exit_signal;
	} u;
};

/* SP_EVENT_CHANNEL_REQUEST */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_request_read(const struct sp_event *, struct sp_request *);
SP_PUBLIC SP_MUST_USE enum sp_status sp_request_send(struct sp_engine *,
    uint32_t channel, const struct sp_request *, bool want_reply);

/* ---- modes of a terminal (RFC 4254 8, RFC 8160) ---- */

struct sp_terminal_mode {
	uint8_t opcode;
	uint32_t value;
};

/* The value of a control character that there is none of. */
#define SP_TERMINAL_NO_CHARACTER UINT32_C(255)

/* "VINTR", "IUTF8"; NULL where the opcode has no name. */
SP_PUBLIC const char *sp_terminal_mode_name(uint8_t opcode);
/* 0 where the name has no opcode. */
SP_PUBLIC uint8_t sp_terminal_mode_opcode(const char *name);

/*
 * Takes the first mode off a list. False at its end: none is left, the
 * opcode is 0 or at least 160, or its value is cut short.
 */
SP_PUBLIC bool
sp_terminal_modes_next(struct sp_view *modes, struct sp_terminal_mode *mode);

/* Room for each opcode that a list may have, once. */
enum { SP_TERMINAL_MODES_SIZE = 159 * 5 + 1 };

/*
 * Writes a list with its end into room (size bytes) and its length into
 * *len. SP_ERR_ARGUMENT when an opcode would end it before; SP_ERR_LIMIT
 * where it does not fit.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_terminal_modes_write(const struct sp_terminal_mode *, size_t count,
    uint8_t *room, size_t size, size_t *len);

/* ---- global requests ---- */

enum sp_global_kind {
	SP_GLOBAL_UNKNOWN,
	/* To a server. */
	SP_GLOBAL_TCPIP_FORWARD, /* forward: RFC 4254 7.1 */
	SP_GLOBAL_CANCEL_TCPIP_FORWARD, /* forward */
	SP_GLOBAL_STREAMLOCAL_FORWARD, /* path: PROTOCOL 2.4 */
	SP_GLOBAL_CANCEL_STREAMLOCAL_FORWARD, /* path */
	SP_GLOBAL_NO_MORE_SESSIONS, /* refuse such channels; PROTOCOL 2.2 */
	SP_GLOBAL_HOSTKEYS_PROVE, /* host_keys: PROTOCOL 2.5 */
	/* To a client. */
	SP_GLOBAL_HOSTKEYS, /* host_keys: PROTOCOL 2.5 */
	/* To either: is anybody there? Any reply will do. */
	SP_GLOBAL_KEEPALIVE,
};

struct sp_tcpip_forward {
	/*
	 * "": all addresses of all families; "0.0.0.0", "::": all of one;
	 * "localhost", "127.0.0.1", "::1": this host alone.
	 */
	struct sp_view address;
	uint32_t port; /* at most 65535; 0: the server chooses */
};

struct sp_global {
	enum sp_global_kind kind;
	union {
		struct sp_tcpip_forward forward;
		struct sp_view path; /* of a socket */
		/* Blobs, at most 32: sp_strings_next() and _write(). */
		struct sp_view host_keys;
	} u;
};

/* SP_EVENT_GLOBAL_REQUEST */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_global_read(const struct sp_event *, struct sp_global *);
SP_PUBLIC SP_MUST_USE enum sp_status
sp_global_send(struct sp_engine *, const struct sp_global *, bool want_reply);

/*
 * The port that the server chose, in the reply to a TCPIP_FORWARD that left
 * it to him: SP_EVENT_GLOBAL_REPLY with success, and the answer to
 * SP_EVENT_GLOBAL_REQUEST. Where the client named one, 0 answers without.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_forward_port_read(const struct sp_event *, uint32_t *port);
SP_PUBLIC SP_MUST_USE enum sp_status
sp_forward_port_answer(struct sp_engine *, sp_token, uint32_t port);

/* ---- host keys that prove themselves (PROTOCOL 2.5) ---- */

/*
 * Strings one after the other: the blobs of HOSTKEYS and HOSTKEYS_PROVE,
 * and the signatures in the reply to the latter, one for each blob in
 * order. next takes the first one off; false when none is left, or it is
 * cut short. write puts them into room (size bytes) and their length into
 * *len; SP_ERR_LIMIT where they do not fit.
 */
SP_PUBLIC bool sp_strings_next(struct sp_view *strings, struct sp_view *string);
SP_PUBLIC SP_MUST_USE enum sp_status
sp_strings_write(const struct sp_view *strings, size_t count, uint8_t *room,
    size_t size, size_t *len);

/*
 * What the signature that proves a host key is over: sign and verify this.
 * Into room (size bytes), its length into *len; SP_ERR_LIMIT where it does
 * not fit, SP_ERR_MEMORY.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_host_key_proof(struct sp_view session_id, struct sp_view host_key,
    uint8_t *room, size_t size, size_t *len);

/*
 * Client: whether a signature of the reply proves that this connection's
 * server holds the private half of this host key, as sp_key_verify(). One
 * that was told and not proved is nobody's.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_host_key_verify_proof(const struct sp_engine *, struct sp_view host_key,
    struct sp_view signature);

#ifdef __cplusplus
}
#endif

#endif
