/* A module that does what none may: it starts a thread, where it is told to. */
#include <sallyport/module.h>

#include <pthread.h>
#include <unistd.h>

struct conf {
	bool thread;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, thread, SP_O_BOOL, "false", "whether it does") },
	{ .name = NULL },
};

static void *
wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;
	pthread_t thread;

	(void)err;
	(void)err_size;
	return !conf->thread ||
	    pthread_create(&thread, NULL, wait_for_ever, NULL) == 0;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *conf)
{
	(void)login;
	(void)cred;
	(void)conf;
	return SP_DENY;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.start = start,
	.check = check,
};

SP_MODULE("threaded", "0.1", "a thread of a test", struct conf, options,
    { SP_KIND_AUTH, &auth });
