/* Credentials, written by hand or at random, and what is said of them. */
#include "cli/modtest/applicant.h"

#include "daemon/login/login.h"
#include "daemon/modload/modlog.h"
#include "lib/limits.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum { FILE_MAX = 64 * 1024, USER_SIZE = 33, VERDICTS = SP_CHANGE + 1 };

/* One login: who asks, and with what. */
struct login {
	struct localaccount account;
	struct login_state state; /* the module's */
	struct sp_login self;
};

static const char *const names[VERDICTS] = {
	[SP_NEXT] = "NEXT",
	[SP_ALLOW] = "ALLOW",
	[SP_DENY] = "DENY",
	[SP_MORE] = "MORE",
	[SP_FAIL] = "FAIL",
	[SP_CHANGE] = "CHANGE",
};

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The descriptors that are open; -1 where nobody can say. */
static int
count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	if (folder == NULL)
		return -1;
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

/* ---- a login ---- */

/* Who does not exist has the account that nothing can match, as in a login. */
static bool
login_begin(struct login *login, const char *user)
{
	static const struct cidr_endpoint nowhere = { .port = 0 };

	*login = (struct login){
		.self = {
			.user = user,
			.profile = "modtest",
			.listener = "modtest",
		},
	};
	if (!localaccount_find(user, &login->account))
		return false;
	if (!login->account.exists) {
		localaccount_clear(&login->account);
		if (!localaccount_make_decoy(user, &login->account))
			return false;
	}
	login->self.account = &login->account;
	login_set_endpoints(&login->self, &nowhere, &nowhere);
	return true;
}

static void
login_end(struct login *login)
{
	login_state_clear(&login->state);
	login_clear(&login->self);
	localaccount_clear(&login->account);
}

/* From first to last, as a login does. */
static enum sp_verdict
ask_module(const struct modgroup *group, struct sp_login *login,
    const struct sp_cred *cred)
{
	const struct sp_auth_ops *auth = &group->module.auth;
	enum sp_verdict verdict;

	if (auth->attach != NULL && !auth->attach(login, group->conf))
		return SP_FAIL;
	verdict = auth->check(login, cred, group->conf);
	if (auth->end != NULL)
		auth->end(login, verdict == SP_ALLOW, group->conf);
	return verdict;
}

static enum sp_verdict
ask(const struct applicant_given *given, struct login *login,
    const struct sp_cred *cred)
{
	const struct trial_proof proof = {
		.moment = { .seconds = (uint64_t)time(NULL),
		    .is_probe = cred->probe },
	};
	enum sp_verdict verdict;

	login->self.way = given->group->name;
	login->self.crypto = given->crypto;
	login->self.state = &login->state;
	trial_begin(&login->self.trial, &proof);
	modlog_set_speaker(given->group->name);
	verdict = ask_module(given->group, &login->self, cred);
	modlog_set_speaker(NULL);
	return verdict;
}

/* ---- one by hand ---- */

static void
tell(struct answer *answer, struct login *login, enum sp_verdict verdict)
{
	const char *problem = trial_settle(
	    &login->self.trial, &verdict, &login->self.restrictions);

	if ((unsigned)verdict >= VERDICTS) {
		answer_add(answer,
		    "NONSENSE %d: no verdict; a login takes it for DENY",
		    (int)verdict);
		answer->is_failure = true;
	} else if (problem != NULL) {
		answer_add(answer, "DENY: %s: %s",
		    login->self.trial.problem_key, problem);
	} else if (verdict == SP_ALLOW || verdict == SP_MORE) {
		answer_add(answer, "%s identity=%s", names[verdict],
		    login_identity(&login->self));
	} else {
		answer_add(answer, "%s", names[verdict]);
	}
}

static void
ask_once(const struct applicant_given *given, const struct sp_cred *cred,
    struct answer *answer)
{
	int before = count_descriptors(), left;
	enum sp_verdict verdict;
	struct login login;
	uint64_t began;

	if (!login_begin(&login, cred->user)) {
		answer_add(answer, "ERROR out of memory");
		return;
	}
	began = now_us();
	verdict = ask(given, &login, cred);
	answer->time_us = now_us() - began + 1;
	tell(answer, &login, verdict);
	login_end(&login);
	left = count_descriptors() - before;
	if (left > 0)
		answer_add(answer, "left open: %d descriptors", left);
}

static bool
read_file(const char *path, struct buffer *text)
{
	FILE *file = fopen(path, "re");
	uint8_t *room;
	size_t len;

	buffer_init(text, FILE_MAX);
	if (file == NULL)
		return false;
	if (buffer_room(text, FILE_MAX, &room) == SP_OK) {
		len = fread(room, 1, FILE_MAX, file);
		buffer_grew(text, len);
	}
	fclose(file);
	return true;
}

/* The blob of the first line of a public key file. */
static bool
read_key(const char *path, uint8_t *blob, size_t size, size_t *len)
{
	struct sp_key_line line;
	struct buffer text;
	struct sp_view all;
	bool is_read = read_file(path, &text);
	const uint8_t *end;

	all = buffer_view(&text);
	end = all.len == 0 ? NULL : memchr(all.data, '\n', all.len);
	if (end != NULL)
		all.len = (size_t)(end - all.data);
	is_read = is_read && sp_key_parse_line(all, &line) == SP_OK &&
	    sp_key_line_blob(&line, blob, size, len) == SP_OK;
	buffer_clear(&text);
	return is_read;
}

/* The name that its blob begins with. */
static bool
name_key(struct sp_view key, char name[LIMIT_METHOD + 1])
{
	size_t len;

	if (key.len < 4 || key.data[0] != 0 || key.data[1] != 0)
		return false;
	len = (size_t)key.data[2] << 8 | key.data[3];
	return len <= key.len - 4 &&
	    view_to_string(view_of(key.data + 4, len), name, LIMIT_METHOD + 1);
}

void
applicant_offer_key(const struct applicant_given *given, const char *user,
    const char *file, bool probe, struct answer *answer)
{
	uint8_t blob[LIMIT_KEY_BLOB];
	char fingerprint[SP_FINGERPRINT_SIZE], type[LIMIT_METHOD + 1];
	struct sp_cred cred = {
		.size = sizeof cred,
		.method = "publickey",
		.user = user,
		.key_algorithm = type,
		.key_fingerprint = fingerprint,
		.key = { blob, 0 },
		.probe = probe,
	};

	if (!read_key(file, blob, sizeof blob, &cred.key.len) ||
	    !name_key(cred.key, type) ||
	    sp_key_fingerprint(given->crypto, cred.key, fingerprint) != SP_OK) {
		answer_add(answer, "ERROR %s: no public key", file);
		return;
	}
	if (strcmp(type, "ssh-rsa") == 0)
		cred.key_algorithm = "rsa-sha2-512";
	ask_once(given, &cred, answer);
}

/* ---- many at random ---- */

/* xorshift64*: the same everywhere, and good enough for this. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

/* Of the bytes that a login lets through: none is a control character. */
static void
make_user(uint64_t *state, char user[USER_SIZE])
{
	size_t len = 1 + next_random(state) % (USER_SIZE - 1);

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)next_random(state);

		user[i] = (char)(byte < 0x20 || byte == 0x7f ? 'a' : byte);
	}
	user[len] = '\0';
}

/* A blob that begins with its type's name, mostly; the rest is noise. */
static size_t
make_key(uint64_t *state, const char *type, uint8_t *blob, size_t size)
{
	size_t name = strlen(type);
	size_t len = next_random(state) % (size / 8);

	for (size_t i = 0; i < len; i++)
		blob[i] = (uint8_t)next_random(state);
	if (len < 4 + name || next_random(state) % 8 == 0)
		return len;
	memset(blob, 0, 4);
	blob[3] = (uint8_t)name;
	memcpy(blob + 4, type, name);
	return len;
}

static enum sp_verdict
fuzz_once(const struct applicant_given *given, uint64_t *state)
{
	static const char *const types[] = { "ssh-ed25519", "rsa-sha2-256",
		"ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com" };
	uint8_t blob[LIMIT_KEY_BLOB];
	char fingerprint[SP_FINGERPRINT_SIZE], user[USER_SIZE];
	struct sp_cred cred = {
		.size = sizeof cred,
		.method = "publickey",
		.user = user,
		.key_algorithm = types[next_random(state) % 4],
		.key_fingerprint = fingerprint,
		.probe = next_random(state) % 2 == 0,
	};
	enum sp_verdict verdict = SP_FAIL;
	struct login login;

	make_user(state, user);
	cred.key = view_of(
	    blob, make_key(state, cred.key_algorithm, blob, sizeof blob));
	if (sp_key_fingerprint(given->crypto, cred.key, fingerprint) == SP_OK &&
	    login_begin(&login, user)) {
		verdict = ask(given, &login, &cred);
		login_end(&login);
	}
	return verdict;
}

void
applicant_fuzz(const struct applicant_given *given, uint64_t count,
    uint64_t seed, struct answer *answer)
{
	uint64_t state = seed * 2 + 1, verdicts[VERDICTS] = { 0 }, wrong = 0;
	int before = count_descriptors(), left;
	uint64_t began = now_us();

	for (uint64_t i = 0; i < count; i++) {
		unsigned verdict = (unsigned)fuzz_once(given, &state);

		if (verdict < VERDICTS)
			verdicts[verdict]++;
		else
			wrong++;
	}
	answer->time_us = now_us() - began + 1;
	left = count_descriptors() - before;
	answer_add(answer,
	    "FUZZED %" PRIu64 " seed=%" PRIu64 " next=%" PRIu64
	    " allow=%" PRIu64 " deny=%" PRIu64 " more=%" PRIu64 " fail=%" PRIu64
	    " nonsense=%" PRIu64 " left_open=%d",
	    count, seed, verdicts[SP_NEXT], verdicts[SP_ALLOW],
	    verdicts[SP_DENY], verdicts[SP_MORE], verdicts[SP_FAIL], wrong,
	    left);
	answer->is_failure = wrong > 0 || left > 0;
}
