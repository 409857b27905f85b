/* A way to prove oneself of which a test says what it asks and answers. */
#include <sallyport/module.h>

#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

struct conf {
	const char *password;
	struct sp_list answers;
	const char *text;
	bool none;
	unsigned verdict;
	unsigned session;
};

static const char *const verdicts[] = { "next", "allow", "deny", "more", "fail",
	"change", NULL };

/* What it makes of a session. */
enum { OPENS, REFUSES, CONTRADICTS, DIES, LEAKS };
static const char *const sessions[] = { "opens", "refuses", "contradicts",
	"dies", "leaks", NULL };

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, password, SP_O_STR, "", "the right one") },
	{ SP_OPT(struct conf, answers, SP_O_STRV, "[ ]", "a round each") },
	{ SP_OPT(struct conf, text, SP_O_STR, "", "told first") },
	{ SP_OPT(struct conf, none, SP_O_BOOL, "false", "lets anybody in") },
	{ SP_OPT(struct conf, verdict, SP_O_WORD, "allow", "on what is right"),
	    .words = verdicts },
	{ SP_OPT(struct conf, session, SP_O_WORD, "opens", "what it does"),
	    .words = sessions },
	{ .name = NULL },
};

/* What attach() left, in memory that is this group's alone. */
struct state {
	const void *conf;
	bool is_open;
};

static bool
attach(struct sp_login *login, const void *conf)
{
	struct state *state = sp_login_state(login, sizeof *state);

	if (state == NULL || state->conf != NULL)
		return false;
	state->conf = conf;
	return true;
}

static enum sp_verdict
ask_all(struct sp_login *login, const struct conf *conf)
{
	bool is_right = true;
	char answer[64];

	for (size_t i = 0; i < conf->answers.count; i++) {
		struct sp_question question = {
			.text = "Word: ",
			.echo = i % 2 == 1,
			.answer = answer,
			.size = sizeof answer,
		};

		if (!sp_ask(login, "A quiz", "One word.", &question, 1))
			return conf->verdict;
		is_right = sp_equal(answer, conf->answers.items[i]) && is_right;
		explicit_bzero(answer, sizeof answer);
	}
	return is_right ? conf->verdict : SP_DENY;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct state *state = sp_login_state(login, sizeof *state);
	const struct conf *conf = data;

	if (state == NULL || state->conf != conf)
		return SP_FAIL;
	if (strcmp(cred->method, "none") == 0)
		return conf->none ? conf->verdict : SP_NEXT;
	if (conf->text[0] != '\0' && !sp_tell(login, conf->text))
		return SP_FAIL;
	if (strcmp(cred->method, "password") != 0)
		return conf->answers.count == 0 ? SP_NEXT
						: ask_all(login, conf);
	if (conf->password[0] == '\0')
		return SP_NEXT;
	return sp_equal(cred->password, conf->password) ? conf->verdict
							: SP_DENY;
}

static enum sp_verdict
change_password(struct sp_login *login, const struct sp_cred *cred,
    const char *fresh, const void *data)
{
	const struct conf *conf = data;

	(void)login;
	if (!sp_equal(cred->password, conf->password))
		return SP_DENY;
	return strlen(fresh) < 8 ? SP_CHANGE : SP_ALLOW;
}

static void
end(struct sp_login *login, bool accepted, const void *conf)
{
	(void)login;
	(void)conf;
	sp_log(LOG_NOTICE, "quiz_end", "%s", accepted ? "in" : "out");
}

static bool
open_session(struct sp_login *login, const void *data)
{
	struct state *state = sp_login_state(login, sizeof *state);
	const struct conf *conf = data;

	if (conf->text[0] != '\0' && !sp_tell(login, conf->text))
		return false;
	if (conf->session == REFUSES)
		return false;
	if (conf->session == CONTRADICTS)
		sp_login_restrict(login, "colour", "red");
	state->is_open = true;
	return sp_login_restrict(login, "idle-time", "60000") &&
	    sp_login_set_env(login, "QUIZ", "taken");
}

static void
close_session(struct sp_login *login, const void *data)
{
	struct state *state = sp_login_state(login, sizeof *state);
	const struct conf *conf = data;

	if (conf->session == DIES)
		abort();
	if (conf->session == LEAKS && dup(0) < 0)
		abort();
	sp_log(LOG_NOTICE, "quiz_close", "%s %s", sp_login_get(login, "user"),
	    state->is_open ? "left" : "too early");
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "password,keyboard-interactive,none",
	.check = check,
	.attach = attach,
	.change_password = change_password,
	.end = end,
	.open = open_session,
	.close = close_session,
};

SP_MODULE("quiz", "0.1", "a module of a test", struct conf, options,
    { SP_KIND_AUTH, &auth });
