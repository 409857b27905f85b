/* Judging one request: first the signature, then the modules. */
#include "daemon/login/judgement.h"

#include "daemon/log/log.h"
#include "daemon/login/proof.h"
#include "daemon/modload/modlog.h"
#include "lib/limits.h"
#include "lib/wire/namelist.h"

#include <stdio.h>

enum { KEY_TEXT_SIZE = 128 };

/* One request while it is judged. */
struct question {
	struct attempt *attempt;
	const struct authentication_request *request;
	char method[LIMIT_METHOD + 1];
	char algorithm[LIMIT_METHOD + 1];
	char fingerprint[SP_FINGERPRINT_SIZE];
	struct sp_cred cred;
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
	    request->key.len <= LIMIT_KEY_BLOB;
}

static const char *
methods_of(size_t auth, void *arg)
{
	const struct question *q = arg;

	return q->attempt->given.auths[auth].module.auth.methods;
}

static enum sp_verdict
ask(size_t auth, void *arg)
{
	struct question *q = arg;
	const struct modgroup *group = &q->attempt->given.auths[auth];
	enum sp_verdict verdict;

	q->attempt->login.way = group->name;
	modlog_set_speaker(group->name);
	progress_set(q->attempt->given.progress, PROGRESS_WAY + (uint32_t)auth);
	verdict =
	    group->module.auth.check(&q->attempt->login, &q->cred, group->conf);
	progress_set(q->attempt->given.progress, PROGRESS_TALK);
	modlog_set_speaker(NULL);
	return verdict;
}

static bool
goes_on(size_t auth, void *arg)
{
	const struct question *q = arg;

	return q->attempt->given.settings->access.auths[auth].goes_on;
}

static bool
prepare(struct question *q)
{
	const struct authentication_request *request = q->request;

	if (!view_to_string(request->method, q->method, sizeof q->method) ||
	    !view_to_string(
		request->key_algorithm, q->algorithm, sizeof q->algorithm) ||
	    sp_key_fingerprint(q->attempt->given.crypto, request->key,
		q->fingerprint) != SP_OK)
		return false;
	q->cred = (struct sp_cred){
		.size = sizeof q->cred,
		.method = q->method,
		.user = q->attempt->candidate.user,
		.key_algorithm = q->algorithm,
		.key_fingerprint = q->fingerprint,
		.key = request->key,
		.probe = !request->is_signed,
	};
	return true;
}

/* A key that is no key, or a signature that is not over this session. */
static bool
is_proof_good(const struct question *q)
{
	const struct authentication_request *request = q->request;

	if (!view_equal_string(request->method, "publickey") ||
	    !view_equal_string(request->service, "ssh-connection") ||
	    !namelist_has(
		view_of_string(q->attempt->given.settings->crypto.user_key),
		request->key_algorithm) ||
	    !proof_is_for_host(q->attempt->given.crypto,
		q->attempt->given.host_key_hash, request))
		return false;
	if (!request->is_signed)
		return proof_is_possible(q->attempt->given.crypto, request);
	return proof_verify(q->attempt->given.crypto,
		   q->attempt->given.session_id, request) == SP_OK;
}

/* "ED25519 SHA256:...", as OpenSSH writes it. */
static void
describe_key(const struct question *q, char text[KEY_TEXT_SIZE])
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
	const char *name = q->algorithm;

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		size_t len = strlen(types[i].begins);

		if (strncmp(q->algorithm, types[i].begins, len) == 0)
			name = types[i].name;
	}
	snprintf(text, KEY_TEXT_SIZE, "%s%s%s", name,
	    *q->fingerprint == '\0' ? "" : " ", q->fingerprint);
}

static enum log_event
event_of(const struct question *q, enum accept_outcome outcome)
{
	if (outcome == ACCEPT_DONE)
		return EVENT_AUTH_ACCEPTED;
	if (outcome == ACCEPT_STEP)
		return EVENT_AUTH_PARTIAL;
	if (outcome == ACCEPT_WOULD_DO)
		return EVENT_AUTH_PROBED;
	if (!q->request->is_signed)
		return EVENT_AUTH_PROBE_REFUSED;
	return q->attempt->candidate.is_known ? EVENT_AUTH_FAILED
					      : EVENT_AUTH_FAILED_UNKNOWN;
}

static void
log_outcome(const struct question *q, enum accept_outcome outcome)
{
	const struct attempt *a = q->attempt;
	char key[KEY_TEXT_SIZE];

	describe_key(q, key);
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
	log_event(event_of(q, outcome),
	    LOG_FIELDS(log_view(FIELD_METHOD, q->request->method),
		log_text(FIELD_USER, a->candidate.user),
		log_text(FIELD_ADDRESS, a->login.peer),
		log_number(FIELD_PORT, a->given.peer.port),
		log_text(FIELD_KEY, key)));
}

static enum accept_outcome
judge(struct question *q)
{
	struct accept_asker asker = { methods_of, ask, goes_on, q };
	struct accept_request request = {
		.method = q->request->method,
		.key = q->request->key,
		.is_probe = !q->request->is_signed,
	};
	enum accept_outcome outcome;

	if (!prepare(q) || !is_proof_good(q))
		return ACCEPT_REFUSED;
	outcome = accept_judge(&q->attempt->accept, &request, &asker);
	/* Whatever a module thinks of him: there is nobody to let in. */
	if (!q->attempt->candidate.is_genuine ||
	    q->attempt->login.has_two_identities)
		return ACCEPT_REFUSED;
	return outcome;
}

enum accept_outcome
judgement_of(
    struct attempt *attempt, const struct authentication_request *request)
{
	struct question q = { .attempt = attempt, .request = request };
	enum accept_outcome outcome = judge(&q);

	log_outcome(&q, outcome);
	return outcome;
}

void
judgement_methods(struct attempt *attempt, char *room, size_t size)
{
	struct question q = { .attempt = attempt };
	struct accept_asker asker = { methods_of, ask, goes_on, &q };

	accept_methods(&attempt->accept, &asker, room, size);
}
