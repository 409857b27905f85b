/* Projections: round trips, truncations, and mutations of each byte. */
#include "daemon/config/projection.h"
#include "daemon/config/rules.h"
#include "tests/unit/config/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef enum sp_status write_function(const struct settings *, struct buffer *);
typedef enum sp_status read_function(struct sp_view, struct arena *);

static enum sp_status
write_gate(const struct settings *settings, struct buffer *buffer)
{
	return projection_write_gate(settings, 3, buffer);
}

static enum sp_status
read_gate(struct sp_view view, struct arena *arena)
{
	struct gate_settings gate;

	return projection_read_gate(view, arena, &gate);
}

static enum sp_status
read_keyholder(struct sp_view view, struct arena *arena)
{
	struct keyholder_settings keyholder;

	return projection_read_keyholder(view, arena, &keyholder);
}

static enum sp_status
read_login(struct sp_view view, struct arena *arena)
{
	struct login_settings login;

	return projection_read_login(view, arena, &login);
}

static enum sp_status
read_ledger(struct sp_view view, struct arena *arena)
{
	struct ledger_settings ledger;

	return projection_read_ledger(view, arena, &ledger);
}

static enum sp_status
write_service(const struct settings *settings, struct buffer *buffer)
{
	return projection_write_service(settings, 0, buffer);
}

static enum sp_status
read_service(struct sp_view view, struct arena *arena)
{
	struct service_settings service;

	return projection_read_service(view, arena, &service);
}

static enum sp_status
write_supervisor(const struct settings *settings, struct buffer *buffer)
{
	return projection_write_supervisor(settings, 3, buffer);
}

static enum sp_status
read_supervisor(struct sp_view view, struct arena *arena)
{
	struct supervisor_settings supervisor;

	return projection_read_supervisor(view, arena, &supervisor);
}

static const struct {
	write_function *write;
	read_function *read;
} kinds[] = {
	{ write_gate, read_gate },
	{ projection_write_keyholder, read_keyholder },
	{ projection_write_login, read_login },
	{ projection_write_ledger, read_ledger },
	{ write_service, read_service },
	{ write_supervisor, read_supervisor },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const struct settings *
sample(void **state)
{
	struct configuration *c = *state;

	configuration_read_text(c, configuration_sample);
	if (c->settings == NULL)
		mistake_print(&c->mistakes, stderr);
	assert_non_null(c->settings);
	return c->settings;
}

static void
check_algorithms(const struct sp_algorithms *a, const struct sp_algorithms *b)
{
	assert_non_null(strstr(a->kex, "curve25519-sha256"));
	assert_string_equal(a->kex, b->kex);
	assert_string_equal(a->host_key, b->host_key);
	assert_string_equal(a->user_key, b->user_key);
	assert_string_equal(a->cipher, b->cipher);
	assert_string_equal(a->mac, b->mac);
	assert_string_equal(a->compression, b->compression);
}

static void
a_gate_is_told_limits_and_algorithms(void **state)
{
	const struct settings *settings = sample(state);
	struct gate_settings gate;
	struct buffer buffer;
	struct arena arena;

	arena_init(&arena);
	buffer_init(&buffer, PROJECTION_MAX);
	assert_int_equal(projection_write_gate(settings, 3, &buffer), SP_OK);
	assert_int_equal(
	    projection_read_gate(buffer_view(&buffer), &arena, &gate), SP_OK);
	assert_string_equal(gate.version, "Sallyport_" PACKAGE_VERSION);
	assert_string_equal(gate.methods, "publickey");
	check_algorithms(&gate.crypto, &settings->server.crypto);
	assert_int_equal(gate.login_time, 20000);
	assert_int_equal(gate.max_waiting, 20000);
	assert_int_equal(gate.max_waiting_per_source, 20);
	assert_int_equal(gate.max_logins, 256);
	assert_int_equal(gate.max_logins_per_source, 8);
	assert_int_equal(gate.max_tries, 6);
	assert_int_equal(gate.gates, 3);
	assert_true(gate.hears_none);
	assert_false(gate.per_connection);
	assert_int_equal(gate.log_level, SETTINGS_LOG_DEBUG);
	buffer_clear(&buffer);
	arena_clear(&arena);
}

static void
a_supervisor_is_told_what_to_start_and_where_to_listen(void **state)
{
	const struct settings *settings = sample(state);
	struct supervisor_settings supervisor;
	struct buffer buffer;
	struct arena arena;

	arena_init(&arena);
	buffer_init(&buffer, PROJECTION_MAX);
	assert_int_equal(write_supervisor(settings, &buffer), SP_OK);
	assert_int_equal(projection_read_supervisor(
			     buffer_view(&buffer), &arena, &supervisor),
	    SP_OK);
	assert_string_equal(supervisor.path, settings->path);
	assert_int_equal(
	    supervisor.listen.count, settings->server.listen_count);
	assert_string_equal(
	    supervisor.listen.items[0].at, settings->server.listen[0].at);
	assert_int_equal(supervisor.gates, 3);
	assert_false(supervisor.per_connection);
	assert_false(supervisor.makes_host_key);
	assert_int_equal(supervisor.login_time, 20000);
	assert_int_equal(supervisor.renew_time, settings->server.renew_time);
	assert_string_equal(supervisor.log.to, settings->log.to);
	assert_int_equal(supervisor.log.format, settings->log.format);
	assert_int_equal(supervisor.log.level, SETTINGS_LOG_DEBUG);
	assert_int_equal(supervisor.service_count, 0);
	buffer_clear(&buffer);
	arena_clear(&arena);
}

static void
a_supervisor_is_told_of_each_service_its_place_and_name(void **state)
{
	struct settings changed = *sample(state);
	struct module_settings auths[SETTINGS_SERVICES_MAX + 1];
	struct supervisor_settings supervisor;
	struct buffer buffer;
	struct arena arena;

	for (size_t i = 0; i < sizeof auths / sizeof auths[0]; i++)
		auths[i] = (struct module_settings){ .name = "name",
			.has_service = i > 0 };
	auths[2].name = "other";
	changed.access.auths = auths;
	changed.access.auth_count = 3;
	arena_init(&arena);
	buffer_init(&buffer, PROJECTION_MAX);
	assert_int_equal(write_supervisor(&changed, &buffer), SP_OK);
	assert_int_equal(projection_read_supervisor(
			     buffer_view(&buffer), &arena, &supervisor),
	    SP_OK);
	assert_int_equal(supervisor.service_count, 2);
	assert_int_equal(supervisor.services[1].way, 2);
	assert_string_equal(supervisor.services[1].name, "other");
	/* One more than there may be. */
	auths[0].has_service = true;
	changed.access.auth_count = SETTINGS_SERVICES_MAX + 1;
	buffer_clear(&buffer);
	assert_int_equal(write_supervisor(&changed, &buffer), SP_OK);
	assert_int_equal(
	    read_supervisor(buffer_view(&buffer), &arena), SP_ERR_FORMAT);
	buffer_clear(&buffer);
	arena_clear(&arena);
}

static void
a_keyholder_is_told_the_files_of_its_keys(void **state)
{
	const struct settings *settings = sample(state);
	struct keyholder_settings keyholder;
	struct buffer buffer;
	struct arena arena;

	arena_init(&arena);
	buffer_init(&buffer, PROJECTION_MAX);
	assert_int_equal(projection_write_keyholder(settings, &buffer), SP_OK);
	assert_int_equal(
	    projection_read_keyholder(buffer_view(&buffer), &arena, &keyholder),
	    SP_OK);
	assert_int_equal(keyholder.listen.count, 2);
	assert_string_equal(keyholder.listen.items[0].at, "127.0.0.1:2222");
	assert_int_equal(keyholder.listen.items[0].host_keys.count, 2);
	assert_string_equal(
	    keyholder.listen.items[0].host_keys.items[1], "/etc/key_c");
	assert_string_equal(keyholder.listen.items[1].at, "[::1]:2222");
	assert_int_equal(keyholder.listen.items[1].host_keys.count, 1);
	assert_string_equal(
	    keyholder.listen.items[1].host_keys.items[0], "/etc/key_v6");
	assert_int_equal(keyholder.host_certificates.count, 1);
	assert_string_equal(
	    keyholder.host_certificates.items[0], "/etc/key_a-cert.pub");
	check_algorithms(&keyholder.crypto, &settings->server.crypto);
	assert_int_equal(keyholder.login_time, 20000);
	buffer_clear(&buffer);
	arena_clear(&arena);
}

static void
check_profiles(const struct access_settings *access)
{
	const struct profile_settings *staff = &access->profiles[0];
	const struct profile_settings *bound = &access->profiles[2];

	assert_int_equal(access->profile_count, 3);
	assert_string_equal(staff->name, "staff");
	assert_int_equal(staff->accept_count, 2);
	assert_int_equal(staff->accept[1].count, 2);
	assert_int_equal(staff->accept[1].steps[1], 1);
	assert_int_equal(staff->shell, 0);
	assert_int_equal(staff->subsystem_count, 2);
	assert_string_equal(staff->subsystems[0].name, "sftp");
	assert_string_equal(staff->subsystems[1].name, "netconf");
	assert_int_equal(staff->subsystems[1].handler, 1);
	assert_int_equal(staff->env.count, 2);
	assert_int_equal(staff->idle_time, 28800000);
	assert_true(access->profiles[1].shell == SETTINGS_NONE);
	assert_false(access->profiles[1].pty);
	assert_int_equal(access->profiles[1].umask, 077);
	assert_int_equal(access->profiles[1].max_channels, 2);
	assert_string_equal(staff->command, "");
	assert_string_equal(bound->command, "x %u");
	assert_true(bound->signals);
	assert_int_equal(bound->limits.cpu, 9);
	assert_int_equal(bound->limits.memory, 8 << 20);
	assert_int_equal(bound->limits.processes, 7);
	assert_int_equal(bound->limits.files, 60);
	assert_int_equal(bound->limits.time, 5000);
	assert_int_equal(staff->max_sessions, 10);
	assert_int_equal(bound->max_sessions, 3);
	assert_int_equal(staff->sessions_per_identity, 0);
	assert_int_equal(bound->sessions_per_identity, 5);
	assert_int_equal(bound->session_time, 32400000);
	assert_int_equal(bound->alive_interval, 2000);
	assert_int_equal(bound->alive_count, 4);
	assert_int_equal(staff->interactive, 0x48);
	assert_int_equal(bound->bulk, 256);
	assert_string_equal(staff->banner, "");
	assert_string_equal(bound->banner, "hello");
	assert_string_equal(staff->motd, "");
	assert_string_equal(bound->motd, "/etc/%u");
	assert_true(staff->session == SETTINGS_NONE);
	assert_string_equal(bound->chroot, "");
	assert_false(staff->no_new_privs);
	assert_true(bound->no_new_privs);
	assert_true(staff->login_records);
	assert_true(bound->login_records);
	assert_false(access->profiles[1].login_records);
}

static void
check_rules(const struct access_settings *access)
{
	const struct rule_settings *rules = access->rules;

	assert_int_equal(access->rule_count, 4);
	assert_true(rules[0].refuse);
	assert_true(rules[0].profile == SETTINGS_NONE);
	assert_string_equal(rules[1].user.items[0], "a*");
	assert_int_equal(rules[1].from.items[0].bits, 104);
	assert_int_equal(rules[1].local_count, 3);
	assert_false(rules[1].local[0].has_address);
	assert_int_equal(rules[1].local[1].port, 2222);
	assert_int_equal(rules[2].group.count, 1);
	assert_int_equal(rules[3].profile, 1);
	assert_int_equal(rules[3].line, 33);
}

static void
a_login_is_told_who_may_do_what(void **state)
{
	const struct settings *settings = sample(state);
	const struct tree_node *options;
	struct login_settings login;
	struct buffer buffer;
	struct arena arena;

	arena_init(&arena);
	buffer_init(&buffer, PROJECTION_MAX);
	assert_int_equal(projection_write_login(settings, &buffer), SP_OK);
	assert_int_equal(
	    projection_read_login(buffer_view(&buffer), &arena, &login), SP_OK);
	assert_int_equal(login.login_time, 20000);
	assert_int_equal(login.max_tries, 6);
	assert_true(login.announce_host_keys);
	assert_int_equal(login.rekey_bytes, 2 << 20);
	assert_int_equal(login.rekey_time, 90000);
	assert_int_equal(login.listen.count, settings->server.listen_count);
	assert_string_equal(
	    login.listen.items[0].at, settings->server.listen[0].at);
	assert_int_equal(login.access.decoy, 0);
	assert_int_equal(login.access.uid_min, settings->access.uid_min);
	assert_int_equal(login.access.auth_count, 2);
	assert_string_equal(login.access.auths[1].type, "thing");
	assert_false(login.access.auths[0].goes_on);
	assert_true(login.access.auths[1].goes_on);
	options = login.access.auths[1].options;
	assert_null(tree_get(options, "type"));
	assert_string_equal(tree_get(options, "text")->text, "x\ny");
	assert_int_equal(
	    tree_get(tree_get(options, "nested")->first, "a")->number, 1);
	check_profiles(&login.access);
	check_rules(&login.access);
	buffer_clear(&buffer);
	arena_clear(&arena);
}

static void
every_truncation_and_a_trailing_byte_are_refused(void **state)
{
	const struct settings *settings = sample(state);

	for (size_t kind = 0; kind < KINDS; kind++) {
		struct buffer buffer;
		struct arena arena;
		struct sp_view all;

		buffer_init(&buffer, PROJECTION_MAX);
		assert_int_equal(kinds[kind].write(settings, &buffer), SP_OK);
		all = buffer_view(&buffer);
		for (size_t len = 0; len < all.len; len++) {
			arena_init(&arena);
			assert_int_equal(
			    kinds[kind].read(view_of(all.data, len), &arena),
			    SP_ERR_FORMAT);
			arena_clear(&arena);
		}
		assert_int_equal(buffer_append(&buffer, view_of("", 1)), SP_OK);
		arena_init(&arena);
		assert_int_equal(kinds[kind].read(buffer_view(&buffer), &arena),
		    SP_ERR_TRAILING);
		arena_clear(&arena);
		buffer_clear(&buffer);
	}
}

static void
no_projection_is_taken_for_another(void **state)
{
	const struct settings *settings = sample(state);
	struct buffer buffer;
	struct arena arena;

	for (size_t kind = 0; kind < KINDS; kind++) {
		buffer_init(&buffer, PROJECTION_MAX);
		arena_init(&arena);
		assert_int_equal(kinds[kind].write(settings, &buffer), SP_OK);
		for (size_t other = 0; other < KINDS; other++)
			assert_int_equal(kinds[other].read(buffer_view(&buffer),
					     &arena) == SP_OK,
			    other == kind);
		arena_clear(&arena);
		buffer_clear(&buffer);
	}
}

/* What is decoded may be nonsense, but points nowhere it must not. */
static void
a_changed_byte_never_leads_outside(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0xff };
	const struct settings *settings = sample(state);
	struct rules_client client = { .user = "alice" };
	struct login_settings login;
	struct buffer buffer;
	struct arena arena;
	uint8_t *bytes, was;

	buffer_init(&buffer, PROJECTION_MAX);
	assert_int_equal(projection_write_login(settings, &buffer), SP_OK);
	bytes = buffer.data + buffer.start;
	for (size_t i = 0; i < buffer_len(&buffer) * sizeof values; i++) {
		was = bytes[i / sizeof values];
		bytes[i / sizeof values] = values[i % sizeof values];
		arena_init(&arena);
		if (projection_read_login(
			buffer_view(&buffer), &arena, &login) == SP_OK)
			assert_true(
			    rules_decide(&login.access, &client).profile <
			    login.access.profile_count);
		arena_clear(&arena);
		bytes[i / sizeof values] = was;
	}
	buffer_clear(&buffer);
}

static void
a_buffer_that_is_too_small_is_told(void **state)
{
	const struct settings *settings = sample(state);

	for (size_t kind = 0; kind < KINDS; kind++) {
		struct buffer buffer;

		buffer_init(&buffer, 40);
		assert_int_equal(
		    kinds[kind].write(settings, &buffer), SP_ERR_LIMIT);
		buffer_clear(&buffer);
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown( \
	    name, configuration_set_up, configuration_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_gate_is_told_limits_and_algorithms),
		TEST(a_supervisor_is_told_what_to_start_and_where_to_listen),
		TEST(a_supervisor_is_told_of_each_service_its_place_and_name),
		TEST(a_keyholder_is_told_the_files_of_its_keys),
		TEST(a_login_is_told_who_may_do_what),
		TEST(every_truncation_and_a_trailing_byte_are_refused),
		TEST(no_projection_is_taken_for_another),
		TEST(a_changed_byte_never_leads_outside),
		TEST(a_buffer_that_is_too_small_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
