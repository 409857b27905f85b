/*
 * The auth module "userfile": users of the service alone, in a file of their
 * own, with passwords and keys. The file is read anew for each question, in
 * the login's own process, so that a change holds at once.
 */
#include "modules/userfile/passwordhash.h"
#include "modules/userfile/userbook.h"

#include <sallyport/key.h>
#include <sallyport/module.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

enum { PROBLEM_SIZE = 512, SHOWN = 80 };

/* Where no user has a password: what a hash of the usual kind begins with. */
static const char usual_hash[] = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$";

struct conf {
	const char *file;
	struct sp_list environment;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, file, SP_O_PATH, NULL,
	    "the users, made by sallyportctl user") },
	{ SP_OPT(struct conf, environment, SP_O_PATTERNV, "[ ]",
	    "names of variables that options may set; others are left out") },
	{ .name = NULL },
};

/* ---- the file ---- */

/* All of a file, wiped when it is forgotten: there are hashes in it. */
struct text {
	uint8_t *bytes;
	size_t len, size;
};

static void
forget(struct text *text)
{
	if (text->bytes != NULL)
		explicit_bzero(text->bytes, text->size);
	free(text->bytes);
	*text = (struct text){ NULL, 0, 0 };
}

/* NULL, or why the file is not read. */
static const char *
check_file(int fd, struct stat *st)
{
	if (fstat(fd, st) != 0)
		return strerror(errno);
	if ((st->st_mode & S_IRWXO) != 0)
		return "it holds secrets, and others may read it (chmod o=)";
	if (st->st_size > USERBOOK_MAX)
		return "it is too large";
	return NULL;
}

/* False where it changed its size meanwhile: it is replaced, not written. */
static bool
read_all(int fd, size_t size, struct text *text)
{
	ssize_t got = 0;

	text->bytes = malloc(size + 1);
	text->size = size + 1;
	if (text->bytes == NULL)
		return false;
	while (text->len <= size) {
		got = read(fd, text->bytes + text->len, size + 1 - text->len);
		if (got <= 0)
			break;
		text->len += (size_t)got;
	}
	return got == 0 && text->len == size;
}

/* False with a sentence. */
static bool
load(const char *path, struct text *text, char problem[PROBLEM_SIZE])
{
	int fd = sp_open_trusted(path, problem, PROBLEM_SIZE);
	const char *reason;
	struct stat st;

	*text = (struct text){ NULL, 0, 0 };
	if (fd < 0)
		return false;
	reason = check_file(fd, &st);
	if (reason == NULL && !read_all(fd, (size_t)st.st_size, text))
		reason = "it cannot be read";
	close(fd);
	if (reason == NULL)
		return true;
	snprintf(problem, PROBLEM_SIZE, "%s: %s", path, reason);
	forget(text);
	return false;
}

/* The text is to be forgotten when the answer is not needed any more. */
static bool
look_up(const char *path, struct sp_view name, struct text *text,
    struct userbook_answer *answer, char problem[PROBLEM_SIZE])
{
	if (!load(path, text, problem))
		return false;
	if (userbook_find(
		(struct sp_view){ text->bytes, text->len }, name, answer))
		return true;
	snprintf(problem, PROBLEM_SIZE, "%s line %zu: %s", path,
	    answer->wrong_line, answer->problem);
	forget(text);
	return false;
}

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;
	char problem[PROBLEM_SIZE];
	struct userbook_answer answer;
	struct text text;
	bool is_good =
	    look_up(conf->file, sp_text("nobody"), &text, &answer, problem);

	forget(&text);
	if (!is_good)
		snprintf(err, err_size, "%s", problem);
	return is_good;
}

/* ---- options ---- */

/* A user who is asked about, and what his file says of him. */
struct question {
	struct sp_login *login;
	const struct sp_cred *cred;
	const struct conf *conf;
	const struct userbook_answer *book;
};

static bool
refuse(const struct question *q, const char *reason, struct sp_view part)
{
	sp_log(LOG_NOTICE, "user_options", "%s: %s is refused: %s%.*s",
	    q->conf->file, q->cred->user, reason,
	    part.len > SHOWN ? SHOWN : (int)part.len, (const char *)part.data);
	return false;
}

/* What is not understood lets nobody in. */
static bool
take_options(const struct question *q, struct sp_view text)
{
	const struct sp_view nothing = sp_text("");
	struct sp_key_options said;
	char problem[PROBLEM_SIZE];
	struct sp_view fault;
	bool is_taken = false;

	if (sp_key_options_parse(text, &said, &fault) != SP_OK)
		return refuse(
		    q, "this option is malformed or not known: ", fault);
	if (said.cert_authority || said.principals != NULL)
		refuse(q, "certificates are not known here", nothing);
	else if (!sp_login_take_options(q->login, &said, &q->conf->environment,
		     problem, sizeof problem))
		refuse(q, problem, nothing);
	else
		is_taken = true;
	sp_key_options_clear(&said);
	return is_taken;
}

static enum sp_verdict
let_in(const struct question *q)
{
	if (!take_options(q, q->book->user.options))
		return SP_DENY;
	return sp_login_set_identity(q->login, q->cred->user) ? SP_ALLOW
							      : SP_DENY;
}

/* ---- the methods ---- */

static enum sp_verdict
check_key(const struct question *q)
{
	struct sp_view lines = q->book->user.lines;
	struct sp_key_line key;

	if (!q->book->is_found)
		return SP_NEXT;
	while (userbook_next_key(&lines, &key)) {
		if (sp_key_line_is(&key, q->cred->key))
			return take_options(q, key.options) ? let_in(q)
							    : SP_DENY;
	}
	return SP_NEXT;
}

/* Who has no password costs what one of the file's costs. */
static const char *
choose_hash(const struct userbook_answer *book, char hash[USERBOOK_HASH_SIZE])
{
	struct sp_view chosen = book->is_found && book->user.password.len > 0
	    ? book->user.password
	    : book->example;

	if (chosen.len == 0)
		chosen = sp_text(usual_hash);
	memcpy(hash, chosen.data, chosen.len);
	hash[chosen.len] = '\0';
	return hash;
}

static enum sp_verdict
check_password(const struct question *q)
{
	char room[USERBOOK_HASH_SIZE];
	const char *hash = choose_hash(q->book, room);
	bool has_one = q->book->is_found && q->book->user.password.len > 0;
	bool is_good = passwordhash_is_good(hash);
	enum passwordhash_answer answer =
	    passwordhash_check(q->cred->password, hash);

	explicit_bzero(room, sizeof room);
	if (!has_one)
		return SP_NEXT;
	if (!is_good) {
		sp_log(LOG_ERR, "user_hash",
		    "%s: the password of %s has a hash that is not known or "
		    "too weak: set it anew (sallyportctl user passwd)",
		    q->conf->file, q->cred->user);
		return SP_DENY;
	}
	return answer == PASSWORDHASH_RIGHT ? let_in(q) : SP_DENY;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	struct userbook_answer book;
	const struct question q = { login, cred, conf, &book };
	char problem[PROBLEM_SIZE];
	enum sp_verdict verdict;
	struct text text;

	if (!look_up(conf->file, sp_text(cred->user), &text, &book, problem)) {
		sp_log(LOG_ERR, "user_file", "%s", problem);
		return SP_FAIL;
	}
	verdict = cred->password != NULL ? check_password(&q) : check_key(&q);
	forget(&text);
	return verdict;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey,password",
	.start = start,
	.check = check,
};

SP_MODULE("userfile", "0.1", "users of the service alone, in a file",
    struct conf, options, { SP_KIND_AUTH, &auth });
