/*
 * What a client's command is made into: words, what fits patterns, values
 * put into texts, the path of a repository. The first byte chooses.
 */
#include "daemon/config/commandline.h"
#include "daemon/config/expand.h"
#include "daemon/config/pattern.h"
#include "lib/wire/view.h"
#include "modules/git/repopath.h"
#include "tests/fuzz/target.h"

/* The words in quotes, as one line. */
static char *
quote(struct arena *arena, const struct string_list *words)
{
	char *line = arena_string(arena, "");

	for (size_t i = 0; i < words->count; i++) {
		line = arena_format(arena, "%s '", line);
		for (const char *at = words->items[i]; *at != '\0'; at++)
			line = arena_format(arena,
			    *at == '\'' ? "%s'\\'%c" : "%s%c", line, *at);
		line = arena_format(arena, "%s'", line);
	}
	return line;
}

/* Words in quotes are the same words. */
static void
try_split(struct arena *arena, struct sp_view data)
{
	struct string_list words, again;

	if (data.len > 200)
		data.len = 200;
	words = commandline_split(arena, arena_copy(arena, data));
	TARGET_ASSERT((words.count == 0) == (words.items == NULL));
	if (words.count == 0)
		return;
	TARGET_ASSERT(words.items[words.count] == NULL);
	again = commandline_split(arena, quote(arena, &words));
	TARGET_ASSERT(again.count == words.count);
	for (size_t i = 0; i < words.count; i++) {
		TARGET_ASSERT(strcmp(words.items[i], again.items[i]) == 0);
		TARGET_ASSERT(
		    !view_has_control(view_of_string(words.items[i])));
	}
}

/* Up to the first NUL, and what is behind it. */
static struct sp_view
take_text(struct arena *arena, struct sp_view *data, const char **text)
{
	const uint8_t *end =
	    data->len == 0 ? NULL : memchr(data->data, '\0', data->len);
	size_t len = end == NULL ? data->len : (size_t)(end - data->data);

	*text = arena_copy(arena, view_of(data->data, len));
	len += len < data->len;
	*data = view_of(data->data + len, data->len - len);
	return *data;
}

static struct string_list
take_list(struct arena *arena, struct sp_view *data, size_t max)
{
	const char **items = arena_alloc(arena, max + 1, sizeof *items);
	size_t count = 0;

	while (count < max && data->len > 0) {
		take_text(arena, data, &items[count]);
		if (items[count][0] == '\0')
			break;
		count++;
	}
	return (struct string_list){ items, count };
}

/* A text with a "\" before each character fits itself alone. */
static void
try_pattern(struct arena *arena, struct sp_view data)
{
	const char *pattern, *text;
	char *escaped = arena_string(arena, "");
	bool fits;

	if (data.len > 300)
		data.len = 300;
	take_text(arena, &data, &pattern);
	take_text(arena, &data, &text);
	fits = pattern_matches(pattern, text);
	if (pattern_problem(pattern) != NULL)
		TARGET_ASSERT(pattern_is_literal(pattern) || !fits);
	else if (pattern_is_literal(pattern))
		TARGET_ASSERT(fits == (strcmp(pattern, text) == 0));
	if (strlen(text) > PATTERN_MAX / 2)
		return;
	for (const char *at = text; *at != '\0'; at++)
		escaped = arena_format(arena, "%s\\%c", escaped, *at);
	TARGET_ASSERT(pattern_matches(escaped, text));
	TARGET_ASSERT(
	    pattern_matches(escaped, pattern) == (strcmp(pattern, text) == 0));
}

/* What fits goes on to where "**" is added behind, and words are. */
static void
try_words(struct arena *arena, struct sp_view data)
{
	struct string_list patterns, words;
	bool fits;

	if (data.len > 400)
		data.len = 400;
	patterns = take_list(arena, &data, 20);
	words = take_list(arena, &data, 20);
	fits = pattern_words_match(&patterns, &words);
	((const char **)(uintptr_t)patterns.items)[patterns.count++] = "**";
	TARGET_ASSERT(!fits || pattern_words_match(&patterns, &words));
	((const char **)(uintptr_t)words.items)[words.count++] = "more";
	TARGET_ASSERT(!fits || pattern_words_match(&patterns, &words));
}

/* Nothing that is put into a path leads out of it. */
static void
try_expand(struct arena *arena, struct sp_view data)
{
	const char *words[3];
	struct expand_values values = { .arguments = { words, 2 } };
	char room[256];

	take_text(arena, &data, &words[0]);
	take_text(arena, &data, &words[1]);
	if (expand_text("/a/%1/b=%2/c", &values, room, sizeof room) !=
	    EXPAND_OK) {
		TARGET_ASSERT(room[0] == '\0');
		return;
	}
	TARGET_ASSERT(strstr(room, "/../") == NULL);
	TARGET_ASSERT(strstr(room, "/./") == NULL);
	TARGET_ASSERT(strstr(room, "//") == NULL);
	TARGET_ASSERT(strstr(room, "/-") == NULL);
	TARGET_ASSERT(strncmp(room, "/a/", 3) == 0);
	TARGET_ASSERT(strcmp(strrchr(room, '/'), "/c") == 0);
	TARGET_ASSERT(!view_has_control(view_of_string(room)));
}

static void
try_path(struct arena *arena, struct sp_view data)
{
	char name[REPOPATH_SIZE], other[REPOPATH_SIZE], back[REPOPATH_SIZE];
	const char *path;

	take_text(arena, &data, &path);
	if (repopath_read(path, name) != NULL)
		return;
	path = arena_format(arena, "/%s/", name);
	TARGET_ASSERT(strlen(name) > 0 && strstr(path, "//") == NULL);
	TARGET_ASSERT(
	    strstr(path, "/../") == NULL && strstr(path, "/./") == NULL);
	TARGET_ASSERT(strstr(path, "/-") == NULL && strstr(path, "/~") == NULL);
	TARGET_ASSERT(!view_has_control(view_of_string(name)));
	if (repopath_other(name, other) && strlen(other) > strlen(name)) {
		TARGET_ASSERT(repopath_other(other, back));
		TARGET_ASSERT(strcmp(back, name) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(struct arena *, struct sp_view) = {
		try_split,
		try_pattern,
		try_words,
		try_expand,
		try_path,
	};
	struct arena arena;

	if (size == 0)
		return 0;
	arena_init(&arena);
	tries[data[0] % (sizeof tries / sizeof tries[0])](
	    &arena, view_of(data + 1, size - 1));
	arena_clear(&arena);
	return 0;
}
