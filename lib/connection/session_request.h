/*
 * The requests of a session channel (RFC 4254 6): what stands behind the
 * request's name, both directions. Views borrow from the data; text is as
 * the peer sent it and may hold any byte.
 */
#ifndef SP_CONNECTION_SESSION_REQUEST_H
#define SP_CONNECTION_SESSION_REQUEST_H

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

/* "pty-req" (6.2) */
struct session_request_pty {
	struct sp_view term;
	uint32_t columns;
	uint32_t rows;
	uint32_t width; /* pixels */
	uint32_t height;
	struct sp_view modes; /* see session_request_next_mode() */
};
enum sp_status
session_request_encode_pty(const struct session_request_pty *, struct buffer *);
enum sp_status
session_request_decode_pty(struct sp_view, struct session_request_pty *);

/* A terminal mode (RFC 4254 8). */
struct session_request_mode {
	uint8_t opcode;
	uint32_t value;
};
/*
 * Takes the first mode off the list. False at its end: none is left, the
 * opcode is 0 or at least 160, or its value is cut short.
 */
bool
session_request_next_mode(struct sp_view *modes, struct session_request_mode *);

/* "env" (6.4) */
struct session_request_env {
	struct sp_view name;
	struct sp_view value;
};
enum sp_status
session_request_encode_env(const struct session_request_env *, struct buffer *);
enum sp_status
session_request_decode_env(struct sp_view, struct session_request_env *);

/* "x11-req" (6.3.1) */
struct session_request_x11 {
	bool single; /* one connection and no more */
	struct sp_view protocol; /* "MIT-MAGIC-COOKIE-1" */
	struct sp_view cookie; /* in hex; a secret */
	uint32_t screen;
};
enum sp_status
session_request_encode_x11(const struct session_request_x11 *, struct buffer *);
enum sp_status
session_request_decode_x11(struct sp_view, struct session_request_x11 *);

/* "xon-xoff" (6.8): whether the client does flow control itself. */
enum sp_status session_request_encode_flag(bool, struct buffer *);
enum sp_status session_request_decode_flag(struct sp_view, bool *);

/* "break" (RFC 4335 3): how long, in ms; the default where it is 0. */
enum sp_status session_request_encode_break(uint32_t ms, struct buffer *);
enum sp_status session_request_decode_break(struct sp_view, uint32_t *ms);

/* "exec" and "subsystem" (6.5): the command or name; "signal" (6.9). */
enum sp_status session_request_encode_text(struct sp_view, struct buffer *);
enum sp_status
session_request_decode_text(struct sp_view, struct sp_view *text);

/* "window-change" (6.7) */
struct session_request_size {
	uint32_t columns;
	uint32_t rows;
	uint32_t width;
	uint32_t height;
};
enum sp_status session_request_encode_size(
    const struct session_request_size *, struct buffer *);
enum sp_status
session_request_decode_size(struct sp_view, struct session_request_size *);

/* "exit-status" (6.10) */
enum sp_status session_request_encode_status(uint32_t, struct buffer *);
enum sp_status session_request_decode_status(struct sp_view, uint32_t *);

/* "exit-signal" (6.10) */
struct session_request_exit_signal {
	struct sp_view name; /* "TERM" */
	bool has_core;
	struct sp_view message;
	struct sp_view language;
};
enum sp_status session_request_encode_exit_signal(
    const struct session_request_exit_signal *, struct buffer *);
enum sp_status session_request_decode_exit_signal(
    struct sp_view, struct session_request_exit_signal *);

#endif
