/* A page of numbers: places found by keys, by many at once. */
#include "daemon/ipc/tally.h"

#include "lib/wire/view.h"

#include <sallyport/key.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct sp_crypto *crypto;
static uint8_t *page;

static int
set_up(void **state)
{
	(void)state;
	crypto = sp_crypto_new();
	page = mmap(NULL, TALLY_SIZE, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return crypto == NULL || page == MAP_FAILED ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	sp_crypto_free(crypto);
	return munmap(page, TALLY_SIZE);
}

static uint64_t *
find(const char *key)
{
	return tally_find(page, crypto, view_of_string(key));
}

static void
a_key_has_one_place_that_is_zero_at_first(void **state)
{
	uint64_t *a, *b;

	(void)state;
	memset(page, 0, TALLY_SIZE);
	a = find("a");
	b = find("b");
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_equal(a, find("a"));
	assert_true(b >= a + TALLY_WORDS + 1 || a >= b + TALLY_WORDS + 1);
	for (size_t i = 0; i < TALLY_WORDS; i++) {
		assert_int_equal(a[i], 0);
		a[i] = b[i] = UINT64_MAX;
	}
	assert_ptr_equal(a, find("a"));
	assert_ptr_equal(b, find("b"));
	assert_true((uint8_t *)a >= page &&
	    (uint8_t *)(a + TALLY_WORDS) <= page + TALLY_SIZE);
}

static void
a_page_that_is_full_has_no_place(void **state)
{
	uint64_t *places[TALLY_PLACES];
	char key[16];

	(void)state;
	memset(page, 0, TALLY_SIZE);
	for (size_t i = 0; i < TALLY_PLACES; i++) {
		snprintf(key, sizeof key, "%zu", i);
		places[i] = find(key);
		assert_non_null(places[i]);
	}
	assert_null(find("one more"));
	for (size_t i = 0; i < TALLY_PLACES; i++) {
		snprintf(key, sizeof key, "%zu", i);
		assert_ptr_equal(places[i], find(key));
	}
	/* Whatever somebody wrote into it. */
	memset(page, 0xff, TALLY_SIZE);
	assert_null(find("any"));
	assert_null(tally_find(NULL, crypto, view_of_string("any")));
}

/* Each adds to the same numbers; nobody's is lost or elsewhere. */
enum { PROCESSES = 8, KEYS = 40, ROUNDS = 25 };

static void
find_and_add(void)
{
	char key[16];

	for (int i = 0; i < KEYS * ROUNDS; i++) {
		uint64_t *words;

		snprintf(key, sizeof key, "%d", i % KEYS);
		words = find(key);
		if (words == NULL)
			_exit(1);
		__atomic_fetch_add(&words[6], 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

static void
many_at_once_meet_in_one_place(void **state)
{
	char key[16];
	int status;

	(void)state;
	memset(page, 0, TALLY_SIZE);
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			find_and_add();
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof key, "%d", i);
		assert_int_equal(find(key)[6], PROCESSES * ROUNDS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_has_one_place_that_is_zero_at_first),
		cmocka_unit_test(a_page_that_is_full_has_no_place),
		cmocka_unit_test(many_at_once_meet_in_one_place),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
