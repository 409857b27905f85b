/* Access settings on the wire: each struct's writer beside its reader. */
#include "daemon/config/admission.h"

#include "daemon/config/dscp.h"
#include "daemon/config/field.h"

/* Wire sizes that no element is smaller than. */
enum {
	MODULE_MIN = 3 * 4 + 1 + 29,
	WAY_MIN = 4 + 4,
	STEP_MIN = 4,
	SUBSYSTEM_MIN = 4 + 4,
	LIMITS_MIN = 8 + 8 + 4 + 4 + 8,
	PROFILE_MIN = 17 * 4 + 3 * 8 + 3 + 2 * 4 + LIMITS_MIN,
	CIDR_MIN = 17,
	LOCAL_MIN = 1 + CIDR_MIN + 4,
	RULE_MIN = 4 + 4 + 4 + 4 + 1 + 4 + 4 + 4,
};

void
admission_write_module(struct writer *w, const struct module_settings *module)
{
	writer_cstring(w, module->name);
	writer_cstring(w, module->type);
	writer_cstring(w, module->serves);
	writer_bool(w, module->goes_on);
	field_write_tree(w, module->options);
}

void
admission_read_module(
    struct reader *r, struct arena *arena, struct module_settings *module)
{
	*module = (struct module_settings){ .name = field_read_text(r, arena) };
	module->type = field_read_text(r, arena);
	module->serves = field_read_text(r, arena);
	module->goes_on = reader_bool(r);
	module->options = field_read_tree(r, arena, NULL);
}

static void
write_modules(
    struct writer *w, const struct module_settings *modules, size_t count)
{
	writer_u32(w, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		admission_write_module(w, &modules[i]);
}

static const struct module_settings *
read_modules(struct reader *r, struct arena *arena, size_t *count)
{
	struct module_settings *modules;

	*count = field_read_count(r, MODULE_MIN);
	modules = arena_alloc(arena, *count, sizeof *modules);
	for (size_t i = 0; i < *count; i++)
		admission_read_module(r, arena, &modules[i]);
	return modules;
}

static void
write_accept(struct writer *w, const struct profile_settings *profile)
{
	writer_u32(w, (uint32_t)profile->accept_count);
	for (size_t i = 0; i < profile->accept_count; i++) {
		const struct accept_settings *way = &profile->accept[i];

		writer_u32(w, (uint32_t)way->count);
		for (size_t step = 0; step < way->count; step++)
			field_write_index(w, way->steps[step]);
	}
}

static struct accept_settings
read_way(struct reader *r, struct arena *arena, size_t auth_count)
{
	size_t count = field_read_count(r, STEP_MIN);
	size_t *steps = arena_alloc(arena, count, sizeof *steps);

	if (count == 0)
		reader_fail(r);
	for (size_t i = 0; i < count; i++)
		steps[i] = field_read_index(r, auth_count);
	return (struct accept_settings){ .steps = steps, .count = count };
}

static void
read_accept(struct reader *r, struct arena *arena, size_t auth_count,
    struct profile_settings *profile)
{
	size_t count = field_read_count(r, WAY_MIN);
	struct accept_settings *ways = arena_alloc(arena, count, sizeof *ways);

	if (count == 0)
		reader_fail(r);
	for (size_t i = 0; i < count; i++)
		ways[i] = read_way(r, arena, auth_count);
	profile->accept = ways;
	profile->accept_count = count;
}

static void
write_subsystems(struct writer *w, const struct profile_settings *profile)
{
	writer_u32(w, (uint32_t)profile->subsystem_count);
	for (size_t i = 0; i < profile->subsystem_count; i++) {
		writer_cstring(w, profile->subsystems[i].name);
		field_write_index(w, profile->subsystems[i].handler);
	}
}

static void
read_subsystems(struct reader *r, struct arena *arena, size_t handler_count,
    struct profile_settings *profile)
{
	size_t count = field_read_count(r, SUBSYSTEM_MIN);
	struct subsystem_settings *subsystems =
	    arena_alloc(arena, count, sizeof *subsystems);

	for (size_t i = 0; i < count; i++) {
		subsystems[i].name = field_read_text(r, arena);
		subsystems[i].handler = field_read_index(r, handler_count);
	}
	profile->subsystems = subsystems;
	profile->subsystem_count = count;
}

static void
write_limits(struct writer *w, const struct limits_settings *limits)
{
	writer_u64(w, limits->cpu);
	writer_u64(w, limits->memory);
	writer_u32(w, limits->processes);
	writer_u32(w, limits->files);
	writer_u64(w, limits->time);
}

static void
read_limits(struct reader *r, struct limits_settings *limits)
{
	limits->cpu = reader_u64(r);
	limits->memory = reader_u64(r);
	limits->processes = reader_u32(r);
	limits->files = reader_u32(r);
	limits->time = reader_u64(r);
}

static void
write_profile(struct writer *w, const struct profile_settings *profile)
{
	writer_cstring(w, profile->name);
	write_accept(w, profile);
	field_write_index(w, profile->shell);
	field_write_index(w, profile->exec);
	field_write_index(w, profile->scp);
	write_subsystems(w, profile);
	writer_cstring(w, profile->command);
	writer_bool(w, profile->signals);
	writer_cstring(w, profile->run_as);
	writer_cstring(w, profile->chroot);
	writer_cstring(w, profile->banner);
	writer_cstring(w, profile->motd);
	field_write_texts(w, &profile->env);
	writer_bool(w, profile->pty);
	writer_u32(w, profile->umask);
	writer_u32(w, profile->max_channels);
	writer_u32(w, profile->max_sessions);
	writer_u32(w, profile->sessions_per_identity);
	writer_u64(w, profile->idle_time);
	writer_u64(w, profile->session_time);
	writer_u64(w, profile->alive_interval);
	writer_u32(w, profile->alive_count);
	field_write_index(w, profile->session);
	writer_u32(w, profile->interactive);
	writer_u32(w, profile->bulk);
	write_limits(w, &profile->limits);
	writer_bool(w, profile->no_new_privs);
	writer_bool(w, profile->login_records);
}

static uint16_t
read_dscp(struct reader *r)
{
	uint32_t value = reader_u32(r);

	if (value > DSCP_NONE)
		reader_fail(r);
	return (uint16_t)value;
}

static void
read_profile(struct reader *r, struct arena *arena,
    const struct access_settings *access, struct profile_settings *profile)
{
	profile->name = field_read_text(r, arena);
	read_accept(r, arena, access->auth_count, profile);
	profile->shell = field_read_index_or_none(r, access->handler_count);
	profile->exec = field_read_index_or_none(r, access->handler_count);
	profile->scp = field_read_index_or_none(r, access->handler_count);
	read_subsystems(r, arena, access->handler_count, profile);
	profile->command = field_read_text(r, arena);
	profile->signals = reader_bool(r);
	profile->run_as = field_read_text(r, arena);
	profile->chroot = field_read_text(r, arena);
	profile->banner = field_read_text(r, arena);
	profile->motd = field_read_text(r, arena);
	profile->env = field_read_texts(r, arena);
	profile->pty = reader_bool(r);
	profile->umask = reader_u32(r);
	profile->max_channels = reader_u32(r);
	profile->max_sessions = reader_u32(r);
	profile->sessions_per_identity = reader_u32(r);
	profile->idle_time = reader_u64(r);
	profile->session_time = reader_u64(r);
	profile->alive_interval = reader_u64(r);
	profile->alive_count = reader_u32(r);
	profile->session = field_read_index_or_none(r, access->auth_count);
	profile->interactive = read_dscp(r);
	profile->bulk = read_dscp(r);
	read_limits(r, &profile->limits);
	profile->no_new_privs = reader_bool(r);
	profile->login_records = reader_bool(r);
	if (profile->umask > 0777 ||
	    (profile->command[0] != '\0' && profile->exec == SETTINGS_NONE))
		reader_fail(r);
}

static void
write_local(struct writer *w, const struct rule_settings *rule)
{
	writer_u32(w, (uint32_t)rule->local_count);
	for (size_t i = 0; i < rule->local_count; i++) {
		writer_bool(w, rule->local[i].has_address);
		field_write_cidr(w, &rule->local[i].net);
		writer_u32(w, rule->local[i].port);
	}
}

static void
read_local(struct reader *r, struct arena *arena, struct rule_settings *rule)
{
	size_t count = field_read_count(r, LOCAL_MIN);
	struct local_settings *local = arena_alloc(arena, count, sizeof *local);

	for (size_t i = 0; i < count; i++) {
		uint32_t port;

		local[i].has_address = reader_bool(r);
		local[i].net = field_read_cidr(r);
		port = reader_u32(r);
		if (port > UINT16_MAX)
			reader_fail(r);
		local[i].port = (uint16_t)port;
	}
	rule->local = local;
	rule->local_count = count;
}

static void
write_rule(struct writer *w, const struct rule_settings *rule)
{
	field_write_texts(w, &rule->user);
	field_write_texts(w, &rule->group);
	field_write_cidrs(w, &rule->from);
	write_local(w, rule);
	writer_bool(w, rule->refuse);
	field_write_index(w, rule->profile);
	writer_cstring(w, rule->file);
	writer_u32(w, rule->line);
}

static void
read_rule(struct reader *r, struct arena *arena, size_t profile_count,
    struct rule_settings *rule)
{
	rule->user = field_read_texts(r, arena);
	rule->group = field_read_texts(r, arena);
	rule->from = field_read_cidrs(r, arena);
	read_local(r, arena, rule);
	rule->refuse = reader_bool(r);
	rule->profile = field_read_index_or_none(r, profile_count);
	rule->file = field_read_text(r, arena);
	rule->line = reader_u32(r);
	if (rule->refuse != (rule->profile == SETTINGS_NONE))
		reader_fail(r);
}

void
admission_write(struct writer *w, const struct access_settings *access)
{
	write_modules(w, access->auths, access->auth_count);
	write_modules(w, access->handlers, access->handler_count);
	writer_u32(w, (uint32_t)access->profile_count);
	for (size_t i = 0; i < access->profile_count; i++)
		write_profile(w, &access->profiles[i]);
	writer_u32(w, (uint32_t)access->rule_count);
	for (size_t i = 0; i < access->rule_count; i++)
		write_rule(w, &access->rules[i]);
	field_write_index(w, access->decoy);
	writer_u32(w, access->daemon_uid);
	writer_u32(w, access->uid_min);
}

void
admission_read(
    struct reader *r, struct arena *arena, struct access_settings *access)
{
	struct profile_settings *profiles;
	struct rule_settings *rules;

	access->auths = read_modules(r, arena, &access->auth_count);
	access->handlers = read_modules(r, arena, &access->handler_count);
	access->profile_count = field_read_count(r, PROFILE_MIN);
	profiles = arena_alloc(arena, access->profile_count, sizeof *profiles);
	for (size_t i = 0; i < access->profile_count; i++)
		read_profile(r, arena, access, &profiles[i]);
	access->profiles = profiles;
	access->rule_count = field_read_count(r, RULE_MIN);
	rules = arena_alloc(arena, access->rule_count, sizeof *rules);
	for (size_t i = 0; i < access->rule_count; i++)
		read_rule(r, arena, access->profile_count, &rules[i]);
	access->rules = rules;
	if (access->rule_count == 0)
		reader_fail(r);
	access->decoy = field_read_index(r, access->profile_count);
	access->daemon_uid = reader_u32(r);
	access->uid_min = reader_u32(r);
}
