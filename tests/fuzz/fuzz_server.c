/* A server's engine fed with anything: strangers' first bytes and on. */
#include "lib/wire/view.h"
#include "tests/fuzz/owner.h"
#include "tests/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view bytes = view_of(data, size);
	struct owner server;

	owner_start(&server, SP_SERVER, (uint32_t)size);
	owner_give(&server, &bytes);
	/* What is not taken was refused for good, or waits for an answer. */
	sp_engine_input_eof(server.engine);
	owner_turn(&server);
	TARGET_ASSERT(server.is_closed);
	owner_end(&server);
	return 0;
}
