/*
 * A module that does whatever a module must not, by order: in start() or for
 * the user it is told.
 */
#include <sallyport/module.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum deed { GOOD, CRASH, QUIT, LEAK, NONSENSE, TWO, EMPTY, THREAD };

static const char *const deeds[] = { "good", "crash", "quit", "leak",
	"nonsense", "two", "empty", "thread", NULL };

struct conf {
	unsigned deed;
	unsigned at_start;
	const char *user;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, deed, SP_O_WORD, "good", "what check() does"),
	    .words = deeds },
	{ SP_OPT(struct conf, at_start, SP_O_WORD, "good", "what start() does"),
	    .words = deeds },
	{ SP_OPT(struct conf, user, SP_O_STR, "bob", "to whom it does it") },
	{ .name = NULL },
};

static void
leak(void)
{
	for (int i = 0; i < 10; i++) {
		if (open("/dev/null", O_RDONLY) < 0)
			return;
	}
}

static void *
wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void
start_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
		abort();
}

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;

	(void)err;
	(void)err_size;
	if (conf->at_start == CRASH)
		abort();
	if (conf->at_start == QUIT)
		_exit(0);
	if (conf->at_start == LEAK)
		leak();
	if (conf->at_start == THREAD)
		start_thread();
	/* False without a sentence. */
	return conf->at_start != NONSENSE;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	unsigned verdict = 77;

	if (strcmp(cred->user, conf->user) != 0)
		return SP_NEXT;
	switch ((enum deed)conf->deed) {
	case CRASH:
		abort();
	case QUIT:
		_exit(0);
	case LEAK:
		leak();
		return SP_NEXT;
	case NONSENSE:
		return (enum sp_verdict)verdict;
	case TWO:
		if (!sp_login_set_identity(login, "one") ||
		    !sp_login_set_identity(login, "two"))
			return SP_ALLOW;
		return SP_ALLOW;
	case EMPTY:
		return sp_login_set_identity(login, "") ? SP_ALLOW : SP_FAIL;
	case THREAD:
		start_thread();
		return SP_NEXT;
	case GOOD:
		break;
	}
	return SP_NEXT;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.start = start,
	.check = check,
};

SP_MODULE("villain", "0.1", "a module of a test", struct conf, options,
    { SP_KIND_AUTH, &auth });
