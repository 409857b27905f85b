/* The clocks of a session: when each ends it, and when it does not. */
#include "daemon/session/vigil.h"

#include "daemon/session/session.h"
#include "lib/wire/view.h"
#include "tests/unit/pump/duo.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A session as far as its clocks know one: the server of a duo. */
struct session {
	struct session_given given;
	struct profile_settings profile;
	struct duo duo;
	struct vigil *vigil;
	uint64_t used_at;
	uint32_t disconnect;
	const char *reason; /* NULL: it was not ended */
	bool is_ended;
	bool is_deaf; /* its client answers nothing */
};

const struct session_given *
session_given(const struct session *s)
{
	return &s->given;
}

struct pump *
session_pump(struct session *s)
{
	return s->duo.sides[SP_SERVER].pump;
}

struct event_base *
session_base(struct session *s)
{
	return s->duo.base;
}

uint64_t
session_last_use(const struct session *s)
{
	return s->used_at;
}

void
session_end(struct session *s, uint32_t disconnect, const char *reason)
{
	assert_null(s->reason);
	s->disconnect = disconnect;
	s->reason = reason;
	s->is_ended = true;
	event_base_loopbreak(s->duo.base);
}

static bool
answer(struct duo *d, enum sp_role side, const struct sp_event *event)
{
	const struct session *s = d->arg;

	if (side != SP_CLIENT || event->kind != SP_EVENT_GLOBAL_REQUEST)
		return false;
	if (!s->is_deaf)
		assert_int_equal(sp_global_answer(duo_engine(d, side),
				     event->token, false, view_of(NULL, 0)),
		    SP_OK);
	return true;
}

/* Of a login that is restricted: a key and its value, or NULL. */
static void
begin_restricted(struct session *s, const struct profile_settings *profile,
    const char *key, const char *value)
{
	*s = (struct session){ .profile = *profile };
	s->given.profile = &s->profile;
	s->given.facts.user = s->given.facts.peer = "x";
	s->given.facts.peer_port = "1";
	if (key != NULL)
		assert_null(
		    restriction_add(&s->given.restrictions, key, value));
	duo_init(&s->duo);
	s->duo.hook = answer;
	s->duo.arg = s;
	duo_login(&s->duo);
	s->used_at = pump_now();
	s->vigil = vigil_new(s);
	assert_non_null(s->vigil);
}

static void
begin(struct session *s, const struct profile_settings *profile)
{
	begin_restricted(s, profile, NULL, NULL);
}

static void
end(struct session *s)
{
	restriction_clear(&s->given.restrictions);
	vigil_free(s->vigil);
	duo_clear(&s->duo);
}

static unsigned
asked(const struct session *s)
{
	return s->duo.sides[SP_CLIENT].count[SP_EVENT_GLOBAL_REQUEST];
}

static void
without_any_it_lasts(void **state)
{
	static const struct profile_settings none;
	struct session s;

	(void)state;
	begin(&s, &none);
	duo_wait(&s.duo, 30);
	assert_null(s.reason);
	assert_int_equal(asked(&s), 0);
	end(&s);
}

static void
its_time_is_counted_whatever_happens(void **state)
{
	const struct profile_settings profile = { .session_time = 60,
		.idle_time = 10000 };
	uint64_t start = pump_now();
	struct session s;

	(void)state;
	begin(&s, &profile);
	s.used_at = UINT64_MAX / 2;
	assert_true(duo_run(&s.duo, &s.is_ended, 10000));
	assert_true(pump_now() - start >= 60);
	assert_int_equal(s.disconnect, SP_DISCONNECT_BY_APPLICATION);
	assert_string_equal(s.reason, "the time of this session is over");
	end(&s);
}

static void
idleness_is_counted_from_the_last_use(void **state)
{
	const struct profile_settings profile = { .idle_time = 50 };
	struct session s;

	(void)state;
	begin(&s, &profile);
	s.used_at = pump_now() + 100;
	assert_true(duo_run(&s.duo, &s.is_ended, 10000));
	assert_true(pump_now() >= s.used_at + 50);
	assert_string_equal(s.reason, "idle for too long");
	end(&s);
}

static void
a_restriction_makes_both_shorter_and_neither_longer(void **state)
{
	static const struct profile_settings none;
	const struct profile_settings short_ones = { .session_time = 60,
		.idle_time = 10000 };
	uint64_t start = pump_now();
	struct session s;

	(void)state;
	begin_restricted(&s, &none, "session-time", "60");
	assert_true(duo_run(&s.duo, &s.is_ended, 10000));
	assert_true(pump_now() - start >= 60);
	assert_string_equal(s.reason, "the time of this session is over");
	end(&s);
	begin_restricted(&s, &short_ones, "session-time", "100000");
	assert_true(duo_run(&s.duo, &s.is_ended, 10000));
	end(&s);
	begin_restricted(&s, &none, "idle-time", "50");
	assert_true(duo_run(&s.duo, &s.is_ended, 10000));
	assert_string_equal(s.reason, "idle for too long");
	end(&s);
}

static void
who_answers_is_asked_and_stays(void **state)
{
	const struct profile_settings profile = { .alive_interval = 5,
		.alive_count = 200 };
	struct session s;

	(void)state;
	begin(&s, &profile);
	for (int i = 0; i < 500 && asked(&s) < 5; i++)
		duo_wait(&s.duo, 5);
	assert_true(asked(&s) >= 5);
	assert_true(s.duo.sides[SP_SERVER].count[SP_EVENT_GLOBAL_REPLY] >= 4);
	assert_null(s.reason);
	end(&s);
}

static void
who_does_not_is_asked_so_often_and_ended(void **state)
{
	const struct profile_settings profile = { .alive_interval = 20,
		.alive_count = 3 };
	struct session s;

	(void)state;
	begin(&s, &profile);
	s.is_deaf = true;
	assert_true(duo_run(&s.duo, &s.is_ended, 10000));
	assert_int_equal(asked(&s), 3);
	assert_int_equal(s.disconnect, SP_DISCONNECT_CONNECTION_LOST);
	assert_string_equal(s.reason, "the client does not answer");
	end(&s);
}

static void
ask_something(void *arg)
{
	struct session *s = arg;

	assert_int_equal(sp_global_request(duo_engine(&s->duo, SP_CLIENT),
			     "x@example.org", false, view_of(NULL, 0)),
	    SP_OK);
}

static void
whatever_comes_is_an_answer(void **state)
{
	const struct profile_settings profile = { .alive_interval = 1000,
		.alive_count = 1 };
	struct session s;
	uint64_t before;

	(void)state;
	begin(&s, &profile);
	before = pump_heard_at(session_pump(&s));
	duo_wait(&s.duo, 10);
	assert_true(pump_heard_at(session_pump(&s)) == before);
	pump_turn(s.duo.sides[SP_CLIENT].pump, ask_something, &s);
	duo_wait(&s.duo, 10);
	assert_true(pump_heard_at(session_pump(&s)) > before);
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_any_it_lasts),
		cmocka_unit_test(its_time_is_counted_whatever_happens),
		cmocka_unit_test(idleness_is_counted_from_the_last_use),
		cmocka_unit_test(
		    a_restriction_makes_both_shorter_and_neither_longer),
		cmocka_unit_test(who_answers_is_asked_and_stays),
		cmocka_unit_test(who_does_not_is_asked_so_often_and_ended),
		cmocka_unit_test(whatever_comes_is_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
