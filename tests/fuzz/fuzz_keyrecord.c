/* What the index says of a key: what is read is written the same. */
#include "modules/keydb/keyrecord.h"

#include "lib/wire/view.h"
#include "tests/fuzz/target.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keyrecord record, again;
	uint8_t room[KEYRECORD_MAX];
	size_t len;

	if (!keyrecord_decode(view_of(data, size), &record))
		return 0;
	TARGET_ASSERT(record.identity[0] != '\0');
	TARGET_ASSERT(keyrecord_set_identity(&again, record.identity));
	TARGET_ASSERT(keyrecord_set_options(&again, record.options));
	again.expires = record.expires;
	len = keyrecord_encode(&again, room);
	TARGET_ASSERT(len == size);
	TARGET_ASSERT(memcmp(room, data, len) == 0);
	return 0;
}
