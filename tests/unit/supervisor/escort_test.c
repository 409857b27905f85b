/* Gates for one connection: what each is sent, and that none is kept. */
#include "daemon/supervisor/escort.h"

#include "daemon/log/log.h"
#include "daemon/log/record.h"
#include "daemon/log/repetition.h"

#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- members that are no processes ---- */

static struct {
	struct member *last;
	unsigned started;
	unsigned killed;
	unsigned disowned;
	bool fails;
	/* What the last was sent. */
	char body[64];
	size_t body_len;
	int sent; /* descriptors that were open then */
} fake;

static uint64_t now; /* ms; a second later each time it is asked for */

struct member *
member_start(struct member_house *house, enum ipc_role role, uint32_t id,
    const struct launch_kit *kit, const struct member_owner *owner, void *arg)
{
	(void)house;
	(void)kit;
	assert_int_equal(role, IPC_ROLE_GATE);
	assert_string_equal(owner->argument, "--connection");
	if (fake.fails)
		return NULL;
	fake.last = calloc(1, sizeof *fake.last);
	assert_non_null(fake.last);
	fake.last->id = id;
	fake.last->owner = owner;
	fake.last->arg = arg;
	fake.started++;
	return fake.last;
}

void
member_send(struct member *member, enum ipc_type type, struct sp_view body,
    const int *fds, size_t fd_count)
{
	assert_ptr_equal(member, fake.last);
	assert_int_equal(type, IPC_CONNECTION);
	assert_true(body.len <= sizeof fake.body);
	memcpy(fake.body, body.data, body.len);
	fake.body_len = body.len;
	fake.sent = 0;
	for (size_t i = 0; i < fd_count; i++)
		fake.sent += fcntl(fds[i], F_GETFD) >= 0;
}

uint64_t
member_now(void)
{
	return now += 1000;
}

void
member_kill(struct member *member)
{
	(void)member;
	fake.killed++;
}

void
member_disown(struct member *member)
{
	free(member);
	fake.disowned++;
}

void
member_log_end(const struct member *member, int status)
{
	(void)member;
	(void)status;
}

/* ---- a scene ---- */

static int crew, next_crew; /* known by their addresses */
static void *introduced_to;

static void
introduce(void *to, struct member *member)
{
	(void)member;
	introduced_to = to;
}

struct scene {
	struct logsource_sink sink;
	struct member_house house;
	struct escorts escorts;
	struct escort_orders orders;
	int fds[2]; /* of the connection that came last */
};

static void
init(struct scene *s)
{
	memset(&fake, 0, sizeof fake);
	introduced_to = NULL;
	*s = (struct scene){ .orders = { &crew, 7, { -1, -1 }, 60000 } };
	s->sink.base = event_base_new();
	assert_non_null(s->sink.base);
	s->house.sink = &s->sink;
	s->escorts.house = &s->house;
	s->escorts.introduce = introduce;
	LIST_INIT(&s->escorts.all);
}

static void
clear(struct scene *s)
{
	escort_free_all(&s->escorts);
	assert_int_equal(s->escorts.count, 0);
	event_base_free(s->sink.base);
}

static void
bring(struct scene *s)
{
	struct ipc_message message = {
		.type = IPC_CONNECTION,
		.body = view_of("the body", 8),
	};

	assert_int_equal(pipe(s->fds), 0);
	memcpy(message.fds, s->fds, sizeof s->fds);
	escort_start(&s->escorts, &s->orders, &message);
	assert_int_equal(message.fds[0], -1);
	assert_int_equal(message.fds[1], -1);
}

static bool
are_closed(const struct scene *s)
{
	return fcntl(s->fds[0], F_GETFD) < 0 && fcntl(s->fds[1], F_GETFD) < 0;
}

static void
end_last(void)
{
	struct member *member = fake.last;

	member->owner->ended(member->arg, member, 0);
	free(member);
}

/* ---- tests ---- */

static void
a_gate_is_sent_its_connection_when_it_is_ready_and_nothing_is_kept(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	bring(&s);
	assert_int_equal(s.escorts.count, 1);
	assert_int_equal(fake.last->id, 7);
	assert_true(fake.last->is_retiring);
	assert_false(are_closed(&s));
	fake.last->owner->ready(fake.last->arg, fake.last);
	assert_ptr_equal(introduced_to, &crew);
	assert_int_equal(fake.body_len, 8);
	assert_memory_equal(fake.body, "the body", 8);
	assert_int_equal(fake.sent, 2);
	assert_true(are_closed(&s));
	end_last();
	assert_int_equal(s.escorts.count, 0);
	clear(&s);
}

static void
one_that_dies_before_it_is_ready_takes_its_connection_along(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	bring(&s);
	end_last();
	assert_true(are_closed(&s));
	assert_int_equal(s.escorts.count, 0);
	clear(&s);
}

static void
one_that_cannot_be_started_costs_its_connection_alone(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	fake.fails = true;
	bring(&s);
	assert_true(are_closed(&s));
	assert_int_equal(s.escorts.count, 0);
	clear(&s);
}

static struct record told[8];
static size_t told_count;

static void
take_record(struct sp_view body)
{
	assert_true(told_count < sizeof told / sizeof told[0]);
	assert_int_equal(record_decode(body, &told[told_count]), SP_OK);
	assert_int_equal(told[told_count].event, EVENT_PROCESS_NOT_STARTED);
	told_count++;
}

/* Strangers can bring it about as often as they like. */
static void
of_many_that_cannot_be_started_a_line_tells_in_a_while(void **state)
{
	struct scene s;

	(void)state;
	log_divert(take_record, LOG_LEVEL_ERROR);
	now += REPETITION_TIME;
	for (int i = 0; i < 12; i++) {
		init(&s);
		fake.fails = true;
		bring(&s);
		clear(&s);
	}
	log_open(-1, LOG_LEVEL_ERROR);
	assert_int_equal(told_count, 2);
	assert_int_equal(record_field(&told[1], FIELD_COUNT)->number, 9);
}

static void
there_are_so_many_and_no_more(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	for (unsigned i = 0; i < CONTROL_ESCORTS_MAX; i++) {
		bring(&s);
		fake.last->owner->ready(fake.last->arg, fake.last);
	}
	assert_int_equal(fake.started, CONTROL_ESCORTS_MAX);
	bring(&s);
	assert_true(are_closed(&s));
	assert_int_equal(fake.started, CONTROL_ESCORTS_MAX);
	end_last();
	bring(&s);
	assert_int_equal(fake.started, CONTROL_ESCORTS_MAX + 1);
	clear(&s);
	assert_int_equal(fake.disowned, CONTROL_ESCORTS_MAX);
}

static void
one_that_waits_while_a_crew_replaces_its_own_is_made_known_to_that(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	bring(&s);
	escort_move(&s.escorts, &next_crew, &crew);
	escort_move(&s.escorts, &crew, &next_crew);
	fake.last->owner->ready(fake.last->arg, fake.last);
	assert_ptr_equal(introduced_to, &next_crew);
	clear(&s);
}

static void
one_that_outlives_its_strangers_time_is_killed(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	s.orders.time = 0; /* a second more is given */
	bring(&s);
	fake.last->owner->ready(fake.last->arg, fake.last);
	assert_int_equal(event_base_dispatch(s.sink.base), 1);
	assert_int_equal(fake.killed, 1);
	clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_gate_is_sent_its_connection_when_it_is_ready_and_nothing_is_kept),
		cmocka_unit_test(
		    one_that_dies_before_it_is_ready_takes_its_connection_along),
		cmocka_unit_test(
		    one_that_cannot_be_started_costs_its_connection_alone),
		cmocka_unit_test(
		    of_many_that_cannot_be_started_a_line_tells_in_a_while),
		cmocka_unit_test(there_are_so_many_and_no_more),
		cmocka_unit_test(
		    one_that_waits_while_a_crew_replaces_its_own_is_made_known_to_that),
		cmocka_unit_test(
		    one_that_outlives_its_strangers_time_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
