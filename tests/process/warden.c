/* A way to prove oneself that restricts as it is told to, with any verdict. */
#include <sallyport/module.h>

struct conf {
	unsigned verdict;
	const char *key;
	const char *value;
	const char *variable;
	const char *identity;
};

static const char *const verdicts[] = { "next", "allow", "deny", "more", "fail",
	NULL };

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, verdict, SP_O_WORD, "allow", "what it says"),
	    .words = verdicts },
	{ SP_OPT(struct conf, key, SP_O_STR, "", "of the restriction") },
	{ SP_OPT(struct conf, value, SP_O_STR, "", "of the restriction") },
	{ SP_OPT(struct conf, variable, SP_O_STR, "", "that it sets to 1") },
	{ SP_OPT(struct conf, identity, SP_O_STR, "", "who it says this is") },
	{ .name = NULL },
};

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;

	(void)cred;
	/* It does not look whether that could be done. */
	if (conf->key[0] != '\0')
		(void)sp_login_restrict(login, conf->key, conf->value);
	if (conf->variable[0] != '\0')
		(void)sp_login_set_env(login, conf->variable, "1");
	if (conf->identity[0] != '\0' &&
	    !sp_login_set_identity(login, conf->identity))
		return SP_FAIL;
	return (enum sp_verdict)conf->verdict;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
};

SP_MODULE("warden", "0.1", "restrictions of a test", struct conf, options,
    { SP_KIND_AUTH, &auth });
