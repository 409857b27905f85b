/* Server, log and modules; profiles and rules are in access.c. */
#include "daemon/config/resolve.h"

#include "daemon/config/access.h"
#include "daemon/config/instance.h"

#include <string.h>

/* "a,b" of a list. */
static const char *
join(struct arena *arena, const struct string_list *list)
{
	const char *text = list->count > 0 ? list->items[0] : "";

	for (size_t i = 1; i < list->count; i++)
		text = arena_format(arena, "%s,%s", text, list->items[i]);
	return text;
}

static const struct tree_node *
server_node(const struct settings *settings, const char *name)
{
	const struct tree_node *server = tree_get(settings->tree, "server");
	const struct tree_node *node = tree_get(server, name);

	return node != NULL ? node : server;
}

static void
check_repeated_listener(struct schema_reader *reader,
    const struct schema_groups *groups, const struct listener_settings *listen,
    size_t i)
{
	for (size_t before = 0; before < i; before++) {
		if (listen[before].endpoint.port == 0 ||
		    listen[before].endpoint.port != listen[i].endpoint.port ||
		    !cidr_is_equal(&listen[before].endpoint.address,
			&listen[i].endpoint.address))
			continue;
		schema_complain(reader, groups->nodes[i],
		    "\"%s\" is listened on twice", listen[i].at);
		return;
	}
}

static void
check_key_files(struct schema_reader *reader, const struct tree_node *node,
    const struct string_list *files)
{
	if (node->kind == TREE_LIST && node->first == NULL)
		schema_complain(
		    reader, node, "an empty list, expected \"auto\" or files");
	for (size_t i = 0; i < files->count; i++)
		if (strchr(files->items[i], '%') != NULL)
			schema_complain(reader, node,
			    "\"%s\" is no plain path, expected one without "
			    "\"%%\": host keys are nobody's own",
			    files->items[i]);
}

static void
resolve_listeners(struct schema_reader *reader, const struct table *table,
    struct settings *settings)
{
	const struct schema_groups *groups = &table->server.listen;
	const struct table_listener *from = groups->items;
	struct listener_settings *listen =
	    arena_alloc(reader->arena, groups->count, sizeof *listen);

	for (size_t i = 0; i < groups->count; i++) {
		listen[i].at = from[i].at;
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

static void
check_algorithms(struct schema_reader *reader, const struct settings *settings)
{
	static const char *const lists[] = { "kex", "host_key", "cipher" };
	const struct tree_node *crypto = server_node(settings, "crypto");
	const struct tree_node *node;

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		node = tree_get(crypto, lists[i]);
		if (node != NULL && node->kind == TREE_LIST &&
		    node->first == NULL)
			schema_complain(reader, node,
			    "an empty list, with which nobody could connect");
	}
}

static void
resolve_server(struct schema_reader *reader, const struct table *table,
    struct settings *settings)
{
	const struct table_server *from = &table->server;
	struct server_settings *server = &settings->server;

	server->host_keys = from->host_keys;
	server->version = from->version == NULL ? "" : from->version;
	server->crypto = (struct crypto_settings){
		.kex = join(reader->arena, &from->crypto.kex),
		.host_key = join(reader->arena, &from->crypto.host_key),
		.cipher = join(reader->arena, &from->crypto.cipher),
	};
	server->login_time = from->login_time;
	server->renew_time = from->renew_time;
	server->max_waiting = from->max_waiting;
	server->max_waiting_per_source = from->max_waiting_per_source;
	server->max_logins = from->max_logins;
	server->max_logins_per_source = from->max_logins_per_source;
	server->max_tries = from->max_tries;
	server->gates = from->gates;
	resolve_listeners(reader, table, settings);
	check_key_files(
	    reader, server_node(settings, "host_keys"), &from->host_keys);
	if (from->version != NULL)
		check_version(reader, from->version, settings);
	check_algorithms(reader, settings);
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
