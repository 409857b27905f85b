/* Questions kept open, and a note of each word. */
#include "tests/pair/dialogue.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
note(struct dialogue *s, struct sp_view text)
{
	size_t len = strlen(s->heard);

	assert_true(len + text.len + 2 < sizeof s->heard);
	if (text.len > 0)
		memcpy(s->heard + len, text.data, text.len);
	memcpy(s->heard + len + text.len, ";", 2);
}

/* Keeps every question of authentication open, and notes what it says. */
static bool
listen(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct dialogue *s = p->arg;
	struct sp_view rest, one;
	struct sp_prompt prompt;

	(void)side;
	switch (event->kind) {
	case SP_EVENT_AUTH_READY:
		return true;
	case SP_EVENT_AUTH_REQUEST:
		s->token = event->token;
		note(s, event->u.auth_request.method);
		note(s, event->u.auth_request.password);
		note(s, event->u.auth_request.new_password);
		return true;
	case SP_EVENT_AUTH_RESPONSE:
		s->token = event->token;
		rest = event->u.auth_response.responses;
		while (sp_auth_next_response(&rest, &one))
			note(s, one);
		return true;
	case SP_EVENT_AUTH_ABORTED:
		note(s, view_of_string("aborted"));
		return true;
	case SP_EVENT_AUTH_PROMPT:
		s->prompt = event->token;
		rest = event->u.auth_prompt.prompts;
		while (sp_auth_next_prompt(&rest, &prompt)) {
			note(s, prompt.text);
			note(s, view_of_string(prompt.echo ? "seen" : "hid"));
		}
		return true;
	case SP_EVENT_AUTH_CHANGE_PASSWORD:
		note(s, event->u.auth_change_password.prompt);
		return true;
	case SP_EVENT_AUTH_FAILED:
		assert_true(view_to_string(event->u.auth_failed.methods,
		    s->methods, sizeof s->methods));
		s->partial_success = event->u.auth_failed.partial_success;
		return true;
	default:
		return false;
	}
}

void
dialogue_start(struct pair *p, struct dialogue *s)
{
	*s = (struct dialogue){ .token = 0 };
	pair_init(p);
	p->hook = listen;
	p->arg = s;
	pair_start(p);
	pair_run(p);
	assert_int_equal(p->count[SP_CLIENT][SP_EVENT_AUTH_READY], 1);
}

void
dialogue_expect(struct pair *p, const char *heard)
{
	struct dialogue *s = p->arg;

	pair_run(p);
	assert_string_equal(s->heard, heard);
	s->heard[0] = '\0';
}

void
dialogue_check_in(struct pair *p)
{
	pair_run(p);
	assert_int_equal(p->count[SP_CLIENT][SP_EVENT_AUTHENTICATED], 1);
	assert_int_equal(p->count[SP_SERVER][SP_EVENT_AUTHENTICATED], 1);
	pair_open_session(p);
	pair_clear(p);
}

void
dialogue_password(struct pair *p, const char *password, const char *fresh)
{
	struct sp_view view = view_of_string(fresh == NULL ? "" : fresh);

	assert_int_equal(
	    sp_auth_password(p->client, "alice", view_of_string(password),
		fresh == NULL ? NULL : &view),
	    SP_OK);
}

void
dialogue_begin_prompts(struct pair *p)
{
	assert_int_equal(
	    sp_auth_keyboard_interactive(p->client, "alice", "pam"), SP_OK);
	dialogue_expect(p, "keyboard-interactive;;;");
}

void
dialogue_prompt(struct pair *p, const char *text, bool echo)
{
	const struct sp_prompt prompts[] = {
		{ view_of_string(text), echo },
		{ view_of_string("again"), !echo },
	};
	struct dialogue *s = p->arg;

	assert_int_equal(
	    sp_auth_prompt(p->server, s->token, "name", "do it", prompts, 2),
	    SP_OK);
}

void
dialogue_answer(struct pair *p, const char *one, const char *two)
{
	const struct sp_view responses[] = { view_of_string(one),
		view_of_string(two) };
	struct dialogue *s = p->arg;

	assert_int_equal(
	    sp_auth_respond(p->client, s->prompt, responses, 2), SP_OK);
}

void
dialogue_refuse(struct pair *p, const char *methods, bool partial_success)
{
	struct dialogue *s = p->arg;

	assert_int_equal(
	    sp_auth_fail(p->server, s->token, methods, partial_success), SP_OK);
	pair_run(p);
	assert_string_equal(s->methods, methods);
	assert_int_equal(s->partial_success, partial_success);
}
