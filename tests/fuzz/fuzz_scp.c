/*
 * The command that a client of scp sends, and its stream in two pieces, cut
 * alike wherever it is cut; each line that is read is written as it was
 * meant. The first byte chooses.
 */
#include "lib/scp/scpcommand.h"
#include "lib/scp/scpframe.h"
#include "lib/scp/scprecord.h"
#include "tests/fuzz/target.h"

static void
try_command(const uint8_t *data, size_t size)
{
	char line[512];
	struct scpcommand c;
	const char *problem;
	size_t len;

	memcpy(line, "scp ", 4);
	len = size < sizeof line - 5 ? size : sizeof line - 5;
	memcpy(line + 4, data, len);
	line[4 + len] = '\0';
	problem = scpcommand_read(&c, line);
	if (problem != NULL) {
		TARGET_ASSERT(c.room == NULL);
		return;
	}
	TARGET_ASSERT(scpcommand_is(line));
	TARGET_ASSERT(c.count > 0 && (!c.is_sink || c.count == 1));
	for (size_t i = 0; i < c.count; i++) {
		const char *path = c.paths[i].path;
		const char *pattern = c.paths[i].pattern;

		TARGET_ASSERT(path[0] != '\0' && strlen(path) < sizeof line);
		TARGET_ASSERT(!view_has_control(view_of_string(path)));
		TARGET_ASSERT(pattern == NULL ||
		    (!c.is_sink && strpbrk(pattern, "*?") != NULL &&
			strchr(pattern, '/') == NULL));
	}
	scpcommand_clear(&c);
}

static void
check_line(struct sp_view line)
{
	struct scprecord r, again;
	struct sp_view out;
	struct buffer b;

	if (scprecord_decode(&r, line) != NULL)
		return;
	buffer_init(&b, 2 * SCPFRAME_LINE_MAX);
	TARGET_ASSERT(scprecord_encode(&b, &r) == SP_OK);
	out = buffer_view(&b);
	TARGET_ASSERT(out.data[out.len - 1] == '\n');
	out.len--;
	TARGET_ASSERT(memchr(out.data, '\n', out.len) == NULL);
	TARGET_ASSERT(scprecord_decode(&again, out) == NULL);
	TARGET_ASSERT(again.kind == r.kind && again.mode == r.mode);
	TARGET_ASSERT(again.size == r.size && again.mtime == r.mtime);
	TARGET_ASSERT(again.atime == r.atime);
	if (r.kind == SCPRECORD_FILE || r.kind == SCPRECORD_FOLDER) {
		TARGET_ASSERT(view_equal(again.text, r.text));
		TARGET_ASSERT(scprecord_is_name(r.text));
	}
	buffer_clear(&b);
}

struct sum {
	size_t lines, answers, bytes;
	bool is_broken;
};

/* As a sink would: a file's bytes come behind its line, then an answer. */
static void
hear(struct scpframe *f, struct sp_view input, struct sum *sum)
{
	struct scprecord r;
	struct sp_view data;

	while (!sum->is_broken) {
		switch (scpframe_next(f, &input, &data)) {
		case SCPFRAME_NOTHING:
			TARGET_ASSERT(input.len == 0);
			return;
		case SCPFRAME_LINE:
			sum->lines++;
			check_line(data);
			if (scprecord_decode(&r, data) == NULL &&
			    r.kind == SCPRECORD_FILE) {
				f->left = r.size;
				f->awaits_answer = true;
			}
			break;
		case SCPFRAME_ANSWER:
			sum->answers++;
			break;
		case SCPFRAME_DATA:
			sum->bytes += data.len;
			break;
		case SCPFRAME_BROKEN:
			sum->is_broken = true;
			break;
		}
	}
}

static void
try_stream(const uint8_t *data, size_t size)
{
	struct sum whole = { 0 }, cut = { 0 };
	struct scpframe f;
	size_t at;

	if (size == 0)
		return;
	at = data[0] % size;
	scpframe_init(&f);
	hear(&f, view_of(data + 1, size - 1), &whole);
	scpframe_clear(&f);
	scpframe_init(&f);
	hear(&f, view_of(data + 1, at), &cut);
	hear(&f, view_of(data + 1 + at, size - 1 - at), &cut);
	scpframe_clear(&f);
	TARGET_ASSERT(whole.lines == cut.lines);
	TARGET_ASSERT(whole.answers == cut.answers);
	TARGET_ASSERT(whole.bytes == cut.bytes);
	TARGET_ASSERT(whole.is_broken == cut.is_broken);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 2 == 0)
		try_command(data + 1, size - 1);
	else
		try_stream(data + 1, size - 1);
	return 0;
}
