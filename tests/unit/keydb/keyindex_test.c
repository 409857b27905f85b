/* The index: written, read, changed under a reader, and not trusted. */
#include "modules/keydb/keyindex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Not below /tmp, which others may write. */
static char folder[64];
static char file[96];
static char lock[112];
static char problem[KEYINDEX_PROBLEM_SIZE];

static int
set_up(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	snprintf(folder, sizeof folder, "/run/keyindex-test-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(file, sizeof file, "%s/k.mdb", folder);
	snprintf(lock, sizeof lock, "%s-lock", file);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0;
	unlink(file);
	unlink(lock);
	return rmdir(folder);
}

static void
need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static void
put(const char *fingerprint, const char *identity)
{
	struct keyindex *index = keyindex_open(file, true, problem);
	struct keyrecord record = { .expires = 7 };

	assert_non_null(index);
	assert_true(keyrecord_set_identity(&record, identity));
	assert_true(keyindex_put(index, fingerprint, &record));
	assert_true(keyindex_commit(index));
	keyindex_close(index);
}

static void
assert_refused(const char *why)
{
	assert_null(keyindex_open(file, false, problem));
	assert_non_null(strstr(problem, why));
}

static void
an_index_that_is_not_there_is_made_for_writing_alone(void **state)
{
	struct stat st;

	(void)state;
	need_root();
	assert_refused("No such file");
	put("one", "alice");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
what_was_written_is_found(void **state)
{
	struct keyindex *index;
	struct keyrecord record;

	(void)state;
	need_root();
	put("two", "bob");
	index = keyindex_open(file, false, problem);
	assert_int_equal(keyindex_get(index, "two", &record), KEYINDEX_FOUND);
	assert_string_equal(record.identity, "bob");
	assert_int_equal(record.expires, 7);
	assert_int_equal(keyindex_get(index, "tw", &record), KEYINDEX_ABSENT);
	assert_int_equal(keyindex_get(index, "twoo", &record), KEYINDEX_ABSENT);
	keyindex_close(index);
}

static void
all_are_listed_in_order(void **state)
{
	struct keyindex *index;
	struct keyrecord record;
	char at[64] = "";

	(void)state;
	need_root();
	index = keyindex_open(file, false, problem);
	assert_int_equal(keyindex_next(index, at, &record), KEYINDEX_FOUND);
	assert_string_equal(at, "one");
	assert_int_equal(keyindex_next(index, at, &record), KEYINDEX_FOUND);
	assert_string_equal(at, "two");
	assert_int_equal(keyindex_next(index, at, &record), KEYINDEX_ABSENT);
	keyindex_close(index);
}

static void
what_is_not_committed_is_not_there(void **state)
{
	struct keyrecord record = { .identity = "x" };
	struct keyindex *index;

	(void)state;
	need_root();
	index = keyindex_open(file, true, problem);
	assert_true(keyindex_put(index, "three", &record));
	keyindex_close(index);
	index = keyindex_open(file, false, problem);
	assert_int_equal(
	    keyindex_get(index, "three", &record), KEYINDEX_ABSENT);
	keyindex_close(index);
}

static void
a_key_is_taken_out_once(void **state)
{
	struct keyindex *index;

	(void)state;
	need_root();
	index = keyindex_open(file, true, problem);
	assert_int_equal(keyindex_del(index, "two"), KEYINDEX_FOUND);
	assert_int_equal(keyindex_del(index, "two"), KEYINDEX_ABSENT);
	assert_true(keyindex_commit(index));
	keyindex_close(index);
	index = keyindex_open(file, false, problem);
	assert_int_equal(
	    keyindex_get(index, "two", &(struct keyrecord){ .expires = 0 }),
	    KEYINDEX_ABSENT);
	keyindex_close(index);
}

static void
what_others_may_change_is_not_opened(void **state)
{
	char elsewhere[128];

	(void)state;
	need_root();
	assert_int_equal(chmod(file, 0620), 0);
	assert_refused("nobody else");
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(chmod(lock, 0602), 0);
	assert_refused("nobody else");
	assert_int_equal(chmod(lock, 0600), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_refused("nobody else");
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(chown(file, 64701, 0), 0);
	assert_refused("must belong to root");
	assert_int_equal(chown(file, 0, 0), 0);
	snprintf(elsewhere, sizeof elsewhere, "%s/real", folder);
	assert_int_equal(rename(file, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, file), 0);
	assert_refused("no file");
	assert_int_equal(rename(elsewhere, file), 0);
}

static void
what_is_no_index_is_not_opened(void **state)
{
	FILE *out;

	(void)state;
	need_root();
	out = fopen(file, "we");
	fputs("this is none, and it is long enough to be looked at", out);
	for (int i = 0; i < 4096; i++)
		fputs("xx", out);
	fclose(out);
	assert_refused("k.mdb");
	assert_null(keyindex_open("k.mdb", false, problem));
	assert_null(keyindex_open("/nowhere/k.mdb", true, problem));
	assert_null(keyindex_open("/", true, problem));
}

int
main(void)
{
	/* In this order. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_index_that_is_not_there_is_made_for_writing_alone),
		cmocka_unit_test(what_was_written_is_found),
		cmocka_unit_test(all_are_listed_in_order),
		cmocka_unit_test(what_is_not_committed_is_not_there),
		cmocka_unit_test(a_key_is_taken_out_once),
		cmocka_unit_test(what_others_may_change_is_not_opened),
		cmocka_unit_test(what_is_no_index_is_not_opened),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
