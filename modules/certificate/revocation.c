/* A list that is read too narrowly lets somebody in. */
#include "modules/certificate/revocation.h"

#include "modules/certificate/textfile.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* What is looked for. */
struct subject {
	struct sp_login *login;
	const struct sp_cred *cred;
	const struct sp_certificate *certificate; /* NULL: it is none */
};

/*
 * In whatever line the key's text stands, with options or commented out.
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

/* The key that the certificate is for, and who signed it. */
static enum revocation_answer
search_certificate(struct sp_view text, const struct subject *subject)
{
	const struct sp_cred *cred = subject->cred;
	uint8_t *plain = malloc(cred->key.len);
	bool is_found = true;
	size_t len;

	if (plain == NULL)
		return REVOCATION_BROKEN;
	if (sp_certificate_key(
		subject->certificate, plain, cred->key.len, &len) == SP_OK)
		is_found = holds_key(text, cred->authority) ||
		    holds_key(text, (struct sp_view){ plain, len }) ||
		    holds_text(text, cred->authority_fingerprint);
	free(plain);
	return is_found ? REVOCATION_YES : REVOCATION_NO;
}

static enum revocation_answer
search_keys(struct sp_view text, const struct subject *subject)
{
	if (holds_key(text, subject->cred->key) ||
	    holds_text(text, subject->cred->key_fingerprint))
		return REVOCATION_YES;
	return subject->certificate == NULL ? REVOCATION_NO
					    : search_certificate(text, subject);
}

static enum revocation_answer
search(const struct textfile *file, const char *path,
    const struct subject *subject)
{
	struct sp_view text = textfile_view(file);
	enum sp_status status;
	bool is_found;

	if (!sp_krl_is_one(text))
		return search_keys(text, subject);
	status = sp_krl_find(sp_login_crypto(subject->login), text,
	    subject->cred->key, &is_found);
	if (status == SP_OK)
		return is_found ? REVOCATION_YES : REVOCATION_NO;
	sp_log(LOG_ERR, "krl_malformed",
	    "%s cannot be read, nothing that it could revoke is accepted: %s",
	    path, sp_status_text(status));
	return REVOCATION_BROKEN;
}

enum revocation_answer
revocation_find(struct sp_login *login, const struct sp_list *files,
    const struct sp_cred *cred, const struct sp_certificate *certificate)
{
	const struct subject subject = { login, cred, certificate };

	for (size_t i = 0; i < files->count; i++) {
		const char *path = files->items[i];
		enum revocation_answer answer;
		struct textfile file;

		if (!textfile_read_trusted(&file, path))
			return REVOCATION_BROKEN;
		answer = search(&file, path, &subject);
		textfile_free(&file);
		if (answer != REVOCATION_NO)
			return answer;
	}
	return REVOCATION_NO;
}
