/* Logins are announced by login programs, who are the supervisor's to name. */
#include "daemon/service/reception.h"

#include "daemon/ipc/control.h"
#include "daemon/log/log.h"
#include "daemon/log/shortage.h"

#include <errno.h>
#include <sallyport/module.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Login programs at once: one, and those that were replaced before they ended. */
enum { LINKS_MAX = 64 };

struct link {
	int socket;
	uint32_t id; /* the login program's generation */
};

static struct {
	int epoll; /* what the module waits for */
	int control; /* -1: the supervisor is gone */
	bool is_retired;
	bool is_over;
	struct link links[LINKS_MAX];
	size_t count;
} reception = { .epoll = -1, .control = -1 };

static uint8_t room[IPC_ROOM];

static bool
watch(int socket)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(reception.epoll, EPOLL_CTL_ADD, socket, &event) == 0;
}

/* Whoever else has it open: it is to wake nobody here. */
static void
hang_up(int socket)
{
	epoll_ctl(reception.epoll, EPOLL_CTL_DEL, socket, NULL);
	close(socket);
}

int
reception_open(int control)
{
	reception.control = control;
	reception.epoll = epoll_create1(EPOLL_CLOEXEC);
	return reception.epoll >= 0 && watch(control) ? reception.epoll : -1;
}

bool
reception_is_over(void)
{
	return reception.is_over;
}

/* ---- orders ---- */

static void
lose_order(enum ipc_type type)
{
	shortage_of_order(reception.control, IPC_ROLE_SERVICE, type);
}

static void
take_peer(struct ipc_message *message)
{
	struct control_peer peer;

	if (control_peer_decode(message->body, &peer) != SP_OK ||
	    peer.role != IPC_ROLE_LOGIN || reception.count == LINKS_MAX) {
		ipc_close_fds(message);
		return;
	}
	if (!watch(message->fds[0])) {
		ipc_close_fds(message);
		lose_order(IPC_PEER);
		return;
	}
	reception.links[reception.count++] =
	    (struct link){ message->fds[0], peer.id };
}

static void
follow_orders(void)
{
	struct ipc_message message;
	enum sp_status status = SP_OK;

	while (reception.control >= 0 && status != SP_ERR_AGAIN) {
		status = ipc_receive(reception.control, IPC_ROLE_SUPERVISOR,
		    IPC_ROLE_SERVICE, room, &message);
		if (status == SP_OK && message.type == IPC_PEER) {
			take_peer(&message);
		} else if (status == SP_OK) {
			reception.is_retired = true; /* no other type comes */
		} else if (status == SP_ERR_DESCRIPTORS) {
			lose_order(message.type);
		} else if (status != SP_ERR_AGAIN) {
			hang_up(reception.control);
			reception.control = -1;
			reception.is_retired = true;
		}
	}
}

/* ---- logins ---- */

/* Nothing that leads anywhere but to one process. */
static bool
is_login(int socket)
{
	int domain = 0, type = 0;
	socklen_t size = sizeof domain;

	if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0)
		return false;
	size = sizeof type;
	return getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	    domain == AF_UNIX && type == SOCK_SEQPACKET;
}

static void
drop_link(size_t i)
{
	hang_up(reception.links[i].socket);
	reception.links[i] = reception.links[--reception.count];
}

/* -1 when none waits there; a link that is over is dropped. */
static int
take_from(size_t i)
{
	const struct link link = reception.links[i];
	struct ipc_message message;
	enum sp_status status;

	do {
		status = ipc_receive(link.socket, IPC_ROLE_LOGIN,
		    IPC_ROLE_SERVICE, room, &message);
		if (status == SP_OK && is_login(message.fds[0]))
			return message.fds[0];
		if (status == SP_OK)
			ipc_close_fds(&message);
		else if (status == SP_ERR_DESCRIPTORS)
			shortage_log(IPC_ROLE_LOGIN, link.id, message.type);
	} while (status == SP_OK || status == SP_ERR_DESCRIPTORS);
	if (status == SP_ERR_AGAIN)
		return -1;
	if (status != SP_ERR_EOF)
		log_event(EVENT_PEER_REFUSED,
		    LOG_FIELDS(log_text(FIELD_ROLE, "login"),
			log_number(FIELD_PEER, link.id),
			log_text(FIELD_REASON, sp_status_text(status))));
	drop_link(i);
	return -1;
}

int
sp_service_accept(int fd)
{
	if (fd < 0 || fd != reception.epoll) {
		errno = EBADF;
		return -1;
	}
	follow_orders();
	for (size_t i = reception.count; i-- > 0;) {
		int login = take_from(i);

		if (login >= 0)
			return login;
	}
	reception.is_over = reception.is_retired && reception.count == 0;
	errno = reception.is_over ? ESHUTDOWN : EAGAIN;
	return -1;
}
