/* A way to prove oneself that never comes to a verdict about one user. */
#include <sallyport/module.h>

#include <string.h>
#include <unistd.h>

struct conf {
	const char *user;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, user, SP_O_STR, "bob", "whom it hangs for") },
	{ .name = NULL },
};

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;

	(void)login;
	while (strcmp(cred->user, conf->user) == 0)
		pause();
	return SP_NEXT;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
};

SP_MODULE("sloth", "0.1", "a module of a test", struct conf, options,
    { SP_KIND_AUTH, &auth });
