/* skeleton: serves commands. See sallyport-module(3). */
#include <sallyport/module.h>
#include <string.h>

struct conf {
	const char *greeting;
};

/* What stands in its group of the configuration: name, type, default, help. */
static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, greeting, SP_O_STR, "Hello", "what it says") },
	{ .name = NULL },
};

/*
 * On the session's loop, as the user: it must not block. What the client
 * sent as its command is arg; sp_argv() takes it apart without a shell.
 */
static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *arg, const void *data)
{
	static const char usage[] = "usage: ssh HOST hello NAME\n";
	const struct conf *conf = data;
	const char *const *words =
	    strcmp(what, "exec") == 0 ? sp_argv(chan, arg) : NULL;

	if (words == NULL || words[1] == NULL || words[2] != NULL ||
	    strcmp(words[0], "hello") != 0) {
		sp_chan_write(chan, 1, usage, sizeof usage - 1);
		sp_chan_exit(chan, 2);
		return SP_ACCEPTED;
	}
	sp_chan_write(chan, 0, conf->greeting, strlen(conf->greeting));
	sp_chan_write(chan, 0, ", ", 2);
	sp_chan_write(chan, 0, words[1], strlen(words[1]));
	sp_chan_write(chan, 0, "\n", 1);
	sp_chan_exit(chan, 0);
	return SP_ACCEPTED;
}

static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "exec,shell",
	.request = request,
};

SP_MODULE("skeleton", "0.1", "greets", struct conf, options,
    { SP_KIND_HANDLER, &handler });
