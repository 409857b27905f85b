/*
 * The layers of a configuration: what is built in, below the main file,
 * below the files of conf.d next to it.
 */
#include "daemon/config/loader.h"

#include "daemon/config/account.h"
#include "daemon/config/builtin.h"
#include "daemon/config/parse.h"
#include "daemon/config/prescan.h"
#include "daemon/config/resolve.h"
#include "daemon/config/table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What belongs together: given in part, nothing of it is built in. */
static const char *const access_groups[] = { "auth", "handlers", "profiles",
	"rules" };

/*
 * The tree of a text; NULL, with every mistake told, when there is none.
 * What the pre-scan only warns of leaves a tree, so that its other
 * mistakes can be told too.
 */
static struct tree_node *
read_text(
    struct arena *arena, const struct source *source, struct mistakes *mistakes)
{
	size_t before = mistakes->count;
	struct mistakes again;
	struct tree_node *tree;

	prescan_check(source, mistakes);
	if (mistakes->count == before)
		return parse_source(arena, source, mistakes);
	mistake_init(&again);
	tree = parse_source(arena, source, &again);
	mistake_clear(&again);
	return tree;
}

static struct tree_node *
read_file(struct arena *arena, const char *path, struct mistakes *mistakes)
{
	struct source source;

	if (!source_read(arena, path, &source, mistakes))
		return NULL;
	return read_text(arena, &source, mistakes);
}

/* Lays the files of conf.d over the main one. */
static bool
add_folder(struct arena *arena, const char *path, struct tree_node *main,
    struct mistakes *mistakes)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL
	    ? "conf.d"
	    : arena_format(arena, "%.*s/conf.d", (int)(slash - path), path);
	struct string_list files = source_folder(arena, folder, mistakes);
	struct tree_node *over;
	bool is_good = true;

	for (size_t i = 0; i < files.count; i++) {
		over = read_file(arena, files.items[i], mistakes);
		if (over == NULL)
			is_good = false;
		else
			tree_merge(main, over);
	}
	return is_good;
}

static void
lay_over(struct tree_node *base, struct tree_node *main)
{
	const size_t count = sizeof access_groups / sizeof access_groups[0];
	bool has_access = false;

	for (size_t i = 0; i < count; i++)
		if (tree_get(main, access_groups[i]) != NULL)
			has_access = true;
	for (size_t i = 0; has_access && i < count; i++)
		tree_drop(base, access_groups[i]);
	tree_merge(base, main);
}

/* NULL for a file that need not be there and is not. */
static const char *
find_path(const struct loader_request *request)
{
	if (request->path != NULL)
		return request->path;
	if (geteuid() != 0 || access(LOADER_DEFAULT_PATH, F_OK) != 0)
		return NULL;
	return LOADER_DEFAULT_PATH;
}

static struct tree_node *
read_layers(struct arena *arena, const char *path, struct mistakes *mistakes)
{
	struct tree_node *base, *main;
	struct source source;
	bool is_good;

	if (!builtin_source(arena, &source, mistakes))
		return NULL;
	base = read_text(arena, &source, mistakes);
	if (path == NULL || base == NULL)
		return base;
	main = read_file(arena, path, mistakes);
	is_good = main != NULL;
	if (main == NULL)
		main = tree_add(arena, NULL, TREE_GROUP, "");
	if (!add_folder(arena, path, main, mistakes) || !is_good)
		return NULL;
	lay_over(base, main);
	return base;
}

static void
read_settings(struct settings *settings, struct tree_node *tree,
    const struct loader_request *request, struct mistakes *mistakes)
{
	struct schema_reader reader = {
		.arena = &settings->arena,
		.mistakes = mistakes,
		.file = settings->path,
	};
	struct table table = { .server.decoy = "" };

	settings->tree = tree;
	settings->access.daemon_uid = geteuid();
	settings->access.uid_min = account_uid_min("/etc/login.defs");
	schema_read(&reader, table_rows, tree, &table);
	resolve_settings(&reader, request, &table, settings);
}

struct settings *
loader_read(const struct loader_request *request, struct mistakes *mistakes)
{
	struct settings *settings = calloc(1, sizeof *settings);
	const char *path = find_path(request);
	struct tree_node *tree;

	if (settings == NULL) {
		mistake_add(mistakes, BUILTIN_NAME, 0, "out of memory");
		return NULL;
	}
	arena_init(&settings->arena);
	settings->path =
	    arena_string(&settings->arena, path == NULL ? BUILTIN_NAME : path);
	tree = read_layers(&settings->arena, path, mistakes);
	if (tree != NULL)
		read_settings(settings, tree, request, mistakes);
	if (mistakes->count == 0)
		return settings;
	settings_free(settings);
	return NULL;
}
