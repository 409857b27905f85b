/*
 * Projections: what a reader takes for one is consistent, so that the
 * rules can be asked about anybody.
 */
#include "daemon/config/projection.h"
#include "daemon/config/rules.h"
#include "tests/fuzz/target.h"

static void
ask(const struct access_settings *access)
{
	struct rules_client client = {
		.user = "alice",
		.has_account = true,
		.account = "alice",
		.uid = 1000,
	};
	struct rules_verdict verdict = rules_decide(access, &client);

	TARGET_ASSERT(verdict.profile < access->profile_count);
	TARGET_ASSERT(verdict.is_refused ||
	    access->rules[verdict.rule].profile == verdict.profile);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_view view = { data, size };
	struct keyholder_settings keyholder;
	struct ledger_settings ledger;
	struct login_settings login;
	struct gate_settings gate;
	struct supervisor_settings supervisor;
	struct arena arena;

	arena_init(&arena);
	if (projection_read_gate(view, &arena, &gate) == SP_OK)
		TARGET_ASSERT(gate.gates > 0);
	if (projection_read_supervisor(view, &arena, &supervisor) == SP_OK)
		TARGET_ASSERT(
		    supervisor.gates > 0 && supervisor.listen.count > 0);
	if (projection_read_keyholder(view, &arena, &keyholder) == SP_OK)
		TARGET_ASSERT(keyholder.listen.count > 0);
	if (projection_read_ledger(view, &arena, &ledger) == SP_OK)
		TARGET_ASSERT(ledger.penalties.exempt.count <= size);
	if (projection_read_login(view, &arena, &login) == SP_OK)
		ask(&login.access);
	arena_clear(&arena);
	return 0;
}
