/*
 * The reader, told by each input byte what to read next: all that it gives
 * lies inside the input, and what has one encoding is written back alike.
 */
#include "lib/wire/namelist.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"
#include "tests/fuzz/target.h"

static void
check_inside(struct sp_view input, struct sp_view part)
{
	if (part.len == 0)
		return;
	TARGET_ASSERT(part.data >= input.data);
	TARGET_ASSERT(part.data + part.len <= input.data + input.len);
}

/*
 * Both have but one encoding each, mpints minimal, strings counted; but for
 * the comma that may stand at the end of a name-list.
 */
static void
check_round_trip(struct sp_view wire, struct sp_view value, bool is_mpint)
{
	struct buffer b;
	struct writer w;

	buffer_init(&b, wire.len);
	writer_init(&w, &b);
	if (is_mpint)
		writer_mpint(&w, value);
	else
		writer_string(&w, value);
	TARGET_ASSERT(writer_finish(&w) == SP_OK);
	TARGET_ASSERT(view_equal(buffer_view(&b), wire));
	buffer_clear(&b);
}

static void
check_names(struct sp_view list)
{
	enum { LOOKED_UP = 16 };
	struct sp_view rest = list, name;

	for (unsigned n = 0; namelist_next(&rest, &name); n++) {
		TARGET_ASSERT(name.len > 0);
		TARGET_ASSERT(n >= LOOKED_UP || namelist_has(list, name));
	}
}

/* False when the reader has failed. */
static bool
read_one(struct reader *r, struct sp_view input)
{
	const uint8_t *start;
	struct sp_view part = { NULL, 0 };
	uint8_t kind = reader_u8(r);

	start = r->next;
	switch (kind % 8) {
	case 0:
		(void)reader_u32(r);
		break;
	case 1:
		(void)reader_u64(r);
		break;
	case 2:
		(void)reader_bool(r);
		break;
	case 3:
		part = reader_bytes(r, kind / 8);
		break;
	case 4:
		part = reader_string_max(r, kind / 8);
		break;
	case 5:
		part = reader_string(r);
		break;
	case 6:
		part = reader_namelist(r);
		check_names(part);
		break;
	case 7:
		part = reader_mpint(r);
		break;
	}
	check_inside(input, part);
	if (r->failed)
		return false;
	if (kind % 8 >= 5 && !(kind % 8 == 6 && r->next[-1] == ','))
		check_round_trip(view_of(start, (size_t)(r->next - start)),
		    part, kind % 8 == 7);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view input = view_of(data, size);
	struct reader r;

	reader_init(&r, input);
	while (r.left > 0 && read_one(&r, input))
		;
	if (r.failed) {
		TARGET_ASSERT(reader_u32(&r) == 0);
		TARGET_ASSERT(reader_rest(&r).len == 0);
		TARGET_ASSERT(reader_finish(&r) == SP_ERR_FORMAT);
	} else {
		TARGET_ASSERT(reader_finish(&r) == SP_OK);
	}
	return 0;
}
