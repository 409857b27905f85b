/*
 * The auth module "authorized_keys": a user's public keys, and authorities
 * that he trusts, in files of sshd(8)'s format, opened as that user.
 */
#include "modules/authorized_keys/linereader.h"

#include <sallyport/key.h>
#include <sallyport/module.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum { PROBLEM_SIZE = 256, SHOWN = 80 };

struct conf {
	struct sp_list file;
	struct sp_list environment;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, file, SP_O_PATHV, "%h/.ssh/authorized_keys",
	    "files with the keys that let a user in") },
	{ SP_OPT(struct conf, environment, SP_O_PATTERNV, "[ ]",
	    "names of variables that a line may set; others are left out") },
	{ .name = NULL },
};

/* One line that holds the key, or the key of its authority. */
struct candidate {
	struct sp_login *login;
	const struct sp_cred *cred;
	const struct conf *conf;
	const char *path;
	size_t line;
};

static void
log_refusal(const struct candidate *c, const char *reason, struct sp_view part)
{
	sp_log(LOG_NOTICE, "key_options",
	    "%s line %zu: the key %s is refused: %s%.*s", c->path, c->line,
	    c->cred->authority.len > 0 ? c->cred->authority_fingerprint
				       : c->cred->key_fingerprint,
	    reason, part.len > SHOWN ? SHOWN : (int)part.len,
	    (const char *)part.data);
}

/* ---- certificates ---- */

/* Takes the next name of a list with commas between. */
static struct sp_view
take_name(const char **list)
{
	struct sp_view name = { (const uint8_t *)*list, strcspn(*list, ",") };

	*list += name.len + ((*list)[name.len] == ',');
	return name;
}

static bool
is_for(const struct sp_cred *cred, const char *principals)
{
	struct sp_certificate certificate;

	if (sp_certificate_parse(cred->key, &certificate) != SP_OK)
		return false;
	if (principals == NULL)
		return sp_certificate_has_principal(
		    &certificate, sp_text(cred->user));
	while (*principals != '\0') {
		if (sp_certificate_has_principal(
			&certificate, take_name(&principals)))
			return true;
	}
	return false;
}

/* ---- one line ---- */

static bool
holds(const struct candidate *c, const struct sp_key_options *said)
{
	const struct sp_view nothing = sp_text("");
	bool is_certificate = c->cred->authority.len > 0;
	char problem[PROBLEM_SIZE];

	/* A key that may sign certificates is not one to log in with. */
	if (said->cert_authority != is_certificate)
		return false;
	if (!is_certificate && said->principals != NULL) {
		log_refusal(
		    c, "principals are of a cert-authority alone", nothing);
		return false;
	}
	if (is_certificate && !is_for(c->cred, said->principals)) {
		log_refusal(c, "the certificate is not for this user", nothing);
		return false;
	}
	if (!sp_login_take_options(c->login, said, &c->conf->environment,
		problem, sizeof problem)) {
		log_refusal(c, problem, nothing);
		return false;
	}
	return true;
}

static bool
lets_in(const struct candidate *c, struct sp_view text)
{
	struct sp_key_options said;
	struct sp_view fault;
	bool is_in;

	if (sp_key_options_parse(text, &said, &fault) != SP_OK) {
		log_refusal(
		    c, "this option is malformed or not known: ", fault);
		return false;
	}
	is_in = holds(c, &said);
	sp_key_options_clear(&said);
	return is_in;
}

/* ---- files ---- */

static bool
is_listed(struct candidate *c, struct linereader *reader)
{
	struct sp_view wanted =
	    c->cred->authority.len > 0 ? c->cred->authority : c->cred->key;
	struct sp_key_line line;
	struct sp_view text;

	while (linereader_next(reader, &text)) {
		while (sp_key_find_line(&text, wanted, &line)) {
			c->line = linereader_line(reader, line.type.data);
			if (lets_in(c, line.options))
				return true;
		}
	}
	return false;
}

/* On the heap, of which a short file touches little: a stack is all probed. */
static bool
is_in_lines(struct candidate *c, int fd)
{
	struct linereader *reader = malloc(sizeof *reader);
	bool is_found;

	if (reader == NULL) {
		sp_log(LOG_INFO, "file_unreadable", "%s: %s", c->path,
		    strerror(errno));
		close(fd);
		return false;
	}
	linereader_init(reader, fd);
	is_found = is_listed(c, reader);
	linereader_clear(reader);
	free(reader);
	return is_found;
}

static bool
is_in_file(struct candidate *c, const char *pattern)
{
	char path[PATH_MAX];
	int fd;

	if (!sp_login_expand(c->login, pattern, path, sizeof path)) {
		sp_log(LOG_INFO, "file_name",
		    "\"%s\" gives no file name for this user", pattern);
		return false;
	}
	fd = sp_login_open(c->login, path);
	if (fd < 0) {
		if (errno != ENOENT && errno != EPERM)
			sp_log(LOG_INFO, "file_unreadable", "%s: %s", path,
			    strerror(errno));
		return false;
	}
	c->path = path;
	return is_in_lines(c, fd);
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	struct candidate c = { .login = login, .cred = cred, .conf = conf };

	for (size_t i = 0; i < conf->file.count; i++) {
		if (is_in_file(&c, conf->file.items[i]))
			return SP_ALLOW;
	}
	return SP_NEXT;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
	.takes_certificates = true,
};

SP_MODULE("authorized_keys", "0.1", "public keys in users' own files",
    struct conf, options, { SP_KIND_AUTH, &auth });
