/* Two engines until the login, a socket pair and a session behind it. */
#include "cli/modtest/stage.h"

#include "daemon/config/dscp.h"
#include "daemon/ipc/ipc.h"
#include "daemon/ipc/tally.h"
#include "daemon/session/session.h"
#include "lib/pump/pump.h"
#include "lib/wire/namelist.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sallyport/key.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A client's window: what a reader that stops can be sent. */
enum { WINDOW = 64 * 1024, SUBSYSTEMS_MAX = 64 };

/* While both sides are here. */
struct rehearsal {
	const struct stage_given *given;
	struct sp_key *key;
	struct sp_engine *client, *server;
	uint8_t *exported;
	size_t exported_len;
	uint8_t session_id[64];
	size_t session_id_len;
	bool has_failed;
};

uint64_t
stage_now_ms(void)
{
	return pump_now();
}

/* What all sessions share here, as those of an identity do. */
static void *tally;

/* ---- until the login ---- */

static enum sp_status
sign(struct rehearsal *r, const struct sp_event *event)
{
	uint8_t room[SP_SIGNATURE_MAX];
	size_t len;
	enum sp_status status = sp_key_sign(r->key, sp_key_algorithm(r->key),
	    event->u.sign_exchange.hash, room, &len);

	if (status != SP_OK)
		return status;
	return sp_exchange_signed(r->server, event->token, view_of(room, len));
}

/* Whoever asks is let in: it is a handler that is looked at here. */
static enum sp_status export(
    struct rehearsal *r, const struct sp_event *event) {
	struct sp_view id = sp_engine_session_id(r->server);

	if (id.len > sizeof r->session_id) return SP_ERR_LIMIT;
	memcpy(r->session_id, id.data, id.len);
	r->session_id_len = id.len;
	return sp_engine_export(
	    r->server, event->token, &r->exported, &r->exported_len);
}

static enum sp_status
act(struct rehearsal *r, const struct sp_event *event)
{
	if (event->kind == SP_EVENT_SIGN_EXCHANGE)
		return sign(r, event);
	if (event->kind == SP_EVENT_AUTH_REQUEST)
		return export(r, event);
	if (event->kind == SP_EVENT_HOST_KEY)
		return sp_host_key_answer(r->client, event->token, true);
	if (event->kind == SP_EVENT_AUTH_READY)
		return sp_auth_none(r->client, "modtest");
	return event->kind == SP_EVENT_CLOSED ? SP_ERR_EOF : SP_OK;
}

static void
drain(struct rehearsal *r, struct sp_engine *engine)
{
	struct sp_event event;

	while (r->exported == NULL && !r->has_failed &&
	    sp_engine_next_event(engine, &event))
		r->has_failed = act(r, &event) != SP_OK;
}

/* True when something was moved. */
static bool
move(struct sp_engine *from, struct sp_engine *to)
{
	struct sp_view output = sp_engine_output(from);
	uint8_t *room;
	size_t len = sp_engine_input_room(to, &room);

	if (len > output.len)
		len = output.len;
	if (len == 0)
		return false;
	memcpy(room, output.data, len);
	sp_engine_input(to, len);
	sp_engine_output_sent(from, len);
	return true;
}

static bool
make_engines(struct rehearsal *r)
{
	const struct sp_host_key host_key = {
		.algorithm = sp_key_algorithm(r->key),
		.blob = sp_key_blob(r->key),
	};
	const struct sp_engine_config server = {
		.role = SP_SERVER,
		.crypto = r->given->crypto,
		.host_keys = &host_key,
		.host_key_count = 1,
		.now_ms = pump_now(),
	};
	const struct sp_engine_config client = {
		.role = SP_CLIENT,
		.crypto = r->given->crypto,
		.window_initial = WINDOW,
		.window_max = WINDOW,
		.now_ms = pump_now(),
	};

	return sp_engine_new(&server, &r->server) == SP_OK &&
	    sp_engine_new(&client, &r->client) == SP_OK &&
	    sp_engine_enable_connection(r->client) == SP_OK;
}

static bool
rehearse(struct rehearsal *r)
{
	bool is_moving = make_engines(r);

	while (is_moving && r->exported == NULL && !r->has_failed) {
		drain(r, r->client);
		drain(r, r->server);
		if (r->exported != NULL)
			break;
		is_moving = move(r->client, r->server);
		is_moving = move(r->server, r->client) || is_moving;
	}
	return r->exported != NULL;
}

/* ---- the session ---- */

/* A profile that lets a handler do all it says it can. */
static struct profile_settings
make_profile(const char *serves, struct subsystem_settings *subsystems)
{
	static const char *const variables[] = { "*" };
	struct sp_view list = view_of_string(serves), name;
	struct profile_settings profile = {
		.name = "modtest",
		.command = "",
		.run_as = "",
		.chroot = "",
		.banner = "",
		.motd = "",
		.subsystems = subsystems,
		.scp = SETTINGS_NONE,
		.env = { variables, 1 },
		.pty = true,
		.umask = 022,
		.max_channels = 8,
		.max_sessions = 8,
		.interactive = DSCP_NONE,
		.bulk = DSCP_NONE,
	};

	if (namelist_has(list, view_of_string("scp")))
		profile.scp = 0;
	while (namelist_next(&list, &name)) {
		static const char head[] = "subsystem:";
		size_t len = sizeof head - 1;

		if (profile.subsystem_count == SUBSYSTEMS_MAX ||
		    name.len <= len || memcmp(name.data, head, len) != 0)
			continue;
		subsystems[profile.subsystem_count++] =
		    (struct subsystem_settings){
			    .name = strndup(
				(const char *)name.data + len, name.len - len),
			    .handler = 0,
		    };
	}
	return profile;
}

static struct session_facts
make_facts(const char *identity)
{
	const struct passwd *account = getpwuid(getuid());
	struct session_facts facts = {
		.user = "nobody",
		.home = "/",
		.shell = "/bin/sh",
		.peer = "127.0.0.1",
		.peer_port = "1",
		.local = "127.0.0.1",
		.local_port = "22",
		.listener = "modtest",
	};

	if (account != NULL) {
		facts.user = account->pw_name;
		facts.home = account->pw_dir;
		if (account->pw_shell[0] != '\0')
			facts.shell = account->pw_shell;
	}
	facts.account = facts.user;
	facts.identity = identity == NULL ? facts.user : identity;
	return facts;
}

static int
run_session(const struct rehearsal *r, int socket)
{
	struct subsystem_settings subsystems[SUBSYSTEMS_MAX];
	const struct profile_settings profile =
	    make_profile(r->given->settings->serves, subsystems);
	const struct access_settings access = {
		.handlers = r->given->settings,
		.handler_count = 1,
		.profiles = &profile,
		.profile_count = 1,
	};
	const struct sp_algorithms algorithms = { .kex = NULL };
	const struct sp_host_key host_key = {
		.algorithm = sp_key_algorithm(r->key),
		.blob = sp_key_blob(r->key),
	};
	const struct session_given given = {
		.access = &access,
		.profile = &profile,
		.handlers = r->given->group,
		.crypto = r->given->crypto,
		.algorithms = &algorithms,
		.host_keys = &host_key,
		.host_key_count = 1,
		.facts = make_facts(r->given->identity),
		.client = socket,
		.tally = tally,
		.keyholder = -1,
		.session_id = view_of(r->session_id, r->session_id_len),
	};
	uint8_t *room = ipc_room_new();

	if (room == NULL || r->exported_len > IPC_ROOM)
		return EXIT_FAILURE;
	memcpy(room, r->exported, r->exported_len);
	return session_run(&given, room, view_of(room, r->exported_len));
}

/* Without memory there is none, as if there were no room. */
static void
share_tally(const struct stage_given *given)
{
	if (!given->group->counts || tally != NULL)
		return;
	tally = mmap(NULL, TALLY_SIZE, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		tally = NULL;
}

static bool
start_session(struct stage *stage, const struct rehearsal *r)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		ends) != 0)
		return false;
	share_tally(r->given);
	fflush(NULL);
	stage->session = fork();
	if (stage->session == 0) {
		close(ends[0]);
		_exit(run_session(r, ends[1]));
	}
	close(ends[1]);
	stage->socket = ends[0];
	if (stage->session > 0)
		return true;
	close(ends[0]);
	return false;
}

bool
stage_open(
    struct stage *stage, const struct stage_given *given, const char **problem)
{
	struct rehearsal r = { .given = given };
	bool is_open = false;

	*problem = "out of memory";
	if (sp_key_generate(given->crypto, "ssh-ed25519", &r.key) == SP_OK) {
		*problem = "the engines do not agree";
		is_open = rehearse(&r);
	}
	if (is_open) {
		*problem = "no process can be started for the session";
		is_open = start_session(stage, &r);
	}
	if (is_open)
		stage->client = r.client;
	else
		sp_engine_free(r.client);
	sp_engine_free(r.server);
	if (r.exported != NULL)
		sp_engine_export_free(r.exported, r.exported_len);
	sp_key_free(r.key);
	return is_open;
}

int
stage_close(struct stage *stage)
{
	int status = -1;

	close(stage->socket);
	sp_engine_free(stage->client);
	while (waitpid(stage->session, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

struct stage_memory
stage_memory_of(const struct stage *stage)
{
	struct stage_memory memory = { 0 };
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)stage->session);
	file = fopen(path, "re");
	if (file == NULL)
		return memory;
	while (fgets(line, sizeof line, file) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			memory.now = strtoull(line + 6, NULL, 10) * 1024;
		if (strncmp(line, "VmHWM:", 6) == 0)
			memory.most = strtoull(line + 6, NULL, 10) * 1024;
	}
	fclose(file);
	return memory;
}
