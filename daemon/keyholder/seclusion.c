/* How a process with private keys is confined. */
#include "daemon/keyholder/seclusion.h"

#include "daemon/confine/confine.h"

#include <unistd.h>

const char *
seclusion_enter(enum ipc_role role)
{
	struct confine_account account;

	if (!confine_hide_memory())
		return "hiding its memory";
	if (geteuid() == 0) {
		if (!confine_find_account(IPC_ROLE_KEYHOLDER, &account))
			return "finding an account (make _sallyport-key)";
		if (!confine_empty_root())
			return "entering an empty root";
		if (!confine_become(&account))
			return "giving up root";
	}
	if (!confine_limits())
		return "setting limits";
	return confine_lock(role) ? NULL : "locking itself";
}
