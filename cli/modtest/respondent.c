/* The gate's part of a talk, with the answers at hand. */
#include "cli/modtest/respondent.h"

#include "daemon/ipc/authentication.h"

#include <openssl/crypto.h>
#include <unistd.h>

/* A text of many lines, each with the word in front. */
static void
note(struct respondent *r, const char *word, struct sp_view text)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end == NULL ? text.len : (size_t)(end - text.data);
		size_t shown =
		    len > 0 && text.data[len - 1] == '\r' ? len - 1 : len;

		answer_add(&r->heard, "%s: %.*s", word, (int)shown,
		    (const char *)text.data);
		len += end != NULL;
		text = view_of(text.data + len, text.len - len);
	}
}

static bool
send_body(struct respondent *r, enum ipc_type type, const struct buffer *body)
{
	return ipc_send(r->own, type,
		   body == NULL ? view_of(NULL, 0) : buffer_view(body), NULL,
		   0) == SP_OK;
}

/* False where the talk is over. */
static bool
respond(struct respondent *r, size_t count)
{
	struct authentication_responses responses = {
		.is_complete = true,
		.count = count,
	};
	struct buffer body;
	bool is_sent;

	if (count > r->answers->count - r->given) {
		answer_add(&r->heard, "unanswered");
		return send_body(r, IPC_AUTH_ABORTED, NULL);
	}
	for (size_t i = 0; i < count; i++)
		responses.responses[i] =
		    view_of_string(r->answers->items[r->given++]);
	buffer_init(&body, IPC_BODY_MAX);
	is_sent = authentication_responses_encode(&responses, &body) == SP_OK &&
	    send_body(r, IPC_AUTH_RESPONSE, &body);
	buffer_clear(&body);
	return is_sent;
}

static bool
take_prompts(struct respondent *r, struct sp_view body)
{
	struct authentication_prompts prompts;

	if (authentication_prompts_decode(body, &prompts) != SP_OK)
		return false;
	note(r, "heading", prompts.name);
	note(r, "told", prompts.instruction);
	for (size_t i = 0; i < prompts.count; i++)
		note(r, prompts.prompts[i].echo ? "asked aloud" : "asked",
		    prompts.prompts[i].text);
	return respond(r, prompts.count);
}

static bool
take_banner(struct respondent *r, struct sp_view body)
{
	struct authentication_banner banner;

	if (authentication_banner_decode(body, &banner) != SP_OK)
		return false;
	note(r, "told", banner.text);
	return true;
}

/* False at its end. */
static bool
take_message(struct respondent *r, uint8_t *room)
{
	struct ipc_message message;

	if (!ipc_wait(r->own, UINT64_MAX) ||
	    ipc_receive(
		r->own, IPC_ROLE_LOGIN, IPC_ROLE_GATE, room, &message) != SP_OK)
		return false;
	ipc_close_fds(&message);
	if (message.type == IPC_AUTH_PROMPT)
		return take_prompts(r, message.body);
	return message.type == IPC_AUTH_BANNER && take_banner(r, message.body);
}

static void *
talk(void *arg)
{
	struct respondent *r = arg;
	uint8_t *room = ipc_room_new();

	while (room != NULL && take_message(r, room))
		continue;
	ipc_room_free(room);
	/* Who still waits for an answer hears that there is none. */
	close(r->own);
	return NULL;
}

bool
respondent_start(struct respondent *r, const struct string_list *answers)
{
	int ends[2];

	if (!ipc_pair(ends))
		return false;
	*r = (struct respondent){
		.talk = ends[0],
		.own = ends[1],
		.answers = answers,
	};
	answer_init(&r->heard);
	if (pthread_create(&r->thread, NULL, talk, r) == 0)
		return true;
	close(r->talk);
	close(r->own);
	answer_clear(&r->heard);
	return false;
}

void
respondent_stop(struct respondent *r, struct answer *answer)
{
	close(r->talk);
	pthread_join(r->thread, NULL);
	if (answer != NULL)
		answer_add_all(answer, &r->heard);
	answer_clear(&r->heard);
}
