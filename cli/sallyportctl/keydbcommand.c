/* Changing and showing an index of keys, while logins read it. */
#include "cli/sallyportctl/keydbcommand.h"

#include "modules/keydb/keyindex.h"

#include <errno.h>
#include <inttypes.h>
#include <sallyport/key.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { EXIT_USAGE = 64, FINGERPRINT_SIZE = 64, KEY_SIZE = 16384 };

const char keydbcommand_help[] =
    "  keydb add FILE KEY IDENTITY [expires=YYYY-MM-DD[THH:MM:SS]]\n"
    "      [options=OPTIONS]\n"
    "  keydb del FILE KEY\n"
    "  keydb import FILE LINES     lines of KEY IDENTITY [expires=...]\n"
    "      [options=...]\n"
    "  keydb list FILE\n"
    "      KEY is a fingerprint (SHA256:...) or, of add and del, a public\n"
    "      key's file; LINES is a file, or - for standard input\n";

/* ---- words ---- */

static bool
complain(const char *what, const char *why)
{
	fprintf(stderr, "sallyportctl keydb: %s: %s\n", what, why);
	return false;
}

static bool
read_key_file(const char *path, char fingerprint[FINGERPRINT_SIZE])
{
	struct sp_crypto *crypto = sp_crypto_new();
	FILE *file = fopen(path, "re");
	uint8_t blob[KEY_SIZE];
	struct sp_view key = { blob, 0 };
	struct sp_key_line parts;
	char *line = NULL;
	size_t size = 0;
	bool is_read = false;

	if (file != NULL && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		is_read = crypto != NULL &&
		    sp_key_parse_line(sp_text(line), &parts) == SP_OK &&
		    sp_key_line_blob(&parts, blob, sizeof blob, &key.len) ==
			SP_OK &&
		    sp_key_fingerprint(crypto, key, fingerprint) == SP_OK;
	}
	free(line);
	if (file != NULL)
		fclose(file);
	sp_crypto_free(crypto);
	return is_read;
}

static bool
read_key(const char *word, char fingerprint[FINGERPRINT_SIZE])
{
	if (keyrecord_is_fingerprint(word)) {
		memcpy(fingerprint, word, strlen(word) + 1);
		return true;
	}
	return read_key_file(word, fingerprint) ||
	    complain(word,
		"neither a fingerprint (SHA256:...) nor a file of "
		"a public key");
}

/* What stands behind a word that begins so; NULL where it does not. */
static const char *
value_of(const char *word, const char *name)
{
	size_t len = strlen(name);

	return strncmp(word, name, len) == 0 ? word + len : NULL;
}

/* "2027-01-31" or with "T23:59:59"; by this machine's clock. */
static bool
read_expiry(const char *date, uint64_t *expires)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *rest = strptime(date, "%Y-%m-%d", &tm);
	time_t at;

	if (rest != NULL && *rest == 'T')
		rest = strptime(rest, "T%H:%M:%S", &tm);
	at = rest != NULL && *rest == '\0' ? mktime(&tm) : -1;
	if (at <= 0)
		return complain(
		    date, "a date is YYYY-MM-DD, or YYYY-MM-DDTHH:MM:SS");
	*expires = (uint64_t)at;
	return true;
}

/* Such as the module takes: what it would refuse is not written. */
static bool
read_options(const char *options, struct keyrecord *record)
{
	struct sp_key_options said;
	struct sp_view fault;
	bool is_good;

	if (!keyrecord_set_options(record, options))
		return complain(options, "too long, or it does not show");
	if (sp_key_options_parse(sp_text(options), &said, &fault) != SP_OK)
		return complain(options, "an option is malformed or not known");
	is_good = !said.cert_authority && said.principals == NULL;
	sp_key_options_clear(&said);
	return is_good || complain(options, "certificates are not known here");
}

/* An identity, and what may follow it: NULL where it does not. */
static bool
read_record(
    const char *identity, const char *const more[2], struct keyrecord *record)
{
	const char *expires = NULL, *options = NULL;
	size_t i = 0;

	*record = (struct keyrecord){ .expires = 0 };
	if (!keyrecord_set_identity(record, identity))
		return complain(
		    identity, "no identity: 1 to 255 characters that show");
	if (more[i] != NULL && (expires = value_of(more[i], "expires=")))
		i++;
	if (i < 2 && more[i] != NULL &&
	    (options = value_of(more[i], "options=")))
		i++;
	if (i < 2 && more[i] != NULL)
		return complain(more[i],
		    "only expires=YYYY-MM-DD and options=... may follow");
	return (expires == NULL || read_expiry(expires, &record->expires)) &&
	    (options == NULL || read_options(options, record));
}

/* ---- files ---- */

static struct keyindex *
open_index(const char *path, bool writes)
{
	char problem[KEYINDEX_PROBLEM_SIZE];
	char here[4096];
	struct keyindex *index;

	snprintf(here, sizeof here, "%s%s",
	    strchr(path, '/') == NULL ? "./" : "", path);
	index = keyindex_open(here, writes, problem);
	if (index == NULL)
		fprintf(stderr, "sallyportctl keydb: %s\n", problem);
	return index;
}

static int
finish(struct keyindex *index, const char *path, bool is_done)
{
	if (is_done && !keyindex_commit(index))
		is_done = complain(path, keyindex_problem(index));
	keyindex_close(index);
	return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool
put(struct keyindex *index, const char *path, const char *fingerprint,
    const struct keyrecord *record)
{
	return keyindex_put(index, fingerprint, record) ||
	    complain(path, keyindex_problem(index));
}

/* ---- commands ---- */

static int
add(int argc, char *const argv[])
{
	const char *const more[2] = { argc > 3 ? argv[3] : NULL,
		argc > 4 ? argv[4] : NULL };
	char fingerprint[FINGERPRINT_SIZE];
	struct keyrecord record;
	struct keyindex *index;

	if (!read_key(argv[1], fingerprint) ||
	    !read_record(argv[2], more, &record))
		return EXIT_FAILURE;
	index = open_index(argv[0], true);
	if (index == NULL)
		return EXIT_FAILURE;
	return finish(
	    index, argv[0], put(index, argv[0], fingerprint, &record));
}

static int
del(int argc, char *const argv[])
{
	char fingerprint[FINGERPRINT_SIZE];
	struct keyindex *index;
	enum keyindex_answer answer;

	(void)argc;
	if (!read_key(argv[1], fingerprint))
		return EXIT_FAILURE;
	index = open_index(argv[0], true);
	if (index == NULL)
		return EXIT_FAILURE;
	answer = keyindex_del(index, fingerprint);
	if (answer == KEYINDEX_ABSENT)
		complain(fingerprint, "it is not there");
	else if (answer == KEYINDEX_BROKEN)
		complain(argv[0], keyindex_problem(index));
	return finish(index, argv[0], answer == KEYINDEX_FOUND);
}

/* Takes the next word off a line; NULL at its end. */
static char *
next_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	char *end = word + strcspn(word, " \t");

	if (*word == '\0')
		return NULL;
	*line = end;
	if (*end != '\0') {
		*end = '\0';
		*line = end + 1;
	}
	return word;
}

/* Options have blanks of their own: they are all that is left. */
static char *
next_member(char **line)
{
	char *rest = *line + strspn(*line, " \t");

	if (value_of(rest, "options=") == NULL)
		return next_word(line);
	*line = rest + strlen(rest);
	return rest;
}

/* Empty lines and those that begin with # are passed over. */
static bool
import_line(
    struct keyindex *index, const char *path, char *line, uint64_t *count)
{
	char *key, *identity;
	const char *more[2];
	struct keyrecord record;

	line[strcspn(line, "\r\n")] = '\0';
	key = next_word(&line);
	if (key == NULL || *key == '#')
		return true;
	identity = next_word(&line);
	more[0] = next_member(&line);
	more[1] = next_member(&line);
	if (!keyrecord_is_fingerprint(key) || identity == NULL ||
	    next_word(&line) != NULL)
		return complain(key,
		    "a line is SHA256:... IDENTITY [expires=...] "
		    "[options=...]");
	if (!read_record(identity, more, &record))
		return false;
	*count += 1;
	return put(index, path, key, &record);
}

static bool
import_lines(
    struct keyindex *index, const char *path, FILE *lines, uint64_t *count)
{
	char *line = NULL;
	size_t size = 0;
	uint64_t number = 0;
	bool is_good = true;

	while (is_good && getline(&line, &size, lines) > 0) {
		number++;
		is_good = import_line(index, path, line, count);
	}
	free(line);
	if (!is_good)
		fprintf(stderr,
		    "sallyportctl keydb: line %" PRIu64
		    " is wrong; nothing was changed\n",
		    number);
	else if (ferror(lines))
		is_good = complain("the lines", strerror(errno));
	return is_good;
}

/* All lines, or none. */
static int
import(int argc, char *const argv[])
{
	bool is_standard = strcmp(argv[1], "-") == 0;
	FILE *lines = is_standard ? stdin : fopen(argv[1], "re");
	struct keyindex *index;
	uint64_t count = 0;
	int status;

	(void)argc;
	if (lines == NULL) {
		complain(argv[1], strerror(errno));
		return EXIT_FAILURE;
	}
	index = open_index(argv[0], true);
	status = index == NULL
	    ? EXIT_FAILURE
	    : finish(
		  index, argv[0], import_lines(index, argv[0], lines, &count));
	if (!is_standard)
		fclose(lines);
	if (status == EXIT_SUCCESS)
		printf("%" PRIu64 " keys\n", count);
	return status;
}

static void
show(const char *fingerprint, const struct keyrecord *record)
{
	char text[32] = "";
	time_t at = (time_t)record->expires;
	struct tm tm;

	if (record->expires != 0 && localtime_r(&at, &tm) != NULL)
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	printf("%s %s%s%s%s%s\n", fingerprint, record->identity,
	    record->expires == 0 ? "" : " expires=", text,
	    record->options[0] == '\0' ? "" : " options=", record->options);
}

static int
list(int argc, char *const argv[])
{
	struct keyindex *index = open_index(argv[0], false);
	char fingerprint[FINGERPRINT_SIZE] = "";
	struct keyrecord record;
	enum keyindex_answer answer;

	(void)argc;
	if (index == NULL)
		return EXIT_FAILURE;
	while ((answer = keyindex_next(index, fingerprint, &record)) ==
	    KEYINDEX_FOUND)
		show(fingerprint, &record);
	if (answer == KEYINDEX_BROKEN)
		complain(argv[0], keyindex_problem(index));
	keyindex_close(index);
	return answer == KEYINDEX_ABSENT ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct {
	const char *name;
	int least, most; /* words behind it */
	int (*run)(int argc, char *const argv[]);
} rows[] = {
	{ "add", 3, 5, add },
	{ "del", 2, 2, del },
	{ "import", 2, 2, import },
	{ "list", 1, 1, list },
};

int
keydbcommand_run(int argc, char *const argv[])
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (argc > 0 && strcmp(argv[0], rows[i].name) == 0 &&
		    argc - 1 >= rows[i].least && argc - 1 <= rows[i].most)
			return rows[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "usage: sallyportctl\n%s", keydbcommand_help);
	return EXIT_USAGE;
}
