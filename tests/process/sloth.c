/*
 * A way to prove oneself that never comes to a verdict about one user; as a
 * handler of commands one that never says whether it serves them: it waits,
 * or computes ("spin").
 */
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

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *arg, const void *data)
{
	volatile bool spins = arg != NULL && strcmp(arg, "spin") == 0;
	volatile bool hangs = true;

	(void)chan;
	(void)what;
	(void)data;
	while (hangs)
		if (!spins)
			pause();
	return SP_REFUSED;
}

static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "exec",
	.request = request,
};

SP_MODULE("sloth", "0.1", "a module of a test", struct conf, options,
    { SP_KIND_AUTH, &auth }, { SP_KIND_HANDLER, &handler });
