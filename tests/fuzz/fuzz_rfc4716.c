/* RFC 4716 files: what is read can be written and read again. */
#include "lib/limits.h"
#include "lib/wire/view.h"
#include "tests/fuzz/target.h"

#include <sallyport/key.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[LIMIT_KEY_BLOB], again[LIMIT_KEY_BLOB];
	size_t len, again_len;
	char *text;

	if (sp_key_parse_rfc4716(
		view_of(data, size), room, sizeof room, &len) != SP_OK)
		return 0;
	TARGET_ASSERT(
	    sp_key_format_rfc4716(view_of(room, len), "fuzz", &text) == SP_OK);
	TARGET_ASSERT(sp_key_parse_rfc4716(view_of_string(text), again,
			  sizeof again, &again_len) == SP_OK);
	TARGET_ASSERT(
	    view_equal(view_of(room, len), view_of(again, again_len)));
	sp_key_free_text(text);
	return 0;
}
