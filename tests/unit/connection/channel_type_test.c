/* Channel types: values and bytes of each, and the range of their ports. */
#include "lib/connection/channel_type.h"
#include "tests/unit/connection/formcheck.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TEXT FORMCHECK_TEXT
#define TCPIP \
	{ \
		TEXT("host"), 80, TEXT("::1"), 50000 \
	}
#define TCPIP_BYTES TEXT("\0\0\0\4host\0\0\0\x50\0\0\0\3::1\0\0\xc3\x50")

static const struct {
	struct sp_open values;
	struct sp_view bytes;
} rows[] = {
	{ { .type = SP_CHANNEL_SESSION }, TEXT("") },
	{ { .type = SP_CHANNEL_X11, .u.x11 = { TEXT("::1"), 6000 } },
	    TEXT("\0\0\0\3::1\0\0\x17\x70") },
	{ { .type = SP_CHANNEL_DIRECT_TCPIP, .u.tcpip = TCPIP }, TCPIP_BYTES },
	{ { .type = SP_CHANNEL_FORWARDED_TCPIP, .u.tcpip = TCPIP },
	    TCPIP_BYTES },
	{ { .type = SP_CHANNEL_AUTH_AGENT }, TEXT("") },
	{ { .type = SP_CHANNEL_DIRECT_STREAMLOCAL, .u.path = TEXT("/run/a") },
	    TEXT("\0\0\0\6/run/a\0\0\0\0\0\0\0\0") },
	{ { .type = SP_CHANNEL_FORWARDED_STREAMLOCAL,
	      .u.path = TEXT("/run/a") },
	    TEXT("\0\0\0\6/run/a\0\0\0\0") },
	{ { .type = SP_CHANNEL_TUN, .u.tun = { SP_TUN_LAYER_2, SP_TUN_ANY } },
	    TEXT("\0\0\0\2\x7f\xff\xff\xff") },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static enum sp_status
read_event(struct sp_view name, struct sp_view data, void *values)
{
	struct sp_event event = { .kind = SP_EVENT_CHANNEL_OPEN };

	event.u.channel_open.type = name;
	event.u.channel_open.data = data;
	return sp_open_read(&event, values);
}

static struct formcheck
check_of(size_t i)
{
	return (struct formcheck){
		.form = channel_type_form(rows[i].values.type),
		.read = read_event,
		.values = &rows[i].values,
		.size = sizeof rows[i].values,
		.bytes = rows[i].bytes,
	};
}

static void
each_type_is_written_and_read_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct formcheck check = check_of(i);

		formcheck_run(&check);
	}
}

static void
the_rows_are_all_there_are(void **state)
{
	struct sp_open got;

	(void)state;
	assert_null(channel_type_form(SP_CHANNEL_UNKNOWN));
	assert_null(channel_type_form((enum sp_channel_type)(ROWS + 1)));
	for (size_t i = 0; i < ROWS; i++) {
		const struct form *form =
		    channel_type_form((enum sp_channel_type)(i + 1));

		assert_int_equal(rows[i].values.type, i + 1);
		assert_int_equal(
		    read_event(sp_text(form->name), rows[i].bytes, &got),
		    SP_OK);
		assert_int_equal(got.type, i + 1);
	}
	assert_int_equal(
	    read_event(sp_text("x@example.com"), sp_text("any"), &got), SP_OK);
	assert_int_equal(got.type, SP_CHANNEL_UNKNOWN);
}

/* Sets the number at an offset of a row's bytes, and reads them. */
static enum sp_status
read_with(size_t row, size_t offset, uint32_t number)
{
	const struct formcheck check = check_of(row);
	uint8_t bytes[64];

	assert_true(rows[row].bytes.len <= sizeof bytes);
	memcpy(bytes, rows[row].bytes.data, rows[row].bytes.len);
	writer_put_u32(bytes + offset, number);
	return formcheck_try(&check, view_of(bytes, rows[row].bytes.len));
}

/* A port cut to 16 bits would be another one, or none. */
static void
a_port_above_65535_is_malformed(void **state)
{
	static const uint32_t ports[] = { 65536, 65536 + 22, 0x80000000,
		UINT32_MAX };
	enum { X11 = 1, DIRECT = 2 };

	(void)state;
	assert_int_equal(read_with(DIRECT, 8, 65535), SP_OK);
	for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
		assert_int_equal(read_with(DIRECT, 8, ports[i]), SP_ERR_FORMAT);
		assert_int_equal(
		    read_with(DIRECT, 19, ports[i]), SP_ERR_FORMAT);
		assert_int_equal(read_with(X11, 7, ports[i]), SP_ERR_FORMAT);
	}
}

static void
a_tunnel_has_one_of_two_layers(void **state)
{
	enum { TUN = ROWS - 1 };

	(void)state;
	for (uint32_t mode = 0; mode < 5; mode++)
		assert_int_equal(read_with(TUN, 0, mode),
		    mode == 1 || mode == 2 ? SP_OK : SP_ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_type_is_written_and_read_whole_or_not_at_all),
		cmocka_unit_test(the_rows_are_all_there_are),
		cmocka_unit_test(a_port_above_65535_is_malformed),
		cmocka_unit_test(a_tunnel_has_one_of_two_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
