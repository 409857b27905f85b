/*
 * Public key files: the parts of a line lie inside it, and a key that a
 * line holds is the one that is found.
 */
#include "lib/limits.h"
#include "lib/wire/view.h"
#include "tests/fuzz/target.h"

#include <sallyport/key.h>

static void
check_part(struct sp_view line, struct sp_view part)
{
	if (part.len == 0)
		return;
	TARGET_ASSERT(part.data >= line.data);
	TARGET_ASSERT(part.data + part.len <= line.data + line.len);
}

static void
check_line(struct sp_view file, struct sp_view line)
{
	static uint8_t room[LIMIT_KEY_BLOB];
	struct sp_key_line parts, found;
	struct sp_view blob = { .data = room };
	size_t len;

	if (sp_key_parse_line(line, &parts) != SP_OK || parts.type.len == 0)
		return;
	check_part(line, parts.options);
	check_part(line, parts.type);
	check_part(line, parts.base64);
	check_part(line, parts.comment);
	if (sp_key_line_blob(&parts, room, sizeof room, &len) != SP_OK)
		return;
	blob.len = len;
	TARGET_ASSERT(sp_key_line_is(&parts, blob));
	TARGET_ASSERT(sp_key_find_line(&file, blob, &found));
	TARGET_ASSERT(view_equal(found.base64, parts.base64));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view file = view_of(data, size);
	struct sp_view rest = file;

	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		size_t len =
		    end == NULL ? rest.len : (size_t)(end - rest.data) + 1;

		check_line(file, view_of(rest.data, len));
		rest = view_of(rest.data + len, rest.len - len);
	}
	return 0;
}
