/* Exec-only: "status NAME" runs one program; all else is told the usage. */
#include <sallyport/module.h>
#include <string.h>

struct conf {
	const char *program;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, program, SP_O_PATH, NULL, "what answers") },
	{ .name = NULL },
};

static bool
start(const void *conf, char *err, size_t size)
{
	return sp_check_program(((const struct conf *)conf)->program, err, size);
}

static bool
is_word(const char *s)
{
	return *s != '\0' && *s != '-' &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *arg, const void *conf)
{
	static const char usage[] = "usage: ssh HOST status NAME\n";
	const char *const none[] = { NULL };
	const char *const *words =
	    strcmp(what, "exec") == 0 ? sp_argv(chan, arg) : NULL;
	struct sp_program program = { .size = sizeof program, .cwd = "/",
		.terminal = -1, .terminal_slave = -1 };

	if (words == NULL || strcmp(words[0], "status") != 0 ||
	    words[1] == NULL || words[2] != NULL || !is_word(words[1])) {
		sp_chan_log_refusal(chan, what, "only \"status NAME\" is served");
		sp_chan_write(chan, 1, usage, sizeof usage - 1);
		sp_chan_exit(chan, 2);
		return SP_ACCEPTED;
	}
	program.path = ((const struct conf *)conf)->program;
	program.argv = words;
	program.env = sp_chan_make_env(chan, none, false);
	return sp_chan_start(chan, &program) ? SP_ACCEPTED : SP_REFUSED;
}

static const struct sp_handler_ops handler = { .size = sizeof handler,
	.accepts = "exec,shell", .start = start, .request = request };
SP_MODULE("status", "1.0", "status requests, nothing else", struct conf,
    options, { SP_KIND_HANDLER, &handler });
