/*
 * A conversation with a channel that has as much room as a test gives it,
 * and a storage of one file in memory, which answers now or later.
 */
#include "modules/sftp/conversation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <cmocka.h>

enum { FILE_MAX = 1 << 20, PART = 1000 };

/* The channel: what was sent, and what there is room for. */
struct sp_chan {
	struct buffer sent;
	size_t room;
	uint8_t parts[FILE_MAX];
	struct iovec reserved[8];
	bool was_resumed, has_exited;
	uint32_t exit_status;
};

/* The storage. */
struct sp_store {
	uint8_t bytes[FILE_MAX];
	size_t len;
	bool is_late;
	uint32_t failure; /* of the next write */
	struct sp_reply *open; /* that was not answered yet */
	unsigned open_files, entries;
};

static struct sp_chan chan;
static struct sp_store store;
static struct conversation conversation;

/* ---- the channel ---- */

size_t
sp_chan_reserve(
    struct sp_chan *c, size_t want, struct iovec *parts, size_t *count)
{
	size_t len = want < c->room ? want : c->room, at = 0, n = 0;

	for (; at < len && n < *count; n++) {
		size_t part = len - at < PART || n == 7 ? len - at : PART;

		parts[n] = (struct iovec){ c->parts + at, part };
		at += part;
	}
	*count = n;
	return at;
}

void
sp_chan_commit(struct sp_chan *c, size_t len)
{
	assert_true(len <= c->room);
	c->room -= len;
	assert_int_equal(
	    buffer_append(&c->sent, view_of(c->parts, len)), SP_OK);
}

size_t
sp_chan_send(struct sp_chan *c, const void *data, size_t len)
{
	if (len > c->room)
		len = c->room;
	c->room -= len;
	assert_int_equal(buffer_append(&c->sent, view_of(data, len)), SP_OK);
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
	c->has_exited = true;
	c->exit_status = status;
}

/* The last line of the log. */
static char line[200];

void
sp_log(int priority, const char *event, const char *format, ...)
{
	va_list args;

	assert_int_equal(priority, LOG_DEBUG);
	assert_string_equal(event, "sftp_request");
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
}

/* Storages ask these; this one does not. */
const char *
sp_chan_get(struct sp_chan *c, const char *key)
{
	(void)c;
	(void)key;
	return NULL;
}

const char *
sp_chan_expand(struct sp_chan *c, const char *text, const char *const *words)
{
	(void)c;
	(void)words;
	return text;
}

/* ---- the storage ---- */

static uint32_t
now_or_later(struct sp_reply *reply, struct sp_store *s, uint32_t status)
{
	if (!s->is_late)
		return status;
	assert_null(s->open);
	s->open = reply;
	return SP_FILE_LATER;
}

static uint32_t
open_file(struct sp_reply *reply, struct sp_store *s, const char *path,
    uint32_t flags, const struct sp_file_attr *attr)
{
	(void)flags;
	(void)attr;
	if (strcmp(path, "/f") != 0)
		return SP_FILE_NOT_FOUND;
	s->open_files++;
	reply->file = (struct sp_file *)(void *)s;
	return now_or_later(reply, s, SP_FILE_OK);
}

static uint32_t
open_folder(struct sp_reply *reply, struct sp_store *s, const char *path)
{
	return open_file(reply, s, path, 0, NULL);
}

static uint32_t
close_file(struct sp_reply *reply, struct sp_store *s, struct sp_file *file)
{
	(void)file;
	s->open_files--;
	return now_or_later(reply, s, SP_FILE_OK);
}

static uint32_t
read_file(struct sp_reply *reply, struct sp_store *s, struct sp_file *file,
    uint64_t offset, const struct iovec *parts, size_t count)
{
	size_t at = (size_t)offset;

	(void)file;
	if (offset >= s->len)
		return SP_FILE_EOF;
	if (s->is_late) {
		reply->data = view_of(s->bytes + at, s->len - at);
		return now_or_later(reply, s, SP_FILE_OK);
	}
	for (size_t i = 0; i < count && at < s->len; i++) {
		size_t len = parts[i].iov_len < s->len - at ? parts[i].iov_len
							    : s->len - at;

		memcpy(parts[i].iov_base, s->bytes + at, len);
		at += len;
	}
	reply->count = at - (size_t)offset;
	return SP_FILE_OK;
}

static uint32_t
write_file(struct sp_reply *reply, struct sp_store *s, struct sp_file *file,
    uint64_t offset, struct sp_view data)
{
	uint32_t failure = s->failure;

	(void)file;
	s->failure = SP_FILE_OK;
	if (failure != SP_FILE_OK) {
		reply->reason = "it is full";
		return failure;
	}
	assert_true(offset + data.len <= FILE_MAX);
	memcpy(s->bytes + offset, data.data, data.len);
	if (offset + data.len > s->len)
		s->len = (size_t)offset + data.len;
	return now_or_later(reply, s, SP_FILE_OK);
}

static uint32_t
next_entry(struct sp_reply *reply, struct sp_store *s, struct sp_file *folder)
{
	(void)folder;
	if (s->entries == 0)
		return SP_FILE_EOF;
	s->entries--;
	reply->name = sp_text("entry");
	return now_or_later(reply, s, SP_FILE_OK);
}

static void
detach(struct sp_store *s)
{
	s->open_files = 0;
}

static const struct sp_storage_ops ops = {
	.size = sizeof ops,
	.detach = detach,
	.open = open_file,
	.close = close_file,
	.read = read_file,
	.write = write_file,
	.open_folder = open_folder,
	.next_entry = next_entry,
};

/* ---- the client ---- */

static int
set_up(void **state)
{
	(void)state;
	memset(&chan, 0, sizeof chan);
	memset(&store, 0, sizeof store);
	memset(&conversation, 0, sizeof conversation);
	buffer_init(&chan.sent, 1 << 24);
	chan.room = SIZE_MAX / 2;
	conversation_init(&conversation, &chan, &ops, &store);
	handletable_init(&conversation.handles, 4);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	conversation_clear(&conversation);
	buffer_clear(&chan.sent);
	return 0;
}

/* As the host does: what is not taken comes again after speaking. */
static size_t
say(struct sp_view data)
{
	for (;;) {
		size_t taken = conversation_hear(&conversation, data);

		data.data += taken;
		data.len -= taken;
		conversation_speak(&conversation);
		if (data.len == 0 || taken == 0)
			return data.len;
	}
}

static size_t
ask(struct sftpmessage m)
{
	struct buffer b;
	size_t left;

	buffer_init(&b, 1 << 20);
	assert_int_equal(sftpmessage_encode(&b, &m), SP_OK);
	left = say(buffer_view(&b));
	buffer_clear(&b);
	return left;
}

/* The next answer; its views last until the one after it. */
static struct sftpmessage
answered(void)
{
	static uint8_t room[1 << 20];
	struct sftpmessage m;
	const uint8_t *data = buffer_view(&chan.sent).data;
	size_t len;

	assert_true(buffer_len(&chan.sent) >= 4);
	len = (size_t)data[0] << 24 | (size_t)data[1] << 16 |
	    (size_t)data[2] << 8 | data[3];
	assert_true(buffer_len(&chan.sent) >= 4 + len);
	memcpy(room, data + 4, len);
	buffer_consume(&chan.sent, 4 + len);
	assert_int_equal(sftpmessage_decode(&m, view_of(room, len),
			     SFTPMESSAGE_SERVER, SFTPMESSAGE_LIMITS_REPLY),
	    SP_OK);
	return m;
}

static void
expect_status(uint32_t id, uint32_t status)
{
	struct sftpmessage m = answered();

	assert_int_equal(m.kind, SFTPMESSAGE_STATUS);
	assert_int_equal(m.id, id);
	assert_int_equal(m.code, status);
}

static void
begin(void)
{
	assert_int_equal(
	    ask((struct sftpmessage){ .kind = SFTPMESSAGE_INIT, .version = 3 }),
	    0);
	assert_int_equal(answered().kind, SFTPMESSAGE_VERSION);
}

/* Its handle, which is the first of the table. */
static struct sp_view
open_it(uint32_t flags)
{
	static const uint8_t first[HANDLETABLE_HANDLE] = { 0, 0, 0, 0, 0, 0, 0,
		1 };

	ask((struct sftpmessage){ .kind = SFTPMESSAGE_OPEN,
	    .id = 1,
	    .path = sp_text("/f"),
	    .flags = flags });
	if (!store.is_late)
		assert_int_equal(answered().kind, SFTPMESSAGE_HANDLE);
	return view_of(first, sizeof first);
}

/* ---- tests ---- */

static void
it_begins_with_init_and_once(void **state)
{
	(void)state;
	begin();
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_INIT, .version = 3 });
	assert_true(chan.has_exited);
	assert_int_equal(chan.exit_status, 1);
}

static void
nothing_is_asked_before_init(void **state)
{
	(void)state;
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_LIMITS, .id = 1 });
	assert_true(chan.has_exited);
	assert_int_equal(buffer_len(&chan.sent), 0);
}

static void
what_is_written_is_read(void **state)
{
	uint8_t data[5000];
	struct sp_view handle;
	struct sftpmessage m;

	(void)state;
	memset(data, 'x', sizeof data);
	begin();
	handle = open_it(SP_FILE_READ | SP_FILE_WRITE);
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_WRITE,
	    .id = 2,
	    .handle = handle,
	    .data = view_of(data, sizeof data) });
	expect_status(2, SP_FILE_OK);
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_READ,
	    .id = 3,
	    .handle = handle,
	    .len = 100000 });
	m = answered();
	assert_int_equal(m.kind, SFTPMESSAGE_DATA);
	assert_true(view_equal(m.data, view_of(data, sizeof data)));
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_READ,
	    .id = 4,
	    .handle = handle,
	    .offset = 5000,
	    .len = 1 });
	expect_status(4, SP_FILE_EOF);
}

/* Whatever room there is, the same answer comes, and no request before. */
static void
an_answer_waits_for_room_and_requests_wait_for_it(void **state)
{
	static const size_t rooms[] = { 1, 12, 13, 14, 999, 1000, 5000 };

	(void)state;
	begin();
	store.len = 20000;
	memset(store.bytes, 'y', store.len);
	struct sp_view handle = open_it(SP_FILE_READ);

	for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
		const struct sftpmessage read = { .kind = SFTPMESSAGE_READ,
			.id = 7,
			.handle = handle,
			.len = 20000 };
		struct sftpmessage m;

		chan.room = 0;
		ask(read);
		assert_true(conversation.is_reading);
		assert_true(ask(read) > 0); /* not taken */
		while (conversation.is_reading ||
		    buffer_len(&conversation.out) > 0) {
			chan.room = rooms[i];
			conversation_speak(&conversation);
			assert_true(
			    buffer_len(&conversation.out) <= 20000 + 13);
		}
		m = answered();
		assert_int_equal(m.data.len, 20000);
		assert_true(view_equal(m.data, view_of(store.bytes, 20000)));
		assert_int_equal(buffer_len(&chan.sent), 0);
	}
}

static void
answers_that_nobody_reads_stop_the_requests(void **state)
{
	size_t left = 0, count = 0;

	(void)state;
	begin();
	chan.room = 0;
	while (left == 0 && count++ < 10000)
		left = ask((struct sftpmessage){
		    .kind = SFTPMESSAGE_STAT, .id = 1, .path = sp_text("") });
	assert_true(count < 1000);
	assert_true(
	    buffer_len(&conversation.out) < CONVERSATION_ANSWERS + 1000);
}

static void
a_write_that_fails_is_answered_once_at_its_end(void **state)
{
	uint8_t data[3000] = { 0 };
	struct sp_view handle;
	struct buffer b;

	(void)state;
	begin();
	handle = open_it(SP_FILE_WRITE);
	buffer_init(&b, 10000);
	assert_int_equal(sftpmessage_encode(&b,
			     &(struct sftpmessage){ .kind = SFTPMESSAGE_WRITE,
				 .id = 5,
				 .handle = handle,
				 .data = view_of(data, sizeof data) }),
	    SP_OK);
	store.failure = SP_FILE_FAILED;
	say(view_of(buffer_view(&b).data, 1000));
	assert_int_equal(buffer_len(&chan.sent), 0);
	say(view_of(buffer_view(&b).data + 1000, buffer_len(&b) - 1000));
	struct sftpmessage m = answered();
	assert_int_equal(m.code, SP_FILE_FAILED);
	assert_true(view_equal_string(m.text, "it is full"));
	assert_int_equal(store.len, 0);
	assert_int_equal(buffer_len(&chan.sent), 0);
	buffer_clear(&b);
}

static void
finish(uint32_t status)
{
	struct sp_reply *reply = store.open;

	assert_non_null(reply);
	store.open = NULL;
	chan.was_resumed = false;
	reply->done(reply, status);
	assert_true(chan.was_resumed);
	conversation_speak(&conversation);
	/* A second answer is none. */
	if (store.open == NULL)
		reply->done(reply, SP_FILE_FAILED);
}

static void
a_storage_may_answer_later(void **state)
{
	struct sp_view handle;
	struct sftpmessage m;

	(void)state;
	begin();
	store.is_late = true;
	handle = open_it(SP_FILE_READ | SP_FILE_WRITE);
	assert_int_equal(buffer_len(&chan.sent), 0);
	/* Meanwhile nothing else is taken. */
	assert_true(ask((struct sftpmessage){
			.kind = SFTPMESSAGE_LIMITS, .id = 9 }) > 0);
	finish(SP_FILE_OK);
	assert_int_equal(answered().kind, SFTPMESSAGE_HANDLE);
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_WRITE,
	    .id = 2,
	    .handle = handle,
	    .data = sp_text("data") });
	finish(SP_FILE_OK);
	expect_status(2, SP_FILE_OK);
	ask((struct sftpmessage){
	    .kind = SFTPMESSAGE_READ, .id = 3, .handle = handle, .len = 3 });
	finish(SP_FILE_OK);
	m = answered();
	assert_true(view_equal_string(m.data, "dat"));
	ask((struct sftpmessage){
	    .kind = SFTPMESSAGE_CLOSE, .id = 4, .handle = handle });
	finish(SP_FILE_FAILED);
	expect_status(4, SP_FILE_FAILED);
	assert_int_equal(store.open_files, 0);
}

/* Late or not: as many as fit into an answer, then the rest, then no more. */
static void
entries_come_in_parts(void **state)
{
	uint8_t room[HANDLETABLE_HANDLE];
	struct sp_view handle;
	uint32_t count = 0;

	(void)state;
	begin();
	ask((struct sftpmessage){
	    .kind = SFTPMESSAGE_OPENDIR, .id = 1, .path = sp_text("/f") });
	memcpy(room, answered().handle.data, sizeof room);
	handle = view_of(room, sizeof room);
	store.entries = 300;
	store.is_late = true;
	for (uint32_t id = 2; store.entries > 0; id++) {
		struct sftpmessage m;

		ask((struct sftpmessage){
		    .kind = SFTPMESSAGE_READDIR, .id = id, .handle = handle });
		while (store.open != NULL)
			finish(SP_FILE_OK);
		m = answered();
		assert_int_equal(m.kind, SFTPMESSAGE_NAME);
		count += m.count;
	}
	assert_int_equal(count, 300);
	ask((struct sftpmessage){
	    .kind = SFTPMESSAGE_READDIR, .id = 99, .handle = handle });
	expect_status(99, SP_FILE_EOF);
}

static void
what_a_storage_lacks_is_unsupported(void **state)
{
	(void)state;
	begin();
	ask((struct sftpmessage){
	    .kind = SFTPMESSAGE_STATVFS, .id = 3, .path = sp_text("/") });
	expect_status(3, SP_FILE_UNSUPPORTED);
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_LIMITS, .id = 4 });
	assert_int_equal(answered().limits.handles, 4);
}

static void
handles_beyond_the_bound_are_refused(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < 4; i++)
		open_it(SP_FILE_READ);
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_OPEN,
	    .id = 8,
	    .path = sp_text("/f"),
	    .flags = SP_FILE_READ });
	expect_status(8, SP_FILE_FAILED);
	assert_int_equal(store.open_files, 4);
}

static void
the_end_is_told_when_all_was_answered(void **state)
{
	(void)state;
	begin();
	chan.room = 0;
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_LIMITS, .id = 4 });
	conversation_end(&conversation);
	conversation_speak(&conversation);
	assert_false(chan.has_exited);
	chan.room = 1000;
	conversation_speak(&conversation);
	assert_true(chan.has_exited);
	assert_int_equal(chan.exit_status, 0);
}

static void
each_request_is_told_of_with_its_status(void **state)
{
	struct sp_view handle;

	(void)state;
	begin();
	assert_string_equal(line, "INIT 0: Success");
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_OPEN,
	    .id = 7,
	    .path = sp_text("/nothing"),
	    .flags = SP_FILE_READ });
	assert_string_equal(line, "OPEN 7 /nothing: No such file");
	expect_status(7, SP_FILE_NOT_FOUND);
	handle = open_it(SP_FILE_WRITE);
	assert_string_equal(line, "OPEN 1 /f: Success");
	/* What goes well is no line of its own. */
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_WRITE,
	    .id = 8,
	    .handle = handle,
	    .data = sp_text("x") });
	assert_string_equal(line, "OPEN 1 /f: Success");
	store.failure = SP_FILE_FAILED;
	ask((struct sftpmessage){ .kind = SFTPMESSAGE_WRITE,
	    .id = 9,
	    .handle = handle,
	    .data = sp_text("x") });
	assert_string_equal(line, "WRITE 9: it is full");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(it_begins_with_init_and_once),
		TEST(nothing_is_asked_before_init),
		TEST(what_is_written_is_read),
		TEST(an_answer_waits_for_room_and_requests_wait_for_it),
		TEST(answers_that_nobody_reads_stop_the_requests),
		TEST(a_write_that_fails_is_answered_once_at_its_end),
		TEST(a_storage_may_answer_later),
		TEST(entries_come_in_parts),
		TEST(what_a_storage_lacks_is_unsupported),
		TEST(handles_beyond_the_bound_are_refused),
		TEST(the_end_is_told_when_all_was_answered),
		TEST(each_request_is_told_of_with_its_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
