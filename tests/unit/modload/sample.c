/* A module with an option of every type, to be loaded and spoilt. */
#include "tests/unit/modload/sample.h"

static const char *const colours[] = { "red", "green", "blue", NULL };

static const struct sp_opt inner[] = {
	{ SP_OPT(struct sample_inner, match, SP_O_PATTERNV, NULL, "patterns"),
	    .min = 1 },
	{ SP_OPT(struct sample_inner, time, SP_O_TIME, "2s", "a time") },
	{ .name = NULL },
};

static const struct sp_opt simple[] = {
	{ SP_OPT(struct sample_inner, time, SP_O_TIME, "3s", "a time") },
	{ .name = NULL },
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct sample, text, SP_O_STR, "plain", "any text") },
	{ SP_OPT(struct sample, flag, SP_O_BOOL, "true", "yes or no") },
	{ SP_OPT(struct sample, number, SP_O_INT, "5", "a number"), .min = 1,
	    .max = 9 },
	{ SP_OPT(struct sample, bytes, SP_O_SIZE, "64K", "a size") },
	{ SP_OPT(struct sample, time, SP_O_TIME, "30s", "a time") },
	{ SP_OPT(struct sample, rate, SP_O_RATE, "5M/s", "a rate") },
	{ SP_OPT(struct sample, mode, SP_O_MODE, "0640", "a mode") },
	{ SP_OPT(struct sample, path, SP_O_PATH, "/etc/x", "a path") },
	{ SP_OPT(struct sample, colour, SP_O_WORD, "green", "a colour"),
	    .words = colours },
	{ SP_OPT(struct sample, list, SP_O_STRV, "a b", "some texts") },
	{ SP_OPT(struct sample, paths, SP_O_PATHV, "%h/a /b", "paths") },
	{ SP_OPT(struct sample, patterns, SP_O_PATTERNV, "a*", "patterns") },
	{ SP_OPT(struct sample, who, SP_O_WHO, "false", "who may") },
	{ SP_OPT(struct sample, greeting, SP_O_TEXT, "Hi %i!\n", "a text") },
	{ SP_OPT(struct sample, argv, SP_O_ARGV, "/bin/true %1", "a program") },
	{ SP_OPT(struct sample, env, SP_O_ENVV, "A=%u", "variables") },
	{ SP_OPT(struct sample, group, SP_O_GROUP, "", "a group"),
	    .group = simple, .group_size = sizeof(struct sample_inner) },
	{ SP_OPT(struct sample, groups, SP_O_GROUPS, "", "groups"),
	    .group = inner, .group_size = sizeof(struct sample_inner) },
	{ .name = NULL },
};

static bool
start(const void *conf, char *err, size_t err_size)
{
	static const char sentence[] = "it is told not to start";
	const struct sample *sample = conf;

	if (sample->number != 9)
		return true;
	for (size_t i = 0; i < sizeof sentence && i < err_size; i++)
		err[i] = sentence[i];
	return false;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *conf)
{
	(void)login;
	(void)cred;
	(void)conf;
	return SP_ALLOW;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.start = start,
	.check = check,
};

SP_MODULE("sample", "1.0", "for tests", struct sample, options,
    { SP_KIND_AUTH, &auth });
