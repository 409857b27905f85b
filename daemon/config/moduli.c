/* Lines of moduli(5), and what is wrong with them. */
#include "daemon/config/moduli.h"

#include "daemon/config/unit.h"
#include "lib/crypto/dh.h"
#include "lib/limits.h"
#include "lib/wire/buffer.h"

#include <string.h>

enum {
	TYPE_SAFE = 2,
	TEST_COMPOSITE = 1, /* it turned out to be none */
	TEST_MILLER_RABIN = 4,
};

/* The fields of a line, in their order. */
enum field { TIME, TYPE, TESTS, TRIALS, SIZE, GENERATOR, PRIME, FIELDS };

/* A file on its way. */
struct moduli {
	struct arena *arena;
	struct mistakes *mistakes;
	struct source_line at;
	struct sp_dh_group *items;
	size_t count;
	bool is_full; /* there were more, and that was told */
};

static void
complain(const struct moduli *m, const char *problem)
{
	mistake_add(m->mistakes, m->at.file, m->at.line,
	    "%s, expected a line of moduli(5)", problem);
}

/* ---- fields ---- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts the line up where it has blanks; false unless there are all fields. */
static bool
split(char *line, char *fields[FIELDS])
{
	size_t count = 0;

	while (*line != '\0') {
		while (is_blank(*line))
			*line++ = '\0';
		if (*line == '\0')
			break;
		if (count == FIELDS)
			return false;
		fields[count++] = line;
		while (*line != '\0' && !is_blank(*line))
			line++;
	}
	return count == FIELDS;
}

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Hexadecimal, in place; without zeros in front. */
static bool
read_hex(char *text, struct sp_view *number)
{
	size_t digits = strlen(text), len = 0;
	uint8_t *bytes = (uint8_t *)text;
	bool is_odd = digits % 2 != 0;
	unsigned value = 0;

	for (size_t i = 0; i < digits; i++) {
		int digit = digit_of(text[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (unsigned)digit;
		if (i % 2 == (is_odd ? 0 : 1))
			bytes[len++] = (uint8_t)value;
	}
	*number = view_of(bytes, len);
	while (number->len > 0 && number->data[0] == 0)
		*number = view_of(number->data + 1, number->len - 1);
	return true;
}

/* ---- lines ---- */

static struct sp_view
keep_number(const struct moduli *m, struct sp_view number)
{
	return view_of(arena_copy(m->arena, number), number.len);
}

static void
keep(struct moduli *m, const struct sp_dh_group *group)
{
	if (m->count == MODULI_GROUPS_MAX) {
		if (!m->is_full)
			mistake_add(m->mistakes, m->at.file, m->at.line,
			    "more than %d groups that a server gives, "
			    "expected fewer",
			    MODULI_GROUPS_MAX);
		m->is_full = true;
		return;
	}
	m->items = arena_grow(m->arena, m->items, m->count, sizeof *m->items);
	m->items[m->count++] = (struct sp_dh_group){
		.prime = keep_number(m, group->prime),
		.generator = keep_number(m, group->generator),
	};
}

/* The line's numbers are numbers; now what they are. */
static void
take_group(struct moduli *m, const uint64_t numbers[GENERATOR],
    const struct sp_dh_group *group)
{
	size_t bits = dh_bits(group->prime);
	struct dh_group parsed;

	/* ssh-keygen writes the place of the first bit, counted from 0. */
	if (numbers[SIZE] > bits || bits - numbers[SIZE] > 1) {
		mistake_add(m->mistakes, m->at.file, m->at.line,
		    "the prime has %zu bits, not %llu", bits,
		    (unsigned long long)numbers[SIZE]);
		return;
	}
	if (numbers[TYPE] != TYPE_SAFE ||
	    (numbers[TESTS] & TEST_COMPOSITE) != 0 ||
	    (numbers[TESTS] & TEST_MILLER_RABIN) == 0 ||
	    bits < LIMIT_GROUP_BITS_MIN || bits > LIMIT_GROUP_BITS_SERVED)
		return;
	if (dh_group_init(&parsed, group->prime, group->generator,
		LIMIT_GROUP_BITS_MIN, LIMIT_GROUP_BITS_SERVED) != SP_OK)
		mistake_add(m->mistakes, m->at.file, m->at.line,
		    "the number is no safe prime, or the generator is none");
	else
		keep(m, group);
}

static void
read_line(struct moduli *m, char *line)
{
	uint64_t numbers[GENERATOR];
	struct sp_dh_group group;
	char *fields[FIELDS];

	while (is_blank(*line))
		line++;
	if (*line == '\0' || *line == '#')
		return;
	if (!split(line, fields)) {
		complain(m, "not seven fields");
		return;
	}
	for (size_t i = TIME; i < GENERATOR; i++) {
		if (!unit_parse_number(fields[i], &numbers[i])) {
			complain(m, "a field is no decimal number");
			return;
		}
	}
	if (!read_hex(fields[GENERATOR], &group.generator) ||
	    !read_hex(fields[PRIME], &group.prime))
		complain(m, "generator or prime is no hexadecimal number");
	else
		take_group(m, numbers, &group);
}

static void
read_lines(struct moduli *m, char *text, size_t len)
{
	char *end, *next;

	for (; len > 0; len -= (size_t)(next - text), text = next) {
		end = memchr(text, '\n', len);
		next = end == NULL ? text + len : end + 1;
		if (end == NULL)
			end = text + len; /* the arena's NUL */
		*end = '\0';
		m->at.line++;
		if (strlen(text) != (size_t)(end - text))
			complain(m, "a NUL");
		else
			read_line(m, text);
	}
}

struct group_list
moduli_of_text(struct arena *arena, const char *name, struct sp_view text,
    struct mistakes *mistakes)
{
	struct moduli m = {
		.arena = arena,
		.mistakes = mistakes,
		.at = { .file = arena_string(arena, name) },
	};

	read_lines(&m, arena_copy(arena, text), text.len);
	return (struct group_list){ .items = m.items, .count = m.count };
}

struct group_list
moduli_read(struct arena *arena, const char *path, struct source_line wanted_at,
    struct mistakes *mistakes)
{
	struct group_list groups = { .count = 0 };
	size_t before = mistakes->count;
	struct buffer text;

	buffer_init(&text, SOURCE_FILE_MAX);
	if (source_read_whole(path, wanted_at, &text, mistakes))
		groups =
		    moduli_of_text(arena, path, buffer_view(&text), mistakes);
	buffer_clear(&text);
	if (groups.count == 0 && mistakes->count == before)
		mistake_add(mistakes, wanted_at.file, wanted_at.line,
		    "%s has no tested safe prime of %d to %d bits", path,
		    LIMIT_GROUP_BITS_MIN, LIMIT_GROUP_BITS_SERVED);
	return groups;
}
