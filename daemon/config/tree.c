/* The configuration as it was written. */
#include "daemon/config/tree.h"

#include <string.h>

struct tree_node *
tree_add(struct arena *arena, struct tree_node *parent, enum tree_kind kind,
    const char *name)
{
	struct tree_node *node = arena_alloc(arena, 1, sizeof *node);

	node->kind = kind;
	node->name = arena_string(arena, name);
	node->file = "";
	if (parent == NULL)
		return node;
	node->parent = parent;
	if (parent->last == NULL)
		parent->first = node;
	else
		parent->last->next = node;
	parent->last = node;
	return node;
}

struct tree_node *
tree_get(const struct tree_node *group, const char *name)
{
	struct tree_node *node;

	if (group == NULL)
		return NULL;
	for (node = group->first; node != NULL; node = node->next)
		if (strcmp(node->name, name) == 0)
			return node;
	return NULL;
}

size_t
tree_count(const struct tree_node *node)
{
	size_t count = 0;

	for (node = node->first; node != NULL; node = node->next)
		count++;
	return count;
}

static void
adopt_members(struct tree_node *node)
{
	struct tree_node *member;

	for (member = node->first; member != NULL; member = member->next)
		member->parent = node;
}

/* Gives a node the value of another, in its own place. */
static void
replace(struct tree_node *node, const struct tree_node *value)
{
	struct tree_node *next = node->next, *parent = node->parent;

	*node = *value;
	node->next = next;
	node->parent = parent;
	adopt_members(node);
}

void
tree_merge(struct tree_node *base, struct tree_node *over)
{
	struct tree_node *member, *next, *known;

	for (member = over->first; member != NULL; member = next) {
		next = member->next;
		known = tree_get(base, member->name);
		if (known != NULL && known->kind == TREE_GROUP &&
		    member->kind == TREE_GROUP) {
			tree_merge(known, member);
			continue;
		}
		if (known != NULL) {
			replace(known, member);
			continue;
		}
		member->next = NULL;
		member->parent = base;
		if (base->last == NULL)
			base->first = member;
		else
			base->last->next = member;
		base->last = member;
	}
	over->first = over->last = NULL;
}

void
tree_drop(struct tree_node *group, const char *name)
{
	struct tree_node *node, *before = NULL;

	for (node = group->first; node != NULL; node = node->next) {
		if (strcmp(node->name, name) == 0)
			break;
		before = node;
	}
	if (node == NULL)
		return;
	if (before == NULL)
		group->first = node->next;
	else
		before->next = node->next;
	if (group->last == node)
		group->last = before;
}

struct tree_node *
tree_copy(
    struct arena *arena, struct tree_node *parent, const struct tree_node *node)
{
	struct tree_node *copy =
	    tree_add(arena, parent, node->kind, node->name);
	const struct tree_node *member;

	copy->file = arena_string(arena, node->file);
	copy->line = node->line;
	copy->number = node->number;
	if (node->text != NULL)
		copy->text = arena_string(arena, node->text);
	for (member = node->first; member != NULL; member = member->next)
		tree_copy(arena, copy, member);
	return copy;
}

static size_t
index_of(const struct tree_node *node)
{
	const struct tree_node *each;
	size_t index = 0;

	for (each = node->parent->first; each != node; each = each->next)
		index++;
	return index;
}

char *
tree_path(struct arena *arena, const struct tree_node *node)
{
	const char *above;

	if (node->parent == NULL)
		return arena_string(arena, "");
	above = tree_path(arena, node->parent);
	if (node->parent->kind == TREE_LIST)
		return arena_format(arena, "%s[%zu]", above, index_of(node));
	return arena_format(
	    arena, "%s%s%s", above, *above == '\0' ? "" : ".", node->name);
}
