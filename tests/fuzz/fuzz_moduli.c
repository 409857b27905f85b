/* What is kept of any file of moduli(5) are groups that can be given. */
#include "daemon/config/moduli.h"
#include "lib/crypto/dh.h"
#include "lib/limits.h"
#include "lib/wire/view.h"
#include "tests/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mistakes mistakes;
	struct group_list groups;
	struct dh_group group;
	struct arena arena;

	if (size > SOURCE_FILE_MAX)
		return 0;
	arena_init(&arena);
	mistake_init(&mistakes);
	groups = moduli_of_text(&arena, "fuzz", view_of(data, size), &mistakes);
	TARGET_ASSERT(groups.count <= MODULI_GROUPS_MAX);
	for (size_t i = 0; i < groups.count; i++)
		TARGET_ASSERT(
		    dh_group_init(&group, groups.items[i].prime,
			groups.items[i].generator, LIMIT_GROUP_BITS_MIN,
			LIMIT_GROUP_BITS_SERVED) == SP_OK);
	mistake_clear(&mistakes);
	arena_clear(&arena);
	return 0;
}
