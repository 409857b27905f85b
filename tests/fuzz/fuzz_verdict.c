/* Answers as JSON, and packets: what is taken is whole, and is taken again. */
#include "modules/asking/jsonwriter.h"
#include "modules/asking/verdict.h"
#include "tests/fuzz/target.h"

#include <string.h>

static struct slip packet;
static char room[VERDICT_QUESTION_SIZE + 1];

static bool
open_packet(const struct slip *p, struct slip_reader *r)
{
	struct sp_view bytes = { (const uint8_t *)p->bytes, p->len };

	return slip_open(r, bytes);
}

static bool
is_text(const char *text)
{
	struct sp_view rest = { (const uint8_t *)text, strlen(text) };

	while (rest.len > 0) {
		size_t len = jsonwriter_character(rest);

		if (len == 0)
			return false;
		rest.data += len;
		rest.len -= len;
	}
	return true;
}

/* All of it UTF-8; said again in JSON it is one line. */
static void
check_answer(void)
{
	struct slip_reader r, rest;
	const char *name, *value;
	size_t len;

	TARGET_ASSERT(open_packet(&packet, &r));
	TARGET_ASSERT(r.number == 5);
	rest = r;
	while (slip_next(&rest, &name, &value))
		TARGET_ASSERT(is_text(name) && is_text(value));
	len = verdict_ask(&r, 6, room);
	TARGET_ASSERT(len > 1 && memchr(room, '\n', len) == &room[len - 1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view text = { data, size };
	char problem[VERDICT_PROBLEM_SIZE] = "";
	struct slip_reader r;

	if (verdict_read(text, 7, &packet, 5, problem) == VERDICT_NONE)
		TARGET_ASSERT(problem[0] != '\0');
	else
		check_answer();
	if (size <= SLIP_SIZE && slip_open(&r, text)) {
		const char *name, *value;

		while (slip_next(&r, &name, &value))
			TARGET_ASSERT((const uint8_t *)value < data + size);
		TARGET_ASSERT(slip_find(r, "x") == NULL);
	}
	return 0;
}
