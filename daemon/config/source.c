/* Configuration files, opened safely, with their includes in place. */
#include "daemon/config/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All files of one source together are no longer than this. */
enum { TEXT_MAX = 4 * SOURCE_FILE_MAX };

/* A source that is being put together. */
struct collector {
	struct arena *arena;
	struct mistakes *mistakes;
	struct buffer text;
	struct source_line *lines;
	size_t line_count;
	unsigned depth;
	unsigned include_count;
	bool is_full; /* too many of them: nothing more is read */
	bool in_comment; /* a comment that goes on in the next line */
};

static bool collect_file(
    struct collector *, const char *path, struct source_line wanted_at);

static bool
check_owner(const char *path, const struct stat *st, struct mistakes *mistakes)
{
	unsigned mode = st->st_mode & 07777;

	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		mistake_add(mistakes, path, 0,
		    "belongs to uid %u, but must belong to root or to the "
		    "user the daemon runs as (chown)",
		    (unsigned)st->st_uid);
		return false;
	}
	if ((mode & 022) != 0) {
		mistake_add(mistakes, path, 0,
		    "its mode is %04o, but nobody except its owner may be "
		    "able to write it (chmod go-w)",
		    mode);
		return false;
	}
	return true;
}

static bool
check_file(int fd, const char *path, struct mistakes *mistakes)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		mistake_add(mistakes, path, 0, "cannot be examined: %s",
		    strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		mistake_add(mistakes, path, 0, "is no regular file");
		return false;
	}
	return check_owner(path, &st, mistakes);
}

/* Appends a whole file to the buffer, whose maximum bounds it. */
static bool
read_whole(
    int fd, const char *path, struct buffer *into, struct mistakes *mistakes)
{
	uint8_t *room;
	ssize_t got;

	do {
		if (buffer_room(into, 16384, &room) != SP_OK) {
			mistake_add(mistakes, path, 0,
			    "is longer than %d MiB, the most a "
			    "configuration file may be",
			    SOURCE_FILE_MAX / 1024 / 1024);
			return false;
		}
		got = read(fd, room, 16384);
		if (got > 0)
			buffer_grew(into, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (got < 0)
		mistake_add(
		    mistakes, path, 0, "cannot be read: %s", strerror(errno));
	return got == 0;
}

/* A FIFO or device must not hold the daemon up, so nothing blocks here. */
bool
source_read_whole(const char *path, struct source_line wanted_at,
    struct buffer *into, struct mistakes *mistakes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool is_good;

	if (fd < 0) {
		mistake_add(mistakes, wanted_at.file, wanted_at.line,
		    "%s%scannot be opened: %s", wanted_at.line > 0 ? path : "",
		    wanted_at.line > 0 ? " " : "", strerror(errno));
		return false;
	}
	is_good = check_file(fd, path, mistakes) &&
	    read_whole(fd, path, into, mistakes);
	close(fd);
	return is_good;
}

/* Where a string that begins after its quote ends: past the other quote. */
static size_t
skip_string(struct sp_view line, size_t at)
{
	for (; at < line.len && line.data[at] != '"'; at++)
		if (line.data[at] == '\\')
			at++;
	return at + 1;
}

/* Whether a comment is open at the end of a line. */
static bool
ends_in_comment(struct sp_view line, bool in_comment)
{
	for (size_t i = 0; i < line.len; i++) {
		char c = (char)line.data[i];
		char next = i + 1 < line.len ? (char)line.data[i + 1] : '\0';

		if (in_comment && c == '*' && next == '/') {
			in_comment = false;
			i++;
		} else if (in_comment) {
			continue;
		} else if (c == '"') {
			i = skip_string(line, i + 1) - 1;
		} else if (c == '#' || (c == '/' && next == '/')) {
			return false;
		} else if (c == '/' && next == '*') {
			in_comment = true;
			i++;
		}
	}
	return in_comment;
}

static bool
add_line(
    struct collector *collector, struct sp_view line, struct source_line at)
{
	if (buffer_append(&collector->text, line) != SP_OK ||
	    buffer_append(&collector->text, view_of("\n", 1)) != SP_OK) {
		mistake_add(collector->mistakes, at.file, at.line,
		    "the files together are longer than %d MiB",
		    TEXT_MAX / 1024 / 1024);
		return false;
	}
	collector->lines = arena_grow(collector->arena, collector->lines,
	    collector->line_count, sizeof *collector->lines);
	collector->lines[collector->line_count++] = at;
	return true;
}

static size_t
skip_blanks(struct sp_view line, size_t at)
{
	while (at < line.len && strchr(" \t\r", line.data[at]) != NULL &&
	    line.data[at] != '\0')
		at++;
	return at;
}

static bool
is_include(struct sp_view line)
{
	static const char word[] = "@include";
	size_t at = skip_blanks(line, 0), len = sizeof word - 1;

	return line.len - at >= len && memcmp(line.data + at, word, len) == 0;
}

/* The file an @include line names; NULL when it is not written like one. */
static char *
include_path(struct arena *arena, struct sp_view line, const char *includer)
{
	size_t begin = skip_blanks(line, 0) + strlen("@include"), end;
	const char *slash = strrchr(includer, '/');
	struct sp_view name;

	begin = skip_blanks(line, begin);
	if (begin >= line.len || line.data[begin] != '"')
		return NULL;
	begin++;
	for (end = begin; end < line.len && line.data[end] != '"'; end++)
		if (line.data[end] == '\\')
			return NULL;
	name = view_of(line.data + begin, end - begin);
	if (end == line.len || name.len == 0 || view_has_control(name) ||
	    skip_blanks(line, end + 1) != line.len)
		return NULL;
	if (name.data[0] == '/' || slash == NULL)
		return arena_copy(arena, name);
	return arena_format(arena, "%.*s/%s", (int)(slash - includer), includer,
	    arena_copy(arena, name));
}

static bool
collect_include(
    struct collector *collector, struct sp_view line, struct source_line at)
{
	char *path = include_path(collector->arena, line, at.file);

	if (path == NULL) {
		mistake_add(collector->mistakes, at.file, at.line,
		    "@include: expected a file name in quotes, alone on the "
		    "line: @include \"more.conf\"");
		return true;
	}
	if (collector->depth == SOURCE_DEPTH_MAX) {
		mistake_add(collector->mistakes, at.file, at.line,
		    "@include: files include each other more than %d deep",
		    SOURCE_DEPTH_MAX);
		return true;
	}
	if (collector->include_count == SOURCE_INCLUDES_MAX) {
		mistake_add(collector->mistakes, at.file, at.line,
		    "@include: more than %d files are included",
		    SOURCE_INCLUDES_MAX);
		collector->is_full = true;
		return false;
	}
	collector->include_count++;
	collector->depth++;
	collect_file(collector, path, at);
	collector->depth--;
	return !collector->is_full;
}

/* Takes the next line off the text, without its newline. */
static struct sp_view
next_line(struct sp_view *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	size_t len = end == NULL ? text->len : (size_t)(end - text->data);
	size_t taken = end == NULL ? len : len + 1;
	struct sp_view line = view_of(text->data, len);

	*text = view_of(text->data + taken, text->len - taken);
	return line;
}

static bool
collect_lines(
    struct collector *collector, const char *path, struct sp_view text)
{
	struct source_line at = { .file = path };
	bool is_good = true;

	while (is_good && text.len > 0) {
		struct sp_view line = next_line(&text);

		at.line++;
		if (!collector->in_comment && is_include(line)) {
			is_good = collect_include(collector, line, at);
			continue;
		}
		collector->in_comment =
		    ends_in_comment(line, collector->in_comment);
		is_good = add_line(collector, line, at);
	}
	if (collector->in_comment && collector->depth > 0) {
		mistake_add(collector->mistakes, path, at.line,
		    "a comment is still open at the end of the file");
		collector->in_comment = false;
	}
	return is_good;
}

static bool
collect_file(
    struct collector *collector, const char *path, struct source_line wanted_at)
{
	struct buffer content;
	bool is_good;

	buffer_init(&content, SOURCE_FILE_MAX);
	is_good =
	    source_read_whole(path, wanted_at, &content, collector->mistakes) &&
	    collect_lines(collector, path, buffer_view(&content));
	buffer_clear(&content);
	return is_good;
}

static void
finish(struct collector *collector, const char *path, struct source *source)
{
	if (collector->line_count == 0)
		add_line(collector, view_of("", 0),
		    (struct source_line){ .file = path, .line = 1 });
	*source = (struct source){
		.text =
		    arena_copy(collector->arena, buffer_view(&collector->text)),
		.len = buffer_len(&collector->text),
		.lines = collector->lines,
		.line_count = collector->line_count,
	};
	buffer_clear(&collector->text);
}

bool
source_read(struct arena *arena, const char *path, struct source *source,
    struct mistakes *mistakes)
{
	struct collector collector = { .arena = arena, .mistakes = mistakes };
	const char *name = arena_string(arena, path);
	bool is_good;

	buffer_init(&collector.text, TEXT_MAX);
	is_good = collect_file(
	    &collector, name, (struct source_line){ .file = name });
	finish(&collector, name, source);
	return is_good;
}

void
source_of_text(struct arena *arena, const char *name, struct sp_view text,
    struct source *source)
{
	struct collector collector = { .arena = arena };
	struct source_line at = { .file = arena_string(arena, name) };

	buffer_init(&collector.text, text.len + 2);
	while (text.len > 0) {
		at.line++;
		add_line(&collector, next_line(&text), at);
	}
	finish(&collector, at.file, source);
}

struct source_line
source_where(const struct source *source, size_t line)
{
	if (line == 0)
		line = 1;
	if (line > source->line_count)
		line = source->line_count;
	return source->lines[line - 1];
}

static bool
is_configuration(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > 5 &&
	    strcmp(name + len - 5, ".conf") == 0;
}

static int
compare_names(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

/* A file that is not seen may be the one that forbids: none is read then. */
static struct string_list
read_folder(struct arena *arena, DIR *folder, const char *path,
    struct mistakes *mistakes)
{
	const char **names = NULL;
	struct dirent *entry;
	size_t count = 0;

	while (errno = 0, (entry = readdir(folder)) != NULL) {
		if (!is_configuration(entry->d_name))
			continue;
		names = arena_grow(arena, names, count, sizeof *names);
		names[count++] =
		    arena_format(arena, "%s/%s", path, entry->d_name);
	}
	if (errno != 0) {
		mistake_add(mistakes, path, 0, "cannot be read to its end: %s",
		    strerror(errno));
		count = 0;
	}
	if (count > 0)
		qsort(names, count, sizeof *names, compare_names);
	return (struct string_list){ .items = names, .count = count };
}

struct string_list
source_folder(struct arena *arena, const char *path, struct mistakes *mistakes)
{
	struct string_list names = { .count = 0 };
	DIR *folder = opendir(path);
	struct stat st;

	if (folder == NULL) {
		if (errno != ENOENT)
			mistake_add(mistakes, path, 0, "cannot be opened: %s",
			    strerror(errno));
		return names;
	}
	if (fstat(dirfd(folder), &st) != 0)
		mistake_add(mistakes, path, 0, "cannot be examined: %s",
		    strerror(errno));
	else if (check_owner(path, &st, mistakes))
		names = read_folder(arena, folder, path, mistakes);
	closedir(folder);
	return names;
}
