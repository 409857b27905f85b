/*
 * What stands behind a channel's type when it is opened, both directions.
 * Views borrow from the data; text is as the peer sent it and may hold any
 * byte. "session" (RFC 4254 6.1) and "auth-agent@openssh.com" (OpenSSH's
 * PROTOCOL) have nothing there.
 */
#ifndef SP_CONNECTION_CHANNEL_TYPE_H
#define SP_CONNECTION_CHANNEL_TYPE_H

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

/*
 * "direct-tcpip": connect to the address, for the originator; and
 * "forwarded-tcpip": somebody came to the address (RFC 4254 7.2).
 */
struct channel_type_tcpip {
	struct sp_view address;
	uint32_t port;
	struct sp_view originator;
	uint32_t originator_port;
};
/* A port above 65535 is SP_ERR_FORMAT. */
enum sp_status
channel_type_encode_tcpip(const struct channel_type_tcpip *, struct buffer *);
enum sp_status
channel_type_decode_tcpip(struct sp_view, struct channel_type_tcpip *);

/* "x11" (RFC 4254 6.3.2) */
struct channel_type_x11 {
	struct sp_view originator;
	uint32_t originator_port;
};
enum sp_status
channel_type_encode_x11(const struct channel_type_x11 *, struct buffer *);
enum sp_status
channel_type_decode_x11(struct sp_view, struct channel_type_x11 *);

/*
 * "direct-streamlocal@openssh.com" and
 * "forwarded-streamlocal@openssh.com" (OpenSSH's PROTOCOL 2.4): the path;
 * behind it they have reserved fields, which differ.
 */
enum sp_status
channel_type_encode_direct_streamlocal(struct sp_view path, struct buffer *);
enum sp_status
channel_type_decode_direct_streamlocal(struct sp_view, struct sp_view *path);
enum sp_status
channel_type_encode_forwarded_streamlocal(struct sp_view path, struct buffer *);
enum sp_status
channel_type_decode_forwarded_streamlocal(struct sp_view, struct sp_view *path);

/* "tun@openssh.com" (OpenSSH's PROTOCOL 2.3) */
enum channel_type_tun_mode {
	CHANNEL_TYPE_TUN_LAYER_3 = 1,
	CHANNEL_TYPE_TUN_LAYER_2 = 2,
};
/* As the unit: the server takes any. */
#define CHANNEL_TYPE_TUN_ANY UINT32_C(0x7fffffff)
struct channel_type_tun {
	uint32_t mode;
	uint32_t unit;
};
/* Another mode is SP_ERR_FORMAT. */
enum sp_status
channel_type_encode_tun(const struct channel_type_tun *, struct buffer *);
enum sp_status
channel_type_decode_tun(struct sp_view, struct channel_type_tun *);

#endif
