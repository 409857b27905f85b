/* Arrears: one writes, all read, and those that owe least are forgotten. */
#include "daemon/ipc/arrears.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 5000, DAY = 86400000 };

struct scene {
	int whole, view;
	struct arrears ledger, gate;
};

static void
init(struct scene *s)
{
	memset(s, 0, sizeof *s);
	assert_true(arrears_make(&s->whole, &s->view));
	assert_true(arrears_open(&s->ledger, dup(s->whole), true));
	assert_true(arrears_open(&s->gate, dup(s->view), false));
}

static void
clear(struct scene *s)
{
	arrears_close(&s->ledger);
	arrears_close(&s->gate);
	close(s->whole);
	close(s->view);
}

struct address {
	uint8_t bytes[CONDUCT_ADDRESS_LEN];
};

static struct address
v4(uint32_t n)
{
	return (struct address){ { [10] = 0xff,
	    [11] = 0xff,
	    (uint8_t)(n >> 24),
	    (uint8_t)(n >> 16),
	    (uint8_t)(n >> 8),
	    (uint8_t)n } };
}

/* An address of the n-th /64. */
static struct address
v6(uint32_t n, uint8_t last)
{
	return (struct address){ { 0x20, 0x01, 0, 0, (uint8_t)(n >> 24),
	    (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, [15] = last } };
}

static enum arrears_outcome
keep(struct scene *s, struct address address, uint64_t until)
{
	const struct arrears_account account = {
		.until = until,
		.is_enforced = true,
		.cause = CONDUCT_AUTHFAIL,
	};

	return arrears_keep(&s->ledger, address.bytes, &account, NOW);
}

static uint64_t
until(const struct arrears *a, struct address address)
{
	return arrears_find(a, address.bytes).until;
}

static void
what_is_written_is_read_by_all(void **state)
{
	const struct arrears_account written = {
		.until = UINT64_C(1) << 50,
		.known_until = 77,
		.is_enforced = true,
		.cause = CONDUCT_CRASH,
	};
	struct arrears_account read;
	struct scene s;

	(void)state;
	init(&s);
	assert_int_equal(
	    arrears_keep(&s.ledger, v4(1).bytes, &written, NOW), ARREARS_KEPT);
	read = arrears_find(&s.gate, v4(1).bytes);
	assert_int_equal(read.until, written.until);
	assert_int_equal(read.known_until, 77);
	assert_true(read.is_enforced);
	assert_int_equal(read.cause, CONDUCT_CRASH);
	read = arrears_find(&s.gate, v4(2).bytes);
	assert_int_equal(read.until, 0);
	assert_int_equal(read.known_until, 0);
	assert_false(read.is_enforced);
	clear(&s);
}

static void
an_ipv4_address_and_an_ipv6_net_are_sources(void **state)
{
	struct scene s;

	(void)state;
	init(&s);
	keep(&s, v4(0x01020304), NOW + 1);
	keep(&s, v6(9, 1), NOW + 2);
	assert_int_equal(until(&s.gate, v4(0x01020304)), NOW + 1);
	assert_int_equal(until(&s.gate, v4(0x01020305)), 0);
	assert_int_equal(until(&s.gate, v6(9, 200)), NOW + 2);
	assert_int_equal(until(&s.gate, v6(10, 1)), 0);
	/* ::1 has the word of a free row. */
	keep(&s, (struct address){ { [15] = 1 } }, NOW + 3);
	assert_int_equal(
	    until(&s.gate, (struct address){ { [15] = 1 } }), NOW + 3);
	clear(&s);
}

static void
nobody_but_the_last_who_opened_them_to_write_does(void **state)
{
	struct arrears next = { NULL, 0 };
	struct scene s;

	(void)state;
	init(&s);
	assert_int_equal(keep(&s, v4(1), NOW + 1), ARREARS_KEPT);
	assert_true(arrears_open(&next, dup(s.whole), true));
	assert_int_equal(keep(&s, v4(1), NOW + 2), ARREARS_REFUSED);
	assert_int_equal(until(&next, v4(1)), NOW + 1);
	arrears_limit(&s.ledger, NOW, 0, 0);
	assert_int_equal(until(&s.gate, v4(1)), NOW + 1);
	arrears_close(&next);
	clear(&s);
}

static void
who_has_them_to_read_cannot_write(void **state)
{
	const struct arrears_account account = { .until = NOW };
	struct arrears thief = { NULL, 0 };
	struct scene s;

	(void)state;
	init(&s);
	assert_false(arrears_open(&thief, s.view, true));
	assert_int_equal(
	    arrears_keep(&s.gate, v4(1).bytes, &account, NOW), ARREARS_REFUSED);
	assert_ptr_equal(
	    mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, s.view, 0), MAP_FAILED);
	assert_int_not_equal(pwrite(s.view, "x", 1, 0), 1);
	assert_int_not_equal(ftruncate(s.whole, 0), 0);
	clear(&s);
}

/* Many more nets than there is room for, each owing a little. */
static void
a_flood_makes_it_forget_those_that_owe_least(void **state)
{
	enum { FLOOD = 2 * ARREARS_SETS * ARREARS_WAYS };
	unsigned crowded = 0, left = 0;
	struct scene s;

	(void)state;
	init(&s);
	keep(&s, v4(1), NOW + 1);
	for (uint32_t n = 0; n < 100; n++)
		keep(&s, v6(n, 1), NOW + 600000);
	for (uint32_t n = 0; n < FLOOD; n++)
		if (keep(&s, v6(1000 + n, 1), NOW + 1000 + n % 7) ==
		    ARREARS_CROWDED)
			crowded++;
	/* The guilty are all there, and IPv4 has room of its own. */
	for (uint32_t n = 0; n < 100; n++)
		assert_int_equal(until(&s.gate, v6(n, 1)), NOW + 600000);
	assert_int_equal(until(&s.gate, v4(1)), NOW + 1);
	for (uint32_t n = 0; n < FLOOD; n++)
		if (until(&s.gate, v6(1000 + n, 1)) != 0)
			left++;
	assert_in_range(left, ARREARS_SETS * ARREARS_WAYS * 3 / 4,
	    ARREARS_SETS * ARREARS_WAYS);
	assert_int_equal(left + crowded, FLOOD);
	clear(&s);
}

static void
who_owes_nothing_any_more_makes_room_for_others(void **state)
{
	enum { FLOOD = 2 * ARREARS_SETS * ARREARS_WAYS };
	struct scene s;

	(void)state;
	init(&s);
	for (uint32_t n = 0; n < FLOOD; n++)
		assert_int_equal(keep(&s, v6(n, 1), NOW), ARREARS_KEPT);
	clear(&s);
}

static void
nobody_owes_more_than_new_settings_allow(void **state)
{
	const struct arrears_account account = {
		.until = NOW + DAY,
		.known_until = NOW + DAY,
		.is_enforced = true,
	};
	struct arrears_account read;
	struct scene s;

	(void)state;
	init(&s);
	arrears_keep(&s.ledger, v4(1).bytes, &account, NOW);
	keep(&s, v4(2), NOW + 10);
	assert_true(arrears_open(&s.ledger, dup(s.whole), true));
	arrears_limit(&s.ledger, NOW, 1000, 2000);
	read = arrears_find(&s.gate, v4(1).bytes);
	assert_int_equal(read.until, NOW + 1000);
	assert_int_equal(read.known_until, NOW + 2000);
	assert_true(read.is_enforced);
	assert_int_equal(until(&s.gate, v4(2)), NOW + 10);
	clear(&s);
}

/*
 * Sources of one set take each other's rows all the time: whoever reads
 * meanwhile finds what a source owes, or nothing, and never what another does.
 */
static void
who_reads_while_another_writes_mixes_up_nobody(void **state)
{
	enum { SOURCES = 2 * ARREARS_SETS * ARREARS_WAYS, READS = 2000000 };
	struct scene s;
	pid_t writer;

	(void)state;
	init(&s);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		assert_true(arrears_open(&s.ledger, dup(s.whole), true));
		for (uint32_t n = 0;; n++)
			keep(&s, v4(n % SOURCES), NOW + 1 + n % SOURCES);
	}
	for (uint32_t n = 0; n < READS; n++) {
		uint32_t source = n * 2654435761U % SOURCES;
		uint64_t read = until(&s.gate, v4(source));

		assert_true(read == 0 || read == NOW + 1 + source);
	}
	assert_int_equal(kill(writer, SIGKILL), 0);
	assert_int_equal(waitpid(writer, NULL, 0), writer);
	/* What a writer left who was killed is as good. */
	assert_true(arrears_open(&s.ledger, dup(s.whole), true));
	for (uint32_t n = 0; n < SOURCES; n++) {
		uint64_t read = until(&s.ledger, v4(n));

		assert_true(read == 0 || read == NOW + 1 + n);
	}
	clear(&s);
}

static void
where_there_are_none_nobody_owes(void **state)
{
	struct arrears closed = { NULL, 0 };
	int pair[2];

	(void)state;
	assert_int_equal(pipe(pair), 0);
	assert_false(arrears_open(&closed, pair[0], false));
	assert_int_equal(until(&closed, v4(1)), 0);
	arrears_limit(&closed, NOW, 0, 0);
	arrears_close(&closed);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_by_all),
		cmocka_unit_test(an_ipv4_address_and_an_ipv6_net_are_sources),
		cmocka_unit_test(
		    nobody_but_the_last_who_opened_them_to_write_does),
		cmocka_unit_test(who_has_them_to_read_cannot_write),
		cmocka_unit_test(a_flood_makes_it_forget_those_that_owe_least),
		cmocka_unit_test(
		    who_owes_nothing_any_more_makes_room_for_others),
		cmocka_unit_test(nobody_owes_more_than_new_settings_allow),
		cmocka_unit_test(
		    who_reads_while_another_writes_mixes_up_nobody),
		cmocka_unit_test(where_there_are_none_nobody_owes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
