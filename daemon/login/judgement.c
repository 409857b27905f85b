/* Judging one request: first the signature, then the modules. */
#include "daemon/login/judgement.h"

#include "daemon/log/log.h"
#include "daemon/login/exhibit.h"
#include "daemon/login/proof.h"
#include "daemon/modload/modlog.h"
#include "lib/limits.h"
#include "lib/wire/namelist.h"
#include "lib/wire/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

enum {
	KEY_NAME_SIZE = 128,
	KEY_TEXT_SIZE =
	    512 + LIMIT_CERTIFICATE_ID + LIMIT_HOST_NAME + LIMIT_USER,
};

/* One request while it is judged. */
struct question {
	struct attempt *attempt;
	const struct authentication_request *request;
	struct exhibit exhibit;
	struct sp_key_presence presence; /* of who signed with it */
};

static bool
is_name(struct sp_view v, size_t max)
{
	return v.len > 0 && v.len <= max && !view_has_control(v);
}

bool
judgement_is_plain(const struct authentication_request *request)
{
	return is_name(request->user, CANDIDATE_NAME_SIZE - 1) &&
	    is_name(request->service, LIMIT_SERVICE) &&
	    is_name(request->method, LIMIT_METHOD) &&
	    request->key_algorithm.len <= LIMIT_METHOD &&
	    !view_has_control(request->key_algorithm) &&
	    request->key.len <= LIMIT_KEY_BLOB &&
	    request->submethods.len <= LIMIT_SUBMETHODS &&
	    !view_has_control(request->submethods) &&
	    request->client_host.len <= LIMIT_HOST_NAME &&
	    !view_has_control(request->client_host) &&
	    request->client_user.len <= LIMIT_USER &&
	    !view_has_control(request->client_user);
}

static const char *
methods_of(size_t auth, void *arg)
{
	const struct question *q = arg;

	return q->attempt->given.auths[auth].module.auth.methods;
}

static bool
is_method(const struct question *q, const char *method)
{
	return view_equal_string(q->request->method, method);
}

static bool
attach(struct attempt *a, const struct modgroup *group)
{
	struct login_state *state = a->login.state;

	if (!state->is_attached && !state->has_failed) {
		state->is_attached = group->module.auth.attach == NULL ||
		    group->module.auth.attach(&a->login, group->conf);
		state->has_failed = !state->is_attached;
	}
	return state->is_attached;
}

/* A new password is for the group that wants one, and can take it. */
static enum sp_verdict
change(struct question *q, size_t auth)
{
	struct attempt *a = q->attempt;
	const struct modgroup *group = &a->given.auths[auth];

	if (!a->wants_change || a->change_way != auth ||
	    group->module.auth.change_password == NULL)
		return SP_NEXT;
	return group->module.auth.change_password(
	    &a->login, &q->exhibit.cred, q->exhibit.new_password, group->conf);
}

static enum sp_verdict
ask_module(struct question *q, size_t auth)
{
	const struct modgroup *group = &q->attempt->given.auths[auth];

	if (!attach(q->attempt, group))
		return SP_FAIL;
	if (q->request->is_change)
		return change(q, auth);
	return group->module.auth.check(
	    &q->attempt->login, &q->exhibit.cred, group->conf);
}

/*
 * What a yes is worth. Whatever a module thinks of who cannot be let in, he
 * is to see no other answer; nor counts a yes without the answers it was to
 * depend on.
 */
static enum sp_verdict
weigh(struct question *q, size_t auth, enum sp_verdict verdict)
{
	struct attempt *a = q->attempt;
	bool is_yes = verdict == SP_ALLOW || verdict == SP_MORE;

	if (a->interview.state != INTERVIEW_OPEN)
		return SP_DENY;
	if ((is_yes || verdict == SP_CHANGE) && !a->candidate.is_genuine)
		return SP_DENY;
	if (verdict == SP_CHANGE) {
		if (!is_method(q, "password"))
			return SP_DENY;
		a->wants_change = true;
		a->change_way = auth;
	}
	return verdict;
}

static void
log_void(const struct question *q, const char *way, const char *reason)
{
	const struct attempt *a = q->attempt;

	log_event(EVENT_AUTH_VOID,
	    LOG_FIELDS(log_text(FIELD_MODULE, way),
		log_text(FIELD_USER, a->candidate.user),
		log_text(FIELD_ADDRESS, a->login.peer),
		log_number(FIELD_PORT, a->given.peer.port),
		log_text(FIELD_DETAIL, a->login.trial.problem_key),
		log_text(FIELD_REASON, reason)));
}

static void
begin_trial(struct question *q)
{
	const struct certified *key = &q->exhibit.key;
	const struct trial_proof proof = {
		.moment = {
			.peer = q->attempt->given.peer.address,
			.seconds = (uint64_t)time(NULL),
			.is_probe = q->exhibit.cred.probe,
			.is_verified = q->presence.is_verified,
		},
		.presence = q->presence,
		.certificate = key->is_one ? &key->certificate : NULL,
	};

	trial_begin(&q->attempt->login.trial, &proof);
}

/* Whether all that came with a yes can be kept; else it is none. */
static enum sp_verdict
settle(struct question *q, size_t auth, enum sp_verdict verdict)
{
	struct sp_login *login = &q->attempt->login;
	const struct modgroup *group = &q->attempt->given.auths[auth];
	const char *problem =
	    trial_settle(&login->trial, &verdict, &login->restrictions);

	if (problem != NULL)
		log_void(q, group->name, problem);
	if ((verdict == SP_ALLOW || verdict == SP_MORE) &&
	    !q->exhibit.cred.probe && group->module.auth.checks_account)
		login->is_account_checked = true;
	return verdict;
}

/* What is none of the verdicts is a no. */
static enum sp_verdict
check_verdict(enum sp_verdict verdict)
{
	if ((unsigned)verdict <= SP_CHANGE)
		return verdict;
	sp_log(LOG_ERR, "no_verdict",
	    "it answered %d, which is no verdict: it counts as DENY",
	    (int)verdict);
	return SP_DENY;
}

static void
speak_to(struct attempt *a, size_t auth)
{
	a->login.way = a->given.auths[auth].name;
	a->login.state = &a->states[auth];
	modlog_set_speaker(a->login.way);
	a->interview.stage = PROGRESS_WAY + (uint32_t)auth;
	progress_set(a->given.progress, a->interview.stage);
}

static void
speak_to_none(struct attempt *a)
{
	progress_set(a->given.progress, PROGRESS_TALK);
	modlog_set_speaker(NULL);
	a->login.state = NULL;
}

static enum sp_verdict
ask(size_t auth, void *arg)
{
	struct question *q = arg;
	enum sp_verdict verdict;

	/* Who does not know of certificates would take one for its key. */
	if (q->exhibit.key.is_one &&
	    !q->attempt->given.auths[auth].module.auth.takes_certificates)
		return SP_NEXT;
	begin_trial(q);
	speak_to(q->attempt, auth);
	verdict = check_verdict(ask_module(q, auth));
	speak_to_none(q->attempt);
	return settle(q, auth, weigh(q, auth, verdict));
}

bool
judgement_speak_to(struct attempt *a, size_t auth)
{
	speak_to(a, auth);
	return attach(a, &a->given.auths[auth]);
}

void
judgement_speak_to_none(struct attempt *a)
{
	speak_to_none(a);
}

void
judgement_end_one(struct attempt *a, bool accepted, size_t auth)
{
	const struct modgroup *group = &a->given.auths[auth];

	speak_to(a, auth);
	if (a->states[auth].is_attached && group->module.auth.end != NULL)
		group->module.auth.end(&a->login, accepted, group->conf);
	speak_to_none(a);
	login_state_clear(&a->states[auth]);
}

void
judgement_end(struct attempt *a, bool accepted, size_t but)
{
	for (size_t i = 0; i < a->given.settings->access.auth_count; i++) {
		if (!accepted || i != but)
			judgement_end_one(a, accepted, i);
	}
}

static bool
goes_on(size_t auth, void *arg)
{
	const struct question *q = arg;

	return q->attempt->given.settings->access.auths[auth].goes_on;
}

/* Whether a key is shown, and must be held. */
static bool
has_key(const struct question *q)
{
	return is_method(q, "publickey") || is_method(q, "hostbased");
}

/* False for a key that is none, or a signature over another session. */
static bool
is_proof_good(struct question *q)
{
	const struct authentication_request *request = q->request;
	const struct attempt *a = q->attempt;
	const struct certified *key = &q->exhibit.key;
	const struct proof proof = { .request = request, .key = key };

	if (!namelist_has(view_of_string(a->given.settings->crypto.user_key),
		view_of_string(key->algorithm)) ||
	    !proof_is_for_host(
		a->given.crypto, a->given.host_key_hash, request))
		return false;
	if (q->exhibit.cred.probe)
		return proof_is_possible(a->given.crypto, key);
	return proof_verify(a->given.crypto, a->given.session_id, &proof,
		   &q->presence) == SP_OK;
}

/* "ED25519", as OpenSSH writes it. */
static const char *
type_name(const char *algorithm)
{
	static const struct {
		const char *begins;
		const char *name;
	} types[] = {
		{ "ssh-ed25519", "ED25519" },
		{ "ssh-rsa", "RSA" },
		{ "rsa-sha2-", "RSA" },
		{ "ecdsa-sha2-", "ECDSA" },
		{ "sk-ssh-ed25519", "ED25519-SK" },
		{ "sk-ecdsa-sha2-", "ECDSA-SK" },
	};
	const char *name = algorithm;

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t len = strlen(types[i].begins);

		if (strncmp(algorithm, types[i].begins, len) == 0)
			name = types[i].name;
	}
	return name;
}

/* " ID alice (serial 7) CA ED25519 SHA256:...". */
static void
describe_certificate(const struct exhibit *e, char *text, size_t size)
{
	const struct sp_certificate *c = &e->key.certificate;
	char authority[LIMIT_KEY_NAME + 1] = "";
	struct reader r;

	reader_init(&r, c->authority);
	if (!view_to_string(reader_string(&r), authority, sizeof authority))
		authority[0] = '\0';
	snprintf(text, size, " ID %.*s (serial %" PRIu64 ") CA %s %s",
	    (int)c->key_id.len, (const char *)c->key_id.data, c->serial,
	    type_name(authority), e->authority);
}

/* ", client user "bob", client host "client.example"", as OpenSSH has it. */
static void
describe_client(const struct exhibit *e, char *text, size_t size)
{
	snprintf(text, size, ", client user \"%s\", client host \"%s\"",
	    e->client_user, e->client_host);
}

/* "ED25519 SHA256:...", and what there is of a certificate and a host. */
static const char *
describe_key(const struct exhibit *e, char text[KEY_TEXT_SIZE])
{
	size_t len;

	snprintf(text, KEY_NAME_SIZE, "%s%s%s%s", type_name(e->algorithm),
	    e->key.is_one ? "-CERT" : "", *e->fingerprint == '\0' ? "" : " ",
	    e->fingerprint);
	len = strlen(text);
	if (e->key.is_one)
		describe_certificate(e, text + len, KEY_TEXT_SIZE - len);
	len = strlen(text);
	if (e->client_user[0] != '\0')
		describe_client(e, text + len, KEY_TEXT_SIZE - len);
	return text;
}

static enum log_event
event_of(const struct question *q, enum accept_outcome outcome)
{
	if (outcome == ACCEPT_DONE)
		return EVENT_AUTH_ACCEPTED;
	if (outcome == ACCEPT_STEP)
		return EVENT_AUTH_PARTIAL;
	if (outcome == ACCEPT_WOULD_DO || outcome == ACCEPT_CHANGE)
		return EVENT_AUTH_PROBED;
	if (is_method(q, "none") ||
	    (is_method(q, "publickey") && !q->request->is_signed))
		return EVENT_AUTH_PROBE_REFUSED;
	return q->attempt->candidate.is_known ? EVENT_AUTH_FAILED
					      : EVENT_AUTH_FAILED_UNKNOWN;
}

static void
log_outcome(const struct question *q, enum accept_outcome outcome)
{
	const struct attempt *a = q->attempt;
	char room[KEY_TEXT_SIZE];
	const char *key = describe_key(&q->exhibit, room);
	const struct log_field fields[] = {
		log_view(FIELD_METHOD, q->request->method),
		log_text(FIELD_USER, a->candidate.user),
		log_text(FIELD_ADDRESS, a->login.peer),
		log_number(FIELD_PORT, a->given.peer.port),
		log_text(FIELD_KEY, key), /* not all methods have one */
	};

	if (outcome == ACCEPT_NO_NEXT_STEP)
		log_event(EVENT_LOGIN_FAILED,
		    LOG_FIELDS(log_text(FIELD_USER, a->candidate.user),
			log_text(FIELD_ADDRESS, a->login.peer),
			log_number(FIELD_PORT, a->given.peer.port),
			log_text(FIELD_REASON,
			    "a module wants a further step and the profile "
			    "has none"),
			log_text(FIELD_REMEDY,
			    "add the step to its accept with \"+\"")));
	log_event(event_of(q, outcome), fields, key[0] == '\0' ? 4 : 5);
}

/* The password is too old, and nobody has had it changed. */
static bool
is_overdue(const struct attempt *a)
{
	if (!a->candidate.must_change || a->login.is_account_checked)
		return false;
	log_event(EVENT_USER_REFUSED,
	    LOG_FIELDS(log_text(FIELD_USER, a->candidate.user),
		log_text(FIELD_ADDRESS, a->login.peer),
		log_text(FIELD_REASON, "its password must be changed first")));
	return true;
}

static enum accept_outcome
judge(struct question *q)
{
	struct attempt *a = q->attempt;
	struct accept_asker asker = { methods_of, ask, goes_on, q };
	struct accept_request request = { .method = q->request->method };
	enum accept_outcome outcome;

	if (!exhibit_make(
		&q->exhibit, a->given.crypto, &a->candidate, q->request))
		return ACCEPT_REFUSED;
	if (has_key(q) && !is_proof_good(q))
		return ACCEPT_REFUSED;
	/* With a certificate or without: it is the same key. */
	request.key = q->exhibit.key.key;
	request.is_probe = q->exhibit.cred.probe;
	outcome = accept_judge(&a->accept, &request, &asker);
	/* Said twice: there is nobody to let in. */
	if (!a->candidate.is_genuine)
		return outcome == ACCEPT_UNJUDGED ? outcome : ACCEPT_REFUSED;
	if (outcome == ACCEPT_DONE && is_overdue(a))
		return ACCEPT_REFUSED;
	if (outcome == ACCEPT_STEP || outcome == ACCEPT_DONE)
		trial_keep(
		    &a->login.trial, a->login.identity, &a->login.restrictions);
	return outcome;
}

enum accept_outcome
judgement_of(
    struct attempt *attempt, const struct authentication_request *request)
{
	struct question q = { .attempt = attempt, .request = request };
	enum accept_outcome outcome = judge(&q);

	log_outcome(&q, outcome);
	exhibit_clear(&q.exhibit);
	return outcome;
}

bool
judgement_hears_none(struct attempt *attempt)
{
	struct question q = { .attempt = attempt };
	struct accept_asker asker = { methods_of, ask, goes_on, &q };

	return accept_serves(&attempt->accept, &asker, view_of_string("none"));
}

void
judgement_methods(struct attempt *attempt, char *room, size_t size)
{
	struct question q = { .attempt = attempt };
	struct accept_asker asker = { methods_of, ask, goes_on, &q };

	accept_methods(&attempt->accept, &asker, room, size);
}
