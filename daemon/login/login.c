/* The functions of module.h that an auth module may call. */
#include "daemon/login/login.h"

#include "daemon/config/expand.h"
#include "daemon/log/log.h"
#include "daemon/login/userfile.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
format_endpoint(const struct cidr_endpoint *endpoint,
    char address[CIDR_TEXT_SIZE], char port[8])
{
	cidr_format_address(&endpoint->address, address);
	snprintf(port, 8, "%u", (unsigned)endpoint->port);
}

void
login_set_endpoints(struct sp_login *login, const struct cidr_endpoint *peer,
    const struct cidr_endpoint *local)
{
	format_endpoint(peer, login->peer, login->peer_port);
	format_endpoint(local, login->local, login->local_port);
}

const char *
login_identity(const struct sp_login *login)
{
	if (login->identity[0] != '\0')
		return login->identity;
	return login->trial.identity[0] == '\0' ? login->user
						: login->trial.identity;
}

void
login_clear(struct sp_login *login)
{
	trial_clear(&login->trial);
	restriction_clear(&login->restrictions);
	free(login->greeting);
	login->greeting = NULL;
}

const char *
sp_login_get(struct sp_login *login, const char *key)
{
	const struct {
		const char *key;
		const char *value;
	} facts[] = {
		{ "user", login->account->name },
		{ "uid", login->uid },
		{ "home", login->account->home },
		{ "shell", login->account->shell },
		{ "peer", login->peer },
		{ "peer_port", login->peer_port },
		{ "local", login->local },
		{ "local_port", login->local_port },
		{ "listener", login->listener },
		{ "profile", login->profile },
		{ "way", login->way },
	};

	snprintf(
	    login->uid, sizeof login->uid, "%u", (unsigned)login->account->uid);
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		if (strcmp(facts[i].key, key) == 0)
			return facts[i].value;
	}
	return NULL;
}

bool
sp_login_expand(
    struct sp_login *login, const char *pattern, char *room, size_t size)
{
	char host[HOST_NAME_MAX + 1] = "";
	struct expand_values values = {
		.user = login->user,
		.identity = login_identity(login),
		.home = login->account->home,
		.host = host,
	};

	if (gethostname(host, sizeof host - 1) != 0)
		values.host = NULL;
	return expand_text(pattern, &values, room, size) == EXPAND_OK;
}

const struct sp_crypto *
sp_login_crypto(struct sp_login *login)
{
	return login->crypto;
}

bool
sp_login_set_identity(struct sp_login *login, const char *identity)
{
	return trial_set_identity(&login->trial, login->identity, identity);
}

bool
sp_login_restrict(struct sp_login *login, const char *key, const char *value)
{
	return trial_restrict(&login->trial, key, value);
}

bool
login_greet(struct sp_login *login, const char *text)
{
	size_t have = login->greeting == NULL ? 0 : strlen(login->greeting);
	size_t len = strlen(text);
	bool has_end = len == 0 || text[len - 1] == '\n';
	size_t size = have + len + !has_end + 1;
	char *greeting;

	if (size > LOGIN_GREETING_SIZE)
		return false;
	greeting = realloc(login->greeting, size);
	if (greeting == NULL)
		return false;
	snprintf(
	    greeting + have, size - have, "%s%s", text, has_end ? "" : "\n");
	login->greeting = greeting;
	return true;
}

/* What the proof brought comes first: nothing here contradicts it. */
static bool
offer_variable(struct sp_login *login, const char *name, const char *value)
{
	return restriction_has_variable(&login->restrictions, name) ||
	    restriction_has_variable(&login->trial.said, name) ||
	    restriction_set_variable(&login->trial.said, name, value) == NULL;
}

bool
sp_login_set_env(struct sp_login *login, const char *name, const char *value)
{
	if (login->is_opening)
		return offer_variable(login, name, value);
	return trial_set_variable(&login->trial, name, value);
}

void
sp_login_allow_untouched(struct sp_login *login)
{
	login->trial.may_be_untouched = true;
}

void *
sp_login_state(struct sp_login *login, size_t size)
{
	struct login_state *state = login->state;

	if (state->memory == NULL) {
		state->memory = calloc(1, size);
		state->size = size;
	}
	return size <= state->size ? state->memory : NULL;
}

int
sp_service_fd(struct sp_login *login)
{
	return login->state->service;
}

void
login_state_init(struct login_state *state, int service)
{
	*state = (struct login_state){ .service = service };
}

void
login_state_clear(struct login_state *state)
{
	if (state->service >= 0)
		close(state->service);
	if (state->memory != NULL)
		OPENSSL_cleanse(state->memory, state->size);
	free(state->memory);
	login_state_init(state, -1);
}

int
sp_login_open(struct sp_login *login, const char *path)
{
	struct userfile_problem problem;
	int fd = userfile_open(login->account, path, &problem);

	if (fd < 0 && errno == EPERM) {
		log_event(EVENT_FILE_REFUSED,
		    LOG_FIELDS(log_text(FIELD_REASON, problem.reason),
			log_text(FIELD_PATH, problem.path),
			log_text(FIELD_USER, login->user)));
		errno = EPERM;
	}
	return fd;
}
