/* skeleton: says who may log in. See sallyport-module(3). */
#include <sallyport/module.h>
#include <string.h>
#include <syslog.h>

struct conf {
	const char *user;
};

/* What stands in its group of the configuration: name, type, default, help. */
static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, user, SP_O_STR, "nobody", "who is let in") },
	{ .name = NULL },
};

/*
 * In the process of one login, as root: it may block, and no state stays.
 * Unless cred->probe is set, the client has proved that the key is his.
 */
static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;

	(void)login; /* sp_login_set_identity(login, "..."): who it is */
	if (strcmp(cred->user, conf->user) != 0)
		return SP_NEXT; /* no opinion: others are asked */
	/* cred->key_fingerprint must be one that you know. */
	sp_log(LOG_NOTICE, "key_unknown", "nobody knows the key of %s",
	    cred->user);
	return SP_DENY;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
};

SP_MODULE("skeleton", "0.1", "who may log in", struct conf, options,
    { SP_KIND_AUTH, &auth });
