/* What the projections are made of. Readers latch every nonsense. */
#include "daemon/config/field.h"

#include "lib/limits.h"

#include <string.h>

/* One for all projections: they are written and read by one release. */
enum { FORMAT_VERSION = 1 };

static const uint32_t no_index = UINT32_MAX;

/* An address and the bits of it that count. */
enum { CIDR_MIN = 17 };

/* Deeper than the pre-scan lets a configuration be. */
enum { TREE_DEPTH_MAX = 48 };

/* A node on the wire: kind, name, file, line, number, text, members. */
enum { TREE_NODE_MIN = 1 + 4 + 4 + 4 + 8 + 4 + 4 };

void
field_write_kind(struct writer *w, uint8_t kind)
{
	writer_u8(w, FORMAT_VERSION);
	writer_u8(w, kind);
}

void
field_read_kind(struct reader *r, uint8_t kind)
{
	if (reader_u8(r) != FORMAT_VERSION || reader_u8(r) != kind)
		reader_fail(r);
}

const char *
field_read_text(struct reader *r, struct arena *arena)
{
	struct sp_view text = reader_string(r);

	if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
		reader_fail(r);
	return arena_copy(arena, text);
}

const char *
field_read_names(struct reader *r, struct arena *arena)
{
	return arena_copy(arena, reader_namelist(r));
}

void
field_write_algorithms(struct writer *w, const struct sp_algorithms *names)
{
	writer_cstring(w, names->kex);
	writer_cstring(w, names->host_key);
	writer_cstring(w, names->user_key);
	writer_cstring(w, names->cipher);
	writer_cstring(w, names->mac);
	writer_cstring(w, names->compression);
}

struct sp_algorithms
field_read_algorithms(struct reader *r, struct arena *arena)
{
	struct sp_algorithms names;

	names.kex = field_read_names(r, arena);
	names.host_key = field_read_names(r, arena);
	names.user_key = field_read_names(r, arena);
	names.cipher = field_read_names(r, arena);
	names.mac = field_read_names(r, arena);
	names.compression = field_read_names(r, arena);
	return names;
}

void
field_write_groups(struct writer *w, const struct group_list *groups)
{
	writer_u32(w, (uint32_t)groups->count);
	for (size_t i = 0; i < groups->count; i++) {
		writer_string(w, groups->items[i].prime);
		writer_string(w, groups->items[i].generator);
	}
}

static struct sp_view
read_number(struct reader *r, struct arena *arena)
{
	struct sp_view number = reader_string_max(r, LIMIT_GROUP_BITS / 8);

	return view_of(arena_copy(arena, number), number.len);
}

struct group_list
field_read_groups(struct reader *r, struct arena *arena)
{
	size_t count = field_read_count(r, 8);
	struct sp_dh_group *items = arena_alloc(arena, count, sizeof *items);

	for (size_t i = 0; i < count; i++) {
		items[i].prime = read_number(r, arena);
		items[i].generator = read_number(r, arena);
	}
	return (struct group_list){ .items = items, .count = count };
}

void
field_write_texts(struct writer *w, const struct string_list *texts)
{
	writer_u32(w, (uint32_t)texts->count);
	for (size_t i = 0; i < texts->count; i++)
		writer_cstring(w, texts->items[i]);
}

size_t
field_read_count(struct reader *r, size_t min)
{
	size_t count = reader_u32(r);

	if (count <= r->left / min)
		return count;
	reader_fail(r);
	return 0;
}

struct string_list
field_read_texts(struct reader *r, struct arena *arena)
{
	size_t count = field_read_count(r, 4);
	const char **items = arena_alloc(arena, count, sizeof *items);

	for (size_t i = 0; i < count; i++)
		items[i] = field_read_text(r, arena);
	return (struct string_list){ .items = items, .count = count };
}

void
field_write_index(struct writer *w, size_t index)
{
	writer_u32(w, index == SETTINGS_NONE ? no_index : (uint32_t)index);
}

size_t
field_read_index(struct reader *r, size_t count)
{
	size_t index = reader_u32(r);

	if (index < count)
		return index;
	reader_fail(r);
	return 0;
}

size_t
field_read_index_or_none(struct reader *r, size_t count)
{
	uint32_t index = reader_u32(r);

	if (index == no_index)
		return SETTINGS_NONE;
	if (index >= count)
		reader_fail(r);
	return index;
}

enum settings_log_level
field_read_level(struct reader *r)
{
	uint8_t level = reader_u8(r);

	if (level > SETTINGS_LOG_DEBUG)
		reader_fail(r);
	return (enum settings_log_level)level;
}

void
field_write_cidr(struct writer *w, const struct cidr *net)
{
	writer_bytes(w, view_of(net->address.bytes, sizeof net->address.bytes));
	writer_u8(w, net->bits);
}

struct cidr
field_read_cidr(struct reader *r)
{
	struct cidr net = { .bits = 0 };
	struct sp_view bytes = reader_bytes(r, sizeof net.address.bytes);

	if (bytes.len == sizeof net.address.bytes)
		memcpy(net.address.bytes, bytes.data, bytes.len);
	net.bits = reader_u8(r);
	if (net.bits > 128)
		reader_fail(r);
	return net;
}

void
field_write_cidrs(struct writer *w, const struct cidr_list *nets)
{
	writer_u32(w, (uint32_t)nets->count);
	for (size_t i = 0; i < nets->count; i++)
		field_write_cidr(w, &nets->items[i]);
}

struct cidr_list
field_read_cidrs(struct reader *r, struct arena *arena)
{
	size_t count = field_read_count(r, CIDR_MIN);
	struct cidr *items = arena_alloc(arena, count, sizeof *items);

	for (size_t i = 0; i < count; i++)
		items[i] = field_read_cidr(r);
	return (struct cidr_list){ .items = items, .count = count };
}

void
field_write_tree(struct writer *w, const struct tree_node *node)
{
	const struct tree_node *member;

	writer_u8(w, (uint8_t)node->kind);
	writer_cstring(w, node->name);
	writer_cstring(w, node->file);
	writer_u32(w, node->line);
	writer_u64(w, (uint64_t)node->number);
	writer_cstring(w, node->text == NULL ? "" : node->text);
	writer_u32(w, (uint32_t)tree_count(node));
	for (member = node->first; member != NULL; member = member->next)
		field_write_tree(w, member);
}

static size_t
depth_of(const struct tree_node *node)
{
	size_t depth = 0;

	for (; node != NULL; node = node->parent)
		depth++;
	return depth;
}

struct tree_node *
field_read_tree(struct reader *r, struct arena *arena, struct tree_node *parent)
{
	uint8_t kind = reader_u8(r);
	struct tree_node *node = tree_add(
	    arena, parent, (enum tree_kind)kind, field_read_text(r, arena));
	size_t count;

	node->file = field_read_text(r, arena);
	node->line = reader_u32(r);
	node->number = (int64_t)reader_u64(r);
	node->text = field_read_text(r, arena);
	count = field_read_count(r, TREE_NODE_MIN);
	if (kind > TREE_FLOAT || depth_of(node) > TREE_DEPTH_MAX ||
	    (count > 0 && kind != TREE_GROUP && kind != TREE_LIST)) {
		reader_fail(r);
		node->kind = TREE_GROUP;
		return node;
	}
	for (size_t i = 0; i < count && !r->failed; i++)
		field_read_tree(r, arena, node);
	return node;
}
