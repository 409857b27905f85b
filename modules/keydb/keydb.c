/*
 * Who has which key, by an index of fingerprints: as fast with a million of
 * them as with one. The file is opened anew for each question, in the
 * login's own process, so that a change holds at once and no session ever
 * has a descriptor of it.
 */
#include "modules/keydb/keyindex.h"

#include <sallyport/key.h>
#include <sallyport/module.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

enum whom { WHOM_SAME, WHOM_ANY };

enum { PROBLEM_SIZE = 256, SHOWN = 80 };

static const char *const whom[] = { "identity", "any", NULL };

struct conf {
	const char *file;
	unsigned user;
	struct sp_list environment;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, file, SP_O_PATH, NULL,
	    "the index, made by sallyportctl keydb") },
	{ SP_OPT(struct conf, user, SP_O_WORD, "identity",
	      "whom a key lets in as: who is named like its identity, or any"),
	    .words = whom },
	{ SP_OPT(struct conf, environment, SP_O_PATTERNV, "[ ]",
	    "names of variables that a key may set; others are left out") },
	{ .name = NULL },
};

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;
	char problem[KEYINDEX_PROBLEM_SIZE];
	struct keyindex *index = keyindex_open(conf->file, false, problem);

	if (index == NULL)
		snprintf(err, err_size, "%s", problem);
	keyindex_close(index);
	return index != NULL;
}

static bool
has_expired(const struct keyrecord *record, const struct sp_cred *cred)
{
	if (record->expires == 0 || (uint64_t)time(NULL) < record->expires)
		return false;
	sp_log(LOG_NOTICE, "key_expired", "the key %s of %s has expired",
	    cred->key_fingerprint, record->identity);
	return true;
}

static bool
refuse(const struct keyrecord *record, const struct sp_cred *cred,
    const char *reason, struct sp_view part)
{
	sp_log(LOG_NOTICE, "key_options", "the key %s of %s is refused: %s%.*s",
	    cred->key_fingerprint, record->identity, reason,
	    part.len > SHOWN ? SHOWN : (int)part.len, (const char *)part.data);
	return false;
}

/* What bounds a key and is not understood makes it unusable. */
static bool
take_options(struct sp_login *login, const struct sp_cred *cred,
    const struct conf *conf, const struct keyrecord *record)
{
	const struct sp_view nothing = sp_text("");
	struct sp_key_options said;
	char problem[PROBLEM_SIZE];
	struct sp_view fault;
	bool is_taken = false;

	if (sp_key_options_parse(sp_text(record->options), &said, &fault) !=
	    SP_OK)
		return refuse(record, cred,
		    "this option is malformed or not known: ", fault);
	if (said.cert_authority || said.principals != NULL)
		refuse(
		    record, cred, "certificates are not known here", nothing);
	else if (!sp_login_take_options(
		     login, &said, &conf->environment, problem, sizeof problem))
		refuse(record, cred, problem, nothing);
	else
		is_taken = true;
	sp_key_options_clear(&said);
	return is_taken;
}

static enum sp_verdict
judge(struct sp_login *login, const struct sp_cred *cred,
    const struct conf *conf, const struct keyrecord *record)
{
	if (conf->user == WHOM_SAME &&
	    strcmp(record->identity, cred->user) != 0)
		return SP_NEXT;
	if (has_expired(record, cred) ||
	    !take_options(login, cred, conf, record))
		return SP_DENY;
	return sp_login_set_identity(login, record->identity) ? SP_ALLOW
							      : SP_DENY;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	char problem[KEYINDEX_PROBLEM_SIZE];
	struct keyindex *index = keyindex_open(conf->file, false, problem);
	struct keyrecord record;
	enum keyindex_answer answer;

	if (index == NULL) {
		sp_log(LOG_ERR, "index", "%s", problem);
		return SP_FAIL;
	}
	answer = keyindex_get(index, cred->key_fingerprint, &record);
	if (answer == KEYINDEX_BROKEN)
		sp_log(LOG_ERR, "index", "%s: %s", conf->file,
		    keyindex_problem(index));
	keyindex_close(index);
	if (answer == KEYINDEX_BROKEN)
		return SP_FAIL;
	return answer == KEYINDEX_ABSENT ? SP_NEXT
					 : judge(login, cred, conf, &record);
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.start = start,
	.check = check,
};

SP_MODULE("keydb", "0.1", "keys of an index of fingerprints", struct conf,
    options, { SP_KIND_AUTH, &auth });
