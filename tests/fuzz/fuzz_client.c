/*
 * A client's engine fed with anything: what servers may greet it with.
 * The first byte chooses the algorithms.
 */
#include "lib/wire/view.h"
#include "tests/fuzz/owner.h"
#include "tests/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view bytes;
	struct owner client;

	if (size == 0)
		return 0;
	bytes = view_of(data + 1, size - 1);
	owner_start(&client, SP_CLIENT, data[0], (uint32_t)size);
	owner_give(&client, &bytes);
	sp_engine_input_eof(client.engine);
	owner_turn(&client);
	TARGET_ASSERT(client.is_closed);
	owner_end(&client);
	return 0;
}
