/* What the pre-scan finds nothing wrong with, libconfig takes. */
#include "daemon/config/parse.h"
#include "daemon/config/prescan.h"
#include "lib/wire/view.h"
#include "tests/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mistakes mistakes;
	struct source source;
	struct arena arena;

	arena_init(&arena);
	mistake_init(&mistakes);
	source_of_text(&arena, "fuzz", view_of(data, size), &source);
	prescan_check(&source, &mistakes);
	if (mistakes.count == 0)
		TARGET_ASSERT(parse_source(&arena, &source, &mistakes) != NULL);
	mistake_clear(&mistakes);
	arena_clear(&arena);
	return 0;
}
