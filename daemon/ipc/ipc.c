/* Messages between processes: the table, and how one is sent and received. */
#include "daemon/ipc/ipc.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What stands before the body: the type. */
enum { HEADER_LEN = 4 };
/* Descriptors the kernel can pass in one message (SCM_MAX_FD). */
enum { KERNEL_FDS_MAX = 253 };

struct row {
	const char *name;
	unsigned senders;
	unsigned receivers;
	size_t max;
	size_t fds;
};

#define S IPC_ROLE_SUPERVISOR
#define K IPC_ROLE_KEYHOLDER
#define G IPC_ROLE_GATE
#define L IPC_ROLE_LOGIN
#define B IPC_ROLE_LEDGER
#define U IPC_ROLE_SESSION
#define V IPC_ROLE_SERVICE
#define W IPC_ROLE_WORKER
static const struct row rows[IPC_TYPES] = {
	[IPC_NONE] = { "none", 0, 0, 0, 0 },
#define IPC(name, senders, receivers, max, fds) \
	[IPC_##name] = { #name, senders, receivers, max, fds },
#include "daemon/ipc/ipc.def"
#undef IPC
};
#undef S
#undef K
#undef G
#undef L
#undef B
#undef U
#undef V
#undef W

const char *
ipc_name(enum ipc_type type)
{
	return (unsigned)type < IPC_TYPES ? rows[type].name : "unknown";
}

const char *
ipc_role_name(enum ipc_role role)
{
	switch (role) {
	case IPC_ROLE_SUPERVISOR:
		return "supervisor";
	case IPC_ROLE_KEYHOLDER:
		return "keyholder";
	case IPC_ROLE_GATE:
		return "gate";
	case IPC_ROLE_LOGIN:
		return "login";
	case IPC_ROLE_SESSION:
		return "session";
	case IPC_ROLE_WORKER:
		return "worker";
	case IPC_ROLE_SERVICE:
		return "service";
	case IPC_ROLE_LEDGER:
		return "ledger";
	}
	return "unknown";
}

uint8_t *
ipc_room_new(void)
{
	void *room = mmap(NULL, IPC_ROOM, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return room == MAP_FAILED ? NULL : room;
}

void
ipc_room_free(uint8_t *room)
{
	if (room != NULL)
		munmap(room, IPC_ROOM);
}

bool
ipc_pair(int fds[2])
{
	return socketpair(AF_UNIX,
		   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0;
}

static enum sp_status
status_of_errno(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
	case ETOOMANYREFS: /* too many descriptors in flight */
		return SP_ERR_AGAIN;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		return SP_ERR_EOF;
	case ENOMEM:
		return SP_ERR_MEMORY;
	default:
		return SP_ERR_INTERNAL;
	}
}

static void
attach_fds(struct msghdr *message, const int *fds, size_t count)
{
	struct cmsghdr *control;

	message->msg_controllen = CMSG_SPACE(count * sizeof *fds);
	control = CMSG_FIRSTHDR(message);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(count * sizeof *fds);
	memcpy(CMSG_DATA(control), fds, count * sizeof *fds);
}

enum sp_status
ipc_send(int socket, enum ipc_type type, struct sp_view body, const int *fds,
    size_t fd_count)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(IPC_FDS_MAX * sizeof(int))];
	} control = { .room = { 0 } };
	uint8_t header[HEADER_LEN] = { 0, 0, 0, (uint8_t)type };
	struct iovec pieces[] = {
		{ .iov_base = header, .iov_len = sizeof header },
		{ .iov_base = (void *)(uintptr_t)body.data,
		    .iov_len = body.len },
	};
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };
	ssize_t sent;

	if (type == IPC_NONE || (unsigned)type >= IPC_TYPES ||
	    body.len > rows[type].max || fd_count != rows[type].fds)
		return SP_ERR_ARGUMENT;
	if (fd_count > 0) {
		message.msg_control = control.room;
		attach_fds(&message, fds, fd_count);
	}
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? status_of_errno(errno) : SP_OK;
}

/*
 * Keeps the first descriptors and closes the rest; the count is of all
 * that came.
 */
static size_t
take_fds(struct ipc_message *m, const struct cmsghdr *control, size_t had)
{
	size_t n = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(control) + i * sizeof fd, sizeof fd);
		if (had + i < IPC_FDS_MAX)
			m->fds[had + i] = fd;
		else
			close(fd);
	}
	return had + n;
}

static size_t
take_control(struct ipc_message *m, struct msghdr *message)
{
	size_t fds = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL;
	     c = CMSG_NXTHDR(message, c)) {
		struct ucred sender;

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS) {
			fds = take_fds(m, c, fds);
		} else if (c->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&sender, CMSG_DATA(c), sizeof sender);
			m->pid = sender.pid;
			m->uid = sender.uid;
		}
	}
	return fds;
}

/*
 * The type, or IPC_NONE when the table does not allow this message. Where
 * descriptors are missing they are fewer than its row says: it has some.
 */
static enum ipc_type
allowed_type(struct sp_view bytes, size_t fds, bool are_missing,
    enum ipc_role sender, enum ipc_role receiver)
{
	const struct row *row;

	if (bytes.len < HEADER_LEN || bytes.data[0] != 0 ||
	    bytes.data[1] != 0 || bytes.data[2] != 0 ||
	    bytes.data[3] >= IPC_TYPES)
		return IPC_NONE;
	row = &rows[bytes.data[3]];
	if ((row->senders & sender) == 0 || (row->receivers & receiver) == 0 ||
	    bytes.len - HEADER_LEN > row->max ||
	    (are_missing ? fds >= row->fds : fds != row->fds))
		return IPC_NONE;
	return bytes.data[3];
}

enum sp_status
ipc_receive(int socket, enum ipc_role sender, enum ipc_role receiver,
    uint8_t room[IPC_ROOM], struct ipc_message *m)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(KERNEL_FDS_MAX * sizeof(int)) +
		    CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec piece = { .iov_base = room, .iov_len = IPC_ROOM };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
	struct ipc_message got = {
		.fds = { -1, -1 }, .pid = -1, .uid = (uid_t)-1
	};
	bool are_missing;
	ssize_t len;
	size_t fds;

	message.msg_control = control.room;
	message.msg_controllen = sizeof control.room;
	do {
		len =
		    recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return status_of_errno(errno);
	fds = take_control(&got, &message);
	/* There is room for all; what is missing the kernel could not open. */
	are_missing = (message.msg_flags & MSG_CTRUNC) != 0;
	if (len == 0 && fds == 0 && !are_missing)
		return SP_ERR_EOF;
	if ((message.msg_flags & MSG_TRUNC) == 0)
		got.type = allowed_type(view_of(room, (size_t)len), fds,
		    are_missing, sender, receiver);
	if (got.type == IPC_NONE || are_missing)
		ipc_close_fds(&got);
	if (got.type == IPC_NONE)
		return SP_ERR_UNEXPECTED_MESSAGE;
	got.body = view_of(room + HEADER_LEN, (size_t)len - HEADER_LEN);
	*m = got;
	return are_missing ? SP_ERR_DESCRIPTORS : SP_OK;
}

void
ipc_close_fds(struct ipc_message *m)
{
	for (size_t i = 0; i < IPC_FDS_MAX; i++) {
		if (m->fds[i] >= 0)
			close(m->fds[i]);
		m->fds[i] = -1;
	}
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool
ipc_wait(int socket, uint64_t deadline)
{
	struct pollfd waiting = { .fd = socket, .events = POLLIN };

	for (;;) {
		uint64_t now = now_ms();
		uint64_t left = deadline > now ? deadline - now : 0;
		int n = poll(&waiting, 1, left > 60000 ? 60000 : (int)left);

		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		if (n == 0 && left <= 60000)
			return false;
	}
}
