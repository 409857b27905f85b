/* A way to prove oneself that says what it is told to. */
#include <sallyport/module.h>

struct conf {
	unsigned verdict;
};

static const char *const verdicts[] = { "next", "allow", "deny", "more", "fail",
	NULL };

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, verdict, SP_O_WORD, "fail", "what it says"),
	    .words = verdicts },
	{ .name = NULL },
};

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;

	(void)login;
	(void)cred;
	return (enum sp_verdict)conf->verdict;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
};

SP_MODULE("fickle", "0.1", "verdicts of a test", struct conf, options,
    { SP_KIND_AUTH, &auth });
