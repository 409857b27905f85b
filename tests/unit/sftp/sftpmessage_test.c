/* Each message of SFTP there and back, cut short, too long, and hostile. */
#include "lib/sftp/sftpmessage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Whose last field takes all that is there. */
static bool
ends_open(enum sftpmessage_kind kind)
{
	return kind == SFTPMESSAGE_INIT || kind == SFTPMESSAGE_VERSION ||
	    kind == SFTPMESSAGE_NAME;
}

/* Every field has a value of its own, whatever the kind sends of them. */
static struct sftpmessage
full(enum sftpmessage_kind kind)
{
	return (struct sftpmessage){
		.kind = kind,
		.id = 0x01020304,
		.version = 3,
		.path = sp_text("/a\xff/b"),
		.target = sp_text("target"),
		.handle = sp_text("handle"),
		.other_handle = sp_text("other"),
		.offset = UINT64_C(0x1122334455667788),
		.other_offset = UINT64_C(0x8877665544332211),
		.len = 0x10000,
		.data = sp_text("some data"),
		.flags = SP_FILE_WRITE | SP_FILE_CREATE,
		.attr = {
		    .has = SP_FILE_HAS_SIZE | SP_FILE_HAS_OWNER |
		        SP_FILE_HAS_MODE | SP_FILE_HAS_TIMES,
		    .size = UINT64_C(5000000000),
		    .uid = 1,
		    .gid = 2,
		    .mode = 0100644,
		    .atime = 4,
		    .mtime = 5,
		},
		.code = SP_FILE_EOF,
		.text = sp_text("text"),
		.language = sp_text("en"),
		.space = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 },
		.limits = { 12, 13, 14, 15 },
		.uids = sp_text("uids"),
		.gids = sp_text("gids"),
	};
}

static enum sftpmessage_sender
sender_of(enum sftpmessage_kind kind)
{
	bool is_server = kind == SFTPMESSAGE_VERSION ||
	    (kind >= SFTPMESSAGE_STATUS && kind <= SFTPMESSAGE_ATTRS) ||
	    kind >= SFTPMESSAGE_STATVFS_REPLY;

	return is_server ? SFTPMESSAGE_SERVER : SFTPMESSAGE_CLIENT;
}

/* Without the packet's length. */
static struct sp_view
encoded(struct buffer *b, enum sftpmessage_kind kind)
{
	const struct sftpmessage m = full(kind);
	struct sp_view packet;

	buffer_init(b, SFTPMESSAGE_MAX);
	assert_int_equal(sftpmessage_encode(b, &m), SP_OK);
	packet = buffer_view(b);
	assert_int_equal(packet.data[0] << 24 | packet.data[1] << 16 |
		packet.data[2] << 8 | packet.data[3],
	    packet.len - 4);
	return view_of(packet.data + 4, packet.len - 4);
}

static void
every_message_comes_back(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < SFTPMESSAGE_UNKNOWN; kind++) {
		struct buffer b, again;
		struct sp_view data = encoded(&b, kind);
		struct sftpmessage m;

		assert_int_equal(
		    sftpmessage_decode(&m, data, sender_of(kind), kind), SP_OK);
		assert_int_equal(m.kind, kind);
		assert_true(m.id == 0x01020304 || kind == SFTPMESSAGE_INIT ||
		    kind == SFTPMESSAGE_VERSION);
		/* All it has is there: it is written as before. */
		buffer_init(&again, SFTPMESSAGE_MAX);
		assert_int_equal(sftpmessage_encode(&again, &m), SP_OK);
		assert_true(view_equal(buffer_view(&b), buffer_view(&again)));
		buffer_clear(&again);
		buffer_clear(&b);
	}
}

static void
what_is_cut_short_or_goes_on_is_no_message(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < SFTPMESSAGE_UNKNOWN; kind++) {
		struct buffer b;
		struct sp_view data = encoded(&b, kind);
		struct sftpmessage m;
		enum sp_status status;

		for (size_t len = 0; len < data.len; len++) {
			status = sftpmessage_decode(
			    &m, view_of(data.data, len), sender_of(kind), kind);
			if (m.kind != SFTPMESSAGE_UNKNOWN)
				assert_int_equal(status, SP_ERR_FORMAT);
		}
		assert_int_equal(buffer_append(&b, view_of("", 1)), SP_OK);
		data = view_of(buffer_view(&b).data + 4, data.len + 1);
		status = sftpmessage_decode(&m, data, sender_of(kind), kind);
		assert_int_equal(
		    status, ends_open(kind) ? SP_OK : SP_ERR_TRAILING);
		buffer_clear(&b);
	}
}

/* But their ids are read, so that they can be answered. */
static void
what_the_other_side_sends_is_unknown(void **state)
{
	(void)state;
	for (unsigned kind = SFTPMESSAGE_OPEN; kind < SFTPMESSAGE_UNKNOWN;
	     kind++) {
		struct buffer b;
		struct sp_view data = encoded(&b, kind);
		struct sftpmessage m;
		enum sftpmessage_sender other =
		    sender_of(kind) == SFTPMESSAGE_CLIENT ? SFTPMESSAGE_SERVER
							  : SFTPMESSAGE_CLIENT;

		assert_int_equal(
		    sftpmessage_decode(&m, data, other, kind), SP_OK);
		assert_int_equal(m.kind, SFTPMESSAGE_UNKNOWN);
		assert_int_equal(m.id, 0x01020304);
		buffer_clear(&b);
	}
}

static void
an_unknown_extension_has_an_id(void **state)
{
	static const uint8_t data[] = "\xc8\0\0\0\x07\0\0\0\x03"
				      "a@brest";
	struct sftpmessage m;

	(void)state;
	assert_int_equal(sftpmessage_decode(&m, view_of(data, sizeof data - 1),
			     SFTPMESSAGE_CLIENT, SFTPMESSAGE_UNKNOWN),
	    SP_OK);
	assert_int_equal(m.kind, SFTPMESSAGE_UNKNOWN);
	assert_int_equal(m.id, 7);
}

/* As on the wire: draft-ietf-secsh-filexfer-02 6.3, 5. */
static void
an_open_is_as_the_draft_has_it(void **state)
{
	const struct sftpmessage m = {
		.kind = SFTPMESSAGE_OPEN,
		.id = 9,
		.path = sp_text("x"),
		.flags = SP_FILE_READ,
		.attr = { .has = SP_FILE_HAS_MODE, .mode = 0600 },
	};
	static const uint8_t wanted[] = "\0\0\0\x16\x03\0\0\0\x09\0\0\0\x01x"
					"\0\0\0\x01\0\0\0\x04\0\0\x01\x80";
	struct buffer b;

	(void)state;
	buffer_init(&b, 64);
	assert_int_equal(sftpmessage_encode(&b, &m), SP_OK);
	assert_true(
	    view_equal(buffer_view(&b), view_of(wanted, sizeof wanted - 1)));
	buffer_clear(&b);
}

static void
attributes_have_no_unknown_flags_and_few_extensions(void **state)
{
	static const struct {
		const char *attr;
		size_t len;
		bool is_good;
	} rows[] = {
		{ "\0\0\0\0", 4, true },
		{ "\0\0\0\x10", 4, false },
		{ "\x40\0\0\0", 4, false },
		{ "\x80\0\0\0\0\0\0\0", 8, true },
		{ "\x80\0\0\0\0\0\0\1\0\0\0\1a\0\0\0\1b", 18, true },
		{ "\x80\0\0\0\0\0\0\2\0\0\0\1a\0\0\0\1b", 18, false },
		{ "\x80\0\0\0\xff\xff\xff\xff", 8, false },
		{ "\x80\0\0\0\0\0\1\1", 8, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t data[64] = "\x0a\0\0\0\1\0\0\0\0";
		struct sftpmessage m;

		memcpy(data + 9, rows[i].attr, rows[i].len);
		assert_int_equal(
		    sftpmessage_decode(&m, view_of(data, 9 + rows[i].len),
			SFTPMESSAGE_CLIENT, SFTPMESSAGE_UNKNOWN) == SP_OK,
		    rows[i].is_good);
	}
}

static void
a_handle_is_at_most_so_long(void **state)
{
	static const uint8_t handle[SFTPMESSAGE_HANDLE_MAX + 1];
	struct sftpmessage m = { .kind = SFTPMESSAGE_CLOSE };

	(void)state;
	for (size_t len = SFTPMESSAGE_HANDLE_MAX; len < sizeof handle + 1;
	     len++) {
		struct buffer b;
		struct sftpmessage got;

		buffer_init(&b, 1024);
		m.handle = view_of(handle, len);
		assert_int_equal(sftpmessage_encode(&b, &m), SP_OK);
		assert_int_equal(
		    sftpmessage_decode(&got,
			view_of(buffer_view(&b).data + 4, buffer_len(&b) - 4),
			SFTPMESSAGE_CLIENT, SFTPMESSAGE_UNKNOWN),
		    len <= SFTPMESSAGE_HANDLE_MAX ? SP_OK : SP_ERR_FORMAT);
		buffer_clear(&b);
	}
}

static void
names_are_added_one_by_one(void **state)
{
	const struct sftpmessage_name names[] = {
		{ sp_text("a"), sp_text("long a"),
		    { .has = SP_FILE_HAS_SIZE, .size = 1 } },
		{ sp_text("\xfe"), sp_text("long b"), { .has = 0 } },
	};
	struct sftpmessage_name name;
	struct sftpmessage m;
	struct buffer b;
	size_t mark;

	(void)state;
	buffer_init(&b, 1024);
	assert_int_equal(sftpmessage_begin_names(&b, 5, &mark), SP_OK);
	assert_int_equal(sftpmessage_add_name(&b, &names[0]), SP_OK);
	assert_int_equal(sftpmessage_add_name(&b, &names[1]), SP_OK);
	sftpmessage_end_names(&b, mark, 2);
	assert_int_equal(
	    sftpmessage_decode(&m,
		view_of(buffer_view(&b).data + 4, buffer_len(&b) - 4),
		SFTPMESSAGE_SERVER, SFTPMESSAGE_UNKNOWN),
	    SP_OK);
	assert_int_equal(m.kind, SFTPMESSAGE_NAME);
	assert_int_equal(m.count, 2);
	for (int i = 0; i < 2; i++) {
		assert_true(sftpmessage_next_name(&m.names, &name));
		assert_true(view_equal(name.name, names[i].name));
		assert_int_equal(name.attr.size, names[i].attr.size);
	}
	assert_false(sftpmessage_next_name(&m.names, &name));
	buffer_clear(&b);
}

static void
every_extension_is_announced(void **state)
{
	struct sp_view pairs, name, version;
	struct buffer b;
	size_t count = 0;

	(void)state;
	buffer_init(&b, 4096);
	assert_int_equal(sftpmessage_announce(&b), SP_OK);
	pairs = buffer_view(&b);
	while (sftpmessage_next_pair(&pairs, &name, &version)) {
		assert_true(view_equal_string(version,
		    view_equal_string(name, "statvfs@openssh.com") ||
			    view_equal_string(name, "fstatvfs@openssh.com")
			? "2"
			: "1"));
		count++;
	}
	assert_int_equal(pairs.len, 0);
	assert_int_equal(count, 11);
	buffer_clear(&b);
}

static void
what_does_not_fit_leaves_nothing(void **state)
{
	const struct sftpmessage m = full(SFTPMESSAGE_OPEN);
	struct buffer b;

	(void)state;
	buffer_init(&b, 20);
	assert_int_not_equal(sftpmessage_encode(&b, &m), SP_OK);
	assert_int_equal(buffer_len(&b), 0);
	assert_string_equal(sftpmessage_name_of(SFTPMESSAGE_OPEN), "OPEN");
	assert_string_equal(
	    sftpmessage_name_of(SFTPMESSAGE_UNKNOWN), "UNKNOWN");
	buffer_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_back),
		cmocka_unit_test(what_is_cut_short_or_goes_on_is_no_message),
		cmocka_unit_test(what_the_other_side_sends_is_unknown),
		cmocka_unit_test(an_unknown_extension_has_an_id),
		cmocka_unit_test(an_open_is_as_the_draft_has_it),
		cmocka_unit_test(
		    attributes_have_no_unknown_flags_and_few_extensions),
		cmocka_unit_test(a_handle_is_at_most_so_long),
		cmocka_unit_test(names_are_added_one_by_one),
		cmocka_unit_test(every_extension_is_announced),
		cmocka_unit_test(what_does_not_fit_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
