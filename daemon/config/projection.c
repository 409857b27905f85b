/* The projections, each with its writer beside its reader. */
#include "daemon/config/projection.h"

#include "daemon/config/admission.h"
#include "daemon/config/entrance.h"
#include "daemon/config/field.h"
#include "daemon/config/penalties.h"
#include "lib/wire/namelist.h"

#include <string.h>

enum {
	KIND_GATE = 'g',
	KIND_KEYHOLDER = 'k',
	KIND_LOGIN = 'l',
	KIND_LEDGER = 'b',
	KIND_SERVICE = 's',
	KIND_SUPERVISOR = 'v'
};

static bool
has_banner(const struct access_settings *access)
{
	for (size_t i = 0; i < access->profile_count; i++) {
		if (access->profiles[i].banner[0] != '\0')
			return true;
	}
	return false;
}

static bool
serves_none(
    const struct access_settings *access, const struct accept_settings *way)
{
	for (size_t i = 0; i < way->count; i++) {
		struct sp_view serves =
		    view_of_string(access->auths[way->steps[i]].serves);

		if (namelist_has(serves, view_of_string("none")))
			return true;
	}
	return false;
}

/* Whether somebody may be let in by the method "none". */
static bool
accepts_none(const struct access_settings *access)
{
	for (size_t i = 0; i < access->profile_count; i++) {
		const struct profile_settings *profile = &access->profiles[i];

		for (size_t way = 0; way < profile->accept_count; way++) {
			if (serves_none(access, &profile->accept[way]))
				return true;
		}
	}
	return false;
}

static struct listener_list
listeners_of(const struct settings *settings)
{
	return (struct listener_list){
		.items = settings->server.listen,
		.count = settings->server.listen_count,
	};
}

enum sp_status
projection_write_gate(
    const struct settings *settings, uint32_t gates, struct buffer *buffer)
{
	const struct server_settings *server = &settings->server;
	const struct listener_list listen = listeners_of(settings);
	struct arena arena;
	struct writer w;

	arena_init(&arena);
	writer_init(&w, buffer);
	field_write_kind(&w, KIND_GATE);
	writer_cstring(&w, server->version);
	writer_cstring(&w, settings_methods(&arena, &settings->access));
	entrance_write(&w, &listen);
	field_write_algorithms(&w, &server->crypto);
	field_write_groups(&w, &server->groups);
	writer_u64(&w, server->login_time);
	writer_u32(&w, server->max_waiting);
	writer_u32(&w, server->max_waiting_per_source);
	writer_u32(&w, server->max_logins);
	writer_u32(&w, server->max_logins_per_source);
	writer_u32(&w, server->max_tries);
	writer_u32(&w, gates);
	writer_bool(&w,
	    has_banner(&settings->access) || accepts_none(&settings->access));
	writer_bool(&w, server->gates == SETTINGS_GATES_PER_CONNECTION);
	penalties_write(&w, &server->penalties);
	writer_u8(&w, (uint8_t)settings->log.level);
	arena_clear(&arena);
	return writer_finish(&w);
}

enum sp_status
projection_read_gate(
    struct sp_view view, struct arena *arena, struct gate_settings *gate)
{
	struct gate_settings read;
	enum sp_status status;
	struct reader r;

	reader_init(&r, view);
	field_read_kind(&r, KIND_GATE);
	read.version = field_read_text(&r, arena);
	read.methods = field_read_names(&r, arena);
	read.listen = entrance_read(&r, arena);
	read.crypto = field_read_algorithms(&r, arena);
	read.groups = field_read_groups(&r, arena);
	read.login_time = reader_u64(&r);
	read.max_waiting = reader_u32(&r);
	read.max_waiting_per_source = reader_u32(&r);
	read.max_logins = reader_u32(&r);
	read.max_logins_per_source = reader_u32(&r);
	read.max_tries = reader_u32(&r);
	read.gates = reader_u32(&r);
	read.hears_none = reader_bool(&r);
	read.per_connection = reader_bool(&r);
	read.penalties = penalties_read(&r, arena);
	read.log_level = field_read_level(&r);
	if (read.gates == 0)
		reader_fail(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*gate = read;
	return status;
}

enum sp_status
projection_write_keyholder(
    const struct settings *settings, struct buffer *buffer)
{
	const struct listener_list listen = listeners_of(settings);
	struct writer w;

	writer_init(&w, buffer);
	field_write_kind(&w, KIND_KEYHOLDER);
	entrance_write_keys(&w, &listen);
	field_write_texts(&w, &settings->server.host_certificates);
	field_write_algorithms(&w, &settings->server.crypto);
	writer_u64(&w, settings->server.login_time);
	writer_u8(&w, (uint8_t)settings->log.level);
	return writer_finish(&w);
}

enum sp_status
projection_read_keyholder(struct sp_view view, struct arena *arena,
    struct keyholder_settings *keyholder)
{
	struct keyholder_settings read;
	enum sp_status status;
	struct reader r;

	reader_init(&r, view);
	field_read_kind(&r, KIND_KEYHOLDER);
	read.listen = entrance_read_keys(&r, arena);
	read.host_certificates = field_read_texts(&r, arena);
	read.crypto = field_read_algorithms(&r, arena);
	read.login_time = reader_u64(&r);
	read.log_level = field_read_level(&r);
	if (read.listen.count == 0 ||
	    read.listen.count > SETTINGS_LISTENERS_MAX)
		reader_fail(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*keyholder = read;
	return status;
}

enum sp_status
projection_write_login(const struct settings *settings, struct buffer *buffer)
{
	const struct listener_list listen = listeners_of(settings);
	struct writer w;

	writer_init(&w, buffer);
	field_write_kind(&w, KIND_LOGIN);
	admission_write(&w, &settings->access);
	entrance_write(&w, &listen);
	field_write_algorithms(&w, &settings->server.crypto);
	field_write_groups(&w, &settings->server.groups);
	writer_u64(&w, settings->server.login_time);
	writer_u32(&w, settings->server.max_logins);
	writer_u32(&w, settings->server.max_logins_per_source);
	writer_u32(&w, settings->server.max_tries);
	writer_bool(&w, settings->server.announce_host_keys);
	writer_u64(&w, settings->server.rekey_bytes);
	writer_u64(&w, settings->server.rekey_time);
	penalties_write(&w, &settings->server.penalties);
	writer_u8(&w, (uint8_t)settings->log.level);
	return writer_finish(&w);
}

enum sp_status
projection_read_login(
    struct sp_view view, struct arena *arena, struct login_settings *login)
{
	struct login_settings read;
	enum sp_status status;
	struct reader r;

	reader_init(&r, view);
	field_read_kind(&r, KIND_LOGIN);
	admission_read(&r, arena, &read.access);
	read.listen = entrance_read(&r, arena);
	read.crypto = field_read_algorithms(&r, arena);
	read.groups = field_read_groups(&r, arena);
	read.login_time = reader_u64(&r);
	read.max_logins = reader_u32(&r);
	read.max_logins_per_source = reader_u32(&r);
	read.max_tries = reader_u32(&r);
	read.announce_host_keys = reader_bool(&r);
	read.rekey_bytes = reader_u64(&r);
	read.rekey_time = reader_u64(&r);
	read.penalties = penalties_read(&r, arena);
	read.log_level = field_read_level(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*login = read;
	return status;
}

enum sp_status
projection_write_ledger(const struct settings *settings, struct buffer *buffer)
{
	struct writer w;

	writer_init(&w, buffer);
	field_write_kind(&w, KIND_LEDGER);
	penalties_write(&w, &settings->server.penalties);
	writer_u8(&w, (uint8_t)settings->log.level);
	return writer_finish(&w);
}

enum sp_status
projection_read_ledger(
    struct sp_view view, struct arena *arena, struct ledger_settings *ledger)
{
	struct ledger_settings read;
	enum sp_status status;
	struct reader r;

	reader_init(&r, view);
	field_read_kind(&r, KIND_LEDGER);
	read.penalties = penalties_read(&r, arena);
	read.log_level = field_read_level(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*ledger = read;
	return status;
}

static bool
has_auto_key(const struct listener_list *listen)
{
	for (size_t i = 0; i < listen->count; i++) {
		const struct string_list *keys = &listen->items[i].host_keys;

		for (size_t key = 0; key < keys->count; key++)
			if (strcmp(keys->items[key], "auto") == 0)
				return true;
	}
	return false;
}

/* Those that have one, in their order. */
static void
write_service_names(struct writer *w, const struct access_settings *access)
{
	uint32_t count = 0;

	for (size_t i = 0; i < access->auth_count; i++)
		count += access->auths[i].has_service ? 1 : 0;
	writer_u32(w, count);
	for (size_t i = 0; i < access->auth_count; i++) {
		if (!access->auths[i].has_service)
			continue;
		writer_u32(w, (uint32_t)i);
		writer_cstring(w, access->auths[i].name);
	}
}

static void
read_service_names(struct reader *r, struct arena *arena,
    struct supervisor_settings *supervisor)
{
	supervisor->service_count = field_read_count(r, 8);
	if (supervisor->service_count > SETTINGS_SERVICES_MAX) {
		reader_fail(r);
		return;
	}
	for (size_t i = 0; i < supervisor->service_count; i++) {
		supervisor->services[i].way = reader_u32(r);
		supervisor->services[i].name = field_read_text(r, arena);
	}
}

static struct log_settings
read_log(struct reader *r, struct arena *arena)
{
	struct log_settings log = { .to = field_read_text(r, arena) };
	uint8_t format = reader_u8(r);

	if (format > SETTINGS_LOG_JSON)
		reader_fail(r);
	log.format = (enum settings_log_format)format;
	log.level = field_read_level(r);
	return log;
}

enum sp_status
projection_write_supervisor(
    const struct settings *settings, uint32_t gates, struct buffer *buffer)
{
	const struct server_settings *server = &settings->server;
	const struct listener_list listen = listeners_of(settings);
	struct writer w;

	writer_init(&w, buffer);
	field_write_kind(&w, KIND_SUPERVISOR);
	writer_cstring(&w, settings->path);
	entrance_write(&w, &listen);
	writer_u32(&w, gates);
	writer_bool(&w, server->gates == SETTINGS_GATES_PER_CONNECTION);
	writer_bool(&w, has_auto_key(&listen));
	writer_u64(&w, server->login_time);
	writer_u64(&w, server->renew_time);
	writer_cstring(&w, settings->log.to);
	writer_u8(&w, (uint8_t)settings->log.format);
	writer_u8(&w, (uint8_t)settings->log.level);
	write_service_names(&w, &settings->access);
	return writer_finish(&w);
}

enum sp_status
projection_read_supervisor(struct sp_view view, struct arena *arena,
    struct supervisor_settings *supervisor)
{
	struct supervisor_settings read;
	enum sp_status status;
	struct reader r;

	reader_init(&r, view);
	field_read_kind(&r, KIND_SUPERVISOR);
	read.path = field_read_text(&r, arena);
	read.listen = entrance_read(&r, arena);
	read.gates = reader_u32(&r);
	read.per_connection = reader_bool(&r);
	read.makes_host_key = reader_bool(&r);
	read.login_time = reader_u64(&r);
	read.renew_time = reader_u64(&r);
	read.log = read_log(&r, arena);
	read_service_names(&r, arena, &read);
	if (read.gates == 0 || read.listen.count == 0)
		reader_fail(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*supervisor = read;
	return status;
}

enum sp_status
projection_write_service(
    const struct settings *settings, size_t way, struct buffer *buffer)
{
	struct writer w;

	writer_init(&w, buffer);
	field_write_kind(&w, KIND_SERVICE);
	writer_u32(&w, (uint32_t)way);
	admission_write_module(&w, &settings->access.auths[way]);
	writer_u8(&w, (uint8_t)settings->log.level);
	return writer_finish(&w);
}

enum sp_status
projection_read_service(
    struct sp_view view, struct arena *arena, struct service_settings *service)
{
	struct service_settings read;
	enum sp_status status;
	struct reader r;

	reader_init(&r, view);
	field_read_kind(&r, KIND_SERVICE);
	read.way = reader_u32(&r);
	admission_read_module(&r, arena, &read.module);
	read.log_level = field_read_level(&r);
	status = reader_finish(&r);
	if (status == SP_OK)
		*service = read;
	return status;
}
