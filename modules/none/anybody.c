/*
 * The auth module "none": lets anybody in who asks, without a proof, for
 * what is public anyway. Which profiles may name it is checked with the
 * configuration.
 */
#include <sallyport/module.h>

#include <stdio.h>

struct conf {
	const char *identity;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, identity, SP_O_STR, "anonymous",
	    "who all of them are, in the log and for handlers") },
	{ .name = NULL },
};

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;

	if (conf->identity[0] != '\0')
		return true;
	snprintf(err, err_size, "the identity is empty");
	return false;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;

	(void)cred;
	return sp_login_set_identity(login, conf->identity) ? SP_ALLOW
							    : SP_DENY;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "none",
	.start = start,
	.check = check,
};

SP_MODULE("none", "0.1", "anybody, without a proof", struct conf, options,
    { SP_KIND_AUTH, &auth });
