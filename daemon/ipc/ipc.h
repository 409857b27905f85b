/*
 * Messages between processes: SOCK_SEQPACKET, one message a packet, never
 * empty, encoded with the reader and writer of the protocol. The rows are
 * in ipc.def; each receiver checks sender, size and descriptors against
 * its row before the body is looked at.
 */
#ifndef SP_IPC_IPC_H
#define SP_IPC_IPC_H

#include "lib/wire/view.h"

#include <sys/types.h>

enum ipc_role {
	IPC_ROLE_SUPERVISOR = 1,
	IPC_ROLE_KEYHOLDER = 2,
	IPC_ROLE_GATE = 4,
	IPC_ROLE_LOGIN = 8,
	IPC_ROLE_SESSION = 16,
	IPC_ROLE_WORKER = 32,
	IPC_ROLE_SERVICE = 64,
	IPC_ROLE_LEDGER = 128,
};

enum ipc_type {
	IPC_NONE,
#define IPC(name, senders, receivers, max, fds) IPC_##name,
#include "daemon/ipc/ipc.def"
#undef IPC
	IPC_TYPES
};

enum { IPC_BODY_MAX = 122880, IPC_FDS_MAX = 2 };

/* What every program finds open when it starts. */
enum {
	IPC_FD_CONTROL = 3, /* SEQPACKET to the supervisor */
	IPC_FD_PROJECTION = 4, /* sealed memfd: its part of the settings */
	IPC_FD_LOG = 5, /* SEQPACKET to the supervisor, one way */
};

/* A message as received; body is borrowed from the caller's room. */
struct ipc_message {
	enum ipc_type type;
	struct sp_view body;
	int fds[IPC_FDS_MAX]; /* the caller's now; -1 where there is none */
	/* The sender as the kernel knows it; -1 unless SO_PASSCRED is on. */
	pid_t pid;
	uid_t uid;
};

/* Room for one message of any type. */
enum { IPC_ROOM = IPC_BODY_MAX + 8 };

/*
 * Room for a message that comes rarely: memory of its own, of which only
 * what a message fills is ever there. NULL without memory.
 */
uint8_t *ipc_room_new(void);
/* Nothing of it stays behind. NULL is allowed. */
void ipc_room_free(uint8_t *room);

const char *ipc_name(enum ipc_type);
const char *ipc_role_name(enum ipc_role);

/*
 * A connected pair, close-on-exec and non-blocking. False with errno set.
 */
bool ipc_pair(int fds[2]);

/*
 * Sends one message; fds stay the caller's. SP_ERR_AGAIN when the queue is
 * full, SP_ERR_EOF when the other end is gone, SP_ERR_ARGUMENT when its
 * row does not allow it.
 */
SP_MUST_USE enum sp_status ipc_send(int socket, enum ipc_type,
    struct sp_view body, const int *fds, size_t fd_count);

/*
 * Receives one message from a peer of this role. SP_ERR_AGAIN when none
 * waits, SP_ERR_EOF at the end, SP_ERR_UNEXPECTED_MESSAGE when its row
 * does not allow it from that sender to this receiver (descriptors that
 * came along are closed): the caller closes the socket. With
 * SP_ERR_DESCRIPTORS this process could not open those of a message that
 * was in order: it is told without them, and the socket is as good as
 * before. Whoever waits at the far end of one that was lost sees its end.
 */
SP_MUST_USE enum sp_status ipc_receive(int socket, enum ipc_role sender,
    enum ipc_role receiver, uint8_t room[IPC_ROOM], struct ipc_message *);

/* Closes the descriptors of a message that nobody took. */
void ipc_close_fds(struct ipc_message *);

/* Waits until the socket is readable; false at the deadline (ms, monotonic). */
bool ipc_wait(int socket, uint64_t deadline);

#endif
