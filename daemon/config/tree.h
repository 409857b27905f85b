/*
 * The configuration as it was written: an ordered tree of named values,
 * each with the file and line it comes from. All nodes and strings live
 * in the arena that the tree was made in.
 */
#ifndef SP_CONFIG_TREE_H
#define SP_CONFIG_TREE_H

#include "daemon/config/arena.h"

enum tree_kind {
	TREE_GROUP, /* { name = value; ... } */
	TREE_LIST, /* [ ... ] or ( ... ): its members have no name */
	TREE_STRING,
	TREE_INTEGER,
	TREE_BOOL,
	TREE_FLOAT, /* kept as text only: no setting is one */
};

struct tree_node {
	const char *name; /* "" in a list and at the root */
	enum tree_kind kind;
	const char *text; /* TREE_STRING; TREE_FLOAT as written */
	int64_t number; /* TREE_INTEGER; TREE_BOOL as 0 or 1 */
	const char *file;
	unsigned line;
	struct tree_node *parent;
	struct tree_node *first; /* the members, in order */
	struct tree_node *last;
	struct tree_node *next;
};

/* Makes a node and, unless parent is NULL, adds it at the parent's end. */
struct tree_node *tree_add(
    struct arena *, struct tree_node *parent, enum tree_kind, const char *name);

/* The member with a name; NULL when there is none or group is NULL. */
struct tree_node *tree_get(const struct tree_node *group, const char *name);
size_t tree_count(const struct tree_node *);

/*
 * Takes over's members into base: a group joins the group of its name,
 * any other value replaces the whole value that was there.
 */
void tree_merge(struct tree_node *base, struct tree_node *over);
/* Takes the member with a name out of a group; nothing when it is absent. */
void tree_drop(struct tree_node *group, const char *name);

/* A deep copy, added at the parent's end; NULL: without a parent. */
struct tree_node *
tree_copy(struct arena *, struct tree_node *parent, const struct tree_node *);

/* "server.listen", "rules[2].user": where in the configuration a node is. */
char *tree_path(struct arena *, const struct tree_node *);

#endif
