/* Who proves himself with which key, by a file of the test's. */
#include <sallyport/module.h>

#include <stdio.h>
#include <string.h>

struct conf {
	const char *file;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, file, SP_O_PATH, NULL,
	    "lines of a fingerprint and an identity") },
	{ .name = NULL },
};

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	char fingerprint[128], identity[128];
	enum sp_verdict verdict = SP_NEXT;
	FILE *file = fopen(conf->file, "re");

	if (file == NULL)
		return SP_FAIL;
	while (verdict == SP_NEXT &&
	    fscanf(file, "%127s %127[^\n]", fingerprint, identity) == 2) {
		if (strcmp(fingerprint, cred->key_fingerprint) == 0)
			verdict = sp_login_set_identity(login, identity)
			    ? SP_ALLOW
			    : SP_FAIL;
	}
	fclose(file);
	return verdict;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
};

SP_MODULE("roster", "0.1", "identities of a test", struct conf, options,
    { SP_KIND_AUTH, &auth });
