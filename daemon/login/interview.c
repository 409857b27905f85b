/* Questions to a client, and his answers; sp_ask() and sp_tell(). */
#include "daemon/login/interview.h"

#include "daemon/ipc/ipc.h"
#include "daemon/login/login.h"
#include "daemon/login/stroke.h"
#include "lib/wire/buffer.h"

#include <openssl/crypto.h>

enum {
	TEXTS_MAX = 8, /* in one login: a gate takes no more than 16 */
	HEADER_LEN = 4, /* of a message, in front of its body */
};

void
interview_begin(struct interview *d, bool can_ask)
{
	d->state = INTERVIEW_OPEN;
	d->can_ask = can_ask;
}

static bool
end(struct interview *d, enum authentication_ending ending, const char *reason)
{
	d->state = INTERVIEW_OVER;
	d->ending = ending;
	d->reason = reason;
	return false;
}

bool
interview_breach(struct interview *d)
{
	return end(d, AUTHENTICATION_BREACH, "its gate says what it may not");
}

bool
interview_receive(
    struct interview *d, uint8_t *room, struct ipc_message *message)
{
	enum sp_status status;

	if (!ipc_wait(d->talk, d->deadline)) {
		d->is_late = true;
		return end(d, AUTHENTICATION_CLOSED,
		    "its time is over, and its gate let it go on");
	}
	status =
	    ipc_receive(d->talk, IPC_ROLE_GATE, IPC_ROLE_LOGIN, room, message);
	clock_gettime(CLOCK_MONOTONIC, &d->since);
	if (status == SP_OK) {
		ipc_close_fds(message);
		d->is_late = message->type == IPC_AUTH_LATE;
		return !d->is_late || end(d, AUTHENTICATION_GOES_ON, NULL);
	}
	if (status == SP_ERR_UNEXPECTED_MESSAGE)
		return interview_breach(d);
	return end(d, AUTHENTICATION_GOES_ON, NULL);
}

bool
interview_show(int talk, struct sp_view text)
{
	const struct authentication_banner banner = { .text = text };
	struct buffer body;
	enum sp_status status;

	buffer_init(&body, IPC_BODY_MAX);
	status = authentication_banner_encode(&banner, &body);
	if (status == SP_OK)
		status = ipc_send(
		    talk, IPC_AUTH_BANNER, buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	return status == SP_OK;
}

void
interview_disguise(char *text, size_t size)
{
	static const char junk[] = "\b\n\r\177INCORRECT";
	size_t len = strlen(text);

	if (len == 0 && size > 1)
		len = 1;
	for (size_t i = 0; i < len; i++)
		text[i] = junk[i % (sizeof junk - 1)];
	if (size > 0)
		text[len] = '\0';
}

/* ---- questions ---- */

static bool
spoil(struct interview *d)
{
	d->state = INTERVIEW_SPOILT;
	return false;
}

static bool
send_prompts(
    const struct interview *d, const struct authentication_prompts *prompts)
{
	struct buffer body;
	enum sp_status status;

	buffer_init(&body, IPC_BODY_MAX);
	status = authentication_prompts_encode(prompts, &body);
	/* What was found out before it is asked is not to be heard. */
	stroke_wait(&d->since, STROKE);
	if (status == SP_OK)
		status = ipc_send(
		    d->talk, IPC_AUTH_PROMPT, buffer_view(&body), NULL, 0);
	buffer_clear(&body);
	return status == SP_OK;
}

static bool
take_answers(struct interview *d, struct sp_view body,
    struct sp_question *questions, size_t count)
{
	struct authentication_responses got;

	if (authentication_responses_decode(body, &got) != SP_OK ||
	    (got.is_complete && got.count != count))
		return interview_breach(d);
	if (!got.is_complete)
		return spoil(d);
	for (size_t i = 0; i < count; i++) {
		struct sp_question *q = &questions[i];

		if (!view_to_string(got.responses[i], q->answer, q->size))
			return spoil(d);
		if (d->is_decoy)
			interview_disguise(q->answer, q->size);
	}
	return true;
}

static bool
receive_answers(
    struct interview *d, struct sp_question *questions, size_t count)
{
	uint8_t *room = ipc_room_new();
	struct ipc_message message;
	bool are_there = false;

	if (room == NULL)
		return spoil(d);
	if (interview_receive(d, room, &message)) {
		if (message.type == IPC_AUTH_RESPONSE)
			are_there =
			    take_answers(d, message.body, questions, count);
		else if (message.type == IPC_AUTH_ABORTED)
			d->state = INTERVIEW_ABORTED;
		else
			interview_breach(d);
		OPENSSL_cleanse(room, HEADER_LEN + message.body.len);
	}
	ipc_room_free(room);
	return are_there;
}

/* False where a text is too long, or there are too many. */
static bool
ask(struct interview *d, struct authentication_prompts *prompts,
    struct sp_question *questions, size_t count)
{
	bool is_answered;

	if (count > LIMIT_PROMPTS)
		return spoil(d);
	prompts->count = count;
	for (size_t i = 0; i < count; i++) {
		prompts->prompts[i].text = view_of_string(questions[i].text);
		prompts->prompts[i].echo = questions[i].echo;
	}
	if (!send_prompts(d, prompts))
		return spoil(d);
	progress_set(d->progress, PROGRESS_TALK);
	is_answered = receive_answers(d, questions, count);
	progress_set(d->progress, d->stage);
	for (size_t i = 0; i < count && !is_answered; i++)
		OPENSSL_cleanse(questions[i].answer, questions[i].size);
	return is_answered;
}

bool
sp_ask(struct sp_login *login, const char *name, const char *instruction,
    struct sp_question *questions, size_t count)
{
	struct interview *d = login->interview;
	struct authentication_prompts prompts = {
		.name = view_of_string(name == NULL ? "" : name),
		.instruction =
		    view_of_string(instruction == NULL ? "" : instruction),
	};

	if (d->state != INTERVIEW_OPEN || !d->can_ask)
		return false;
	return ask(d, &prompts, questions, count);
}

/* Lines of a text as a terminal wants them. */
static enum sp_status
write_lines(struct buffer *lines, struct sp_view text)
{
	static const struct sp_view end_of_line = { (const uint8_t *)"\r\n",
		2 };
	enum sp_status status = SP_OK;

	while (text.len > 0 && status == SP_OK) {
		const uint8_t *newline = memchr(text.data, '\n', text.len);
		size_t len =
		    newline == NULL ? text.len : (size_t)(newline - text.data);
		size_t shown =
		    len > 0 && text.data[len - 1] == '\r' ? len - 1 : len;

		status = buffer_append(lines, view_of(text.data, shown));
		if (status == SP_OK)
			status = buffer_append(lines, end_of_line);
		len += newline != NULL;
		text = view_of(text.data + len, text.len - len);
	}
	return status;
}

bool
sp_tell(struct sp_login *login, const char *text)
{
	struct interview *d = login->interview;
	struct buffer lines;
	bool is_shown;

	if (login->is_opening)
		return login_greet(login, text);
	if (d->state != INTERVIEW_OPEN)
		return false;
	if (d->can_ask)
		return sp_ask(login, NULL, text, NULL, 0);
	if (++d->texts > TEXTS_MAX)
		return false;
	buffer_init(&lines, AUTHENTICATION_BANNER_MAX);
	is_shown = write_lines(&lines, view_of_string(text)) == SP_OK &&
	    interview_show(d->talk, buffer_view(&lines));
	buffer_clear(&lines);
	return is_shown;
}
