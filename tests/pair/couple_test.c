/*
 * Two messages one behind the other: whatever both are, and whoever gets
 * them, they do the same together in one input as they do apart, and a
 * byte at a time.
 */
#include "lib/transport/transport.h"
#include "tests/pair/scene.h"
#include "tests/pair/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum delivery { APART, TOGETHER, BYTEWISE, DELIVERIES };

/* What came of it. */
struct outcome {
	enum sp_event_kind events[32];
	size_t count;
	enum sp_status end;
	size_t out_len; /* what the victim says; its keys are never the same */
};

static bool
note(struct pair *p, enum sp_role side, const struct sp_event *event)
{
	struct outcome *o = p->arg;

	(void)side;
	assert_true(o->count < sizeof o->events / sizeof o->events[0]);
	o->events[o->count++] = event->kind;
	return false;
}

static void
send(struct pair *p, const struct scene *s, const struct message *row)
{
	struct buffer payload;

	buffer_init(&payload, LIMIT_PACKET);
	shape_write(shape_of(row), &payload, NULL);
	forger_send(p, forger_other(s->victim), buffer_view(&payload));
	buffer_clear(&payload);
}

static struct outcome
play(const struct scene *s, const struct message *second, enum delivery how)
{
	struct outcome o = { .count = 0 };
	struct pair p;

	scene_set(&p, s);
	p.hook = note;
	p.arg = &o;
	p.chunk = how == BYTEWISE ? 1 : 0;
	send(&p, s, s->row);
	if (how == APART)
		forger_deliver(&p, s->victim);
	if (p.closed[s->victim] == SP_OK)
		send(&p, s, second);
	forger_deliver(&p, s->victim);
	o.end = p.closed[s->victim];
	o.out_len = sp_engine_output(pair_engine(&p, s->victim)).len;
	pair_clear(&p);
	return o;
}

static bool
is_same(const struct outcome *a, const struct outcome *b)
{
	return a->count == b->count && a->end == b->end &&
	    a->out_len == b->out_len &&
	    memcmp(a->events, b->events, a->count * sizeof a->events[0]) == 0;
}

static void
pair_up(const struct scene *s, const struct message *second)
{
	struct outcome apart = play(s, second, APART);

	for (int how = TOGETHER; how < DELIVERIES; how++) {
		struct outcome o = play(s, second, (enum delivery)how);

		if (!is_same(&apart, &o))
			fail_msg("%s, then %s: %s, but %s %s", scene_name(s),
			    second->name, sp_status_name(apart.end),
			    sp_status_name(o.end),
			    how == TOGETHER ? "together" : "byte by byte");
	}
}

static void
in_phase(enum message_phase phase, enum sp_role victim)
{
	for (size_t i = 0; message_row(i) != NULL; i++)
		for (size_t k = 0; message_row(k) != NULL; k++) {
			struct scene s = { message_row(i), phase, victim, true,
				false };
			struct scene next = { message_row(k), phase, victim,
				true, false };

			if (scene_is_allowed(&s) && scene_is_allowed(&next))
				pair_up(&s, message_row(k));
		}
}

static void
two_messages_together_do_what_they_do_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCENE_PHASES; i++) {
		in_phase(scene_phases[i], SP_CLIENT);
		in_phase(scene_phases[i], SP_SERVER);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_messages_together_do_what_they_do_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
