/* Requests at random: names, keys, passwords and answers. */
#include "cli/modtest/barrage.h"

#include "cli/modtest/hearing.h"
#include "cli/modtest/openfiles.h"
#include "lib/limits.h"
#include "lib/pump/pump.h"
#include "lib/wire/namelist.h"

#include <inttypes.h>

enum {
	USER_SIZE = 33,
	VERDICTS = SP_CHANGE + 1,
	METHODS = 5,
	HOST_SIZE = 64,
	ANSWERS = 4, /* at most, before he gives up */
	SHORT = 64, /* most passwords, and answers */
};

/* One request, and the rooms that it points into. */
struct shot {
	char user[USER_SIZE];
	struct sp_cred cred;
	uint8_t blob[LIMIT_KEY_BLOB];
	char fingerprint[SP_FINGERPRINT_SIZE];
	char host[HOST_SIZE];
	char client_user[USER_SIZE];
	char password[LIMIT_PASSWORD + 1];
	char new_password[LIMIT_PASSWORD + 1];
	char texts[ANSWERS][LIMIT_PASSWORD + 1];
	const char *items[ANSWERS];
	struct string_list answers;
};

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

/* Any bytes but NUL; mostly some, now and then as many as there may be. */
static void
make_text(uint64_t *state, size_t least, char text[LIMIT_PASSWORD + 1])
{
	size_t len = next_random(state) % 16 == 0
	    ? LIMIT_PASSWORD
	    : least + next_random(state) % SHORT;

	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)next_random(state);

		text[i] = (char)(byte == 0 ? '0' : byte);
	}
	text[len] = '\0';
}

/* A blob that begins with its type's name, mostly; the rest is noise. */
static size_t
make_blob(uint64_t *state, const char *type, uint8_t *blob, size_t size)
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

/* ---- a method's part ---- */

static void
load_key(struct shot *shot, uint64_t *state)
{
	static const char *const types[] = { "ssh-ed25519", "rsa-sha2-256",
		"ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com" };
	const char *type = types[next_random(state) % 4];

	shot->cred.key_algorithm = type;
	shot->cred.key_fingerprint = shot->fingerprint;
	shot->cred.probe = next_random(state) % 2 == 0;
	shot->cred.key = view_of(
	    shot->blob, make_blob(state, type, shot->blob, sizeof shot->blob));
}

/* Some are addresses, for who takes them apart. */
static void
load_host(struct shot *shot, uint64_t *state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				      ".-_:";
	size_t len = 1 + next_random(state) % (HOST_SIZE - 1);
	size_t from = next_random(state) % 4 == 0 ? 26 : 0;

	load_key(shot, state);
	shot->cred.probe = false;
	for (size_t i = 0; i < len; i++)
		shot->host[i] = letters[from +
		    next_random(state) % (sizeof letters - 1 - from)];
	make_user(state, shot->client_user);
	shot->cred.client_host = shot->host;
	shot->cred.client_user = shot->client_user;
}

static void
load_password(struct shot *shot, uint64_t *state)
{
	make_text(state, 1, shot->password);
	make_text(state, 1, shot->new_password);
	shot->cred.password = shot->password;
}

static void
load_answers(struct shot *shot, uint64_t *state)
{
	shot->cred.submethods = "";
	shot->answers.count = next_random(state) % (ANSWERS + 1);
	for (size_t i = 0; i < shot->answers.count; i++) {
		make_text(state, 0, shot->texts[i]);
		shot->items[i] = shot->texts[i];
	}
}

static void
load_nothing(struct shot *shot, uint64_t *state)
{
	(void)shot;
	(void)state;
}

struct method {
	const char *name;
	void (*load)(struct shot *, uint64_t *state);
};

static const struct method methods[METHODS] = {
	{ "publickey", load_key },
	{ "password", load_password },
	{ "keyboard-interactive", load_answers },
	{ "hostbased", load_host },
	{ "none", load_nothing },
};

/* ---- all of them ---- */

/* Those that the module has. */
static size_t
choose_methods(const struct modgroup *group, const struct method *room[METHODS])
{
	struct sp_view has = view_of_string(group->module.auth.methods);
	size_t count = 0;

	for (size_t i = 0; i < METHODS; i++) {
		if (namelist_has(has, view_of_string(methods[i].name)))
			room[count++] = &methods[i];
	}
	return count;
}

static enum sp_verdict
fire(const struct applicant_given *given, const struct method *method,
    uint64_t *state)
{
	struct shot shot = {
		.cred = { .size = sizeof shot.cred, .method = method->name },
	};
	struct hearing_proof proof = { .cred = &shot.cred };
	enum sp_verdict verdict = SP_FAIL;
	struct hearing hearing;

	shot.cred.user = shot.user;
	shot.answers.items = shot.items;
	make_user(state, shot.user);
	method->load(&shot, state);
	if (shot.cred.password != NULL)
		proof.new_password = shot.new_password;
	if (shot.cred.key_fingerprint != NULL &&
	    sp_key_fingerprint(
		given->crypto, shot.cred.key, shot.fingerprint) != SP_OK)
		return verdict;
	if (hearing_open(&hearing, given, shot.user, &shot.answers)) {
		verdict = hearing_ask(&hearing, &proof).verdict;
		hearing_close(&hearing, NULL);
	}
	return verdict;
}

void
barrage_run(const struct applicant_given *given, uint64_t count, uint64_t seed,
    struct answer *answer)
{
	uint64_t state = seed * 2 + 1, verdicts[VERDICTS] = { 0 }, wrong = 0;
	const struct method *has[METHODS];
	size_t has_count = choose_methods(given->group, has);
	int before = openfiles_count(), left;
	uint64_t began = pump_now();

	for (uint64_t i = 0; i < count && has_count > 0; i++) {
		const struct method *method =
		    has[has_count == 1 ? 0 : next_random(&state) % has_count];
		unsigned verdict = (unsigned)fire(given, method, &state);

		if (verdict < VERDICTS)
			verdicts[verdict]++;
		else
			wrong++;
	}
	answer->time_us = (pump_now() - began) * 1000 + 1;
	left = openfiles_count() - before;
	answer_add(answer,
	    "FUZZED %" PRIu64 " seed=%" PRIu64 " next=%" PRIu64
	    " allow=%" PRIu64 " deny=%" PRIu64 " more=%" PRIu64 " fail=%" PRIu64
	    " change=%" PRIu64 " nonsense=%" PRIu64 " left_open=%d",
	    count, seed, verdicts[SP_NEXT], verdicts[SP_ALLOW],
	    verdicts[SP_DENY], verdicts[SP_MORE], verdicts[SP_FAIL],
	    verdicts[SP_CHANGE], wrong, left);
	answer->is_failure = wrong > 0 || left > 0;
}
