/* Credentials, written by hand, and what is said of them. */
#include "cli/modtest/applicant.h"

#include "cli/modtest/hearing.h"
#include "cli/modtest/openfiles.h"
#include "lib/limits.h"
#include "lib/wire/namelist.h"

#include <time.h>

enum { FILE_MAX = 64 * 1024 };

static const struct string_list no_answers = { .count = 0 };

/* A request, and what goes with it. */
struct offer {
	const struct applicant_given *given;
	const char *user;
	struct authentication_request request;
	const struct string_list *answers;
	const char *new_password; /* NULL: none */
};

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- what is said ---- */

static void
tell_verdict(struct answer *answer, const struct hearing *hearing,
    const struct hearing_result *result)
{
	if (hearing_name(result->verdict) == NULL) {
		answer_add(answer,
		    "NONSENSE %d: no verdict; a login takes it for DENY",
		    (int)result->verdict);
		answer->is_failure = true;
	} else if (result->problem != NULL) {
		answer_add(
		    answer, "DENY: %s: %s", result->about, result->problem);
	} else if (result->counts == SP_ALLOW || result->counts == SP_MORE) {
		answer_add(answer, "%s identity=%s",
		    hearing_name(result->counts),
		    login_identity(&hearing->login));
	} else {
		answer_add(answer, "%s", hearing_name(result->counts));
	}
}

/* Lists of a key are lines of its value. */
static void
tell_restriction(struct answer *answer, const char *key, const char *value)
{
	while (value != NULL && *value != '\0') {
		size_t len = strcspn(value, "\n");

		answer_add(answer, "restrict %s=%.*s", key, (int)len, value);
		value += len + (value[len] == '\n');
	}
}

void
applicant_tell_restrictions(
    struct answer *answer, const struct restrictions *said)
{
	static const char *const keys[] = {
#define RESTRICTION(name, key, rule) key,
#include "daemon/session/restriction.def"
#undef RESTRICTION
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		tell_restriction(
		    answer, keys[i], restriction_value(said, keys[i]));
	for (size_t i = 0; i < said->variable_count; i++)
		answer_add(answer, "env %s", said->variables[i]);
}

/* ---- asking ---- */

static void
hear(const struct offer *offer, struct hearing *hearing, struct answer *answer)
{
	struct exhibit exhibit;
	struct hearing_proof proof = { .cred = &exhibit.cred };
	struct hearing_result result;
	uint64_t began = now_us();

	if (exhibit_make(&exhibit, offer->given->crypto, &hearing->candidate,
		&offer->request)) {
		if (exhibit.key.is_one)
			proof.certificate = &exhibit.key.certificate;
		proof.new_password = offer->new_password;
		result = hearing_ask(hearing, &proof);
		answer->time_us = now_us() - began + 1;
		tell_verdict(answer, hearing, &result);
		if (result.counts == SP_ALLOW || result.counts == SP_MORE)
			applicant_tell_restrictions(
			    answer, &hearing->login.trial.merged);
	} else {
		answer_add(answer,
		    "DENY: %.*s: a login asks no module about this one",
		    (int)offer->request.method.len,
		    (const char *)offer->request.method.data);
	}
	exhibit_clear(&exhibit);
}

static bool
has_method(const struct offer *offer)
{
	return namelist_has(
	    view_of_string(offer->given->group->module.auth.methods),
	    offer->request.method);
}

static void
ask_once(const struct offer *offer, struct answer *answer)
{
	int before = openfiles_count(), left;
	struct hearing hearing;

	if (!has_method(offer)) {
		answer_add(answer, "ERROR its methods are %s",
		    offer->given->group->module.auth.methods);
		answer->is_failure = true;
		return;
	}
	if (!hearing_open(
		&hearing, offer->given, offer->user, offer->answers)) {
		answer_add(answer, "ERROR out of memory");
		return;
	}
	hear(offer, &hearing, answer);
	hearing_close(&hearing, answer);
	left = openfiles_count() - before;
	if (left > 0)
		answer_add(answer, "left open: %d descriptors", left);
}

/* ---- keys ---- */

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

/* What it signs with: mostly the name that its blob begins with. */
static struct sp_view
algorithm_of(struct sp_view key)
{
	struct sp_view name = { NULL, 0 };

	if (key.len < 4 || key.data[0] != 0 || key.data[1] != 0)
		return name;
	name.len = (size_t)key.data[2] << 8 | key.data[3];
	if (name.len > key.len - 4 || name.len > LIMIT_METHOD)
		return view_of(NULL, 0);
	name.data = key.data + 4;
	if (view_equal_string(name, "ssh-rsa"))
		return view_of_string("rsa-sha2-512");
	if (view_equal_string(name, "ssh-rsa-cert-v01@openssh.com"))
		return view_of_string("rsa-sha2-512-cert-v01@openssh.com");
	return name;
}

void
applicant_offer_key(const struct applicant_given *given, const char *user,
    const char *file, bool probe, struct answer *answer)
{
	uint8_t blob[LIMIT_KEY_BLOB];
	struct offer offer = {
		.given = given,
		.user = user,
		.request = {
			.method = view_of_string("publickey"),
			.key = { blob, 0 },
			.is_signed = !probe,
		},
		.answers = &no_answers,
	};

	if (read_key(file, blob, sizeof blob, &offer.request.key.len))
		offer.request.key_algorithm = algorithm_of(offer.request.key);
	if (offer.request.key_algorithm.len == 0)
		answer_add(answer, "ERROR %s: no public key", file);
	else
		ask_once(&offer, answer);
}

void
applicant_offer_host(const struct applicant_given *given, const char *user,
    const struct applicant_host *host, struct answer *answer)
{
	uint8_t blob[LIMIT_KEY_BLOB];
	struct offer offer = {
		.given = given,
		.user = user,
		.request = {
			.method = view_of_string("hostbased"),
			.key = { blob, 0 },
			.is_signed = true,
			.client_host = view_of_string(host->name),
			.client_user = view_of_string(host->user),
		},
		.answers = &no_answers,
	};

	if (read_key(host->file, blob, sizeof blob, &offer.request.key.len))
		offer.request.key_algorithm = algorithm_of(offer.request.key);
	if (offer.request.key_algorithm.len == 0)
		answer_add(answer, "ERROR %s: no public key", host->file);
	else
		ask_once(&offer, answer);
}

/* ---- the rest ---- */

void
applicant_offer_password(const struct applicant_given *given, const char *user,
    const char *password, const char *new_password, struct answer *answer)
{
	const struct offer offer = {
		.given = given,
		.user = user,
		.request = {
			.method = view_of_string("password"),
			.password = view_of_string(password),
		},
		.answers = &no_answers,
		.new_password = new_password,
	};

	if (new_password != NULL &&
	    given->group->module.auth.change_password == NULL) {
		answer_add(answer, "ERROR it changes no passwords");
		answer->is_failure = true;
		return;
	}
	ask_once(&offer, answer);
}

void
applicant_offer_answers(const struct applicant_given *given, const char *user,
    const struct string_list *answers, struct answer *answer)
{
	const struct offer offer = {
		.given = given,
		.user = user,
		.request = {
			.method = view_of_string("keyboard-interactive"),
		},
		.answers = answers,
	};

	ask_once(&offer, answer);
}

void
applicant_offer_nothing(const struct applicant_given *given, const char *user,
    struct answer *answer)
{
	const struct offer offer = {
		.given = given,
		.user = user,
		.request = { .method = view_of_string("none") },
		.answers = &no_answers,
	};

	ask_once(&offer, answer);
}
