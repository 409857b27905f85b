/*
 * The handler of the subsystem sftp: SFTP version 3, spoken in the session
 * process, as the user. Runs no program.
 */
#include "modules/sftp/conversation.h"
#include "modules/sftp/guard.h"
#include "modules/sftp/localstore.h"

#include <stddef.h>
#include <syslog.h>

enum { HANDLES_MIN = 8 };

struct storage_conf {
	unsigned type; /* of storage_types */
	struct localstore_conf local;
};

struct conf {
	int64_t handles;
	struct policy_conf policy;
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

#define POLICY(member, kind, preset, meaning) \
	.name = #member, .help = meaning, .type = kind, \
	.offset = offsetof(struct conf, policy.member), .dflt = preset

static const struct sp_opt options[] = {
	{ POLICY(read_only, SP_O_BOOL, "false", "nothing can be changed") },
	{ POLICY(folders, SP_O_GROUPS, "",
	      "what may be done where: the longest path that fits decides; "
	      "none: everything"),
	    .group = policy_folder_options,
	    .group_size = sizeof(struct policy_folder) },
	{ POLICY(hide, SP_O_PATTERNV, "",
	    "names, or with a / paths, that are as if not there") },
	{ POLICY(deny, SP_O_PATTERNV, "",
	    "names, or with a / paths, that are shown and refused") },
	{ POLICY(upload, SP_O_WORD, "direct",
	      "atomic: a file appears under its name when it is whole"),
	    .words = policy_uploads },
	{ POLICY(file_mode, SP_O_MODE, "0",
	      "mode of all files that are made; 0: what is asked for"),
	    .max = 0777 },
	{ POLICY(folder_mode, SP_O_MODE, "0",
	      "mode of all folders that are made; 0: what is asked for"),
	    .max = 07777 },
	{ POLICY(umask, SP_O_MODE, "0",
	      "what is taken from modes that are asked for, beside the "
	      "profile's"),
	    .max = 0777 },
	{ POLICY(file_size, SP_O_SIZE, "0",
	    "the largest file that may be written; 0: no limit") },
	{ SP_OPT(struct conf, handles, SP_O_INT, "256",
	      "files and folders that a client may have open at once"),
	    .min = HANDLES_MIN, .max = HANDLETABLE_MAX },
	{ SP_OPT(struct conf, storage, SP_O_GROUP, "", "where the files are"),
	    .group = storage_options,
	    .group_size = sizeof(struct storage_conf) },
	{ .name = NULL },
};

static const struct sp_storage_ops *const storages[] = { &localstore_ops };

/* What a channel has. */
struct service {
	struct guard guard;
	struct conversation conversation;
};

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;

	return policy_check(&conf->policy, err, err_size);
}

static bool
open_store(struct sp_chan *chan, const struct conf *conf, struct guard *guard)
{
	const struct sp_storage_ops *ops = storages[conf->storage.type];
	const char *problem = "out of memory";
	struct sp_store *store =
	    ops->attach(chan, &conf->storage.local, &problem);

	if (store != NULL && guard_init(guard, chan, &conf->policy, ops, store))
		return true;
	sp_log(LOG_ERR, "sftp_failed", "cannot serve files: %s", problem);
	return false;
}

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *arg, const void *data)
{
	const struct conf *conf = data;
	struct service *service = sp_chan_state(chan, sizeof *service);

	(void)what;
	(void)arg;
	if (service == NULL || !open_store(chan, conf, &service->guard))
		return SP_REFUSED;
	conversation_init(&service->conversation, chan, &service->guard.ops,
	    guard_store(&service->guard));
	handletable_init(&service->conversation.handles, (size_t)conf->handles);
	return SP_ACCEPTED;
}

static struct conversation *
conversation_of(struct sp_chan *chan)
{
	struct service *service = sp_chan_state(chan, sizeof *service);

	return service == NULL ? NULL : &service->conversation;
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
	.start = start,
	.request = request,
	.close = close_channel,
	.data = data,
	.speak = speak,
	.eof = eof,
};

SP_MODULE("sftp", "0.1", "files, by SFTP version 3", struct conf, options,
    { SP_KIND_HANDLER, &handler });
