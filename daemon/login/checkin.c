/* A place for a session, asked for as root and kept as the user. */
#include "daemon/login/checkin.h"

#include "daemon/ipc/ipc.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Who has logged in does not wait for longer. */
	PATIENCE_MS = 5000,
	/* A full queue is tried again so soon. */
	PAUSE_NS = 2000000,
};

bool
checkin_is_wanted(const struct access_settings *access)
{
	for (size_t i = 0; i < access->profile_count; i++) {
		if (access->profiles[i].sessions_per_identity > 0)
			return true;
	}
	return false;
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The login program's queue may be full of what others ask. */
static enum sp_status
send_question(
    int ledger, const struct lodging *lodging, int end, uint64_t deadline)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct buffer body;
	enum sp_status status;

	buffer_init(&body, LODGING_IDENTITY_MAX + 64);
	status = lodging_encode(lodging, &body);
	while (status == SP_OK) {
		status =
		    ipc_send(ledger, IPC_LODGE, buffer_view(&body), &end, 1);
		if (status != SP_ERR_AGAIN || now_ms() >= deadline)
			break;
		nanosleep(&pause, NULL);
		status = SP_OK;
	}
	buffer_clear(&body);
	return status;
}

static enum checkin
wait_for_answer(int socket, uint64_t deadline)
{
	uint8_t *room = ipc_room_new();
	struct ipc_message message;
	enum checkin answer = CHECKIN_UNANSWERED;

	if (room != NULL && ipc_wait(socket, deadline) &&
	    ipc_receive(socket, IPC_ROLE_LEDGER, IPC_ROLE_LOGIN, room,
		&message) == SP_OK) {
		ipc_close_fds(&message);
		if (message.type == IPC_LODGED)
			answer = CHECKIN_DONE;
		else if (message.type == IPC_LODGING_REFUSED)
			answer = CHECKIN_FULL;
	}
	ipc_room_free(room);
	return answer;
}

enum checkin
checkin_ask(
    int ledger, const struct lodging *lodging, uint64_t deadline, int *session)
{
	const uint64_t latest = now_ms() + PATIENCE_MS;
	const uint64_t end = deadline < latest ? deadline : latest;
	enum checkin answer = CHECKIN_UNANSWERED;
	enum sp_status status;
	int pair[2];

	if (ledger < 0 || !ipc_pair(pair))
		return CHECKIN_UNANSWERED;
	status = send_question(ledger, lodging, pair[1], end);
	close(pair[1]);
	if (status == SP_OK)
		answer = wait_for_answer(pair[0], end);
	if (answer == CHECKIN_DONE)
		*session = pair[0];
	else
		close(pair[0]);
	return answer;
}

/* He may know why: he has proved himself. */
static void
turn_away(const struct attempt *a, enum checkin answer)
{
	const struct profile_settings *profile = a->candidate.profile;
	char reason[512];

	if (answer == CHECKIN_UNANSWERED) {
		attempt_refuse(a, AUTHENTICATION_FAULT,
		    "the ledger, which counts sessions, gave no answer");
		return;
	}
	snprintf(reason, sizeof reason,
	    "identity %s has %" PRIu32 " sessions, as many as profile %.100s "
	    "allows (sessions_per_identity)",
	    login_identity(&a->login), profile->sessions_per_identity,
	    profile->name);
	attempt_refuse(a, AUTHENTICATION_CROWDED, reason);
}

struct lodging
checkin_lodging(const struct attempt *a)
{
	return (struct lodging){
		.identity = view_of_string(login_identity(&a->login)),
		.max = a->candidate.profile->sessions_per_identity,
	};
}

bool
checkin_pass(const struct attempt *a, int ledger, int *session)
{
	const struct lodging lodging = checkin_lodging(a);
	enum checkin answer;

	*session = -1;
	if (lodging.max == 0)
		return true;
	answer = checkin_ask(ledger, &lodging, a->given.deadline, session);
	if (answer != CHECKIN_DONE)
		turn_away(a, answer);
	return answer == CHECKIN_DONE;
}

bool
checkin_holds(int session)
{
	struct pollfd fd = { .fd = session, .events = POLLIN };

	/* It has nothing more to say; what is there is its end. */
	if (poll(&fd, 1, 0) == 0)
		return true;
	errno = EPIPE;
	return false;
}
