/*
 * The auth module "certificate": who shows a certificate of OpenSSH's kind
 * that an authority of the configuration signed for him. The host has
 * verified it, and keeps what it demands; here it is judged whose word
 * counts, for whom, and what was taken back.
 */
#include "modules/certificate/principals.h"
#include "modules/certificate/revocation.h"
#include "modules/certificate/textfile.h"

#include <sallyport/key.h>
#include <sallyport/module.h>

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

enum { IDENTITY_SIZE = 1025 };

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

		if (!textfile_read_trusted(&file, path))
			return ANSWER_BROKEN;
		is_found = is_authority(&file, path, cred);
		textfile_free(&file);
		if (is_found)
			return ANSWER_YES;
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
	switch (revocation_find(login, &conf->revoked, cred, certificate)) {
	case REVOCATION_BROKEN:
		return SP_FAIL;
	case REVOCATION_YES:
		log_refusal(cred, certificate, "revoked");
		return SP_DENY;
	case REVOCATION_NO:
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
