/*
 * The handler of the subsystem sftp, SFTP version 3, and of commands of
 * scp's, its old protocol: both spoken in the session process, as the user,
 * before the same guard. Runs no program.
 */
#include "modules/sftp/conversation.h"
#include "modules/sftp/guard.h"
#include "modules/sftp/limiter.h"
#include "modules/sftp/mounttree.h"
#include "modules/sftp/scpservice.h"

#include <stddef.h>
#include <string.h>
#include <syslog.h>

enum { HANDLES_MIN = 8 };

struct conf {
	int64_t handles;
	uint64_t limit_up, limit_down;
	uint64_t storage_time;
	struct policy_conf policy;
	const struct sp_storage *storage;
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
	{ SP_OPT(struct conf, limit_up, SP_O_RATE, "0",
	    "how fast files of an identity may come, in all of its sessions; "
	    "0: no limit") },
	{ SP_OPT(struct conf, limit_down, SP_O_RATE, "0",
	    "how fast they may go to the client; 0: no limit") },
	{ SP_OPT(struct conf, storage, SP_O_STORAGE, "local",
	    "where the files are: a module, with its options") },
	{ POLICY(mounts, SP_O_GROUPS, "",
	      "further storages, each seen at a folder"),
	    .group = policy_mount_options,
	    .group_size = sizeof(struct policy_mount) },
	{ POLICY(hooks, SP_O_GROUPS, "",
	      "programs that are run when something is done to files"),
	    .group = hook_options, .group_size = sizeof(struct hook_conf) },
	{ POLICY(hooks_at_once, SP_O_INT, "8",
	      "how many of them a channel may have running at once"),
	    .min = 1, .max = HOOK_AT_ONCE_MAX },
	{ SP_OPT(struct conf, storage_time, SP_O_TIME, "60s",
	      "how long a storage may take for one thing before it is given "
	      "up; 0: for ever"),
	    .max = 86400000 },
	{ .name = NULL },
};

/* What a channel has. */
struct service {
	struct guard guard;
	struct limiter limiter;
	uint64_t charged; /* of what was read from files */
	bool is_open;
	bool is_scp; /* else the conversation */
	union {
		struct conversation conversation;
		struct scpservice scp;
	} u;
};

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;

	return policy_check(&conf->policy, err, err_size) &&
	    hook_check(&conf->policy.hooks, err, err_size);
}

/* What it is held to with others is held to over sessions. */
static bool
counts(const void *data)
{
	const struct conf *conf = data;

	return conf->limit_up > 0 || conf->limit_down > 0;
}

/* Where there is more than one storage they are a tree, itself one. */
static bool
open_store(struct sp_chan *chan, const struct conf *conf, struct guard *guard)
{
	const struct sp_groups *mounts = &conf->policy.mounts;
	const struct sp_storage_ops *ops = conf->storage->ops;
	const char *problem = "it does not say why", *about = "/";
	struct sp_store *store;

	if (mounts->count == 0) {
		store = ops->attach(chan, conf->storage->conf, &problem);
	} else {
		ops = &mounttree_ops;
		store = mounttree_attach(
		    chan, conf->storage, mounts, &about, &problem);
	}
	if (store == NULL)
		sp_log(LOG_ERR, "sftp_failed",
		    "cannot serve the files of %s: %s", about, problem);
	else if (guard_init(guard, chan, &conf->policy, ops, store)) {
		guard->time_ms = conf->storage_time;
		return true;
	}
	return false;
}

static void
begin_sftp(
    struct service *service, struct sp_chan *chan, const struct conf *conf)
{
	struct conversation *conversation = &service->u.conversation;

	conversation_init(conversation, chan, &service->guard.ops,
	    guard_store(&service->guard));
	handletable_init(&conversation->handles, (size_t)conf->handles);
}

/* One handle is for a file, the others may be folders on the way to it. */
static void
begin_scp(struct service *service, struct sp_chan *chan,
    const struct conf *conf, const char *command)
{
	struct scpservice *scp = &service->u.scp;
	size_t most = (size_t)conf->handles - 1;
	const char *problem;

	scpservice_init(
	    scp, chan, &service->guard.ops, guard_store(&service->guard));
	scp->size_max = conf->policy.file_size;
	scp->depth_max = most < SCPSERVICE_DEPTH ? most : SCPSERVICE_DEPTH;
	problem = scpcommand_read(&scp->command, command);
	if (problem != NULL)
		sp_chan_log_refusal(chan, command, problem);
	scpservice_begin(scp, problem);
}

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *arg, const void *data)
{
	const struct conf *conf = data;
	const uint64_t rates[LIMITER_WAYS] = {
		[LIMITER_UP] = conf->limit_up,
		[LIMITER_DOWN] = conf->limit_down,
	};
	struct service *service = sp_chan_state(chan, sizeof *service);

	if (service == NULL || !limiter_init(&service->limiter, chan, rates))
		return SP_REFUSED;
	if (!open_store(chan, conf, &service->guard)) {
		limiter_clear(&service->limiter);
		return SP_REFUSED;
	}
	service->is_open = true;
	service->is_scp = strcmp(what, "scp") == 0;
	if (service->is_scp)
		begin_scp(service, chan, conf, arg);
	else
		begin_sftp(service, chan, conf);
	return SP_ACCEPTED;
}

static struct service *
service_of(struct sp_chan *chan)
{
	return sp_chan_state(chan, sizeof(struct service));
}

/* Where no more may come now the client's window closes. */
static size_t
data(struct sp_chan *chan, struct sp_view view)
{
	struct service *service = service_of(chan);
	size_t room = limiter_room(&service->limiter, LIMITER_UP);
	size_t taken;

	if (view.len > room)
		view.len = room;
	if (view.len == 0)
		return 0;
	taken = service->is_scp
	    ? scpservice_hear(&service->u.scp, view)
	    : conversation_hear(&service->u.conversation, view);
	limiter_take(&service->limiter, LIMITER_UP, taken);
	return taken;
}

/* What was read from files, now or by a storage that was late. */
static void
charge(struct service *service)
{
	uint64_t read = service->guard.bytes_read;

	limiter_take(&service->limiter, LIMITER_DOWN, read - service->charged);
	service->charged = read;
}

/* What was read from files has gone to the client, or waits to go. */
static void
speak(struct sp_chan *chan)
{
	struct service *service = service_of(chan);

	charge(service);
	if (limiter_room(&service->limiter, LIMITER_DOWN) == 0)
		return;
	if (service->is_scp)
		scpservice_speak(&service->u.scp);
	else
		conversation_speak(&service->u.conversation);
	charge(service);
}

static void
eof(struct sp_chan *chan)
{
	struct service *service = service_of(chan);

	if (service->is_scp)
		scpservice_end(&service->u.scp);
	else
		conversation_end(&service->u.conversation);
}

static void
close_channel(struct sp_chan *chan)
{
	struct service *service = service_of(chan);

	if (service == NULL || !service->is_open)
		return;
	limiter_clear(&service->limiter);
	if (service->is_scp)
		scpservice_clear(&service->u.scp);
	else
		conversation_clear(&service->u.conversation);
}

static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "subsystem:sftp,scp",
	.start = start,
	.request = request,
	.close = close_channel,
	.data = data,
	.speak = speak,
	.eof = eof,
	.counts = counts,
};

SP_MODULE("sftp", "0.1", "files, by SFTP version 3 and scp", struct conf,
    options, { SP_KIND_HANDLER, &handler });
