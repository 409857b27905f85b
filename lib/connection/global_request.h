/*
 * What stands behind a global request's name, and behind its reply, both
 * directions. Views borrow from the data. "no-more-sessions@openssh.com"
 * and "keepalive@openssh.com" have nothing there; whatever comes behind
 * the latter, any reply will do.
 */
#ifndef SP_CONNECTION_GLOBAL_REQUEST_H
#define SP_CONNECTION_GLOBAL_REQUEST_H

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

/* "tcpip-forward" and "cancel-tcpip-forward" (RFC 4254 7.1) */
struct global_request_tcpip {
	struct sp_view address; /* "": all there are, of all families */
	uint32_t port; /* 0: the server chooses */
};
/* A port above 65535 is SP_ERR_FORMAT. */
enum sp_status global_request_encode_tcpip(
    const struct global_request_tcpip *, struct buffer *);
enum sp_status
global_request_decode_tcpip(struct sp_view, struct global_request_tcpip *);

/* The reply where the server chose: its port, never 0. */
enum sp_status global_request_encode_port(uint32_t, struct buffer *);
enum sp_status global_request_decode_port(struct sp_view, uint32_t *);

/*
 * "streamlocal-forward@openssh.com" and
 * "cancel-streamlocal-forward@openssh.com" (OpenSSH's PROTOCOL 2.4)
 */
enum sp_status global_request_encode_path(struct sp_view path, struct buffer *);
enum sp_status global_request_decode_path(struct sp_view, struct sp_view *path);

/*
 * "hostkeys-00@openssh.com": the server's host keys; and
 * "hostkeys-prove-00@openssh.com": those it is to prove, whose reply is a
 * signature for each, in order (OpenSSH's PROTOCOL 2.5). All are strings
 * one after the other: decode looks that they are whole, not empty and no
 * more than there may be; next takes the first one off.
 */
enum { GLOBAL_REQUEST_KEYS = 32 };
enum sp_status global_request_encode_blob(struct sp_view blob, struct buffer *);
enum sp_status global_request_decode_blobs(struct sp_view, size_t *count);
bool global_request_next_blob(struct sp_view *blobs, struct sp_view *blob);

/* What the signature of such a proof is over. */
enum sp_status global_request_write_proof(
    struct sp_view session_id, struct sp_view host_key, struct buffer *);

#endif
