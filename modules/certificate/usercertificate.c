/*
 * The auth module "certificate": who shows a certificate of OpenSSH's kind
 * that an authority of the configuration signed for him. The host has
 * verified it, and keeps what it demands; here it is judged whose word
 * counts, for whom, and what was taken back.
 */
#include "modules/certificate/principals.h"
#include "modules/certificate/textfile.h"

#include <sallyport/key.h>
#include <sallyport/module.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

enum { PROBLEM_SIZE = 512, IDENTITY_SIZE = 1025 };

struct conf {
	struct sp_list trust;
	struct sp_list revoked;
	struct sp_list principals;
	const char *principals_file;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, trust, SP_O_PATHV, NULL,
	    "files with the keys of the authorities, one a line") },
	{ SP_OPT(struct conf, revoked, SP_O_PATHV, "[ ]",
	    "lists of what is revoked: ssh-keygen -k's, or of keys") },
	{ SP_OPT(struct conf, principals, SP_O_STRV, "%u",
	    "names, one of which the certificate must be for") },
	{ SP_OPT(struct conf, principals_file, SP_O_PATH, "",
	    "file of such names, in place of principals") },
	{ .name = NULL },
};

/* What a search through files came to. */
enum answer { ANSWER_NO, ANSWER_YES, ANSWER_BROKEN };

static bool
read_trusted(struct textfile *file, const char *path)
{
	char problem[PROBLEM_SIZE];
	int fd = sp_open_trusted(path, problem, sizeof problem);

	if (fd >= 0)
		return textfile_read(file, fd, path);
	sp_log(LOG_ERR, "file_refused", "%s", problem);
	return false;
}

/* ---- whose word counts ---- */

static bool
is_authority(
    const struct textfile *file, const char *path, const struct sp_cred *cred)
{
	struct sp_view text = textfile_view(file);
	struct sp_key_line line;

	while (sp_key_find_line(&text, cred->authority, &line)) {
		if (line.options.len == 0)
			return true;
		sp_log(LOG_WARNING, "trust_options",
		    "%s line %zu: options are not understood here, the key %s "
		    "is not trusted",
		    path, textfile_line(file, line.type.data),
		    cred->authority_fingerprint);
	}
	return false;
}

static enum answer
is_trusted(const struct conf *conf, const struct sp_cred *cred)
{
	for (size_t i = 0; i < conf->trust.count; i++) {
		const char *path = conf->trust.items[i];
		struct textfile file;
		bool is_found;

		if (!read_trusted(&file, path))
			return ANSWER_BROKEN;
		is_found = is_authority(&file, path, cred);
		textfile_free(&file);
		if (is_found)
			return ANSWER_YES;
	}
	return ANSWER_NO;
}

/* ---- what was taken back ---- */

/*
 * In whatever line the key's text stands, with options or commented out:
 * a list that is read too narrowly lets somebody in.
 */
static bool
holds_key(struct sp_view text, struct sp_view blob)
{
	bool is_found = true;
	char *line, *base64;

	/* Without memory it counts as revoked. */
	if (sp_key_format_line(blob, NULL, &line) != SP_OK)
		return true;
	base64 = strchr(line, ' ');
	if (base64 != NULL) {
		base64++;
		base64[strcspn(base64, "\n")] = '\0';
		is_found =
		    memmem(text.data, text.len, base64, strlen(base64)) != NULL;
	}
	sp_key_free_text(line);
	return is_found;
}

static bool
holds_text(struct sp_view text, const char *wanted)
{
	return memmem(text.data, text.len, wanted, strlen(wanted)) != NULL;
}

static enum answer
search_keys(struct sp_view text, const struct sp_cred *cred,
    const struct sp_certificate *certificate)
{
	uint8_t *plain = malloc(cred->key.len);
	bool is_found = true;
	size_t len;

	if (plain == NULL)
		return ANSWER_BROKEN;
	if (sp_certificate_key(certificate, plain, cred->key.len, &len) ==
	    SP_OK)
		is_found = holds_key(text, cred->key) ||
		    holds_key(text, cred->authority) ||
		    holds_key(text, (struct sp_view){ plain, len }) ||
		    holds_text(text, cred->key_fingerprint) ||
		    holds_text(text, cred->authority_fingerprint);
	free(plain);
	return is_found ? ANSWER_YES : ANSWER_NO;
}

static enum answer
search(struct sp_login *login, const struct textfile *file, const char *path,
    const struct sp_cred *cred, const struct sp_certificate *certificate)
{
	struct sp_view text = textfile_view(file);
	enum sp_status status;
	bool is_found;

	if (!sp_krl_is_one(text))
		return search_keys(text, cred, certificate);
	status =
	    sp_krl_find(sp_login_crypto(login), text, cred->key, &is_found);
	if (status == SP_OK)
		return is_found ? ANSWER_YES : ANSWER_NO;
	sp_log(LOG_ERR, "krl_malformed",
	    "%s cannot be read, no certificate is accepted: %s", path,
	    sp_status_text(status));
	return ANSWER_BROKEN;
}

static enum answer
is_revoked(struct sp_login *login, const struct conf *conf,
    const struct sp_cred *cred, const struct sp_certificate *certificate)
{
	for (size_t i = 0; i < conf->revoked.count; i++) {
		const char *path = conf->revoked.items[i];
		struct textfile file;
		enum answer answer;

		if (!read_trusted(&file, path))
			return ANSWER_BROKEN;
		answer = search(login, &file, path, cred, certificate);
		textfile_free(&file);
		if (answer != ANSWER_NO)
			return answer;
	}
	return ANSWER_NO;
}

/* ---- all of it ---- */

static void
log_refusal(const struct sp_cred *cred, const struct sp_certificate *c,
    const char *reason)
{
	sp_log(LOG_NOTICE, "certificate_refused",
	    "certificate ID \"%.*s\" (serial %" PRIu64 ") of CA %s: %s",
	    (int)c->key_id.len, (const char *)c->key_id.data, c->serial,
	    cred->authority_fingerprint, reason);
}

static bool
is_for_user(struct sp_login *login, const struct conf *conf,
    const struct sp_certificate *certificate)
{
	return conf->principals_file[0] != '\0'
	    ? principals_are_in_file(login, certificate, conf->principals_file)
	    : principals_are_listed(login, certificate, &conf->principals);
}

/* The log and %i name who the authority says this is. */
static bool
identify(struct sp_login *login, struct sp_view id)
{
	char identity[IDENTITY_SIZE];

	if (id.len == 0)
		return true;
	if (id.len >= sizeof identity || memchr(id.data, 0, id.len) != NULL)
		return false;
	memcpy(identity, id.data, id.len);
	identity[id.len] = '\0';
	return sp_login_set_identity(login, identity);
}

static enum sp_verdict
judge(struct sp_login *login, const struct sp_cred *cred,
    const struct conf *conf, const struct sp_certificate *certificate)
{
	switch (is_revoked(login, conf, cred, certificate)) {
	case ANSWER_BROKEN:
		return SP_FAIL;
	case ANSWER_YES:
		log_refusal(cred, certificate, "revoked");
		return SP_DENY;
	case ANSWER_NO:
		break;
	}
	if (!is_for_user(login, conf, certificate)) {
		log_refusal(cred, certificate, "it is not for this user");
		return SP_NEXT;
	}
	if (!identify(login, certificate->key_id)) {
		log_refusal(cred, certificate, "its ID is no identity");
		return SP_DENY;
	}
	/* Where the certificate lets it: the host sees to that. */
	sp_login_allow_untouched(login);
	return SP_ALLOW;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	struct sp_certificate certificate;

	if (cred->authority.len == 0)
		return SP_NEXT;
	switch (is_trusted(conf, cred)) {
	case ANSWER_BROKEN:
		return SP_FAIL;
	case ANSWER_NO:
		return SP_NEXT;
	case ANSWER_YES:
		break;
	}
	if (sp_certificate_parse(cred->key, &certificate) != SP_OK)
		return SP_FAIL;
	return judge(login, cred, conf, &certificate);
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
	.takes_certificates = true,
};

SP_MODULE("certificate", "0.1", "certificates of trusted authorities",
    struct conf, options, { SP_KIND_AUTH, &auth });
