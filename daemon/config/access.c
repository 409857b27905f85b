/* Profiles and rules: what they name is looked up once, here. */
#include "daemon/config/access.h"

#include "daemon/config/dscp.h"
#include "daemon/config/expand.h"
#include "daemon/config/pattern.h"
#include "daemon/config/spelling.h"
#include "daemon/config/unit.h"
#include "lib/wire/namelist.h"
#include "lib/wire/view.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

/* What is being resolved; group is the profile or rule at hand. */
struct resolver {
	struct schema_reader *reader;
	const struct table *table;
	struct access_settings *access;
	struct tree_node *group;
};

/* Fewer, and not even a shell starts. */
enum { FILES_MIN = 16 };

/* The node of a setting of the group, or the group's own. */
static const struct tree_node *
node_of(const struct resolver *resolver, const char *name)
{
	const struct tree_node *node = tree_get(resolver->group, name);

	return node != NULL ? node : resolver->group;
}

/* The index of a name in a map; tells it, with the nearest, if unknown. */
static size_t
find(const struct resolver *resolver, const struct tree_node *node,
    const struct schema_groups *map, const char *map_name, const char *name)
{
	struct spelling spelling = { .word = name };
	char hint[SPELLING_HINT_SIZE];

	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->nodes[i]->name, name) == 0)
			return i;
		spelling_offer(&spelling, map->nodes[i]->name);
	}
	spelling_hint(&spelling, hint);
	schema_complain(resolver->reader, node,
	    "\"%.100s\" is not in %s, expected the name of a group there%s",
	    name, map_name, hint);
	return SETTINGS_NONE;
}

/* A handler of a profile, which must serve what it is asked for. */
static size_t
find_handler(const struct resolver *resolver, const struct tree_node *node,
    const char *name, const char *request)
{
	const char *serves;
	size_t i;

	if (name == NULL || name[0] == '\0')
		return SETTINGS_NONE;
	i = find(resolver, node, &resolver->table->handlers, "handlers", name);
	if (i == SETTINGS_NONE)
		return i;
	serves = resolver->access->handlers[i].serves;
	if (serves[0] != '\0' &&
	    !namelist_has(view_of_string(serves), view_of_string(request)))
		schema_complain(resolver->reader, node,
		    "\"%s\" does not serve %s, but %s", name, request, serves);
	return i;
}

/* "a+b" */
static struct accept_settings
resolve_way(const struct resolver *resolver, const char *way)
{
	struct arena *arena = resolver->reader->arena;
	struct accept_settings accept = { .count = 0 };
	size_t *steps = NULL, len;

	for (;; way += len + 1) {
		len = strcspn(way, "+");
		steps = arena_grow(arena, steps, accept.count, sizeof *steps);
		steps[accept.count++] = find(resolver,
		    node_of(resolver, "accept"), &resolver->table->auth, "auth",
		    arena_copy(arena, view_of(way, len)));
		if (way[len] == '\0')
			break;
	}
	accept.steps = steps;
	return accept;
}

static void
resolve_accept(const struct resolver *resolver, const struct string_list *ways,
    struct profile_settings *profile)
{
	struct accept_settings *accept =
	    arena_alloc(resolver->reader->arena, ways->count, sizeof *accept);
	const struct tree_node *node = tree_get(resolver->group, "accept");

	for (size_t i = 0; i < ways->count; i++)
		accept[i] = resolve_way(resolver, ways->items[i]);
	if (node != NULL && node->kind == TREE_LIST && node->first == NULL)
		schema_complain(resolver->reader, node,
		    "an empty list, which lets nobody in");
	profile->accept = accept;
	profile->accept_count = ways->count;
}

static void
resolve_subsystems(const struct resolver *resolver,
    const struct table_profile *from, struct profile_settings *profile)
{
	struct arena *arena = resolver->reader->arena;
	size_t most =
	    1 + (from->subsystem == NULL ? 0 : tree_count(from->subsystem));
	struct subsystem_settings *found =
	    arena_alloc(arena, most, sizeof *found);
	const struct tree_node *node =
	    from->subsystem == NULL ? NULL : from->subsystem->first;
	size_t count = 0;

	if (from->sftp != NULL && from->sftp[0] != '\0')
		found[count++] = (struct subsystem_settings){
			.name = "sftp",
			.handler =
			    find_handler(resolver, node_of(resolver, "sftp"),
				from->sftp, "subsystem:sftp"),
		};
	for (; node != NULL; node = node->next) {
		if (node->kind != TREE_STRING)
			continue;
		if (node->text[0] == '\0')
			schema_complain(resolver->reader, node,
			    "expected the name of a handler");
		if (strcmp(node->name, "sftp") == 0)
			schema_complain(resolver->reader, node,
			    "expected this one as the setting sftp of the "
			    "profile");
		found[count++] = (struct subsystem_settings){
			.name = node->name,
			.handler = find_handler(resolver, node, node->text,
			    arena_format(arena, "subsystem:%s", node->name)),
		};
	}
	profile->subsystems = found;
	profile->subsystem_count = count;
}

static void
check_run_as(const struct resolver *resolver, const char *name)
{
	const struct tree_node *node = node_of(resolver, "run_as");
	uid_t own = resolver->access->daemon_uid;
	const struct passwd *account;

	if (name == NULL || name[0] == '\0')
		return;
	account = getpwnam(name);
	if (account == NULL)
		schema_complain(resolver->reader, node,
		    "there is no account \"%.100s\"", name);
	else if (account->pw_uid == 0)
		schema_complain(resolver->reader, node,
		    "\"%.100s\" has uid 0, expected an account that may do "
		    "less",
		    name);
	else if (own != 0 && account->pw_uid != own)
		schema_complain(resolver->reader, node,
		    "\"%.100s\" is another account, and this daemon is not "
		    "started by root",
		    name);
}

/* Of what can be expanded: a profile knows of no arguments. */
static const char *
argument_problem(const char *text)
{
	while ((text = strchr(text, '%')) != NULL) {
		if (text[1] >= '1' && text[1] <= '9')
			return "has a \"%\" for an argument, and there is none";
		text += 2;
	}
	return NULL;
}

static void
check_path(const struct resolver *resolver, const char *name, const char *path)
{
	const char *problem = argument_problem(path);

	if (problem != NULL)
		schema_complain(resolver->reader, node_of(resolver, name),
		    "\"%.100s\" %s", path, problem);
}

static void
check_chroot(const struct resolver *resolver, const char *folder)
{
	if (folder[0] != '\0' && resolver->access->daemon_uid != 0)
		schema_complain(resolver->reader, node_of(resolver, "chroot"),
		    "only root may do that, and this daemon is not started "
		    "by root");
	check_path(resolver, "chroot", folder);
}

/* Who he is nobody knows yet: there is the name he gives, and ours. */
static void
check_banner(const struct resolver *resolver, const char *text)
{
	const struct tree_node *node = node_of(resolver, "banner");

	if (strlen(text) > SETTINGS_BANNER_MAX)
		schema_complain(resolver->reader, node,
		    "is longer than %d bytes", SETTINGS_BANNER_MAX);
	while ((text = strchr(text, '%')) != NULL) {
		if (text[1] == '\0' || strchr("un%", text[1]) == NULL) {
			schema_complain(resolver->reader, node,
			    "has a \"%%\" that is none of %%u, %%n, %%%%");
			return;
		}
		text += 2;
	}
}

/* A command that nothing runs, or signals for none, would mean nothing. */
static void
check_command(
    const struct resolver *resolver, const struct profile_settings *profile)
{
	const struct tree_node *node = node_of(resolver, "command");
	const char *problem = expand_problem(profile->command);

	if (profile->command[0] == '\0') {
		if (profile->signals)
			schema_complain(resolver->reader,
			    node_of(resolver, "signals"),
			    "is about the profile's command, and it has none");
		return;
	}
	if (problem == NULL)
		problem = argument_problem(profile->command);
	if (problem == NULL && strlen(profile->command) > SETTINGS_COMMAND_MAX)
		problem = "is too long";
	if (problem == NULL &&
	    view_has_control(view_of_string(profile->command)))
		problem = "holds a control character";
	if (problem != NULL)
		schema_complain(resolver->reader, node, "\"%.100s\" %s",
		    profile->command, problem);
	if (profile->exec == SETTINGS_NONE)
		schema_complain(resolver->reader, node,
		    "needs exec = \"HANDLER\", which runs it");
}

static void
resolve_ipqos(const struct resolver *resolver, const struct string_list *names,
    struct profile_settings *profile)
{
	uint16_t values[2] = { DSCP_NONE, DSCP_NONE };
	const struct tree_node *node = node_of(resolver, "ipqos");

	for (size_t i = 0; i < names->count && i < 2; i++)
		if (!dscp_parse(names->items[i], &values[i]))
			schema_complain(resolver->reader, node,
			    "\"%.100s\" does not fit, expected af11 to af43, "
			    "cs0 to cs7, ef, le, lowdelay, throughput, "
			    "reliability, none, or 0 to 255",
			    names->items[i]);
	if (names->count < 1 || names->count > 2)
		schema_complain(
		    resolver->reader, node, "expected one or two names");
	profile->interactive = values[0];
	profile->bulk = values[names->count == 1 ? 0 : 1];
}

static void
resolve_limits(const struct resolver *resolver, const struct table_limits *from,
    struct profile_settings *profile)
{
	const struct tree_node *limits = tree_get(resolver->group, "limits");
	const struct tree_node *files = tree_get(limits, "files");

	profile->limits = (struct limits_settings){
		.cpu = from->cpu / 1000 + (from->cpu % 1000 != 0),
		.memory = from->memory,
		.processes = from->processes,
		.files = from->files,
		.time = from->time,
	};
	if (files != NULL && from->files > 0 && from->files < FILES_MIN)
		schema_complain(resolver->reader, files,
		    "%u is out of range, expected 0 or at least %d",
		    from->files, FILES_MIN);
}

/* Whether a handler runs what anybody cares to send. */
static bool
is_unbounded(const struct resolver *resolver, size_t handler)
{
	return handler != SETTINGS_NONE &&
	    strcmp(resolver->access->handlers[handler].type, "login") == 0;
}

/* What it turned out to be is shown as if it had been written. */
static bool
resolve_flag(const struct resolver *resolver, const char *name, bool given,
    bool otherwise)
{
	struct tree_node *node = tree_get(resolver->group, name);

	if (node != NULL)
		return given;
	node =
	    tree_add(resolver->reader->arena, resolver->group, TREE_BOOL, name);
	node->number = otherwise;
	node->file = resolver->group->file;
	node->line = resolver->group->line;
	return node->number != 0;
}

static void
resolve_flags(const struct resolver *resolver, const struct table_profile *from,
    struct profile_settings *profile)
{
	bool has_shell = is_unbounded(resolver, profile->shell);

	profile->no_new_privs = resolve_flag(
	    resolver, "no_new_privs", from->no_new_privs, !has_shell);
	profile->login_records = resolve_flag(
	    resolver, "login_records", from->login_records, has_shell);
}

/* Whether a way asks for nothing: its modules have the method "none" alone. */
static bool
is_open(const struct resolver *resolver, const struct accept_settings *way)
{
	for (size_t i = 0; i < way->count; i++) {
		const struct module_settings *auth;

		if (way->steps[i] == SETTINGS_NONE)
			return false;
		auth = &resolver->access->auths[way->steps[i]];
		if (strcmp(auth->type, "none") != 0 &&
		    strcmp(auth->serves, "none") != 0)
			return false;
	}
	return true;
}

/*
 * Whom anybody can be, without a proof, has an account that the profile
 * names, and nothing that would run what he says.
 */
static void
check_open(
    const struct resolver *resolver, const struct profile_settings *profile)
{
	const struct tree_node *node = node_of(resolver, "accept");
	bool runs_all = is_unbounded(resolver, profile->shell) ||
	    is_unbounded(resolver, profile->exec);
	bool lets_all_in = false;

	for (size_t i = 0; i < profile->accept_count; i++)
		lets_all_in =
		    lets_all_in || is_open(resolver, &profile->accept[i]);
	if (!lets_all_in)
		return;
	for (size_t i = 0; i < profile->subsystem_count; i++)
		runs_all = runs_all ||
		    is_unbounded(resolver, profile->subsystems[i].handler);
	if (profile->run_as[0] == '\0')
		schema_complain(resolver->reader, node,
		    "lets anybody in without a proof, as any account that he "
		    "names: set run_as to the account for all of them");
	if (runs_all && profile->command[0] == '\0')
		schema_complain(resolver->reader, node,
		    "lets anybody in without a proof, to run whatever he "
		    "likes: set command, or have no handler of type login");
}

/* ---- what is done as root at the beginning and the end ---- */

/* The service of a way of type "pam", as written; NULL: it is no such way. */
static const char *
pam_service(const struct module_settings *way)
{
	const struct tree_node *node = tree_get(way->options, "service");

	if (strcmp(way->type, "pam") != 0)
		return NULL;
	return node == NULL || node->kind != TREE_STRING ? "sallyport"
							 : node->text;
}

/* The first way of this service, or of any (NULL). */
static size_t
find_pam(const struct access_settings *access, const char *service)
{
	for (size_t i = 0; i < access->auth_count; i++) {
		const char *its = pam_service(&access->auths[i]);

		if (its != NULL &&
		    (service == NULL || strcmp(its, service) == 0))
			return i;
	}
	return SETTINGS_NONE;
}

/* The service that was written; one that no way has would be no check. */
static size_t
resolve_service(const struct resolver *resolver, const struct tree_node *node)
{
	size_t way = find_pam(resolver->access, node->text);

	if (node->text[0] == '\0')
		return SETTINGS_NONE;
	if (resolver->access->daemon_uid != 0)
		schema_complain(resolver->reader, node,
		    "only root may do that, and this daemon is not started "
		    "by root");
	else if (way == SETTINGS_NONE)
		schema_complain(resolver->reader, node,
		    "\"%.100s\" is the service of no way, expected auth = { "
		    "NAME = { type = \"pam\"; service = \"%.100s\"; }; }",
		    node->text, node->text);
	return way;
}

/* What it turned out to be is shown as if it had been written. */
static void
show_service(const struct resolver *resolver, const char *service)
{
	struct arena *arena = resolver->reader->arena;
	struct tree_node *group = tree_get(resolver->group, "session"), *node;

	if (group == NULL)
		group = tree_add(arena, resolver->group, TREE_GROUP, "session");
	node = tree_add(arena, group, TREE_STRING, "pam");
	node->text = service;
	group->file = node->file = resolver->group->file;
	group->line = node->line = resolver->group->line;
}

/*
 * Where PAM says who is right it is asked about all who are let in as
 * themselves, also by a key: an account that it closed is closed.
 */
static size_t
resolve_session(
    const struct resolver *resolver, const struct profile_settings *profile)
{
	const struct access_settings *access = resolver->access;
	const struct tree_node *group = tree_get(resolver->group, "session");
	const struct tree_node *node = NULL;
	size_t way = SETTINGS_NONE;

	if (group != NULL && group->kind != TREE_GROUP)
		return way;
	if (group != NULL)
		node = tree_get(group, "pam");
	if (node != NULL)
		return node->kind == TREE_STRING
		    ? resolve_service(resolver, node)
		    : way;
	if (access->daemon_uid == 0 && profile->run_as[0] == '\0')
		way = find_pam(access, NULL);
	if (way != SETTINGS_NONE)
		show_service(resolver, pam_service(&access->auths[way]));
	return way;
}

static void
resolve_profile(const struct resolver *resolver,
    const struct table_profile *from, struct profile_settings *profile)
{
	*profile = (struct profile_settings){
		.name = resolver->group->name,
		.shell = find_handler(
		    resolver, node_of(resolver, "shell"), from->shell, "shell"),
		.exec = find_handler(
		    resolver, node_of(resolver, "exec"), from->exec, "exec"),
		.scp = find_handler(
		    resolver, node_of(resolver, "scp"), from->scp, "scp"),
		.command = from->command == NULL ? "" : from->command,
		.signals = from->signals,
		.run_as = from->run_as == NULL ? "" : from->run_as,
		.chroot = from->chroot == NULL ? "" : from->chroot,
		.banner = from->banner == NULL ? "" : from->banner,
		.motd = from->motd == NULL ? "" : from->motd,
		.env = from->env,
		.pty = from->pty,
		.umask = from->umask,
		.max_channels = from->max_channels,
		.max_sessions = from->max_sessions,
		.sessions_per_identity = from->sessions_per_identity,
		.idle_time = from->idle_time,
		.session_time = from->session_time,
		.alive_interval = from->alive_interval,
		.alive_count = from->alive_count,
	};
	resolve_accept(resolver, &from->accept, profile);
	resolve_subsystems(resolver, from, profile);
	resolve_ipqos(resolver, &from->ipqos, profile);
	resolve_limits(resolver, &from->limits, profile);
	profile->session = resolve_session(resolver, profile);
	resolve_flags(resolver, from, profile);
	check_command(resolver, profile);
	check_run_as(resolver, from->run_as);
	check_open(resolver, profile);
	check_chroot(resolver, profile->chroot);
	check_path(resolver, "motd", profile->motd);
	check_banner(resolver, profile->banner);
}

static void
resolve_profiles(struct resolver *resolver)
{
	const struct schema_groups *groups = &resolver->table->profiles;
	const struct table_profile *from = groups->items;
	struct profile_settings *profiles = arena_alloc(
	    resolver->reader->arena, groups->count, sizeof *profiles);

	for (size_t i = 0; i < groups->count; i++) {
		resolver->group = groups->nodes[i];
		resolve_profile(resolver, &from[i], &profiles[i]);
	}
	resolver->access->profiles = profiles;
	resolver->access->profile_count = groups->count;
}

/* A typing error in a group must not let in whom the rule refuses. */
static void
check_groups(const struct resolver *resolver, const struct string_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (pattern_is_literal(names->items[i]) &&
		    getgrnam(names->items[i]) == NULL)
			schema_complain(resolver->reader,
			    node_of(resolver, "group"),
			    "there is no group \"%.100s\"", names->items[i]);
}

/* A matcher that was written but holds nothing would fit everybody. */
static void
check_matchers(const struct resolver *resolver)
{
	static const char *const matchers[] = { "user", "group", "from",
		"local" };
	const struct tree_node *node;

	for (size_t i = 0; i < sizeof matchers / sizeof matchers[0]; i++) {
		node = tree_get(resolver->group, matchers[i]);
		if (node != NULL && node->kind == TREE_LIST &&
		    node->first == NULL)
			schema_complain(resolver->reader, node,
			    "an empty list, which fits nobody: leave it out "
			    "to fit everybody");
	}
}

/* An address or network, with or without a port, or ":port". */
static bool
parse_local(const char *text, struct local_settings *local)
{
	struct cidr_endpoint endpoint;
	uint64_t port;

	*local = (struct local_settings){ .has_address = true };
	if (text[0] == ':' && text[1] != ':') {
		local->has_address = false;
		if (!unit_parse_number(text + 1, &port) || port == 0 ||
		    port > UINT16_MAX)
			return false;
		local->port = (uint16_t)port;
		return true;
	}
	if (!cidr_parse_endpoint(text, &endpoint))
		return cidr_parse(text, &local->net) == NULL;
	local->port = endpoint.port;
	local->net = (struct cidr){
		.address = endpoint.address,
		.bits = 128,
	};
	return endpoint.port != 0;
}

/* The wildcard addresses stand for any, as where they are listened on. */
static void
widen(struct local_settings *local)
{
	struct cidr any;

	if (local->net.bits != 128 || !local->has_address)
		return;
	if (cidr_parse("0.0.0.0", &any) == NULL &&
	    cidr_is_equal(&any.address, &local->net.address))
		local->net.bits = 96;
	if (cidr_parse("::", &any) == NULL &&
	    cidr_is_equal(&any.address, &local->net.address))
		local->has_address = false;
}

static void
resolve_local(const struct resolver *resolver, const struct string_list *texts,
    struct rule_settings *rule)
{
	struct local_settings *local =
	    arena_alloc(resolver->reader->arena, texts->count, sizeof *local);

	for (size_t i = 0; i < texts->count; i++) {
		if (!parse_local(texts->items[i], &local[i]))
			schema_complain(resolver->reader,
			    node_of(resolver, "local"),
			    "\"%.100s\" does not fit, expected an address or "
			    "network, with or without a port, or \":port\"",
			    texts->items[i]);
		widen(&local[i]);
	}
	rule->local = local;
	rule->local_count = texts->count;
}

static void
resolve_use(const struct resolver *resolver, const struct table_rule *from,
    struct rule_settings *rule)
{
	bool has_use = from->use != NULL && from->use[0] != '\0';

	rule->refuse = from->refuse;
	rule->profile = SETTINGS_NONE;
	if (has_use == from->refuse)
		schema_complain(resolver->reader, resolver->group,
		    "expected either use = \"PROFILE\" or refuse = true");
	if (has_use)
		rule->profile = find(resolver, node_of(resolver, "use"),
		    &resolver->table->profiles, "profiles", from->use);
}

static void
resolve_rules(struct resolver *resolver)
{
	const struct schema_groups *groups = &resolver->table->rules;
	const struct table_rule *from = groups->items;
	struct rule_settings *rules =
	    arena_alloc(resolver->reader->arena, groups->count, sizeof *rules);

	for (size_t i = 0; i < groups->count; i++) {
		resolver->group = groups->nodes[i];
		rules[i] = (struct rule_settings){
			.user = from[i].user,
			.group = from[i].group,
			.from = from[i].from,
			.file = resolver->group->file,
			.line = resolver->group->line,
		};
		check_matchers(resolver);
		check_groups(resolver, &from[i].group);
		resolve_local(resolver, &from[i].local, &rules[i]);
		resolve_use(resolver, &from[i], &rules[i]);
	}
	resolver->access->rules = rules;
	resolver->access->rule_count = groups->count;
}

/* The profile of the last rule that uses one, unless one is named. */
static void
resolve_decoy(struct resolver *resolver, const struct tree_node *root)
{
	const char *name = resolver->table->server.decoy;
	struct access_settings *access = resolver->access;
	const struct tree_node *node =
	    tree_get(tree_get(root, "server"), "decoy");

	access->decoy = SETTINGS_NONE;
	for (size_t i = 0; i < access->rule_count; i++)
		if (access->rules[i].profile != SETTINGS_NONE)
			access->decoy = access->rules[i].profile;
	if (access->decoy == SETTINGS_NONE)
		mistake_add(resolver->reader->mistakes, resolver->reader->file,
		    0,
		    "rules: no rule lets anybody in, expected one with use "
		    "= \"PROFILE\"");
	if (name != NULL && name[0] != '\0' && node != NULL)
		access->decoy = find(resolver, node, &resolver->table->profiles,
		    "profiles", name);
}

void
access_resolve(struct schema_reader *reader, const struct table *table,
    struct settings *settings)
{
	struct resolver resolver = {
		.reader = reader,
		.table = table,
		.access = &settings->access,
	};

	resolve_profiles(&resolver);
	resolve_rules(&resolver);
	resolve_decoy(&resolver, settings->tree);
}
