/* Packets out of a stream, however it is cut. */
#include "lib/sftp/sftpframe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What was heard: each message's id and, of WRITEs, the data. */
struct heard {
	unsigned messages, writes;
	uint32_t ids;
	struct buffer data;
	bool is_broken;
};

static void
hear(struct sftpframe *f, struct sp_view input, struct heard *heard)
{
	struct sftpmessage message;
	struct sp_view data;

	for (;;) {
		switch (sftpframe_next(f, &input, &message, &data)) {
		case SFTPFRAME_NOTHING:
			assert_int_equal(input.len, 0);
			return;
		case SFTPFRAME_MESSAGE:
			assert_int_equal(
			    sftpmessage_decode(&message, data,
				SFTPMESSAGE_CLIENT, SFTPMESSAGE_UNKNOWN),
			    SP_OK);
			heard->messages++;
			heard->ids = heard->ids * 10 + message.id;
			break;
		case SFTPFRAME_WRITE:
			assert_int_equal(message.data.len, f->left);
			heard->writes++;
			heard->ids = heard->ids * 10 + message.id;
			break;
		case SFTPFRAME_DATA:
			assert_true(data.len > 0);
			assert_int_equal(
			    buffer_append(&heard->data, data), SP_OK);
			break;
		case SFTPFRAME_BROKEN:
			heard->is_broken = true;
			return;
		}
	}
}

static void
append(struct buffer *b, struct sftpmessage m)
{
	assert_int_equal(sftpmessage_encode(b, &m), SP_OK);
}

/* INIT has no id and counts as 0. */
static struct sp_view
stream(struct buffer *b)
{
	buffer_init(b, 1 << 20);
	append(
	    b, (struct sftpmessage){ .kind = SFTPMESSAGE_INIT, .version = 3 });
	append(b,
	    (struct sftpmessage){
		.kind = SFTPMESSAGE_STAT, .id = 1, .path = sp_text("/x") });
	append(b,
	    (struct sftpmessage){ .kind = SFTPMESSAGE_WRITE,
		.id = 2,
		.handle = sp_text("12345678"),
		.data = sp_text("the first piece, ") });
	append(b,
	    (struct sftpmessage){
		.kind = SFTPMESSAGE_WRITE, .id = 3, .handle = sp_text("") });
	append(b,
	    (struct sftpmessage){ .kind = SFTPMESSAGE_WRITE,
		.id = 4,
		.handle = sp_text("h"),
		.data = sp_text("the last") });
	append(b,
	    (struct sftpmessage){
		.kind = SFTPMESSAGE_CLOSE, .id = 5, .handle = sp_text("h") });
	return buffer_view(b);
}

static void
check(const struct heard *heard)
{
	assert_false(heard->is_broken);
	assert_int_equal(heard->messages, 3);
	assert_int_equal(heard->writes, 3);
	assert_int_equal(heard->ids, 12345);
	assert_true(view_equal_string(
	    buffer_view(&heard->data), "the first piece, the last"));
}

static void
a_stream_may_be_cut_anywhere(void **state)
{
	struct buffer b;
	struct sp_view all = stream(&b);

	(void)state;
	for (size_t piece = 1; piece <= all.len; piece++) {
		struct heard heard = { .messages = 0 };
		struct sftpframe f;

		sftpframe_init(&f);
		buffer_init(&heard.data, 1024);
		for (size_t at = 0; at < all.len; at += piece) {
			size_t len =
			    all.len - at < piece ? all.len - at : piece;

			hear(&f, view_of(all.data + at, len), &heard);
		}
		check(&heard);
		assert_false(sftpframe_is_inside(&f));
		buffer_clear(&heard.data);
		sftpframe_clear(&f);
	}
	buffer_clear(&b);
}

/* What is kept is never more than has come. */
static void
a_long_packet_is_kept_as_it_comes_and_no_longer_one(void **state)
{
	static const struct {
		uint32_t len;
		bool is_broken;
	} rows[] = {
		{ 0, true },
		{ 1, false },
		{ SFTPMESSAGE_MAX, false },
		{ SFTPMESSAGE_MAX + 1, true },
		{ UINT32_MAX, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t len = rows[i].len;
		const uint8_t start[] = { (uint8_t)(len >> 24),
			(uint8_t)(len >> 16), (uint8_t)(len >> 8),
			(uint8_t)len };
		struct heard heard = { .messages = 0 };
		struct sftpframe f;

		sftpframe_init(&f);
		buffer_init(&heard.data, 16);
		hear(&f, view_of(start, sizeof start), &heard);
		assert_int_equal(heard.is_broken, rows[i].is_broken);
		assert_true(f.held.capacity < 1024);
		sftpframe_clear(&f);
		buffer_clear(&heard.data);
	}
}

/* Its decoder says what is wrong, and it can be answered. */
static void
a_write_whose_lengths_do_not_fit_is_a_message(void **state)
{
	static const uint8_t lies[][30] = {
		/* more data than there is; a handle beyond the packet */
		"\0\0\0\x16\6\0\0\0\1\0\0\0\1h\0\0\0\0\0\0\0\0\0\0\0\5",
		"\0\0\0\x16\6\0\0\0\1\0\0\0\x99h\0\0\0\0\0\0\0\0\0\0\0\0",
		"\0\0\0\x05\6\0\0\0\1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		struct sp_view input = view_of(lies[i], 4U + lies[i][3]);
		struct sp_view data;
		struct sftpmessage m;
		struct sftpframe f;

		sftpframe_init(&f);
		assert_int_equal(
		    sftpframe_next(&f, &input, &m, &data), SFTPFRAME_MESSAGE);
		assert_int_not_equal(
		    sftpmessage_decode(
			&m, data, SFTPMESSAGE_CLIENT, SFTPMESSAGE_UNKNOWN),
		    SP_OK);
		assert_int_equal(m.id, 1);
		sftpframe_clear(&f);
	}
}

/* As rclone sends it, and OpenSSH takes it. */
static void
what_stands_behind_a_writes_data_is_passed_over(void **state)
{
	static const uint8_t stream[] =
	    "\0\0\0\x1b\6\0\0\0\1\0\0\0\1h\0\0\0\0\0\0\0\0\0\0\0\2xyold"
	    "\0\0\0\x17\6\0\0\0\2\0\0\0\1h\0\0\0\0\0\0\0\2\0\0\0\0o"
	    "\0\0\0\x0a\4\0\0\0\3\0\0\0\1h";
	size_t len = sizeof stream - 1;

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		struct heard heard = { .messages = 0 };
		struct sftpframe f;

		sftpframe_init(&f);
		buffer_init(&heard.data, 100);
		hear(&f, view_of(stream, cut), &heard);
		hear(&f, view_of(stream + cut, len - cut), &heard);
		assert_false(heard.is_broken || sftpframe_is_inside(&f));
		assert_int_equal(heard.writes, 2);
		assert_int_equal(heard.messages, 1);
		assert_true(view_equal_string(buffer_view(&heard.data), "xy"));
		sftpframe_clear(&f);
		buffer_clear(&heard.data);
	}
}

static void
a_write_of_the_greatest_length_keeps_nothing(void **state)
{
	enum { HEADER = 4 + 1 + 4 + 4 + 1 + 8 + 4, PIECE = 1000 };
	static const uint8_t zeros[PIECE];
	size_t left = SFTPMESSAGE_MAX + 4 - HEADER, len = left;
	const uint8_t header[HEADER] = { 0, 4, 4, 0, 6, 0, 0, 0, 1, 0, 0, 0, 1,
		'h', 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, (uint8_t)(len >> 8),
		(uint8_t)len };
	struct heard heard = { .messages = 0 };
	struct sftpframe f;

	(void)state;
	sftpframe_init(&f);
	buffer_init(&heard.data, SFTPMESSAGE_MAX);
	hear(&f, view_of(header, 10), &heard);
	hear(&f, view_of(header + 10, HEADER - 10), &heard);
	while (left > 0) {
		size_t piece = left < PIECE ? left : PIECE;

		assert_true(sftpframe_is_inside(&f));
		hear(&f, view_of(zeros, piece), &heard);
		left -= piece;
	}
	assert_false(sftpframe_is_inside(&f));
	assert_int_equal(heard.writes, 1);
	assert_int_equal(buffer_len(&heard.data), len);
	assert_true(f.held.capacity < 1024);
	sftpframe_clear(&f);
	buffer_clear(&heard.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_may_be_cut_anywhere),
		cmocka_unit_test(
		    a_long_packet_is_kept_as_it_comes_and_no_longer_one),
		cmocka_unit_test(a_write_whose_lengths_do_not_fit_is_a_message),
		cmocka_unit_test(
		    what_stands_behind_a_writes_data_is_passed_over),
		cmocka_unit_test(a_write_of_the_greatest_length_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
