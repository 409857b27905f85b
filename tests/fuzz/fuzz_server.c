/*
 * A server's engine fed with anything: strangers' first bytes and on.
 * The first byte chooses the algorithms.
 */
#include "lib/wire/view.h"
#include "tests/fuzz/owner.h"
#include "tests/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view bytes;
	struct owner server;

	if (size == 0)
		return 0;
	bytes = view_of(data + 1, size - 1);
	owner_start(&server, SP_SERVER, data[0], (uint32_t)size);
	owner_give(&server, &bytes);
	/* What is not taken was refused for good, or waits for an answer. */
	sp_engine_input_eof(server.engine);
	owner_turn(&server);
	TARGET_ASSERT(server.is_closed);
	owner_end(&server);
	return 0;
}
