/*
 * The auth module "totp": a one-time code of RFC 6238, asked for by
 * keyboard-interactive, mostly as a second step ("keys+otp"). A code lets in
 * once, over all logins.
 */
#include "modules/totp/onetime.h"
#include "modules/totp/usedcodes.h"

#include <sallyport/module.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

enum { PROBLEM_SIZE = 512, ANSWER_SIZE = 64 };

struct conf {
	const char *secret;
	const char *used;
	int64_t digits;
	uint64_t period; /* ms */
	int64_t window;
	unsigned hash;
	const char *prompt;
};

/* In the order of enum onetime_hash. */
static const char *const hashes[] = { "sha1", "sha256", "sha512", NULL };

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, secret, SP_O_PATH, "/etc/sallyport/totp/%u",
	    "a user's file, with his secret in base32") },
	{ SP_OPT(struct conf, used, SP_O_PATH, "/var/lib/sallyport/totp/%u",
	    "a user's file, which the module writes: what codes were used") },
	{ SP_OPT(struct conf, digits, SP_O_INT, "6", "of a code"),
	    .min = ONETIME_DIGITS_MIN, .max = ONETIME_DIGITS_MAX },
	{ SP_OPT(struct conf, period, SP_O_TIME, "30s",
	      "how long a code is shown"),
	    .min = 1000, .max = 3600000 },
	{ SP_OPT(struct conf, window, SP_O_INT, "1",
	      "how many codes before and behind are taken, for slow clocks"),
	    .max = ONETIME_WINDOW_MAX },
	{ SP_OPT(struct conf, hash, SP_O_WORD, "sha1", "of the codes"),
	    .words = hashes },
	{ SP_OPT(struct conf, prompt, SP_O_STR,
	    "One-time code: ", "what the user is asked") },
	{ .name = NULL },
};

/* ---- beginning ---- */

static bool
has_letter(const char *pattern, char letter)
{
	while ((pattern = strchr(pattern, '%')) != NULL) {
		if (pattern[1] == letter)
			return true;
		pattern += pattern[1] == '\0' ? 1 : 2;
	}
	return false;
}

/* Two with secrets of their own must not use up each other's codes. */
static bool
start(const void *data, char *err, size_t err_size)
{
	static const char letters[] = "uih";
	const struct conf *conf = data;

	for (size_t i = 0; letters[i] != '\0'; i++) {
		if (has_letter(conf->secret, letters[i]) &&
		    !has_letter(conf->used, letters[i])) {
			snprintf(err, err_size,
			    "used must name a user's file as secret does, by "
			    "%%%c: \"%s\"",
			    letters[i], conf->used);
			return false;
		}
	}
	if (conf->period % 1000 == 0)
		return true;
	snprintf(err, err_size, "period must be whole seconds");
	return false;
}

/* ---- secrets ---- */

/* NULL, or why it cannot be a secret's file. */
static const char *
read_file(int fd, struct onetime_secret *secret)
{
	char text[ONETIME_TEXT_MAX];
	const char *problem = NULL;
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "others may read it (chmod go=)";
	len = read(fd, text, sizeof text);
	if (len < 0 || (size_t)len == sizeof text ||
	    !onetime_read_secret(
		(struct sp_view){ (uint8_t *)text, (size_t)len }, secret))
		problem = "it holds no secret in base32 of 80 bits or more";
	explicit_bzero(text, sizeof text);
	return problem;
}

/* False, with a line, where the user has none that can be used. */
static bool
load_secret(struct sp_login *login, const char *user, const struct conf *conf,
    struct onetime_secret *secret)
{
	char path[PATH_MAX], problem[PROBLEM_SIZE];
	const char *reason;
	int fd;

	if (!sp_login_expand(login, conf->secret, path, sizeof path)) {
		sp_log(LOG_NOTICE, "totp_secret",
		    "\"%s\" gives no file name for %s", conf->secret, user);
		return false;
	}
	fd = sp_open_trusted(path, problem, sizeof problem);
	if (fd < 0) {
		sp_log(LOG_NOTICE, "totp_secret", "%s", problem);
		return false;
	}
	reason = read_file(fd, secret);
	close(fd);
	if (reason != NULL)
		sp_log(LOG_ERR, "totp_secret", "%s: %s", path, reason);
	return reason == NULL;
}

/* ---- codes ---- */

static enum sp_verdict
use_up(struct sp_login *login, const char *user, const struct conf *conf,
    uint64_t step)
{
	char path[PATH_MAX], problem[USEDCODES_PROBLEM_SIZE];

	if (!sp_login_expand(login, conf->used, path, sizeof path)) {
		sp_log(LOG_ERR, "totp_used", "\"%s\" gives no file name for %s",
		    conf->used, user);
		return SP_FAIL;
	}
	switch (usedcodes_take(path, step, sp_open_trusted, problem)) {
	case USEDCODES_FRESH:
		return SP_ALLOW;
	case USEDCODES_USED:
		sp_log(LOG_NOTICE, "totp_replay",
		    "the code of %s was used before", user);
		return SP_DENY;
	case USEDCODES_BROKEN:
		sp_log(LOG_ERR, "totp_used", "%s", problem);
		break;
	}
	return SP_FAIL;
}

/* Who has no secret is asked too, and a code is compared with none. */
static enum sp_verdict
judge(struct sp_login *login, const char *user, const struct conf *conf,
    const char *code)
{
	const struct onetime_rules rules = {
		.hash = (enum onetime_hash)conf->hash,
		.digits = (unsigned)conf->digits,
		.period = (unsigned)(conf->period / 1000),
		.window = (unsigned)conf->window,
	};
	struct onetime_secret secret = { .len = 20 };
	bool has_one = load_secret(login, user, conf, &secret);
	uint64_t step = 0;
	bool is_right =
	    onetime_find(&secret, &rules, (uint64_t)time(NULL), code, &step);

	explicit_bzero(&secret, sizeof secret);
	return has_one && is_right ? use_up(login, user, conf, step) : SP_DENY;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	char answer[ANSWER_SIZE] = "";
	struct sp_question question = {
		.text = conf->prompt,
		.answer = answer,
		.size = sizeof answer,
	};
	enum sp_verdict verdict = SP_DENY;

	if (sp_ask(login, NULL, NULL, &question, 1))
		verdict = judge(login, cred->user, conf, answer);
	explicit_bzero(answer, sizeof answer);
	return verdict;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "keyboard-interactive",
	.start = start,
	.check = check,
};

SP_MODULE("totp", "0.1", "one-time codes of RFC 6238", struct conf, options,
    { SP_KIND_AUTH, &auth });
