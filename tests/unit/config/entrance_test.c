/* Listeners in a projection, and who may speak for others at them. */
#include "daemon/config/entrance.h"

#include "lib/wire/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct cidr nets[2];

static struct listener_list
sample(void)
{
	static struct listener_settings items[2];

	assert_null(cidr_parse("10.0.0.5", &nets[0]));
	assert_null(cidr_parse("2001:db8::/32", &nets[1]));
	items[0] = (struct listener_settings){ .at = "127.0.0.1:22" };
	items[1] = (struct listener_settings){
		.at = "[::]:2022",
		.proxy = true,
		.proxy_from = { nets, 2 },
	};
	for (size_t i = 0; i < 2; i++)
		assert_true(
		    cidr_parse_endpoint(items[i].at, &items[i].endpoint));
	return (struct listener_list){ items, 2 };
}

static bool
trusts(const struct listener_settings *listener, const char *text)
{
	struct cidr_address address;

	assert_true(cidr_parse_address(text, &address));
	return entrance_trusts(listener, &address);
}

static void
a_proxy_is_who_is_named_at_its_listener(void **state)
{
	struct listener_list listen = sample();

	(void)state;
	assert_true(trusts(&listen.items[1], "10.0.0.5"));
	assert_true(trusts(&listen.items[1], "::ffff:10.0.0.5"));
	assert_true(trusts(&listen.items[1], "2001:db8::1"));
	assert_false(trusts(&listen.items[1], "10.0.0.6"));
	assert_false(trusts(&listen.items[1], "::1"));
	assert_false(trusts(&listen.items[0], "10.0.0.5"));
	assert_true(entrance_has_proxies(listen.items, 2));
	assert_false(entrance_has_proxies(listen.items, 1));
}

static void
a_list_without_proxy_trusts_nobody(void **state)
{
	const struct listener_settings listener = {
		.at = "[::]:22",
		.proxy_from = { nets, 1 },
	};

	(void)state;
	sample();
	assert_false(trusts(&listener, "10.0.0.5"));
}

static void
a_listener_is_found_by_its_name(void **state)
{
	struct listener_list listen = sample();

	(void)state;
	assert_ptr_equal(entrance_named(&listen, view_of_string("[::]:2022")),
	    &listen.items[1]);
	assert_null(entrance_named(&listen, view_of_string("[::]:202")));
	assert_null(entrance_named(&listen, view_of_string("")));
}

static enum sp_status
read_back(struct sp_view view, struct arena *arena, struct listener_list *got)
{
	struct reader r;

	reader_init(&r, view);
	*got = entrance_read(&r, arena);
	return reader_finish(&r);
}

static void
listeners_are_read_back(void **state)
{
	struct listener_list listen = sample(), got;
	struct buffer buffer;
	struct arena arena;
	struct writer w;

	(void)state;
	arena_init(&arena);
	buffer_init(&buffer, 1024);
	writer_init(&w, &buffer);
	entrance_write(&w, &listen);
	assert_int_equal(writer_finish(&w), SP_OK);
	assert_int_equal(read_back(buffer_view(&buffer), &arena, &got), SP_OK);
	assert_int_equal(got.count, 2);
	assert_string_equal(got.items[1].at, "[::]:2022");
	assert_int_equal(got.items[1].endpoint.port, 2022);
	assert_false(got.items[0].proxy);
	assert_true(trusts(&got.items[1], "10.0.0.5"));
	assert_false(trusts(&got.items[1], "10.0.0.6"));
	for (size_t len = 0; len < buffer_len(&buffer); len++)
		assert_int_not_equal(
		    read_back(
			view_of(buffer_view(&buffer).data, len), &arena, &got),
		    SP_OK);
	buffer_clear(&buffer);
	arena_clear(&arena);
}

static void
keys_are_read_back_and_never_none(void **state)
{
	static const char *names[] = { "auto", "/etc/key" };
	const struct listener_settings items[] = {
		{ .at = "[::]:22", .host_keys = { names, 2 } },
		{ .at = "[::]:23", .host_keys = { names + 1, 1 } },
		{ .at = "[::]:24" },
	};
	struct listener_list listen = { items, 2 }, got;
	struct buffer buffer;
	struct arena arena;
	struct reader r;
	struct writer w;

	(void)state;
	arena_init(&arena);
	buffer_init(&buffer, 1024);
	for (; listen.count <= 3; listen.count++) {
		buffer_clear(&buffer);
		writer_init(&w, &buffer);
		entrance_write_keys(&w, &listen);
		assert_int_equal(writer_finish(&w), SP_OK);
		reader_init(&r, buffer_view(&buffer));
		got = entrance_read_keys(&r, &arena);
		assert_int_equal(reader_finish(&r),
		    listen.count == 2 ? SP_OK : SP_ERR_FORMAT);
		if (listen.count > 2)
			continue;
		assert_int_equal(got.count, 2);
		assert_string_equal(got.items[0].host_keys.items[1], names[1]);
		assert_string_equal(got.items[1].at, "[::]:23");
		assert_int_equal(got.items[1].host_keys.count, 1);
	}
	buffer_clear(&buffer);
	arena_clear(&arena);
}

static void
a_name_is_believed_where_the_address_bears_it_out(void **state)
{
	static const struct {
		const char *at, *local;
		bool is_true;
	} rows[] = {
		{ "127.0.0.1:22", "127.0.0.1:22", true },
		{ "127.0.0.1:22", "127.0.0.2:22", false },
		/* A nearer one is there. */
		{ "0.0.0.0:22", "127.0.0.1:22", false },
		{ "0.0.0.0:22", "127.0.0.2:22", true },
		{ "0.0.0.0:22", "127.0.0.2:23", false },
		/* Those that were taken away. */
		{ "127.0.0.1:24", "127.0.0.1:24", true },
		{ "127.0.0.1:24", "127.0.0.1:25", false },
		{ "[::]:24", "127.0.0.1:24", true },
		{ "[::]:24", "127.0.0.1:25", false },
		/* Its port was chosen. */
		{ "127.0.0.1:0", "127.0.0.1:40000", true },
		{ "127.0.0.1:0", "127.0.0.2:40000", false },
		{ "localhost:22", "127.0.0.1:22", false },
		{ "", "127.0.0.1:22", false },
	};
	static const char *const names[] = { "127.0.0.1:22", "0.0.0.0:22",
		"127.0.0.1:0" };
	struct listener_settings items[3] = { 0 };
	const struct listener_list listen = { items, 3 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		items[i].at = names[i];
		assert_true(cidr_parse_endpoint(names[i], &items[i].endpoint));
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cidr_endpoint local;

		assert_true(cidr_parse_endpoint(rows[i].local, &local));
		assert_int_equal(
		    entrance_led(&listen, view_of_string(rows[i].at), &local),
		    rows[i].is_true);
	}
}

static void
a_listener_without_an_address_is_refused(void **state)
{
	const struct listener_settings item = { .at = "localhost:22" };
	const struct listener_list listen = { &item, 1 };
	struct listener_list got;
	struct buffer buffer;
	struct arena arena;
	struct writer w;

	(void)state;
	arena_init(&arena);
	buffer_init(&buffer, 1024);
	writer_init(&w, &buffer);
	entrance_write(&w, &listen);
	assert_int_equal(
	    read_back(buffer_view(&buffer), &arena, &got), SP_ERR_FORMAT);
	buffer_clear(&buffer);
	arena_clear(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proxy_is_who_is_named_at_its_listener),
		cmocka_unit_test(a_list_without_proxy_trusts_nobody),
		cmocka_unit_test(a_listener_is_found_by_its_name),
		cmocka_unit_test(listeners_are_read_back),
		cmocka_unit_test(keys_are_read_back_and_never_none),
		cmocka_unit_test(
		    a_name_is_believed_where_the_address_bears_it_out),
		cmocka_unit_test(a_listener_without_an_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
