/*
 * The handler of the subsystem sftp: SFTP version 3, spoken in the session
 * process, as the user. Runs no program.
 */
#include "modules/sftp/conversation.h"
#include "modules/sftp/localstore.h"

#include <stddef.h>
#include <syslog.h>

enum { HANDLES_MIN = 8 };

struct storage_conf {
	unsigned type; /* of storage_types */
	struct localstore_conf local;
};

struct conf {
	bool read_only;
	int64_t handles;
	struct storage_conf storage;
};

static const char *const storage_types[] = { "local", NULL };

static const struct sp_opt storage_options[] = {
	{ SP_OPT(struct storage_conf, type, SP_O_WORD, "local",
	      "where the files are"),
	    .words = storage_types },
	{ .name = "root",
	    .help = "folder that is seen as /, with nothing outside it; "
		    "empty: the whole machine, from the home folder",
	    .type = SP_O_PATH,
	    .offset = offsetof(struct storage_conf, local.root),
	    .dflt = "" },
	{ .name = NULL },
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, read_only, SP_O_BOOL, "false",
	    "nothing can be changed") },
	{ SP_OPT(struct conf, handles, SP_O_INT, "256",
	      "files and folders that a client may have open at once"),
	    .min = HANDLES_MIN, .max = HANDLETABLE_MAX },
	{ SP_OPT(struct conf, storage, SP_O_GROUP, "", "where the files are"),
	    .group = storage_options,
	    .group_size = sizeof(struct storage_conf) },
	{ .name = NULL },
};

static const struct sp_storage_ops *const storages[] = { &localstore_ops };

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *arg, const void *data)
{
	const struct conf *conf = data;
	const struct sp_storage_ops *ops = storages[conf->storage.type];
	struct conversation *conversation =
	    sp_chan_state(chan, sizeof *conversation);
	const char *problem = "out of memory";
	struct sp_store *store = NULL;

	(void)what;
	(void)arg;
	if (conversation != NULL)
		store = ops->attach(chan, &conf->storage.local, &problem);
	if (store == NULL) {
		sp_log(
		    LOG_ERR, "sftp_failed", "cannot serve files: %s", problem);
		return SP_REFUSED;
	}
	conversation_init(conversation, chan, ops, store);
	conversation->read_only = conf->read_only;
	handletable_init(&conversation->handles, (size_t)conf->handles);
	return SP_ACCEPTED;
}

static struct conversation *
conversation_of(struct sp_chan *chan)
{
	return sp_chan_state(chan, sizeof(struct conversation));
}

static size_t
data(struct sp_chan *chan, struct sp_view view)
{
	return conversation_hear(conversation_of(chan), view);
}

static void
speak(struct sp_chan *chan)
{
	conversation_speak(conversation_of(chan));
}

static void
eof(struct sp_chan *chan)
{
	conversation_end(conversation_of(chan));
}

static void
close_channel(struct sp_chan *chan)
{
	struct conversation *conversation = conversation_of(chan);

	if (conversation != NULL && conversation->chan != NULL)
		conversation_clear(conversation);
}

static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "subsystem:sftp",
	.request = request,
	.close = close_channel,
	.data = data,
	.speak = speak,
	.eof = eof,
};

SP_MODULE("sftp", "0.1", "files, by SFTP version 3", struct conf, options,
    { SP_KIND_HANDLER, &handler });
