/*
 * What clients send to the handler of files: requests of SFTP, each with
 * its length put right, or a command of scp's and its stream. The first
 * byte chooses what there is: rights, mounts, uploads that appear, hooks, a
 * storage that is late. Behind it all are files in memory.
 */
#include "lib/sftp/sftpframe.h"
#include "modules/sftp/conversation.h"
#include "modules/sftp/guard.h"
#include "modules/sftp/mounttree.h"
#include "modules/sftp/scpservice.h"
#include "tests/fuzz/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* The example, without its symbol. */
#undef SP_MODULE
#define SP_MODULE(...) struct sp_module
#include "examples/modules/memory/memory.c"

enum {
	OVER_SCP = 0x01,
	ATOMIC = 0x02,
	MOUNTS = 0x04,
	RIGHTS = 0x08,
	LATE = 0x10,
	HOOKS = 0x20,
	IN_PIECES = 0x40,
	SLOW = 0x80,
};

enum { PARTS = 3, PART = 20000, STEPS_MAX = 1 << 20, GIVEN_MAX = 1000 };

/* ---- the channel ---- */

struct sp_chan {
	struct buffer sent;
	size_t room; /* at once */
	uint8_t parts[PARTS][PART];
	size_t reserved;
	bool was_resumed, has_exited;
	void *given[GIVEN_MAX];
	size_t given_count;
};

static struct sp_chan chan;

size_t
sp_chan_reserve(
    struct sp_chan *c, size_t want, struct iovec *parts, size_t *count)
{
	size_t len = 0, n = 0;

	TARGET_ASSERT(c->reserved == 0);
	for (; n < PARTS && n < *count && len < want; n++) {
		size_t part = want - len < PART ? want - len : PART;

		parts[n] = (struct iovec){ c->parts[n], part };
		len += part;
	}
	*count = n;
	c->reserved = len;
	c->was_resumed = true;
	return len;
}

void
sp_chan_commit(struct sp_chan *c, size_t len)
{
	TARGET_ASSERT(len <= c->reserved);
	c->reserved = 0;
	for (size_t n = 0; len > 0; n++) {
		size_t part = len < PART ? len : PART;

		TARGET_ASSERT(buffer_append(&c->sent,
				  view_of(c->parts[n], part)) == SP_OK);
		len -= part;
	}
}

size_t
sp_chan_send(struct sp_chan *c, const void *data, size_t len)
{
	if (len > c->room)
		len = c->room;
	TARGET_ASSERT(c->reserved == 0);
	TARGET_ASSERT(buffer_append(&c->sent, view_of(data, len)) == SP_OK);
	c->was_resumed = true;
	return len;
}

void
sp_chan_resume(struct sp_chan *c)
{
	c->was_resumed = true;
}

void
sp_chan_exit(struct sp_chan *c, uint32_t status)
{
	TARGET_ASSERT(status <= 1);
	c->has_exited = true;
}

void *
sp_chan_alloc(struct sp_chan *c, size_t size)
{
	void *room = calloc(1, size);

	TARGET_ASSERT(room != NULL && c->given_count < GIVEN_MAX);
	return c->given[c->given_count++] = room;
}

/* ---- the rest of the host ---- */

struct event_base *
sp_chan_base(struct sp_chan *c)
{
	(void)c;
	return NULL;
}

const char *
sp_chan_get(struct sp_chan *c, const char *key)
{
	(void)c;
	(void)key;
	return "somebody";
}

const char *
sp_chan_expand(struct sp_chan *c, const char *text, const char *const *words)
{
	(void)c;
	(void)words;
	return text;
}

const char *const *
sp_chan_make_env(
    struct sp_chan *c, const char *const *variables, bool with_clients)
{
	(void)c;
	(void)with_clients;
	return variables;
}

bool
sp_check_program(const char *path, char *err, size_t size)
{
	(void)path;
	(void)err;
	(void)size;
	return true;
}

/* As the shell's "*" alone, and all else by its text. */
bool
sp_match_any(const struct sp_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->items[i];
		size_t len = strcspn(pattern, "*");

		if (strncmp(pattern, text, len) == 0 &&
		    (pattern[len] == '*' || text[len] == '\0'))
			return true;
	}
	return false;
}

void
sp_log(int priority, const char *event, const char *format, ...)
{
	(void)priority;
	(void)event;
	(void)format;
}

void
sp_chan_log_transfer(struct sp_chan *c, const struct sp_transfer *transfer)
{
	(void)c;
	TARGET_ASSERT(transfer->path[0] == '/' || transfer->path[0] != '\0');
}

/* ---- programs: what they are told has no line of another's making ---- */

struct sp_run {
	void (*ended)(void *arg, const struct sp_outcome *);
	void *arg;
	TAILQ_ENTRY(sp_run) link;
};

static TAILQ_HEAD(, sp_run) runs;

/* Few enough for a client to use them up. */
static size_t places = 6;

bool
sp_chan_keep_places(struct sp_chan *c, size_t count)
{
	(void)c;
	if (count > places)
		return false;
	places -= count;
	return true;
}

void
sp_chan_give_back_places(struct sp_chan *c, size_t count)
{
	(void)c;
	TARGET_ASSERT(count > 0);
	places += count;
	TARGET_ASSERT(places <= 6);
}

struct sp_run *
sp_chan_run(struct sp_chan *c, const struct sp_siderun *siderun)
{
	struct sp_run *run = calloc(1, sizeof *run);

	(void)c;
	TARGET_ASSERT(run != NULL);
	for (const char *const *at = siderun->program->env; *at != NULL; at++)
		TARGET_ASSERT(!view_has_control(view_of_string(*at)));
	run->ended = siderun->ended;
	run->arg = siderun->arg;
	TAILQ_INSERT_TAIL(&runs, run, link);
	return run;
}

void
sp_run_leave(struct sp_run *run, bool is_wanted)
{
	(void)is_wanted;
	TAILQ_REMOVE(&runs, run, link);
	free(run);
}

static bool
end_a_run(void)
{
	static uint32_t count;
	struct sp_run *run = TAILQ_FIRST(&runs);
	const struct sp_outcome outcome = {
		.size = sizeof outcome,
		.has_ended = true,
		.status = ++count % 4 == 0 ? 1 : 0,
	};

	if (run == NULL)
		return false;
	TAILQ_REMOVE(&runs, run, link);
	run->ended(run->arg, &outcome);
	free(run);
	return true;
}

/* ---- the storage: names that begin with "l" are links ---- */

static bool is_late;
static struct {
	struct sp_reply *reply;
	uint32_t status;
} pending;

static uint32_t
later(struct sp_reply *reply, uint32_t status)
{
	if (!is_late)
		return status;
	TARGET_ASSERT(pending.reply == NULL);
	pending.reply = reply;
	pending.status = status;
	return SP_FILE_LATER;
}

static bool
answer(void)
{
	struct sp_reply *reply = pending.reply;

	if (reply == NULL)
		return false;
	pending.reply = NULL;
	reply->done(reply, pending.status);
	return true;
}

static uint32_t
look(struct sp_reply *reply, struct sp_store *store, const char *path,
    bool follow)
{
	uint32_t status = stat_path(reply, store, path, follow);

	if (status == SP_FILE_OK && path[0] == '/' && path[1] == 'l')
		reply->attr.mode = S_IFLNK | 0777;
	return later(reply, status);
}

static uint32_t
read_link(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	const struct node *node = find(store, path);

	if (node == NULL)
		return later(reply, SP_FILE_NOT_FOUND);
	reply->name = (struct sp_view){ node->data, (size_t)node->len };
	return later(reply, SP_FILE_OK);
}

static uint32_t
make_link(struct sp_reply *reply, struct sp_store *store, const char *text,
    const char *path)
{
	struct sp_reply own = { .size = sizeof own };
	const struct sp_file_attr none = { .has = 0 };
	uint32_t status = open_file(&own, store, path,
	    SP_FILE_WRITE | SP_FILE_CREATE | SP_FILE_EXCLUSIVE, &none);

	if (status == SP_FILE_OK) {
		status = write_file(&own, store, own.file, 0, sp_text(text));
		close_any(&own, store, own.file);
	}
	return later(reply, status);
}

static uint32_t
open_now(struct sp_reply *reply, struct sp_store *store, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	return later(reply, open_file(reply, store, path, flags, attr));
}

/* The parts are gone where it is later: what was read lies elsewhere. */
static uint32_t
read_now(struct sp_reply *reply, struct sp_store *store, struct sp_file *file,
    uint64_t offset, const struct iovec *parts, size_t count)
{
	static uint8_t bytes[5000];
	const struct iovec own = { bytes, sizeof bytes };
	uint32_t status;

	if (!is_late)
		return read_file(reply, store, file, offset, parts, count);
	if (count == 0)
		return SP_FILE_EOF;
	status = read_file(reply, store, file, offset, &own, 1);
	reply->data = (struct sp_view){ bytes, reply->count };
	reply->count = 0;
	return later(reply, status);
}

/* What is open under a name that goes keeps its place. */
static uint32_t
remove_node(struct sp_reply *reply, struct sp_store *store, const char *path)
{
	struct node *node = find(store, path);

	if (node == NULL)
		return later(reply, SP_FILE_NOT_FOUND);
	clear(store, node);
	return later(reply, SP_FILE_OK);
}

static uint32_t
rename_node(struct sp_reply *reply, struct sp_store *store, const char *from,
    const char *to, bool replace)
{
	struct node *node = find(store, from), *there = find(store, to);

	to += *to == '/';
	if (node == NULL)
		return later(reply, SP_FILE_NOT_FOUND);
	if ((there != NULL && !replace) || strlen(to) >= NAME_SIZE ||
	    strchr(to, '/') != NULL || *to == '\0')
		return later(reply, SP_FILE_FAILED);
	if (there != NULL && there != node)
		clear(store, there);
	strcpy(node->name, to);
	return later(reply, SP_FILE_OK);
}

static struct sp_storage_ops
make_ops(void)
{
	struct sp_storage_ops ops = storage;

	ops.stat = look;
	ops.read_symlink = read_link;
	ops.make_symlink = make_link;
	ops.open = open_now;
	ops.read = read_now;
	ops.remove = remove_node;
	ops.rename = rename_node;
	return ops;
}

/* ---- what is configured ---- */

#define LIST(...) \
	{ \
		.items = (const char *const[]){ __VA_ARGS__ }, \
		.count = sizeof((const char *const[]){ __VA_ARGS__ }) / \
		    sizeof(char *) \
	}

static const struct policy_folder folders[] = {
	{ "/",
	    LIST("list", "download", "upload", "overwrite", "delete", "rename",
		"link", "resume") },
	{ "/m", LIST("list", "upload", "resume") },
};

static const struct hook_conf hooks[] = {
	{ .before = LIST("upload", "download", "delete", "rename"),
	    .run = LIST("/bin/asks"),
	    .time = 1 },
	{ .after = LIST("upload"),
	    .wait = true,
	    .run = LIST("/bin/judges"),
	    .time = 1 },
	{ .after = LIST("upload", "download", "delete", "rename"),
	    .run = LIST("/bin/hears"),
	    .time = 1 },
};

static struct sp_storage_ops whole_ops;
static const struct conf memory_conf = { .size = 100000 };

static const struct sp_storage whole = {
	.size = sizeof whole,
	.ops = &whole_ops,
	.conf = &memory_conf,
};
static const struct sp_storage plain = {
	.size = sizeof plain,
	.ops = &storage,
	.conf = &memory_conf,
};

static const struct policy_mount mounts[] = {
	{ .path = "/m", .storage = &plain },
	{ .path = "/deep/n", .storage = &whole },
	{ .path = "/m/o", .storage = &whole, .read_only = true },
};

static const struct policy_conf common = {
	.hide = LIST("secret"),
	.hooks_at_once = 2,
};

static bool
open_guard(struct guard *guard, uint8_t chosen, struct policy_conf *conf)
{
	const struct sp_storage_ops *ops = &whole_ops;
	const char *about, *problem;
	struct sp_store *store;

	*conf = common;
	conf->upload = (chosen & ATOMIC) != 0;
	if ((chosen & RIGHTS) != 0)
		conf->folders = (struct sp_groups){ folders, 2, NULL };
	if ((chosen & HOOKS) != 0)
		conf->hooks = (struct sp_groups){ hooks, 3, NULL };
	if ((chosen & MOUNTS) != 0) {
		conf->mounts = (struct sp_groups){ mounts, 3, NULL };
		ops = &mounttree_ops;
		store = mounttree_attach(
		    &chan, &whole, &conf->mounts, &about, &problem);
	} else {
		store = attach(&chan, &memory_conf, &problem);
	}
	TARGET_ASSERT(store != NULL);
	return guard_init(guard, &chan, conf, ops, store);
}

/* ---- a client ---- */

typedef size_t hear_function(void *, struct sp_view);
typedef void speak_function(void *);

/* Until nothing moves: what was not taken comes again, as it does there. */
static void
say(void *service, hear_function *hear, speak_function *speak,
    struct sp_view data)
{
	bool has_moved = true;

	for (size_t i = 0; has_moved && !chan.has_exited; i++) {
		size_t taken = hear(service, data);

		TARGET_ASSERT(taken <= data.len && i < STEPS_MAX);
		data = view_of(data.data + taken, data.len - taken);
		chan.was_resumed = false;
		speak(service);
		has_moved = taken > 0 || chan.was_resumed;
		if (!has_moved)
			has_moved = answer() || end_a_run();
	}
	TARGET_ASSERT(data.len == 0 || chan.has_exited);
}

static void
say_all(void *service, hear_function *hear, speak_function *speak,
    struct sp_view data, bool in_pieces)
{
	while (data.len > 0 && !chan.has_exited) {
		size_t len = in_pieces && data.len > 7 ? 7 : data.len;

		say(service, hear, speak, view_of(data.data, len));
		data = view_of(data.data + len, data.len - len);
	}
}

static size_t
hear_sftp(void *service, struct sp_view data)
{
	return conversation_hear(service, data);
}

static void
speak_sftp(void *service)
{
	conversation_speak(service);
}

/* Each request behind its length, as the input has two bytes of it. */
static size_t
frame(struct sp_view input, struct buffer *out)
{
	static const uint8_t init[] = { 0, 0, 0, 5, 1, 0, 0, 0, 3 };
	size_t count = 1;

	TARGET_ASSERT(buffer_append(out, view_of(init, sizeof init)) == SP_OK);
	while (input.len > 2) {
		size_t len = (size_t)(input.data[0] << 8 | input.data[1]);
		uint8_t length[4] = { 0 };

		input = view_of(input.data + 2, input.len - 2);
		if (len > input.len)
			len = input.len;
		length[2] = (uint8_t)(len >> 8);
		length[3] = (uint8_t)len;
		TARGET_ASSERT(buffer_append(out, view_of(length, 4)) == SP_OK);
		TARGET_ASSERT(
		    buffer_append(out, view_of(input.data, len)) == SP_OK);
		input = view_of(input.data + len, input.len - len);
		count++;
	}
	return count;
}

static size_t
count_answers(struct sp_view sent)
{
	struct sftpmessage m;
	struct sftpframe f;
	struct sp_view data;
	size_t count = 0;

	sftpframe_init(&f);
	while (sftpframe_next(&f, &sent, &m, &data) == SFTPFRAME_MESSAGE)
		count++;
	TARGET_ASSERT(!sftpframe_is_inside(&f) && sent.len == 0);
	sftpframe_clear(&f);
	return count;
}

/* Each request has one answer, unless the client is none. */
static void
try_sftp(struct guard *guard, struct sp_view input, bool in_pieces)
{
	static struct conversation conversation;
	struct buffer stream;
	size_t asked;

	memset(&conversation, 0, sizeof conversation);
	buffer_init(&stream, 1 << 22);
	asked = frame(input, &stream);
	conversation_init(
	    &conversation, &chan, &guard->ops, guard_store(guard));
	handletable_init(&conversation.handles, 8);
	say_all(&conversation, hear_sftp, speak_sftp, buffer_view(&stream),
	    in_pieces);
	if (!chan.has_exited)
		TARGET_ASSERT(count_answers(buffer_view(&chan.sent)) == asked);
	conversation_clear(&conversation);
	buffer_clear(&stream);
}

static size_t
hear_scp(void *service, struct sp_view data)
{
	return scpservice_hear(service, data);
}

static void
speak_scp(void *service)
{
	scpservice_speak(service);
}

/* The command ends with the first line's end. */
static void
try_scp(struct guard *guard, struct sp_view input, bool in_pieces)
{
	static struct scpservice scp;
	const uint8_t *end = memchr(input.data, '\n', input.len);
	size_t len = end == NULL ? input.len : (size_t)(end - input.data);
	char command[300];
	const char *problem;

	memset(&scp, 0, sizeof scp);
	snprintf(command, sizeof command, "scp %.*s", (int)len,
	    (const char *)input.data);
	len += end != NULL;
	scpservice_init(&scp, &chan, &guard->ops, guard_store(guard));
	scp.depth_max = 4;
	problem = scpcommand_read(&scp.command, command);
	scpservice_begin(&scp, problem);
	say_all(&scp, hear_scp, speak_scp,
	    view_of(input.data + len, input.len - len), in_pieces);
	if (!chan.has_exited)
		scpservice_end(&scp);
	say(&scp, hear_scp, speak_scp, view_of(NULL, 0));
	TARGET_ASSERT(chan.has_exited);
	scpservice_clear(&scp);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guard guard;
	struct policy_conf conf;
	struct sp_view input;
	uint8_t chosen;

	if (size < 2 || size > 20000)
		return 0;
	chosen = data[0];
	input = view_of(data + 1, size - 1);
	TAILQ_INIT(&runs);
	whole_ops = make_ops();
	is_late = (chosen & LATE) != 0;
	pending.reply = NULL;
	memset(&chan, 0, sizeof chan);
	buffer_init(&chan.sent, SIZE_MAX / 2);
	chan.room = (chosen & SLOW) != 0 ? 100 : 1000000;
	TARGET_ASSERT(open_guard(&guard, chosen, &conf));
	if ((chosen & OVER_SCP) != 0)
		try_scp(&guard, input, (chosen & IN_PIECES) != 0);
	else
		try_sftp(&guard, input, (chosen & IN_PIECES) != 0);
	buffer_clear(&chan.sent);
	while (chan.given_count > 0)
		free(chan.given[--chan.given_count]);
	return 0;
}
