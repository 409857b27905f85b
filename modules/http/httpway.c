/*
 * The auth module "http": a server says who may come in, a JSON object by
 * POST, the same as those of "program".
 */
#include "modules/asking/asking.h"
#include "modules/http/poster.h"

#include <sallyport/module.h>

#include <stdio.h>
#include <string.h>

struct conf {
	const char *url;
	const char *socket;
	const char *ca;
	bool plain;
	uint64_t timeout;
	int64_t connections;
	uint64_t cache_yes;
	uint64_t cache_no;
	int64_t cache_size;
	struct sp_list environment;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, url, SP_O_STR, NULL,
	    "where questions go: http://... or https://...") },
	{ SP_OPT(struct conf, socket, SP_O_STR, "",
	    "a unix socket, an absolute path, instead of TCP") },
	{ SP_OPT(struct conf, ca, SP_O_STR, "",
	    "a file of certificates to believe, instead of the system's") },
	{ SP_OPT(struct conf, plain, SP_O_BOOL, "false",
	    "lets http:// go to another machine, where others may read it") },
	{ SP_OPT(struct conf, timeout, SP_O_TIME, "5s", "for an answer"),
	    .min = 100, .max = 600000 },
	{ SP_OPT(struct conf, connections, SP_O_INT, "8",
	      "questions on their way at once"),
	    .min = 1, .max = POSTER_MAX },
	{ SP_OPT(struct conf, cache_yes, SP_O_TIME, "0s",
	      "how long a yes is remembered; 0s: it is not"),
	    .max = 86400000 },
	{ SP_OPT(struct conf, cache_no, SP_O_TIME, "0s",
	      "how long a no is remembered; 0s: it is not"),
	    .max = 86400000 },
	{ SP_OPT(struct conf, cache_size, SP_O_INT, "1000",
	      "answers that are remembered, of each kind"),
	    .min = 1, .max = 100000 },
	{ SP_OPT(struct conf, environment, SP_O_PATTERNV, "[ ]",
	    "names of variables that answers may set; others are left out") },
	{ .name = NULL },
};

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* This machine by a name that no name service is asked for. */
static bool
is_local(const char *url)
{
	static const char *const hosts[] = { "127.0.0.1", "[::1]",
		"localhost" };
	const char *host = url + strlen("http://");

	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		const char *end = host + strlen(hosts[i]);

		if (begins(host, hosts[i]) &&
		    (*end == '\0' || *end == '/' || *end == ':'))
			return true;
	}
	return false;
}

static const char *
problem_of(const struct conf *conf)
{
	const char *authority = strstr(conf->url, "://");

	if (!begins(conf->url, "http://") && !begins(conf->url, "https://"))
		return "url must begin with http:// or https://";
	authority += 3;
	if (authority[strcspn(authority, "/@")] == '@')
		return "url must not have a user or password in it";
	if (conf->socket[0] != '\0' && conf->socket[0] != '/')
		return "socket must be an absolute path";
	if (conf->ca[0] != '\0' && conf->ca[0] != '/')
		return "ca must be an absolute path";
	if (begins(conf->url, "http://") && conf->socket[0] == '\0' &&
	    !conf->plain && !is_local(conf->url))
		return "url goes to another machine by http://, where others "
		       "may read and change it: use https://, or set plain";
	return NULL;
}

static bool
start(const void *data, char *err, size_t err_size)
{
	const char *problem = problem_of(data);

	if (problem != NULL)
		snprintf(err, err_size, "%s", problem);
	return problem == NULL;
}

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct conf *conf = data;
	const struct asking_rules rules = { conf->timeout, conf->environment };

	return asking_check(login, cred, &rules);
}

static int
service(int fd, const void *data)
{
	const struct conf *conf = data;
	const struct poster_given given = {
		.url = conf->url,
		.socket = conf->socket,
		.ca = conf->ca,
		.timeout = conf->timeout,
		.connections = (size_t)conf->connections,
		.cache_yes = conf->cache_yes,
		.cache_no = conf->cache_no,
		.cache_size = (size_t)conf->cache_size,
	};

	return poster_run(fd, &given);
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = ASKING_METHODS,
	.start = start,
	.check = check,
	.service = service,
};

SP_MODULE("http", "0.1", "a server says who may come in, by POST", struct conf,
    options, { SP_KIND_AUTH, &auth });
