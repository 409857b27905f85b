/*
 * A folder of a test's own, and how a test calls a storage that may answer
 * later: each operation goes through later(), and its status through
 * wait_for().
 */
#ifndef SP_TEST_WORKPLACE_H
#define SP_TEST_WORKPLACE_H

#include <sallyport/storage.h>

#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* ---- the folder ---- */

static char root[] = "/tmp/sftp-test-XXXXXX";

/* Until the next call. */
static inline const char *
at(const char *path)
{
	static char place[PATH_MAX];

	assert_true(sizeof root + strlen(path) <= sizeof place);
	stpcpy(stpcpy(place, root), path);
	return place;
}

static inline void
put(const char *path, const char *text)
{
	FILE *file = fopen(at(path), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* "" of one that is not there. */
static inline const char *
held(const char *path)
{
	static char text[100];
	FILE *file = fopen(at(path), "r");

	text[0] = '\0';
	if (file != NULL) {
		text[fread(text, 1, sizeof text - 1, file)] = '\0';
		fclose(file);
	}
	return text;
}

static inline void
make_root(const char *const folders[], size_t count)
{
	memcpy(root + strlen(root) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(root));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(mkdir(at(folders[i]), 0755), 0);
}

static inline int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
remove_root(void)
{
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- what is later ---- */

static struct sp_reply reply;
static bool is_late;
static struct sp_reply *open_reply;
static uint32_t open_status, late_status;

static inline uint32_t
later(struct sp_reply *r, uint32_t status)
{
	if (!is_late)
		return status;
	assert_null(open_reply);
	open_reply = r;
	open_status = status;
	return SP_FILE_LATER;
}

static inline void
on_done(struct sp_reply *r, uint32_t status)
{
	assert_ptr_equal(r, &reply);
	late_status = status;
}

static inline struct sp_reply *
fresh(void)
{
	reply = (struct sp_reply){ .size = sizeof reply, .done = on_done };
	return &reply;
}

/* The status in the end, however many times a storage is late. */
static inline uint32_t
wait_for(uint32_t status)
{
	if (status != SP_FILE_LATER)
		return status;
	late_status = SP_FILE_LATER;
	while (late_status == SP_FILE_LATER) {
		struct sp_reply *r = open_reply;

		assert_non_null(r);
		open_reply = NULL;
		r->done(r, open_status);
	}
	return late_status;
}

#endif
