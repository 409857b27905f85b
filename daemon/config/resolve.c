/* Server, log and modules; profiles and rules are in access.c. */
#include "daemon/config/resolve.h"

#include "daemon/config/access.h"
#include "daemon/config/algorithms.h"
#include "daemon/config/builtin.h"
#include "daemon/config/instance.h"
#include "daemon/config/moduli.h"
#include "daemon/config/penalties.h"

#include <string.h>

static const struct tree_node *
server_node(const struct settings *settings, const char *name)
{
	const struct tree_node *server = tree_get(settings->tree, "server");
	const struct tree_node *node = tree_get(server, name);

	return node != NULL ? node : server;
}

static bool
has_own_keys(const struct schema_groups *groups, size_t i)
{
	const struct table_listener *from = groups->items;

	return from[i].host_keys.count > 0;
}

/* Two whose ports are chosen are two, unless their keys tell them apart. */
static void
check_repeated_listener(struct schema_reader *reader,
    const struct schema_groups *groups, const struct listener_settings *listen,
    size_t i)
{
	for (size_t before = 0; before < i; before++) {
		if (listen[before].endpoint.port != listen[i].endpoint.port ||
		    (listen[i].endpoint.port == 0 &&
			!has_own_keys(groups, before) &&
			!has_own_keys(groups, i)) ||
		    !cidr_is_equal(&listen[before].endpoint.address,
			&listen[i].endpoint.address))
			continue;
		schema_complain(reader, groups->nodes[i],
		    "\"%s\" is listened on twice", listen[i].at);
		return;
	}
}

static void
check_plain(struct schema_reader *reader, const struct tree_node *node,
    const struct string_list *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (strchr(files->items[i], '%') != NULL)
			schema_complain(reader, node,
			    "\"%s\" is no plain path, expected one without "
			    "\"%%\": host keys are nobody's own",
			    files->items[i]);
}

static void
check_key_files(struct schema_reader *reader, const struct tree_node *node,
    const struct string_list *files)
{
	if (node->kind == TREE_LIST && node->first == NULL)
		schema_complain(
		    reader, node, "an empty list, expected \"auto\" or files");
	check_plain(reader, node, files);
}

/* Who may say for whom he comes must have been named. */
static void
resolve_proxy(struct schema_reader *reader, struct tree_node *node,
    const struct table_listener *from, struct listener_settings *listener)
{
	const struct tree_node *named = tree_get(node, "proxy_from");

	listener->proxy = from->proxy;
	listener->proxy_from = from->proxy_from;
	if (from->proxy && from->proxy_from.count == 0 &&
	    (named == NULL ||
		(named->kind == TREE_LIST && named->first == NULL)))
		schema_complain(reader, node,
		    "proxy without proxy_from, expected the addresses of the "
		    "proxies: else whoever connects could say who he is");
	if (!from->proxy && from->proxy_from.count > 0)
		schema_complain(reader, named,
		    "proxy_from without proxy says nothing: add proxy = true, "
		    "or leave it out");
}

/* Shown with the keys that it has, wherever they were named. */
static void
lend_keys(struct arena *arena, struct tree_node *node,
    const struct tree_node *server_keys)
{
	struct tree_node *keys;

	if (server_keys != NULL) {
		tree_copy(arena, node, server_keys);
		return;
	}
	keys = tree_add(arena, node, TREE_STRING, "host_keys");
	keys->text = "auto";
	keys->file = BUILTIN_NAME;
}

/* True for a listener that has keys of its own. */
static bool
resolve_keys(struct schema_reader *reader, struct tree_node *node,
    const struct table_listener *from, struct listener_settings *listener)
{
	const struct tree_node *named = tree_get(node, "host_keys");

	if (named == NULL)
		return false;
	check_key_files(reader, named, &from->host_keys);
	listener->host_keys = from->host_keys;
	return true;
}

/* Those of the server are for whoever has none. */
static void
resolve_all_keys(struct schema_reader *reader, const struct table *table,
    const struct settings *settings, struct listener_settings *listen)
{
	const struct schema_groups *groups = &table->server.listen;
	const struct tree_node *named =
	    tree_get(tree_get(settings->tree, "server"), "host_keys");

	check_key_files(reader, server_node(settings, "host_keys"),
	    &table->server.host_keys);
	for (size_t i = 0; i < groups->count; i++) {
		if (resolve_keys(reader, groups->nodes[i],
			(const struct table_listener *)groups->items + i,
			&listen[i]))
			continue;
		listen[i].host_keys = table->server.host_keys;
		if (groups->nodes[i]->kind == TREE_GROUP)
			lend_keys(reader->arena, groups->nodes[i], named);
	}
}

static void
resolve_listeners(struct schema_reader *reader, const struct table *table,
    struct settings *settings)
{
	const struct schema_groups *groups = &table->server.listen;
	const struct table_listener *from = groups->items;
	struct listener_settings *listen =
	    arena_alloc(reader->arena, groups->count, sizeof *listen);

	if (groups->count > SETTINGS_LISTENERS_MAX)
		schema_complain(reader, server_node(settings, "listen"),
		    "%zu listeners, expected %d at most", groups->count,
		    SETTINGS_LISTENERS_MAX);
	resolve_all_keys(reader, table, settings, listen);
	for (size_t i = 0; i < groups->count; i++) {
		listen[i].at = from[i].at;
		resolve_proxy(reader, groups->nodes[i], &from[i], &listen[i]);
		if (from[i].at == NULL)
			continue;
		if (!cidr_parse_endpoint(from[i].at, &listen[i].endpoint))
			schema_complain(reader, groups->nodes[i],
			    "\"%.100s\" is no address and port, expected "
			    "something like \"127.0.0.1:2222\" or "
			    "\"[::]:22\"",
			    from[i].at);
		else
			check_repeated_listener(reader, groups, listen, i);
	}
	if (groups->count == 0 && groups->nodes != NULL)
		schema_complain(reader, server_node(settings, "listen"),
		    "an empty list, expected an address and port");
	settings->server.listen = listen;
	settings->server.listen_count = groups->count;
}

/* RFC 4253 4.2: printable US-ASCII but blank and minus, and not too long. */
static void
check_version(struct schema_reader *reader, const char *version,
    const struct settings *settings)
{
	bool is_good = version[0] != '\0' && strlen(version) <= 200;

	for (const char *c = version; *c != '\0'; c++)
		if (*c <= 0x20 || *c >= 0x7f || *c == '-')
			is_good = false;
	if (!is_good)
		schema_complain(reader, server_node(settings, "version"),
		    "expected up to 200 printable characters without "
		    "blanks and \"-\"");
}

/* The group of a name; where it was not written it is put there. */
static struct tree_node *
need_group(struct arena *arena, struct tree_node *parent, const char *name)
{
	struct tree_node *node = tree_get(parent, name);

	if (node == NULL) {
		node = tree_add(arena, parent, TREE_GROUP, name);
		node->file = BUILTIN_NAME;
	}
	return node;
}

/* The file is read whenever the configuration is. */
static void
resolve_groups(struct schema_reader *reader, const char *path,
    const struct tree_node *crypto, struct settings *settings)
{
	const struct tree_node *node = tree_get(crypto, "moduli");
	struct source_line at;

	if (node == NULL || path == NULL || strcmp(path, "own") == 0)
		return;
	if (strchr(path, '%') != NULL) {
		schema_complain(reader, node,
		    "\"%s\" is no plain path, expected one without \"%%\"",
		    path);
		return;
	}
	at = (struct source_line){ .file = node->file, .line = node->line };
	settings->server.groups =
	    moduli_read(reader->arena, path, at, reader->mistakes);
}

static void
resolve_crypto(struct schema_reader *reader, const struct table_crypto *from,
    struct settings *settings)
{
	static const enum algorithm_set sets[] = { ALGORITHM_MODERN,
		ALGORITHM_COMPATIBLE };
	struct tree_node *server, *crypto;

	server = need_group(reader->arena, settings->tree, "server");
	if (server->kind != TREE_GROUP)
		return;
	crypto = need_group(reader->arena, server, "crypto");
	if (crypto->kind != TREE_GROUP)
		return;
	settings->server.crypto =
	    algorithms_resolve(reader, crypto, sets[from->base]);
	resolve_groups(reader, from->moduli, crypto, settings);
}

/* Shown with all that there is of it, wherever that comes from. */
static void
resolve_penalties(struct schema_reader *reader,
    const struct table_penalties *from, struct settings *settings)
{
	struct tree_node *server =
	    need_group(reader->arena, settings->tree, "server");

	if (server->kind != TREE_GROUP)
		return;
	settings->server.penalties = penalties_resolve(
	    reader, from, need_group(reader->arena, server, "penalties"));
}

static void
resolve_server(struct schema_reader *reader, const struct table *table,
    struct settings *settings)
{
	const struct table_server *from = &table->server;
	struct server_settings *server = &settings->server;

	server->host_certificates = from->host_certificates;
	server->version = from->version == NULL ? "" : from->version;
	server->login_time = from->login_time;
	server->renew_time = from->renew_time;
	server->max_waiting = from->max_waiting;
	server->max_waiting_per_source = from->max_waiting_per_source;
	server->max_logins = from->max_logins;
	server->max_logins_per_source = from->max_logins_per_source;
	server->max_tries = from->max_tries;
	server->announce_host_keys = from->announce_host_keys;
	server->rekey_bytes = from->rekey_bytes;
	server->rekey_time = from->rekey_time;
	server->gates = from->gates;
	resolve_penalties(reader, &from->penalties, settings);
	resolve_listeners(reader, table, settings);
	check_plain(reader, server_node(settings, "host_certificates"),
	    &from->host_certificates);
	if (from->version != NULL)
		check_version(reader, from->version, settings);
	resolve_crypto(reader, &from->crypto, settings);
}

static void
resolve_log(const struct table *table, struct settings *settings)
{
	settings->log = (struct log_settings){
		.to = table->log.to == NULL ? "auto" : table->log.to,
		.format = (enum settings_log_format)table->log.format,
		.level = (enum settings_log_level)table->log.level,
	};
}

void
resolve_settings(struct schema_reader *reader,
    const struct loader_request *request, const struct table *table,
    struct settings *settings)
{
	struct access_settings *access = &settings->access;

	resolve_server(reader, table, settings);
	resolve_log(table, settings);
	access->auths =
	    instance_resolve(reader, request, LOADER_AUTH, &table->auth);
	access->auth_count = table->auth.count;
	access->handlers =
	    instance_resolve(reader, request, LOADER_HANDLER, &table->handlers);
	access->handler_count = table->handlers.count;
	access_resolve(reader, table, settings);
}
