/* Loading, fetching and warming, before any fork. */
#include "daemon/login/preparation.h"

#include "daemon/login/localaccount.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
refuse(char problem[MODLOAD_PROBLEM_SIZE], const char *sentence)
{
	snprintf(problem, MODLOAD_PROBLEM_SIZE, "%s", sentence);
	return false;
}

static const struct modgroup *
load_groups(const struct module_settings *settings, size_t count,
    enum sp_kind kind, const struct modload_folder *folder, struct arena *arena,
    char problem[MODLOAD_PROBLEM_SIZE])
{
	struct modgroup *groups = arena_alloc(arena, count + 1, sizeof *groups);

	for (size_t i = 0; i < count; i++) {
		if (!modgroup_load(
			&groups[i], kind, &settings[i], folder, arena, problem))
			return NULL;
	}
	return groups;
}

/* A first signature and its verification load what OpenSSL loads late. */
static bool
warm_crypto(const struct sp_crypto *crypto)
{
	const struct sp_view text = { (const uint8_t *)"warm", 4 };
	uint8_t signature[SP_SIGNATURE_MAX];
	struct sp_key *key;
	bool is_good = false;
	size_t len;

	if (sp_key_generate(crypto, "ssh-ed25519", &key) != SP_OK)
		return false;
	if (sp_key_sign(key, "ssh-ed25519", text, signature, &len) == SP_OK)
		is_good =
		    sp_key_verify(crypto, sp_key_blob(key),
			(struct sp_view){ (const uint8_t *)"ssh-ed25519", 11 },
			text, (struct sp_view){ signature, len }) == SP_OK;
	sp_key_free(key);
	return is_good;
}

/* Whatever the answers are: the libraries that give them stay loaded. */
static void
warm_name_service(void)
{
	gid_t groups[8];
	int count = 8;
	struct localaccount account;

	if (getpwnam("root") != NULL)
		getgrouplist("root", 0, groups, &count);
	getgrgid(0);
	endpwent();
	endgrent();
	/* The shadow file too, and nothing of it stays. */
	if (localaccount_find("root", &account))
		localaccount_clear(&account);
}

/* A fork takes one thread along, and others' locks for good. */
static bool
has_one_thread(void)
{
	struct stat st;

	/* A folder has a link from each folder in it: one for a thread. */
	return stat("/proc/self/task", &st) != 0 || st.st_nlink == 3;
}

bool
preparation_make(struct zygote_given *given,
    const struct login_settings *settings, const struct modload_folder *folder,
    struct arena *arena, char problem[MODLOAD_PROBLEM_SIZE])
{
	const struct access_settings *access = &settings->access;

	*given = (struct zygote_given){ .settings = settings };
	given->crypto = sp_crypto_new();
	if (given->crypto == NULL || !warm_crypto(given->crypto))
		return refuse(problem, "libcrypto lacks an algorithm");
	given->auths = load_groups(access->auths, access->auth_count,
	    SP_KIND_AUTH, folder, arena, problem);
	if (given->auths == NULL)
		return false;
	given->handlers = load_groups(access->handlers, access->handler_count,
	    SP_KIND_HANDLER, folder, arena, problem);
	if (given->handlers == NULL)
		return false;
	warm_name_service();
	return has_one_thread() ||
	    refuse(problem, "a module started a thread: it must not");
}
