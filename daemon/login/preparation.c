/* Loading, fetching and warming, before any fork. */
#include "daemon/login/preparation.h"

#include "daemon/login/localaccount.h"
#include "lib/limits.h"
#include "lib/wire/writer.h"

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

/* A signature of a new key, verified. */
static bool
warm_type(const struct sp_crypto *crypto, const char *type)
{
	const struct sp_view text = view_of_string("warm");
	uint8_t signature[SP_SIGNATURE_MAX];
	struct sp_key *key;
	bool is_good = false;
	size_t len;

	if (sp_key_generate(crypto, type, &key) != SP_OK)
		return false;
	if (sp_key_sign(key, type, text, signature, &len) == SP_OK)
		is_good = sp_key_verify(crypto, sp_key_blob(key),
			      view_of_string(type), text,
			      view_of(signature, len)) == SP_OK;
	sp_key_free(key);
	return is_good;
}

/*
 * An RSA key takes long to make. Any odd number of its length will do to
 * find a signature wrong with.
 */
static bool
warm_rsa(const struct sp_crypto *crypto, const char *algorithm)
{
	static const uint8_t exponent[] = { 1, 0, 1 };
	const struct sp_view name = view_of_string(algorithm);
	uint8_t modulus[256] = { [0] = 0x80, [255] = 0x01 };
	struct buffer blob, signature;
	struct writer w;
	enum sp_status status;

	buffer_init(&blob, LIMIT_KEY_BLOB);
	buffer_init(&signature, SP_SIGNATURE_MAX);
	writer_init(&w, &blob);
	writer_cstring(&w, "ssh-rsa");
	writer_mpint(&w, view_of(exponent, sizeof exponent));
	writer_mpint(&w, view_of(modulus, sizeof modulus));
	status = writer_finish(&w);
	writer_init(&w, &signature);
	writer_string(&w, name);
	writer_string(&w, view_of(modulus, sizeof modulus));
	if (status == SP_OK)
		status = writer_finish(&w);
	if (status == SP_OK)
		status = sp_key_verify(crypto, buffer_view(&blob), name, name,
		    buffer_view(&signature));
	buffer_clear(&signature);
	buffer_clear(&blob);
	return status == SP_ERR_SIGNATURE;
}

/* A first signature of each type loads what OpenSSL loads late. */
static bool
warm_crypto(const struct sp_crypto *crypto)
{
	return warm_type(crypto, "ssh-ed25519") &&
	    warm_type(crypto, "ecdsa-sha2-nistp256") &&
	    warm_type(crypto, "ecdsa-sha2-nistp384") &&
	    warm_type(crypto, "ecdsa-sha2-nistp521") &&
	    warm_rsa(crypto, "rsa-sha2-512") &&
	    warm_rsa(crypto, "rsa-sha2-256");
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

static bool
can_open_sessions(const struct zygote_given *given,
    const struct access_settings *access, char problem[MODLOAD_PROBLEM_SIZE])
{
	for (size_t i = 0; i < access->profile_count; i++) {
		size_t way = access->profiles[i].session;

		if (way == SETTINGS_NONE ||
		    given->auths[way].module.auth.open != NULL)
			continue;
		snprintf(problem, MODLOAD_PROBLEM_SIZE,
		    "the module of auth.%s opens no sessions, and profile "
		    "\"%s\" wants them",
		    given->auths[way].name, access->profiles[i].name);
		return false;
	}
	return true;
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
	if (!can_open_sessions(given, access, problem))
		return false;
	warm_name_service();
	return has_one_thread() ||
	    refuse(problem, "a module started a thread: it must not");
}
