/* What the projections are made of, written and read. */
#ifndef SP_CONFIG_FIELD_H
#define SP_CONFIG_FIELD_H

#include "daemon/config/settings.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

/* The first bytes of a projection: the version of all, and whose it is. */
void field_write_kind(struct writer *, uint8_t kind);
void field_read_kind(struct reader *, uint8_t kind);

/* Text without a NUL; never NULL. */
const char *field_read_text(struct reader *, struct arena *);
/* A name-list. */
const char *field_read_names(struct reader *, struct arena *);

void field_write_algorithms(struct writer *, const struct sp_algorithms *);
struct sp_algorithms field_read_algorithms(struct reader *, struct arena *);

void field_write_groups(struct writer *, const struct group_list *);
struct group_list field_read_groups(struct reader *, struct arena *);

void field_write_texts(struct writer *, const struct string_list *);
struct string_list field_read_texts(struct reader *, struct arena *);

/* A number of elements that have at least min bytes each on the wire. */
size_t field_read_count(struct reader *, size_t min);

/* An index; SETTINGS_NONE is one that only the second reader takes. */
void field_write_index(struct writer *, size_t index);
size_t field_read_index(struct reader *, size_t count);
size_t field_read_index_or_none(struct reader *, size_t count);

enum settings_log_level field_read_level(struct reader *);

void field_write_cidr(struct writer *, const struct cidr *);
struct cidr field_read_cidr(struct reader *);
void field_write_cidrs(struct writer *, const struct cidr_list *);
struct cidr_list field_read_cidrs(struct reader *, struct arena *);

void field_write_tree(struct writer *, const struct tree_node *);
/* Adds to parent unless it is NULL. */
struct tree_node *
field_read_tree(struct reader *, struct arena *, struct tree_node *parent);

#endif
