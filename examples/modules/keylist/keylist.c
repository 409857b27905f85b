/* Who has which key: a file of lines "SHA256:... identity". */
#include <sallyport/module.h>
#include <stdio.h>
#include <string.h>

struct conf {
	const char *file;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, file, SP_O_PATH, NULL, "fingerprint, identity") },
	{ .name = NULL },
};

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	char fingerprint[64], identity[64];
	enum sp_verdict verdict = SP_NEXT;
	FILE *file = fopen(((const struct conf *)data)->file, "re");

	if (file == NULL)
		return SP_FAIL;
	while (verdict == SP_NEXT &&
	    fscanf(file, "%63s %63s", fingerprint, identity) == 2)
		if (strcmp(fingerprint, cred->key_fingerprint) == 0)
			verdict = sp_login_set_identity(login, identity)
			    ? SP_ALLOW
			    : SP_DENY;
	fclose(file);
	return verdict;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth, .methods = "publickey", .check = check
};
SP_MODULE("keylist", "1.0", "keys of a file", struct conf, options,
    { SP_KIND_AUTH, &auth });
