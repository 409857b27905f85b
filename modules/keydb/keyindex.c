/* Owners and modes, and LMDB behind them. */
#include "modules/keydb/keyindex.h"

#include <errno.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Addresses, not memory and not disk. Each login that reads is in the table
 * of readers for as long as it takes.
 */
#define MAP_SIZE ((size_t)4 << 30)
enum { READERS = 1024, FILE_MODE = 0600 };

struct keyindex {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	int error;
};

/* ---- who may change it ---- */

static bool
refuse(char problem[KEYINDEX_PROBLEM_SIZE], const char *path, const char *why)
{
	snprintf(problem, KEYINDEX_PROBLEM_SIZE, "%.300s: %s", path, why);
	return false;
}

static bool
is_trusted(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) &&
	    (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
check_folders(const char *path, char problem[KEYINDEX_PROBLEM_SIZE])
{
	char folder[PATH_MAX];
	struct stat st;

	snprintf(folder, sizeof folder, "%s", path);
	do {
		char *slash = strrchr(folder, '/');

		slash[slash == folder ? 1 : 0] = '\0';
		if (stat(folder, &st) != 0)
			return refuse(problem, folder, strerror(errno));
		if (!is_trusted(&st))
			return refuse(problem, folder,
			    "it must belong to root or who runs this, and "
			    "nobody else may write it");
	} while (strcmp(folder, "/") != 0);
	return true;
}

/* Absent is well; a link is not. */
static bool
check_file(const char *path, char problem[KEYINDEX_PROBLEM_SIZE])
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ||
		    refuse(problem, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(problem, path, "it is no file");
	if (!is_trusted(&st))
		return refuse(problem, path,
		    "it must belong to root or who runs this, and nobody else "
		    "may write it");
	return true;
}

/* The folder, resolved, with the file's own name. */
static bool
resolve(
    const char *path, char file[PATH_MAX], char problem[KEYINDEX_PROBLEM_SIZE])
{
	char folder[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	int used;

	if (strlen(path) >= PATH_MAX - 8 || slash == NULL || slash[1] == '\0')
		return refuse(problem, path, "it is no path of a file");
	memcpy(folder, path, len);
	memcpy(folder + len, "/", 2);
	if (realpath(folder, real) == NULL)
		return refuse(problem, path, strerror(errno));
	used = snprintf(file, PATH_MAX - 8, "%s/%s",
	    strcmp(real, "/") == 0 ? "" : real, slash + 1);
	return (used > 0 && used < PATH_MAX - 8) ||
	    refuse(problem, path, "it is too long");
}

static bool
check(
    const char *path, char file[PATH_MAX], char problem[KEYINDEX_PROBLEM_SIZE])
{
	char lock[PATH_MAX + 8];

	if (!resolve(path, file, problem))
		return false;
	snprintf(lock, sizeof lock, "%s-lock", file);
	return check_folders(file, problem) && check_file(file, problem) &&
	    check_file(lock, problem);
}

/* ---- opening ---- */

static int
begin(struct keyindex *index, bool writes)
{
	return mdb_txn_begin(
	    index->env, NULL, writes ? 0 : MDB_RDONLY, &index->txn);
}

static int
open_env(struct keyindex *index, const char *file, bool writes)
{
	unsigned flags = MDB_NOSUBDIR | (writes ? 0 : MDB_RDONLY);
	int error = mdb_env_create(&index->env), dead;

	if (error == 0)
		error = mdb_env_set_maxreaders(index->env, READERS);
	if (error == 0 && writes)
		error = mdb_env_set_mapsize(index->env, MAP_SIZE);
	if (error == 0)
		error = mdb_env_open(index->env, file, flags, FILE_MODE);
	/* Logins that were killed while they read are there still. */
	if (error == 0 && writes)
		error = mdb_reader_check(index->env, &dead);
	if (error == 0)
		error = begin(index, writes);
	if (error == MDB_READERS_FULL &&
	    mdb_reader_check(index->env, &dead) == 0)
		error = begin(index, writes);
	if (error == 0)
		error = mdb_dbi_open(index->txn, NULL, 0, &index->dbi);
	return error;
}

struct keyindex *
keyindex_open(
    const char *path, bool writes, char problem[KEYINDEX_PROBLEM_SIZE])
{
	char file[PATH_MAX];
	struct keyindex *index;
	int error;

	if (!check(path, file, problem))
		return NULL;
	index = calloc(1, sizeof *index);
	error = index == NULL ? ENOMEM : open_env(index, file, writes);
	if (error == 0)
		return index;
	refuse(problem, file, mdb_strerror(error));
	keyindex_close(index);
	return NULL;
}

void
keyindex_close(struct keyindex *index)
{
	if (index == NULL)
		return;
	if (index->txn != NULL)
		mdb_txn_abort(index->txn);
	if (index->env != NULL)
		mdb_env_close(index->env);
	free(index);
}

const char *
keyindex_problem(const struct keyindex *index)
{
	return mdb_strerror(index->error);
}

/* ---- reading ---- */

static MDB_val
key_of(const char *fingerprint)
{
	return (MDB_val){
		.mv_size = strlen(fingerprint),
		.mv_data = (void *)(uintptr_t)fingerprint,
	};
}

static enum keyindex_answer
answer_of(struct keyindex *index, int error)
{
	index->error = error;
	if (error == 0)
		return KEYINDEX_FOUND;
	return error == MDB_NOTFOUND ? KEYINDEX_ABSENT : KEYINDEX_BROKEN;
}

static enum keyindex_answer
read_record(
    struct keyindex *index, const MDB_val *value, struct keyrecord *record)
{
	const struct sp_view bytes = { value->mv_data, value->mv_size };

	return keyrecord_decode(bytes, record)
	    ? KEYINDEX_FOUND
	    : answer_of(index, MDB_CORRUPTED);
}

enum keyindex_answer
keyindex_get(
    struct keyindex *index, const char *fingerprint, struct keyrecord *record)
{
	MDB_val key = key_of(fingerprint), value;
	enum keyindex_answer answer =
	    answer_of(index, mdb_get(index->txn, index->dbi, &key, &value));

	return answer == KEYINDEX_FOUND ? read_record(index, &value, record)
					: answer;
}

enum keyindex_answer
keyindex_next(
    struct keyindex *index, char fingerprint[64], struct keyrecord *record)
{
	MDB_val key = key_of(fingerprint), value;
	bool is_first = fingerprint[0] == '\0';
	size_t before = key.mv_size;
	MDB_cursor *cursor;
	enum keyindex_answer answer;
	int error = mdb_cursor_open(index->txn, index->dbi, &cursor);

	if (error != 0)
		return answer_of(index, error);
	error = mdb_cursor_get(
	    cursor, &key, &value, is_first ? MDB_FIRST : MDB_SET_RANGE);
	if (error == 0 && !is_first && key.mv_size == before &&
	    memcmp(key.mv_data, fingerprint, before) == 0)
		error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	if (error == 0 && key.mv_size >= 64)
		error = MDB_CORRUPTED;
	answer = answer_of(index, error);
	if (answer == KEYINDEX_FOUND) {
		memcpy(fingerprint, key.mv_data, key.mv_size);
		fingerprint[key.mv_size] = '\0';
		answer = read_record(index, &value, record);
	}
	mdb_cursor_close(cursor);
	return answer;
}

/* ---- writing ---- */

bool
keyindex_put(struct keyindex *index, const char *fingerprint,
    const struct keyrecord *record)
{
	uint8_t room[KEYRECORD_MAX];
	MDB_val key = key_of(fingerprint);
	MDB_val value = { keyrecord_encode(record, room), room };

	index->error = mdb_put(index->txn, index->dbi, &key, &value, 0);
	return index->error == 0;
}

enum keyindex_answer
keyindex_del(struct keyindex *index, const char *fingerprint)
{
	MDB_val key = key_of(fingerprint);

	return answer_of(index, mdb_del(index->txn, index->dbi, &key, NULL));
}

bool
keyindex_commit(struct keyindex *index)
{
	index->error = mdb_txn_commit(index->txn);
	index->txn = NULL;
	return index->error == 0;
}
