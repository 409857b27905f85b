/* Names of algorithms, added to a list and taken out of it. */
#include "daemon/config/algorithms.h"

#include "daemon/config/pattern.h"
#include "daemon/config/spelling.h"
#include "lib/crypto/cipher.h"
#include "lib/crypto/mac.h"
#include "lib/pubkey/pubkey.h"
#include "lib/transport/compression.h"
#include "lib/transport/kexmethod.h"

#include <string.h>

/* What each list is of, and which of the engine's it becomes. */
static const struct {
	const char *name;
	algorithm_row *row;
	size_t offset;
} kinds[] = {
	{ "kex", kexmethod_row, offsetof(struct sp_algorithms, kex) },
	{ "host_key", pubkey_server_row,
	    offsetof(struct sp_algorithms, host_key) },
	{ "user_key", pubkey_user_row,
	    offsetof(struct sp_algorithms, user_key) },
	{ "cipher", cipher_row, offsetof(struct sp_algorithms, cipher) },
	{ "mac", mac_row, offsetof(struct sp_algorithms, mac) },
	{ "compression", compression_row,
	    offsetof(struct sp_algorithms, compression) },
};

/* A list on its way. */
struct selection {
	struct schema_reader *reader;
	struct string_list known;
	const char **names; /* room for all that are known */
	size_t count;
	size_t front; /* so many were put in front */
	bool is_plain; /* names, and no changes */
};

static size_t
find(const struct selection *s, const char *name)
{
	size_t i = 0;

	while (i < s->count && strcmp(s->names[i], name) != 0)
		i++;
	return i;
}

static void
take_out(struct selection *s, size_t at)
{
	if (at >= s->count)
		return;
	s->count--;
	if (at < s->front)
		s->front--;
	memmove(s->names + at, s->names + at + 1,
	    (s->count - at) * sizeof *s->names);
}

static void
put(struct selection *s, size_t at, const char *name)
{
	memmove(s->names + at + 1, s->names + at,
	    (s->count - at) * sizeof *s->names);
	s->names[at] = name;
	s->count++;
}

struct string_list
algorithms_of(struct arena *arena, algorithm_row *row, enum algorithm_set set)
{
	struct string_list list = { .count = 0 };
	const char **names = NULL, *name;
	enum algorithm_set of;

	for (size_t i = 0; (name = row(i, &of)) != NULL; i++) {
		if (of < set)
			continue;
		names = arena_grow(arena, names, list.count, sizeof *names);
		names[list.count++] = name;
	}
	list.items = names;
	return list;
}

static const char *
join(struct arena *arena, struct string_list list, const char *separator)
{
	const char *text = list.count > 0 ? list.items[0] : "";

	for (size_t i = 1; i < list.count; i++)
		text = arena_format(
		    arena, "%s%s%s", text, separator, list.items[i]);
	return text;
}

static void
complain_unknown(const struct selection *s, const struct tree_node *node,
    const char *word, const char *problem)
{
	struct spelling spelling = { .word = word };
	char hint[SPELLING_HINT_SIZE];

	for (size_t i = 0; i < s->known.count; i++)
		spelling_offer(&spelling, s->known.items[i]);
	spelling_hint(&spelling, hint);
	schema_complain(s->reader, node, "\"%.100s\" %s, known are %.400s%s",
	    word, problem, join(s->reader->arena, s->known, ", "), hint);
}

static void
remove_fitting(
    struct selection *s, const struct tree_node *node, const char *pattern)
{
	const char *problem = pattern_problem(pattern);
	bool fits_any = false;

	if (problem != NULL) {
		schema_complain(
		    s->reader, node, "\"%.100s\" %s", pattern, problem);
		return;
	}
	for (size_t i = 0; i < s->known.count; i++) {
		if (!pattern_matches(pattern, s->known.items[i]))
			continue;
		fits_any = true;
		take_out(s, find(s, s->known.items[i]));
	}
	if (!fits_any)
		complain_unknown(s, node, pattern, "fits no algorithm");
}

/* The table's own string; NULL for a name that is not known. */
static const char *
known_name(const struct selection *s, const char *word)
{
	for (size_t i = 0; i < s->known.count; i++)
		if (strcmp(s->known.items[i], word) == 0)
			return s->known.items[i];
	return NULL;
}

static void
apply(struct selection *s, const struct tree_node *node, char sign,
    const char *word)
{
	const char *name;
	size_t at;

	if (sign == '-') {
		remove_fitting(s, node, word);
		return;
	}
	name = known_name(s, word);
	if (name == NULL) {
		complain_unknown(s, node, word, "is no algorithm");
		return;
	}
	at = find(s, name);
	if (sign == '^') {
		take_out(s, at);
		put(s, s->front, name);
		s->front++;
	} else if (at == s->count) {
		put(s, at, name);
	}
}

static bool
is_sign(char c)
{
	return c == '+' || c == '-' || c == '^';
}

/* "a", or "+a,b". */
static void
apply_member(struct selection *s, const struct tree_node *node)
{
	const char *text = node->text;
	char sign = is_sign(*text) ? *text++ : '\0';
	size_t len;

	if (s->is_plain != (sign == '\0')) {
		schema_complain(s->reader, node,
		    "\"%.100s\" %s, expected that all of a list or none begin "
		    "with \"+\", \"-\" or \"^\"",
		    node->text,
		    sign == '\0' ? "is a name among changes"
				 : "is a change among names");
		return;
	}
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		apply(s, node, sign,
		    arena_format(s->reader->arena, "%.*s", (int)len, text));
		if (text[len] == '\0')
			return;
	}
}

struct string_list
algorithms_read(struct schema_reader *reader, algorithm_row *row,
    enum algorithm_set set, const struct tree_node *node)
{
	const struct tree_node *first =
	    node->kind == TREE_LIST ? node->first : node;
	const struct tree_node *end =
	    node->kind == TREE_LIST ? NULL : node->next;
	struct string_list start = algorithms_of(reader->arena, row, set);
	size_t mistakes = reader->mistakes->count;
	struct selection s = {
		.reader = reader,
		.known = algorithms_of(reader->arena, row, ALGORITHM_ASK),
	};

	s.names = arena_alloc(reader->arena, s.known.count, sizeof *s.names);
	s.is_plain = first == NULL || first->kind != TREE_STRING ||
	    !is_sign(*first->text);
	for (; !s.is_plain && s.count < start.count; s.count++)
		s.names[s.count] = start.items[s.count];
	/* What is no string was complained of when the list was read. */
	for (; first != end; first = first->next)
		if (first->kind == TREE_STRING)
			apply_member(&s, first);
	if (s.count == 0 && reader->mistakes->count == mistakes)
		schema_complain(reader, node,
		    "an empty list, with which nobody could connect");
	return (struct string_list){ s.names, s.count };
}

/* Writes the list where it was written, or would have been. */
static void
keep(struct arena *arena, struct tree_node *group, const char *name,
    struct string_list list)
{
	struct tree_node *node = tree_get(group, name), *member;

	if (node == NULL) {
		node = tree_add(arena, group, TREE_LIST, name);
		node->file = group->file;
		node->line = group->line;
	}
	node->kind = TREE_LIST;
	node->first = node->last = NULL;
	for (size_t i = 0; i < list.count; i++) {
		member = tree_add(arena, node, TREE_STRING, "");
		member->text = list.items[i];
		member->file = node->file;
		member->line = node->line;
	}
}

struct sp_algorithms
algorithms_resolve(struct schema_reader *reader, struct tree_node *group,
    enum algorithm_set set)
{
	struct sp_algorithms result = { .kex = NULL };

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const struct tree_node *node = tree_get(group, kinds[i].name);
		struct string_list list = node != NULL
		    ? algorithms_read(reader, kinds[i].row, set, node)
		    : algorithms_of(reader->arena, kinds[i].row, set);
		const char *names = join(reader->arena, list, ",");

		memcpy((char *)&result + kinds[i].offset, &names, sizeof names);
		keep(reader->arena, group, kinds[i].name, list);
	}
	return result;
}
