/* Taking a file of users apart, and putting it together with one change. */
#include "cli/sallyportctl/usercommand.h"

#include "cli/sallyportctl/bookfile.h"
#include "cli/sallyportctl/secretinput.h"
#include "modules/userfile/passwordhash.h"
#include "modules/userfile/userbook.h"

#include <sallyport/key.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 64, KEY_SIZE = 16384 };

const char usercommand_help[] =
    "  user add FILE NAME [OPTIONS]    OPTIONS are those of key lines\n"
    "  user del FILE NAME\n"
    "  user list FILE\n"
    "  user passwd FILE NAME [yescrypt|sha512|argon2]\n"
    "      asks for the password, or reads it from standard input\n"
    "  user key FILE NAME add KEY.pub [OPTIONS]\n"
    "  user key FILE NAME del KEY.pub|SHA256:...\n";

/* A file that is being changed, and what becomes of it. */
struct change {
	struct bookfile file;
	struct userbook_answer answer; /* about the name */
	struct sp_view name;
	FILE *out;
	char *text;
	size_t len;
};

static bool
complain(const char *what, const char *why)
{
	fprintf(stderr, "sallyportctl user: %s: %s\n", what, why);
	return false;
}

static void
put(FILE *out, struct sp_view text)
{
	if (text.len > 0)
		fwrite(text.data, 1, text.len, out);
}

/* ---- files ---- */

static bool
open_book(struct change *c, const char *path, const char *name)
{
	const char *problem;
	char where[64];

	*c = (struct change){ .name = sp_text(name) };
	if (!userbook_is_name(c->name))
		return complain(
		    name, "no name: 1 to 255 characters without white space");
	if (!bookfile_open(&c->file, path, USERBOOK_MAX, &problem))
		return complain(path, problem);
	if (userbook_find(c->file.text, c->name, &c->answer)) {
		c->out = open_memstream(&c->text, &c->len);
		if (c->out != NULL)
			return true;
		complain(path, "out of memory");
	} else {
		snprintf(where, sizeof where, "line %zu", c->answer.wrong_line);
		complain(path, where);
		complain(where, c->answer.problem);
	}
	bookfile_close(&c->file);
	return false;
}

/* What nobody could read is not written. */
static bool
write_book(struct change *c)
{
	struct sp_view text = { (uint8_t *)c->text, c->len };
	struct userbook_answer answer;
	const char *problem;

	if (text.len > USERBOOK_MAX)
		return complain(c->file.path, "it would be too large");
	if (!userbook_find(text, c->name, &answer))
		return complain(c->file.path, answer.problem);
	return bookfile_replace(&c->file, text, &problem) ||
	    complain(c->file.path, problem);
}

/* Writes what was put together, if it is good; the program's exit status. */
static int
close_book(struct change *c, bool is_good)
{
	bool is_whole = fclose(c->out) == 0;

	if (is_good && !is_whole)
		is_good = complain(c->file.path, "out of memory");
	if (is_good)
		is_good = write_book(c);
	if (c->text != NULL)
		explicit_bzero(c->text, c->len);
	free(c->text);
	bookfile_close(&c->file);
	return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What stands in front of the user's lines, and what behind. */
static void
put_before(struct change *c)
{
	struct sp_view all = c->file.text;

	all.len = (size_t)(c->answer.user.lines.data - all.data);
	put(c->out, all);
}

static void
put_after(struct change *c)
{
	struct sp_view all = c->file.text, lines = c->answer.user.lines;
	size_t end = (size_t)(lines.data - all.data) + lines.len;

	put(c->out, (struct sp_view){ all.data + end, all.len - end });
}

/* A line ends, though it is the last. */
static void
put_line(FILE *out, const struct userbook_line *line)
{
	put(out, line->all);
	if (line->all.data[line->all.len - 1] != '\n')
		fputc('\n', out);
}

static bool
need_user(const struct change *c)
{
	return c->answer.is_found ||
	    complain((const char *)c->name.data, "there is no such user");
}

/* ---- words ---- */

static bool
check_options(const char *options)
{
	struct sp_key_options said;
	struct sp_view fault;
	bool is_good;

	if (sp_key_options_parse(sp_text(options), &said, &fault) != SP_OK)
		return complain(options, "an option is malformed or not known");
	is_good = !said.cert_authority && said.principals == NULL;
	sp_key_options_clear(&said);
	return is_good || complain(options, "certificates are not known here");
}

struct key {
	uint8_t blob[KEY_SIZE];
	struct sp_view view;
	char *line; /* type, base64 and comment */
};

static bool
read_key(const char *path, struct key *key)
{
	FILE *file = fopen(path, "re");
	struct sp_key_line parts;
	size_t size = 0;
	bool is_there;

	*key = (struct key){ .line = NULL };
	key->view.data = key->blob;
	if (file == NULL)
		return complain(path, "it cannot be opened");
	/* Where there is no line there is room for one, with anything in it. */
	is_there = getline(&key->line, &size, file) > 0;
	if (is_there)
		key->line[strcspn(key->line, "\r\n")] = '\0';
	fclose(file);
	if (is_there &&
	    sp_key_parse_line(sp_text(key->line), &parts) == SP_OK &&
	    parts.type.len > 0 && parts.options.len == 0 &&
	    sp_key_line_blob(
		&parts, key->blob, sizeof key->blob, &key->view.len) == SP_OK)
		return true;
	free(key->line);
	key->line = NULL;
	return complain(path, "it is no public key file");
}

/* ---- commands ---- */

static int
run_add(int argc, char *const argv[])
{
	struct change c;
	bool is_good;

	if ((argc > 2 && !check_options(argv[2])) ||
	    !open_book(&c, argv[0], argv[1]))
		return EXIT_FAILURE;
	is_good = !c.answer.is_found ||
	    complain(argv[1], "this user is there already");
	put(c.out, c.file.text);
	if (c.file.text.len > 0 &&
	    c.file.text.data[c.file.text.len - 1] != '\n')
		fputc('\n', c.out);
	fprintf(c.out, "user %s\n", argv[1]);
	if (argc > 2)
		fprintf(c.out, "\toptions %s\n", argv[2]);
	return close_book(&c, is_good);
}

static int
run_del(int argc, char *const argv[])
{
	struct change c;
	bool is_good;

	(void)argc;
	if (!open_book(&c, argv[0], argv[1]))
		return EXIT_FAILURE;
	is_good = need_user(&c);
	if (is_good) {
		put_before(&c);
		put_after(&c);
	}
	return close_book(&c, is_good);
}

static bool
read_hash(const char *kind, char hash[PASSWORDHASH_SIZE])
{
	static const struct {
		const char *name, *prefix;
	} kinds[] = {
		{ "yescrypt", "$y$" },
		{ "sha512", "$6$" },
		{ "argon2", "$argon2id$" },
	};
	char secret[SECRETINPUT_SIZE];
	const char *prefix = NULL, *problem;
	bool is_made;

	for (size_t i = 0; kind != NULL && i < sizeof kinds / sizeof kinds[0];
	     i++) {
		if (strcmp(kind, kinds[i].name) == 0)
			prefix = kinds[i].prefix;
	}
	if (kind != NULL && prefix == NULL)
		return complain(kind, "no kind of hash that is known here");
	if (!secretinput_read(secret, &problem)) {
		explicit_bzero(secret, sizeof secret);
		return complain("nothing is changed", problem);
	}
	is_made = passwordhash_make(secret, prefix, hash);
	explicit_bzero(secret, sizeof secret);
	return is_made ||
	    complain(kind == NULL ? "crypt" : kind,
		"this system's library cannot make such a hash");
}

/* His lines with another password, right behind his name. */
static void
put_password(struct change *c, const char *hash)
{
	struct sp_view lines = c->answer.user.lines;
	struct userbook_line line;

	while (userbook_next_line(&lines, &line)) {
		if (line.kind != USERBOOK_PASSWORD)
			put_line(c->out, &line);
		if (line.kind == USERBOOK_USER)
			fprintf(c->out, "\tpassword %s\n", hash);
	}
}

/* Asked for before the file is locked: he may take his time. */
static int
run_passwd(int argc, char *const argv[])
{
	char hash[PASSWORDHASH_SIZE];
	struct change c;
	bool is_good;

	if (!read_hash(argc > 2 ? argv[2] : NULL, hash) ||
	    !open_book(&c, argv[0], argv[1]))
		return EXIT_FAILURE;
	is_good = need_user(&c);
	if (is_good) {
		put_before(&c);
		put_password(&c, hash);
		put_after(&c);
	}
	return close_book(&c, is_good);
}

/* His lines but for this key; how many were left out. */
static size_t
put_other_keys(struct change *c,
    bool (*is_it)(const struct sp_key_line *, const void *), const void *arg)
{
	struct sp_view lines = c->answer.user.lines;
	struct userbook_line line;
	struct sp_key_line key;
	size_t count = 0;

	while (userbook_next_line(&lines, &line)) {
		if (line.kind == USERBOOK_KEY &&
		    sp_key_parse_line(line.value, &key) == SP_OK &&
		    is_it(&key, arg))
			count++;
		else
			put_line(c->out, &line);
	}
	return count;
}

static bool
has_blob(const struct sp_key_line *line, const void *arg)
{
	const struct key *key = arg;

	return sp_key_line_is(line, key->view);
}

static bool
has_fingerprint(const struct sp_key_line *line, const void *arg)
{
	struct sp_crypto *crypto = sp_crypto_new();
	char fingerprint[SP_FINGERPRINT_SIZE];
	uint8_t blob[KEY_SIZE];
	struct sp_view view = { blob, 0 };
	bool is_it = crypto != NULL &&
	    sp_key_line_blob(line, blob, sizeof blob, &view.len) == SP_OK &&
	    sp_key_fingerprint(crypto, view, fingerprint) == SP_OK &&
	    strcmp(fingerprint, arg) == 0;

	sp_crypto_free(crypto);
	return is_it;
}

/* A key that is there already is taken out first: it gets these options. */
static int
add_key(const char *path, const char *name, const char *key_file,
    const char *options)
{
	struct change c;
	struct key key;
	bool is_good;

	if ((options != NULL && !check_options(options)) ||
	    !read_key(key_file, &key))
		return EXIT_FAILURE;
	if (!open_book(&c, path, name)) {
		free(key.line);
		return EXIT_FAILURE;
	}
	is_good = need_user(&c);
	if (is_good) {
		put_before(&c);
		put_other_keys(&c, has_blob, &key);
		fprintf(c.out, "\tkey %s%s%s\n", options == NULL ? "" : options,
		    options == NULL ? "" : " ", key.line);
		put_after(&c);
	}
	free(key.line);
	return close_book(&c, is_good);
}

static int
del_key(const char *path, const char *name, const char *word)
{
	bool is_fingerprint = strncmp(word, "SHA256:", 7) == 0;
	struct key key = { .line = NULL };
	struct change c;
	bool is_good;
	size_t count = 0;

	if (!is_fingerprint && !read_key(word, &key))
		return EXIT_FAILURE;
	free(key.line);
	if (!open_book(&c, path, name))
		return EXIT_FAILURE;
	is_good = need_user(&c);
	if (is_good) {
		put_before(&c);
		count = is_fingerprint
		    ? put_other_keys(&c, has_fingerprint, word)
		    : put_other_keys(&c, has_blob, &key);
		put_after(&c);
		is_good = count > 0 || complain(word, "this key is not there");
	}
	return close_book(&c, is_good);
}

static int
run_key(int argc, char *const argv[])
{
	if (strcmp(argv[2], "add") == 0)
		return add_key(
		    argv[0], argv[1], argv[3], argc > 4 ? argv[4] : NULL);
	if (strcmp(argv[2], "del") == 0 && argc == 4)
		return del_key(argv[0], argv[1], argv[3]);
	fprintf(stderr, "usage: sallyportctl\n%s", usercommand_help);
	return EXIT_USAGE;
}

/* No hash is shown: a list may be passed on. */
static void
show(const struct userbook_user *user)
{
	struct sp_view lines = user->lines;
	struct sp_key_line key;
	size_t keys = 0;

	while (userbook_next_key(&lines, &key))
		keys++;
	printf("%.*s password=%s keys=%zu%s%.*s\n", (int)user->name.len,
	    (const char *)user->name.data,
	    user->password.len > 0 ? "yes" : "no", keys,
	    user->options.len > 0 ? " options=" : "", (int)user->options.len,
	    (const char *)user->options.data);
}

static int
run_list(int argc, char *const argv[])
{
	struct change c;
	struct sp_view text;
	struct userbook_user user;

	(void)argc;
	if (!open_book(&c, argv[0], "nobody"))
		return EXIT_FAILURE;
	text = c.file.text;
	while (userbook_next_user(&text, &user))
		show(&user);
	/* Nothing is to be written. */
	(void)close_book(&c, false);
	return EXIT_SUCCESS;
}

static const struct {
	const char *name;
	int least, most; /* words behind it */
	int (*run)(int argc, char *const argv[]);
} rows[] = {
	{ "add", 2, 3, run_add },
	{ "del", 2, 2, run_del },
	{ "list", 1, 1, run_list },
	{ "passwd", 2, 3, run_passwd },
	{ "key", 4, 5, run_key },
};

int
usercommand_run(int argc, char *const argv[])
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (argc > 0 && strcmp(argv[0], rows[i].name) == 0 &&
		    argc - 1 >= rows[i].least && argc - 1 <= rows[i].most)
			return rows[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "usage: sallyportctl\n%s", usercommand_help);
	return EXIT_USAGE;
}
