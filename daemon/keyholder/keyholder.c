/*
 * sallyport-keyholder: the only program that holds private host keys.
 *
 * Runs as: root (or the user who started the daemon) until the keys are
 * read, then as an account of its own.
 * May see: the private host keys, and the parts of each exchange that it
 * signs, the shared secret among them.
 * May do: compute an exchange hash with its own host key in it, sign that
 * or, where the key is slow, have its worker sign it (worker.h), and say so
 * in a ticket. No network, no file, no new process.
 * Dies when: the supervisor retires it, or is gone, and the last gate,
 * login and session has hung up.
 *
 *	sallyport-keyholder STATE
 *
 * STATE is the folder where the key of "auto" is.
 */
#include "daemon/config/projection.h"
#include "daemon/confine/confine.h"
#include "daemon/ipc/kinship.h"
#include "daemon/keyholder/desk.h"
#include "daemon/keyholder/seclusion.h"
#include "daemon/keyholder/worker.h"
#include "daemon/log/log.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors for all but sessions: gates and logins, also retired ones. */
enum { FILES_OWN = 256 };
/* The row of HOST_KEYS. */
enum { HOST_KEYS_MAX = 65536 };

static int
fail(const char *reason, const char *remedy)
{
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(log_text(FIELD_ROLE, "keyholder"),
		log_text(FIELD_REASON, reason),
		log_text(FIELD_REMEDY, remedy)));
	return EXIT_FAILURE;
}

static bool
read_projection(struct arena *arena, struct keyholder_settings *settings)
{
	struct stat st;
	enum sp_status status;
	void *bytes;

	if (fstat(IPC_FD_PROJECTION, &st) != 0 || st.st_size <= 0)
		return false;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
	    IPC_FD_PROJECTION, 0);
	if (bytes == MAP_FAILED)
		return false;
	status = projection_read_keyholder(
	    view_of(bytes, (size_t)st.st_size), arena, settings);
	munmap(bytes, (size_t)st.st_size);
	close(IPC_FD_PROJECTION);
	return status == SP_OK;
}

/* It was named, and no client will be shown it in an exchange. */
static void
log_unused(const struct vault *vault, const char *algorithms)
{
	for (size_t i = 0; i < vault->count; i++) {
		const struct sp_key *key = vault->keys[i].key;
		char fingerprint[SP_FINGERPRINT_SIZE];

		if (vault_key_serves(&vault->keys[i], algorithms) ||
		    sp_key_fingerprint(
			vault->crypto, sp_key_blob(key), fingerprint) != SP_OK)
			continue;
		log_event(EVENT_HOST_KEY_UNUSED,
		    LOG_FIELDS(log_text(FIELD_ALGORITHM, sp_key_type(key)),
			log_text(FIELD_FINGERPRINT, fingerprint),
			log_text(FIELD_REMEDY,
			    "name its algorithm in server.crypto.host_key")));
	}
}

/* "auto" is the key that the supervisor has made. */
static bool
add_files(struct vault *vault, const struct string_list *paths,
    const char *state, struct arena *arena)
{
	const char *remedy;
	char problem[1024];

	for (size_t i = 0; i < paths->count; i++) {
		const char *path = paths->items[i];

		if (strcmp(path, "auto") == 0)
			path =
			    arena_format(arena, "%s/host_key_ed25519", state);
		if (!vault_add_file(
			vault, path, problem, sizeof problem, &remedy)) {
			fail(problem, remedy);
			return false;
		}
	}
	return true;
}

static bool
load_keys_of(struct vault *vault, const struct listener_settings *listener,
    const char *algorithms, const char *state, struct arena *arena)
{
	if (!vault_add_listener(vault, listener->at)) {
		fail("too many listeners", "name fewer in server.listen");
		return false;
	}
	if (!add_files(vault, &listener->host_keys, state, arena))
		return false;
	if (vault_serves(vault,
		vault_listener(vault, view_of_string(listener->at)),
		algorithms))
		return true;
	fail(arena_format(arena,
		 "no host key signs with an algorithm that is offered at %s",
		 listener->at),
	    "name another in host_keys, or its algorithm in "
	    "server.crypto.host_key");
	return false;
}

static bool
load_keys(struct vault *vault, const struct keyholder_settings *settings,
    const char *state, struct arena *arena)
{
	const char *algorithms = settings->crypto.host_key;

	for (size_t i = 0; i < settings->listen.count; i++)
		if (!load_keys_of(vault, &settings->listen.items[i], algorithms,
			state, arena))
			return false;
	log_unused(vault, algorithms);
	return true;
}

/* What others are told of them is one message. */
static bool
check_size(const struct vault *vault)
{
	struct control_host_keys list;
	struct buffer body;
	bool fits;

	buffer_init(&body, HOST_KEYS_MAX);
	fits = vault_list(vault, &list) &&
	    control_host_keys_encode(&list, &body) == SP_OK;
	buffer_clear(&body);
	if (!fits)
		fail("there are too many host keys and certificates",
		    "name fewer of them, or smaller ones");
	return fits;
}

static bool
load_certificates(
    struct vault *vault, const struct keyholder_settings *settings)
{
	const struct string_list *paths = &settings->host_certificates;
	const char *remedy;
	char problem[1024];

	for (size_t i = 0; i < paths->count; i++)
		if (!vault_add_certificate(vault, paths->items[i], problem,
			sizeof problem, &remedy)) {
			fail(problem, remedy);
			return false;
		}
	return true;
}

static int
fail_of(enum desk_end end)
{
	switch (end) {
	case DESK_RETIRED:
		break;
	case DESK_BROKEN:
		return fail("its event loop broke", "see memory");
	case DESK_LOST_WORKER:
		return fail("its worker, which signs with RSA, has gone",
		    "both are started anew; if it goes on, see memory and "
		    "the kernel's log");
	}
	return EXIT_SUCCESS;
}

static int
confine_and_serve(const struct desk_given *given)
{
	const char *step = seclusion_enter(IPC_ROLE_KEYHOLDER);
	char reason[256];

	if (step != NULL) {
		snprintf(
		    reason, sizeof reason, "%s: %s", step, strerror(errno));
		return fail(reason,
		    "start the daemon as root, or as a user "
		    "with a kernel that allows it");
	}
	return fail_of(desk_serve(given));
}

/* The worker is forked before there is a loop: it has none. */
static int
start_and_serve(struct vault *vault, struct desk_given *given)
{
	int status;

	if (!worker_start(vault, &given->worker))
		return fail("its worker, which signs with RSA, did not begin",
		    "see memory, and the line before this one");
	given->vault = vault;
	given->base = event_base_new();
	if (given->base == NULL)
		return fail("no event loop", "see memory");
	status = confine_and_serve(given);
	event_base_free(given->base);
	return status;
}

/* The rest is for whoever else speaks to us, and for orders. */
static size_t
sessions_max(size_t files)
{
	return files > 2 * FILES_OWN ? files - FILES_OWN : files / 2;
}

static int
run(const char *state, size_t files)
{
	struct keyholder_settings settings;
	struct sp_crypto *crypto = sp_crypto_new();
	struct desk_given given = { .control = IPC_FD_CONTROL };
	struct arena arena;
	struct vault vault;
	int status = EXIT_FAILURE;

	arena_init(&arena);
	vault_init(&vault, crypto);
	if (crypto == NULL) {
		fail("no algorithms",
		    "see memory and the installation of OpenSSL");
	} else if (!read_projection(&arena, &settings)) {
		fail("its settings are malformed",
		    "install all programs in the same version");
	} else {
		log_open(IPC_FD_LOG, (enum log_level)settings.log_level);
		given.sessions_max = sessions_max(files);
		given.ticket_life = 2 * settings.login_time;
		if (load_keys(&vault, &settings, state, &arena) &&
		    load_certificates(&vault, &settings) && check_size(&vault))
			status = start_and_serve(&vault, &given);
	}
	vault_clear(&vault);
	arena_clear(&arena);
	sp_crypto_free(crypto);
	return status;
}

int
main(int argc, char *argv[])
{
	const int keep[] = { 0, 1, 2, IPC_FD_CONTROL, IPC_FD_PROJECTION,
		IPC_FD_LOG };
	size_t files;

	kinship_require("sallyport-keyholder");
	confine_shield();
	if (argc != 2 || !confine_close_fds(keep, sizeof keep / sizeof *keep))
		return EXIT_FAILURE;
	/* Each session has a socket here. */
	files = confine_raise_files();
	log_open(IPC_FD_LOG, LOG_LEVEL_DEBUG);
	return run(argv[1], files);
}
