/*
 * The auth module "program": a program that is kept running says who may
 * come in, a JSON object a line.
 */
#include "modules/asking/asking.h"
#include "modules/program/staff.h"

#include <sallyport/module.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conf {
	struct sp_list run;
	struct sp_list set;
	int64_t workers;
	uint64_t timeout;
	struct sp_list environment;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, run, SP_O_STRV, NULL,
	      "the program, an absolute path, and its arguments"),
	    .min = 1, .max = 64 },
	{ SP_OPT(struct conf, set, SP_O_ENVV, "[ ]",
	    "variables of the program, beside PATH and LANG") },
	{ SP_OPT(struct conf, workers, SP_O_INT, "1",
	      "how many of it run, each with one question at a time"),
	    .min = 1, .max = STAFF_MAX },
	{ SP_OPT(struct conf, timeout, SP_O_TIME, "5s",
	      "for an answer; then the program is ended and started again"),
	    .min = 100, .max = 600000 },
	{ SP_OPT(struct conf, environment, SP_O_PATTERNV, "[ ]",
	    "names of variables that answers may set; others are left out") },
	{ .name = NULL },
};

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;

	return sp_check_program(conf->run.items[0], err, err_size);
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	const struct asking_rules rules = { conf->timeout, conf->environment };

	return asking_check(login, cred, &rules);
}

/* A list with a NULL behind, after the first two. NULL without memory. */
static const char **
make_vector(const char *const *first, size_t count, const struct sp_list *rest)
{
	const char **vector = calloc(count + rest->count + 1, sizeof *vector);

	for (size_t i = 0; vector != NULL && i < count; i++)
		vector[i] = first[i];
	for (size_t i = 0; vector != NULL && i < rest->count; i++)
		vector[count + i] = rest->items[i];
	return vector;
}

static int
service(int fd, const void *data)
{
	static const char *const usual[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"LANG=C.UTF-8",
	};
	const struct conf *conf = data;
	const char **argv = make_vector(NULL, 0, &conf->run);
	const char **env = make_vector(usual, 2, &conf->set);
	const struct staff_given given = {
		.argv = argv,
		.env = env,
		.workers = (size_t)conf->workers,
		.timeout = conf->timeout,
	};
	int status = argv == NULL || env == NULL ? -1 : staff_run(fd, &given);

	free(argv);
	free(env);
	return status;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = ASKING_METHODS,
	.start = start,
	.check = check,
	.service = service,
};

SP_MODULE("program", "0.1",
    "a program that is kept running says who may come in", struct conf, options,
    { SP_KIND_AUTH, &auth });
