/*
 * A connection taken over from bytes that a hostile gate may have made up:
 * refused, or alive for as long as its keys and counters make sense.
 */
#include "lib/wire/view.h"
#include "tests/fuzz/owner.h"
#include "tests/fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct owner server = { .role = SP_SERVER };
	struct sp_view tail = view_of(data + size / 2, size - size / 2);
	enum sp_status status;

	status = sp_engine_import(
	    owner_config(SP_SERVER, 0), view_of(data, size), &server.engine);
	if (status != SP_OK) {
		TARGET_ASSERT(status == SP_ERR_IMPORT);
		return 0;
	}
	owner_turn(&server);
	TARGET_ASSERT(sp_engine_import_accept(server.engine) == SP_ERR_STATE);
	TARGET_ASSERT(sp_engine_enable_connection(server.engine) == SP_OK);
	TARGET_ASSERT(sp_engine_import_accept(server.engine) == SP_OK);
	owner_turn(&server);
	owner_give(&server, &tail);
	owner_act(&server, 0); /* new keys */
	sp_engine_disconnect(server.engine, 11, "enough");
	owner_turn(&server);
	TARGET_ASSERT(server.is_closed);
	owner_end(&server);
	return 0;
}
