/*
 * The auth module "pam": whoever PAM says is right, whose account PAM says
 * may be used. Its stack runs in the login's own process and may take its
 * time. A password that has expired is changed in the same conversation. Who
 * was let in by another way has his account checked when PAM's session is
 * opened for him.
 */
#include "modules/pam/pamconv.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

struct conf {
	const char *service;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, service, SP_O_STR, "sallyport",
	    "name of the PAM service, a file in /etc/pam.d") },
	{ .name = NULL },
};

/* Of one login. What was let in keeps its handle until the end. */
struct state {
	pam_handle_t *handle; /* NULL: none */
	int status; /* of PAM's last call */
	bool is_proved; /* by PAM, which has checked the account too */
	pid_t opener; /* whose process the open session is; 0: none is */
	struct pamconv conv;
};

static bool
is_there(const char *folder, const char *service)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof path, "%s/%s", folder, service);

	return len > 0 && (size_t)len < sizeof path && access(path, F_OK) == 0;
}

/* PAM itself would go on with the service "other". */
static bool
start(const void *data, char *err, size_t err_size)
{
	const char *service = ((const struct conf *)data)->service;

	if (*service == '\0' || *service == '.' ||
	    strchr(service, '/') != NULL) {
		snprintf(err, err_size, "service: \"%s\" is no name", service);
		return false;
	}
	if (is_there("/etc/pam.d", service) ||
	    is_there("/usr/lib/pam.d", service) ||
	    access("/etc/pam.conf", F_OK) == 0)
		return true;
	snprintf(err, err_size,
	    "there is no /etc/pam.d/%s: etc/pam.d/sallyport of the sources is "
	    "one to begin with",
	    service);
	return false;
}

static void
finish(struct state *state)
{
	int status = state->status;

	/* In a copy of the process all but its memory is the other's. */
	if (state->opener != 0 && state->opener != getpid())
		status |= PAM_DATA_SILENT;
	if (state->handle != NULL)
		pam_end(state->handle, status);
	state->handle = NULL;
	state->is_proved = false;
	state->opener = 0;
}

/* Logs what PAM has against it; always false. */
static bool
complain(const struct state *state, const char *event, const char *user)
{
	const char *text = pam_strerror(state->handle, state->status);

	sp_log(LOG_INFO, event, "%s: %s", user, text);
	return false;
}

/* A handle of its own for each request: a stack begins at its beginning. */
static bool
begin(struct state *state, struct sp_login *login, const char *user,
    const struct conf *conf)
{
	const struct pam_conv conv = { pamconv_hold, &state->conv };

	finish(state);
	state->conv = (struct pamconv){ .login = login };
	state->status = pam_start(conf->service, user, &conv, &state->handle);
	if (state->status == PAM_SUCCESS)
		state->status = pam_set_item(
		    state->handle, PAM_RHOST, sp_login_get(login, "peer"));
	if (state->status == PAM_SUCCESS)
		state->status = pam_set_item(state->handle, PAM_TTY, "ssh");
	return state->status == PAM_SUCCESS ||
	    complain(state, "pam_start", user);
}

/* PAM may give the user another name, and would be asked about that one. */
static bool
is_same_user(const struct state *state, const char *user)
{
	const void *now = NULL;

	if (pam_get_item(state->handle, PAM_USER, &now) == PAM_SUCCESS &&
	    now != NULL && strcmp(now, user) == 0)
		return true;
	sp_log(LOG_NOTICE, "pam_user",
	    "a PAM module changed the user of %s: refused", user);
	return false;
}

/* PAM did not come to the question. */
static bool
is_broken(int status)
{
	return status == PAM_AUTHINFO_UNAVAIL || status == PAM_SYSTEM_ERR ||
	    status == PAM_SERVICE_ERR || status == PAM_BUF_ERR ||
	    status == PAM_OPEN_ERR || status == PAM_SYMBOL_ERR ||
	    status == PAM_ABORT || status == PAM_MODULE_UNKNOWN ||
	    status == PAM_CRED_UNAVAIL;
}

static enum sp_verdict
authenticate(struct state *state, const char *user)
{
	state->status =
	    pam_authenticate(state->handle, PAM_DISALLOW_NULL_AUTHTOK);
	if (state->status == PAM_SUCCESS)
		return is_same_user(state, user) ? SP_ALLOW : SP_DENY;
	complain(state, "pam_authenticate", user);
	if (state->conv.has_failed)
		return SP_DENY;
	if (state->status == PAM_USER_UNKNOWN)
		return SP_NEXT;
	return is_broken(state->status) ? SP_FAIL : SP_DENY;
}

static enum sp_verdict
change(struct state *state, const char *user)
{
	struct pamconv *c = &state->conv;

	c->is_changing = true;
	state->status =
	    pam_chauthtok(state->handle, PAM_CHANGE_EXPIRED_AUTHTOK);
	c->is_changing = false;
	if (state->status == PAM_SUCCESS) {
		sp_log(LOG_NOTICE, "pam_changed",
		    "%s has a new password, the old one had expired", user);
		return is_same_user(state, user) ? SP_ALLOW : SP_DENY;
	}
	complain(state, "pam_chauthtok", user);
	/* Another one might do; the client is asked where he cannot be here. */
	if (c->password != NULL && !c->has_failed &&
	    (state->status == PAM_AUTHTOK_ERR ||
		state->status == PAM_TRY_AGAIN))
		return SP_CHANGE;
	return SP_DENY;
}

/* Whether the account may be used; with a new password, if there must be. */
static enum sp_verdict
check_account(struct state *state, const char *user)
{
	const struct pamconv *c = &state->conv;

	state->status = pam_acct_mgmt(state->handle, PAM_DISALLOW_NULL_AUTHTOK);
	if (state->status == PAM_NEW_AUTHTOK_REQD) {
		if (c->password != NULL && c->new_password == NULL)
			return SP_CHANGE;
		return change(state, user);
	}
	if (state->status == PAM_SUCCESS)
		return is_same_user(state, user) ? SP_ALLOW : SP_DENY;
	complain(state, "pam_acct_mgmt", user);
	return SP_DENY;
}

static enum sp_verdict
prove(struct sp_login *login, const struct sp_cred *cred, const char *fresh,
    const void *conf)
{
	struct state *state = sp_login_state(login, sizeof *state);
	enum sp_verdict verdict = SP_FAIL;

	if (state == NULL)
		return SP_FAIL;
	if (begin(state, login, cred->user, conf)) {
		state->conv.password = cred->password;
		state->conv.new_password = fresh;
		verdict = authenticate(state, cred->user);
	}
	if (verdict == SP_ALLOW)
		verdict = check_account(state, cred->user);
	/* They are gone when this returns. */
	state->conv.password = state->conv.new_password = NULL;
	if (verdict != SP_ALLOW)
		finish(state);
	state->is_proved = verdict == SP_ALLOW;
	return verdict;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *conf)
{
	return prove(login, cred, NULL, conf);
}

static enum sp_verdict
change_password(struct sp_login *login, const struct sp_cred *cred,
    const char *fresh, const void *conf)
{
	return prove(login, cred, fresh, conf);
}

/* ---- sessions ---- */

/* Whether what has proved somebody was about this account. */
static bool
has_proved(const struct state *state, const char *user)
{
	const void *now = NULL;

	return state->is_proved &&
	    pam_get_item(state->handle, PAM_USER, &now) == PAM_SUCCESS &&
	    now != NULL && strcmp(now, user) == 0;
}

/* Nobody can be asked for a new password here: who needs one stays out. */
static bool
is_account_good(struct state *state, const char *user)
{
	state->status = pam_acct_mgmt(state->handle, PAM_DISALLOW_NULL_AUTHTOK);
	if (state->status == PAM_SUCCESS)
		return is_same_user(state, user);
	return complain(state, "pam_acct_mgmt", user);
}

/*
 * A stack that has not asked for a password may have no credentials to
 * set; what it then says is no verdict, as it was none who let him in.
 */
static bool
has_credentials(struct state *state, const char *user)
{
	state->status = pam_setcred(state->handle, PAM_ESTABLISH_CRED);
	if (state->status == PAM_SUCCESS)
		return true;
	complain(state, "pam_setcred", user);
	return !state->is_proved;
}

/* What may not be set is left out. */
static void
hand_on_environment(struct state *state, struct sp_login *login)
{
	char **list = pam_getenvlist(state->handle);

	if (list == NULL)
		return;
	for (char **variable = list; *variable != NULL; variable++) {
		char *value = strchr(*variable, '=');

		if (value != NULL) {
			*value = '\0';
			if (!sp_login_set_env(login, *variable, value + 1))
				sp_log(LOG_NOTICE, "pam_env",
				    "%s of PAM's environment is left out",
				    *variable);
		}
		free(*variable);
	}
	free(list);
}

static bool
open_session(struct sp_login *login, const void *conf)
{
	struct state *state = sp_login_state(login, sizeof *state);
	const char *user = sp_login_get(login, "user");

	if (state == NULL)
		return false;
	if (!has_proved(state, user) && !begin(state, login, user, conf))
		return false;
	state->conv.is_session = true;
	state->conv.has_failed = false;
	if ((!state->is_proved && !is_account_good(state, user)) ||
	    !has_credentials(state, user))
		return false;
	state->status = pam_open_session(state->handle, 0);
	if (state->status == PAM_SUCCESS && !is_same_user(state, user)) {
		pam_close_session(state->handle, 0);
		state->status = PAM_USER_UNKNOWN;
	}
	if (state->status != PAM_SUCCESS) {
		int status = state->status;

		complain(state, "pam_open_session", user);
		pam_setcred(state->handle, PAM_DELETE_CRED);
		state->status = status;
		return false;
	}
	hand_on_environment(state, login);
	state->opener = getpid();
	return true;
}

static void
close_session(struct sp_login *login, const void *conf)
{
	struct state *state = sp_login_state(login, sizeof *state);
	const char *user = sp_login_get(login, "user");

	(void)conf;
	if (state == NULL || state->handle == NULL)
		return;
	state->conv.has_failed = false;
	state->status = pam_close_session(state->handle, 0);
	if (state->status != PAM_SUCCESS)
		complain(state, "pam_close_session", user);
	state->status = pam_setcred(state->handle, PAM_DELETE_CRED);
	if (state->status != PAM_SUCCESS)
		sp_log(LOG_DEBUG, "pam_setcred", "%s: %s", user,
		    pam_strerror(state->handle, state->status));
}

static void
end(struct sp_login *login, bool accepted, const void *conf)
{
	struct state *state = sp_login_state(login, sizeof *state);

	(void)accepted;
	(void)conf;
	if (state != NULL)
		finish(state);
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "password,keyboard-interactive",
	.start = start,
	.check = check,
	.change_password = change_password,
	.end = end,
	.checks_account = true,
	.open = open_session,
	.close = close_session,
};

SP_MODULE("pam", "0.1", "passwords, prompts, accounts and sessions of PAM",
    struct conf, options, { SP_KIND_AUTH, &auth });
