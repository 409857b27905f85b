/* The one file that knows libconfig. */
#include "daemon/config/parse.h"

#include <libconfig.h>

static enum tree_kind
kind_of(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return TREE_GROUP;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return TREE_INTEGER;
	case CONFIG_TYPE_BOOL:
		return TREE_BOOL;
	case CONFIG_TYPE_STRING:
		return TREE_STRING;
	case CONFIG_TYPE_FLOAT:
		return TREE_FLOAT;
	default:
		return TREE_LIST;
	}
}

static void
set_value(struct arena *arena, struct tree_node *node,
    const config_setting_t *setting)
{
	switch (node->kind) {
	case TREE_STRING:
		node->text =
		    arena_string(arena, config_setting_get_string(setting));
		break;
	case TREE_INTEGER:
		node->number = config_setting_get_int64(setting);
		break;
	case TREE_BOOL:
		node->number = config_setting_get_bool(setting) ? 1 : 0;
		break;
	case TREE_FLOAT:
		node->text = arena_format(
		    arena, "%g", config_setting_get_float(setting));
		break;
	case TREE_GROUP:
	case TREE_LIST:
		break;
	}
}

/* No deeper than the pre-scan lets through. */
static struct tree_node *
convert(struct arena *arena, struct tree_node *parent,
    const struct source *source, config_setting_t *setting)
{
	const char *name = config_setting_name(setting);
	struct tree_node *node =
	    tree_add(arena, parent, kind_of(setting), name == NULL ? "" : name);
	struct source_line at =
	    source_where(source, config_setting_source_line(setting));
	unsigned count = 0;

	node->file = at.file;
	node->line = at.line;
	set_value(arena, node, setting);
	if (node->kind == TREE_GROUP || node->kind == TREE_LIST)
		count = (unsigned)config_setting_length(setting);
	for (unsigned i = 0; i < count; i++)
		convert(
		    arena, node, source, config_setting_get_elem(setting, i));
	return node;
}

struct tree_node *
parse_source(
    struct arena *arena, const struct source *source, struct mistakes *mistakes)
{
	struct tree_node *root = NULL;
	config_t config;

	config_init(&config);
	if (config_read_string(&config, source->text) == CONFIG_TRUE) {
		root =
		    convert(arena, NULL, source, config_root_setting(&config));
	} else {
		struct source_line at =
		    source_where(source, (size_t)config_error_line(&config));

		mistake_add(mistakes, at.file, at.line, "%s",
		    config_error_text(&config));
	}
	config_destroy(&config);
	return root;
}
