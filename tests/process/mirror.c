/* A handler of subsystems, as small as one can be. */
#include <sallyport/module.h>

#include <string.h>

struct conf {
	const char *word;
};

static const struct sp_opt options[] = {
	{ .name = "word",
	    .help = "what it says at the end",
	    .type = SP_O_STR,
	    .offset = offsetof(struct conf, word),
	    .dflt = "bye" },
	{ .name = NULL },
};

static enum sp_answer
tell(struct sp_chan *chan, const char *text)
{
	if (text == NULL || !sp_chan_write(chan, 0, text, strlen(text)))
		return SP_REFUSED;
	sp_chan_exit(chan, 3);
	return SP_ACCEPTED;
}

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *name, const void *data)
{
	static const char *const cat[] = { "cat", NULL };
	static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	const struct sp_program program = {
		.size = sizeof program,
		.path = "/bin/cat",
		.argv = cat,
		.env = env,
		.cwd = "/",
		.terminal = -1,
		.terminal_slave = -1,
	};
	const struct conf *conf = data;

	if (strcmp(what, "subsystem") != 0)
		return SP_REFUSED;
	if (strcmp(name, "fact") == 0)
		return tell(chan, sp_chan_get(chan, conf->word));
	if (strcmp(name, "mirror") == 0)
		return sp_chan_start(chan, &program) ? SP_ACCEPTED : SP_REFUSED;
	return tell(chan, conf->word);
}

static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "subsystem:mirror,subsystem:farewell,subsystem:fact",
	.request = request,
};

SP_MODULE("mirror", "0.1", "subsystems of a test", struct conf, options,
    { SP_KIND_HANDLER, &handler });
