/* Requests to a login through its talk, and its answers. */
#include "daemon/gate/audience.h"

#include "lib/wire/buffer.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A program that dies closes its sockets one by one: so long until the gate
 * must know that more than the talk has ended.
 */
enum { AUDIENCE_DOUBT_MS = 100 };

/* Texts for one stranger: they wait in memory until he takes them. */
enum { BANNERS_MAX = 16 };

struct audience {
	struct event_base *base;
	struct neighbour *login;
	struct audience_stranger stranger;
	const struct audience_owner *owner;
	void *arg;
	struct errand spawn;
	const struct sp_event *question; /* NULL: none is open */
	bool is_prompting; /* the login waits for responses */
	int talk; /* -1 before there is a login */
	unsigned banners; /* so far */
	struct event readable;
	bool is_heard; /* something was answered */
	uint64_t losses; /* of logins, when SPAWN was sent */
	struct event doubt; /* the talk ended: was it the login program? */
};

/* One message is handled at a time. */
static uint8_t room[IPC_ROOM];

static void on_talk(evutil_socket_t, short, void *);
static void on_doubt(evutil_socket_t, short, void *);
static enum errand_outcome send_spawn(struct errand *, int socket);

struct audience *
audience_new(struct event_base *base, struct neighbour *login,
    const struct audience_stranger *stranger,
    const struct audience_owner *owner, void *arg)
{
	struct audience *a = calloc(1, sizeof *a);

	if (a == NULL)
		return NULL;
	a->base = base;
	a->login = login;
	a->stranger = *stranger;
	a->owner = owner;
	a->arg = arg;
	a->spawn.send = send_spawn;
	a->spawn.place.source = stranger->address;
	a->talk = -1;
	event_assign(&a->doubt, base, -1, 0, on_doubt, a);
	return a;
}

static void
hang_up(struct audience *a)
{
	if (a->talk < 0)
		return;
	event_del(&a->readable);
	close(a->talk);
	a->talk = -1;
}

void
audience_free(struct audience *a)
{
	if (a == NULL)
		return;
	neighbour_cancel(a->login, &a->spawn);
	event_del(&a->doubt);
	hang_up(a);
	free(a);
}

/* ---- requests ---- */

/* Where a host vouches for its user, its key stands in place of his. */
static bool
is_hosts(const struct sp_event *event)
{
	return view_equal_string(event->u.auth_request.method, "hostbased");
}

static struct authentication_request
request_of(const struct sp_event *event)
{
	if (is_hosts(event))
		return (struct authentication_request){
			.user = event->u.auth_request.user,
			.service = event->u.auth_request.service,
			.method = event->u.auth_request.method,
			.key_algorithm = event->u.auth_request.host_algorithm,
			.key = event->u.auth_request.host_key,
			.is_signed = true,
			.signature = event->u.auth_request.host_signature,
			.client_host = event->u.auth_request.client_host,
			.client_user = event->u.auth_request.client_user,
		};
	return (struct authentication_request){
		.user = event->u.auth_request.user,
		.service = event->u.auth_request.service,
		.method = event->u.auth_request.method,
		.key_algorithm = event->u.auth_request.key_algorithm,
		.key = event->u.auth_request.key,
		.is_signed = event->u.auth_request.is_signed,
		.signature = event->u.auth_request.signature,
		.bound_to = event->u.auth_request.bound_to,
		.password = event->u.auth_request.password,
		.is_change = event->u.auth_request.is_change,
		.new_password = event->u.auth_request.new_password,
		.submethods = event->u.auth_request.submethods,
	};
}

static void
listen_to(struct audience *a, int talk)
{
	a->talk = talk;
	a->losses = neighbour_losses(a->login);
	event_assign(
	    &a->readable, a->base, talk, EV_READ | EV_PERSIST, on_talk, a);
	event_add(&a->readable, NULL);
}

/* The body of SPAWN, and a talk whose far end goes with it. */
static enum sp_status
spawn(struct audience *a, int socket)
{
	const struct authentication_spawn message = {
		.connection = a->stranger.connection,
		.ticket = buffer_view(a->stranger.ticket),
		.claim = a->stranger.claim,
		.request = request_of(a->question),
	};
	enum sp_status status;
	struct buffer body;
	int talk[2];

	if (!ipc_pair(talk))
		return SP_ERR_LIMIT;
	buffer_init(&body, IPC_BODY_MAX);
	status = authentication_spawn_encode(&message, &body);
	if (status == SP_OK)
		status = ipc_send(socket, IPC_SPAWN, buffer_view(&body),
		    (const int[]){ a->stranger.socket, talk[1] }, 2);
	buffer_clear(&body);
	close(talk[1]);
	if (status == SP_OK)
		listen_to(a, talk[0]);
	else
		close(talk[0]);
	return status;
}

static enum errand_outcome
send_spawn(struct errand *errand, int socket)
{
	struct audience *a = (struct audience *)((char *)errand -
	    offsetof(struct audience, spawn));
	enum sp_status status = spawn(a, socket);
	enum errand_outcome outcome = neighbour_outcome(status);

	if (outcome == ERRAND_DONE && status != SP_OK)
		a->owner->ended(a->arg, sp_status_text(status));
	return outcome;
}

static void
send_request(struct audience *a)
{
	const struct authentication_request request = request_of(a->question);
	enum sp_status status;
	struct buffer body;

	buffer_init(&body, IPC_BODY_MAX);
	status = authentication_request_encode(&request, &body);
	if (status == SP_OK)
		status = ipc_send(
		    a->talk, IPC_AUTH_REQUEST, buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	if (status != SP_OK)
		a->owner->ended(a->arg, sp_status_text(status));
}

void
audience_ask(struct audience *a, const struct sp_event *question)
{
	a->question = question;
	if (a->talk >= 0)
		send_request(a);
	else
		neighbour_send(a->login, &a->spawn);
}

static enum sp_status
encode_responses(const struct sp_event *event, struct buffer *body)
{
	struct sp_view rest = event->u.auth_response.responses;
	struct authentication_responses responses = {
		.is_complete = event->u.auth_response.is_complete,
	};

	/* The engine has counted them. */
	while (responses.count < LIMIT_PROMPTS &&
	    sp_auth_next_response(&rest, &responses.responses[responses.count]))
		responses.count++;
	return authentication_responses_encode(&responses, body);
}

void
audience_respond(struct audience *a, const struct sp_event *event)
{
	enum sp_status status;
	struct buffer body;

	a->question = event;
	a->is_prompting = false;
	buffer_init(&body, IPC_BODY_MAX);
	status = encode_responses(event, &body);
	if (status == SP_OK)
		status = ipc_send(
		    a->talk, IPC_AUTH_RESPONSE, buffer_view(&body), NULL, 0);
	buffer_clear(&body); /* wiped */
	if (status != SP_OK)
		a->owner->ended(a->arg, sp_status_text(status));
}

void
audience_abort(struct audience *a)
{
	enum sp_status status;

	if (!a->is_prompting)
		return;
	a->is_prompting = false;
	status = ipc_send(a->talk, IPC_AUTH_ABORTED, view_of(NULL, 0), NULL, 0);
	if (status != SP_OK)
		a->owner->ended(a->arg, sp_status_text(status));
}

void
audience_end_late(struct audience *a)
{
	if (a->talk < 0 || a->question != NULL)
		return;
	if (ipc_send(a->talk, IPC_AUTH_LATE, view_of(NULL, 0), NULL, 0) !=
	    SP_OK)
		hang_up(a);
}

enum sp_status
audience_hand_over(struct audience *a, struct sp_view export)
{
	return ipc_send(a->talk, IPC_EXPORT, export, NULL, 0);
}

/* ---- answers ---- */

static void
take_failure(struct audience *a, struct sp_view body)
{
	struct authentication_failure failure;
	enum sp_status status = authentication_failure_decode(body, &failure);

	if (status == SP_OK)
		a->owner->failed(a->arg, &failure);
	else
		a->owner->ended(a->arg, sp_status_text(status));
}

static void
take_banner(struct audience *a, struct sp_view body)
{
	struct authentication_banner banner;
	enum sp_status status = authentication_banner_decode(body, &banner);

	if (a->banners++ == BANNERS_MAX)
		status = SP_ERR_LIMIT;
	if (status == SP_OK)
		a->owner->banner(a->arg, banner.text);
	else
		a->owner->ended(a->arg, sp_status_text(status));
}

static void
take_prompts(struct audience *a, struct sp_view body)
{
	struct authentication_prompts prompts;
	enum sp_status status = authentication_prompts_decode(body, &prompts);

	a->is_prompting = true;
	if (status == SP_OK)
		a->owner->prompt(a->arg, &prompts);
	else
		a->owner->ended(a->arg, sp_status_text(status));
}

static void
take_change(struct audience *a, struct sp_view body)
{
	struct authentication_change change;
	enum sp_status status = authentication_change_decode(body, &change);

	if (status == SP_OK)
		a->owner->change(a->arg, change.prompt);
	else
		a->owner->ended(a->arg, sp_status_text(status));
}

static void
take_answer(struct audience *a, const struct ipc_message *message)
{
	bool is_asked = a->question != NULL;

	if (is_asked && message->type == IPC_AUTH_BANNER) {
		take_banner(a, message->body);
		return;
	}
	a->question = NULL;
	a->is_heard = true;
	if (is_asked && message->type == IPC_AUTH_FAILED)
		take_failure(a, message->body);
	else if (is_asked && message->type == IPC_AUTH_KEY_OK)
		a->owner->key_ok(a->arg);
	else if (is_asked && message->type == IPC_AUTH_PROMPT)
		take_prompts(a, message->body);
	else if (is_asked && message->type == IPC_AUTH_CHANGE)
		take_change(a, message->body);
	else if (is_asked && message->type == IPC_AUTH_ACCEPTED)
		a->owner->accepted(a->arg);
	else
		a->owner->ended(a->arg, "an answer that nothing was asked for");
}

static bool
try_next_login(struct audience *a)
{
	if (neighbour_losses(a->login) == a->losses)
		return false;
	neighbour_send(a->login, &a->spawn);
	return true;
}

static void
lose_login(struct audience *a)
{
	static const struct timeval doubt = { .tv_usec =
						  AUDIENCE_DOUBT_MS * 1000 };

	if (a->is_heard) {
		a->owner->ended(a->arg, "the login ended without a verdict");
		return;
	}
	hang_up(a);
	if (!try_next_login(a))
		event_add(&a->doubt, &doubt);
}

static void
on_doubt(evutil_socket_t fd, short what, void *arg)
{
	struct audience *a = arg;

	(void)fd;
	(void)what;
	if (!try_next_login(a))
		a->owner->ended(a->arg, "the login ended without a verdict");
}

static void
on_talk(evutil_socket_t fd, short what, void *arg)
{
	struct audience *a = arg;
	struct ipc_message message;
	enum sp_status status =
	    ipc_receive(a->talk, IPC_ROLE_LOGIN, IPC_ROLE_GATE, room, &message);

	(void)fd;
	(void)what;
	if (status == SP_OK)
		take_answer(a, &message);
	else if (status == SP_ERR_EOF)
		lose_login(a);
	else if (status != SP_ERR_AGAIN)
		a->owner->ended(a->arg, sp_status_text(status));
}
