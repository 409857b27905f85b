/*
 * The auth module "hostbased": who comes from a host that is believed when
 * it says which of its users he is (RFC 4252 9). That the host's key signed
 * it the host has verified; here it is judged whose key that is, and whom
 * the host is believed about.
 */
#include "modules/certificate/revocation.h"
#include "modules/certificate/textfile.h"
#include "modules/hostbased/hostaddress.h"
#include "modules/hostbased/hostkeys.h"
#include "modules/hostbased/hostlist.h"

#include <sallyport/key.h>
#include <sallyport/module.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

struct conf {
	struct sp_list known_hosts;
	struct sp_list hosts;
	struct sp_list user_file;
	struct sp_list revoked;
	bool check_address;
};

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, known_hosts, SP_O_PATHV, NULL,
	    "files with the keys of hosts, as ssh(1) has them") },
	{ SP_OPT(struct conf, hosts, SP_O_PATHV, "[ ]",
	    "files of the hosts that are believed, and about whom") },
	{ SP_OPT(struct conf, user_file, SP_O_PATHV, "[ ]",
	    "such files of the user's own, opened as the user") },
	{ SP_OPT(struct conf, revoked, SP_O_PATHV, "[ ]",
	    "lists of what is revoked besides: ssh-keygen -k's, or of keys") },
	{ SP_OPT(struct conf, check_address, SP_O_BOOL, "true",
	    "the name of the host must have the address it comes from") },
	{ .name = NULL },
};

/* One request, and what is known of it. */
struct question {
	struct sp_login *login;
	const struct sp_cred *cred;
	const struct conf *conf;
};

static void
log_refusal(const struct question *q, int priority, const char *reason)
{
	sp_log(priority, "host_refused",
	    "%s of host %s is not let in as %s: %s", q->cred->client_user,
	    q->cred->client_host, q->cred->user, reason);
}

/* A fault of a file's. */
static void
log_line(const char *path, size_t line, const char *reason)
{
	sp_log(
	    LOG_ERR, "file_malformed", "%s line %zu: %s", path, line, reason);
}

/* ---- about whom the host is believed ---- */

static struct hostlist_claim
make_claim(const struct question *q, bool is_own)
{
	const char *uid = sp_login_get(q->login, "uid");

	return (struct hostlist_claim){
		.host = q->cred->client_host,
		.client_user = q->cred->client_user,
		.address = sp_login_get(q->login, "peer"),
		.user = q->cred->user,
		/* Who cannot be told is nobody of less. */
		.is_root = uid == NULL || strcmp(uid, "0") == 0,
		.is_own = is_own,
	};
}

static enum hostlist_answer
ask_list(const struct question *q, const struct textfile *file,
    const char *path, bool is_own)
{
	const struct hostlist_claim claim = make_claim(q, is_own);
	enum hostlist_answer answer;
	size_t line;

	answer = hostlist_ask(textfile_view(file), &claim, &line);
	if (answer == HOSTLIST_BROKEN)
		log_line(path, line,
		    "a host, or a host and a user, is wanted; the file is "
		    "not used");
	return answer;
}

static enum hostlist_answer
ask_lists(const struct question *q)
{
	for (size_t i = 0; i < q->conf->hosts.count; i++) {
		const char *path = q->conf->hosts.items[i];
		enum hostlist_answer answer;
		struct textfile file;

		if (!textfile_read_trusted(&file, path))
			return HOSTLIST_BROKEN;
		answer = ask_list(q, &file, path, false);
		textfile_free(&file);
		if (answer != HOSTLIST_NOTHING)
			return answer;
	}
	return HOSTLIST_NOTHING;
}

/* -1 where there is none that can be used. */
static int
open_own(const struct question *q, const char *pattern, char path[PATH_MAX])
{
	int fd;

	if (!sp_login_expand(q->login, pattern, path, PATH_MAX)) {
		sp_log(LOG_INFO, "file_name",
		    "\"%s\" gives no file name for this user", pattern);
		return -1;
	}
	fd = sp_login_open(q->login, path);
	if (fd < 0 && errno != ENOENT && errno != EPERM)
		sp_log(LOG_INFO, "file_unreadable", "%s: %s", path,
		    strerror(errno));
	return fd;
}

/* What is wrong with a user's own file is his own loss. */
static enum hostlist_answer
ask_own_list(const struct question *q, const char *pattern)
{
	enum hostlist_answer answer;
	struct textfile file;
	char path[PATH_MAX];
	int fd = open_own(q, pattern, path);

	if (fd < 0 || !textfile_read(&file, fd, path))
		return HOSTLIST_NOTHING;
	answer = ask_list(q, &file, path, true);
	textfile_free(&file);
	return answer == HOSTLIST_BROKEN ? HOSTLIST_NO : answer;
}

/* An account that many run as does not say who may be one of them. */
static bool
has_files_of_his_own(const struct question *q)
{
	return strcmp(sp_login_get(q->login, "user"), q->cred->user) == 0;
}

static enum hostlist_answer
ask_all_lists(const struct question *q)
{
	enum hostlist_answer answer = ask_lists(q);

	if (!has_files_of_his_own(q))
		return answer;
	for (size_t i = 0;
	     answer == HOSTLIST_NOTHING && i < q->conf->user_file.count; i++)
		answer = ask_own_list(q, q->conf->user_file.items[i]);
	return answer;
}

/* ---- whose key it is ---- */

/* All files: what the first knows the next may revoke. */
static enum hostkeys_answer
ask_keys(const struct question *q, const struct hostkeys_subject *subject)
{
	enum hostkeys_answer answer = HOSTKEYS_NOTHING;

	for (size_t i = 0; i < q->conf->known_hosts.count; i++) {
		const char *path = q->conf->known_hosts.items[i];
		enum hostkeys_answer each;
		struct textfile file;
		size_t line;

		if (!textfile_read_trusted(&file, path))
			return HOSTKEYS_BROKEN;
		each = hostkeys_ask(textfile_view(&file), subject, &line);
		textfile_free(&file);
		if (each == HOSTKEYS_BROKEN)
			log_line(path, line,
			    "its marker is not understood; no host is known");
		if (each > answer)
			answer = each;
	}
	return answer;
}

/* The host sees to its signature, its time, and its options. */
static bool
is_certified(const struct sp_certificate *certificate, const char *name)
{
	return certificate == NULL ||
	    sp_certificate_has_principal(certificate, sp_text(name));
}

/* By a list, where none of the lines in known_hosts has done so. */
static enum sp_verdict
judge_revocation(
    const struct question *q, const struct sp_certificate *certificate)
{
	switch (revocation_find(
	    q->login, &q->conf->revoked, q->cred, certificate)) {
	case REVOCATION_BROKEN:
		return SP_FAIL;
	case REVOCATION_YES:
		log_refusal(q, LOG_NOTICE, "its key is revoked");
		return SP_DENY;
	case REVOCATION_NO:
		break;
	}
	return SP_ALLOW;
}

static enum sp_verdict
judge_key(const struct question *q, const struct hostkeys_subject *subject,
    const struct sp_certificate *certificate)
{
	switch (ask_keys(q, subject)) {
	case HOSTKEYS_BROKEN:
		return SP_FAIL;
	case HOSTKEYS_REVOKED:
		log_refusal(q, LOG_NOTICE, "its key is revoked");
		return SP_DENY;
	case HOSTKEYS_NOTHING:
		log_refusal(q, LOG_INFO, "its key is not known");
		return SP_NEXT;
	case HOSTKEYS_YES:
		break;
	}
	if (is_certified(certificate, subject->name))
		return judge_revocation(q, certificate);
	log_refusal(q, LOG_NOTICE, "its certificate is for other hosts");
	return SP_NEXT;
}

static enum sp_verdict
judge_certificate(const struct question *q)
{
	struct hostkeys_subject subject = {
		.name = q->cred->client_host,
		.key = q->cred->key,
		.authority = q->cred->authority,
	};
	enum sp_verdict verdict = SP_FAIL;
	struct sp_certificate certificate;
	uint8_t *room = malloc(q->cred->key.len);
	size_t len;

	if (room != NULL &&
	    sp_certificate_parse(q->cred->key, &certificate) == SP_OK &&
	    sp_certificate_key(&certificate, room, q->cred->key.len, &len) ==
		SP_OK) {
		subject.plain = (struct sp_view){ room, len };
		verdict = judge_key(q, &subject, &certificate);
	}
	free(room);
	return verdict;
}

static enum sp_verdict
judge_host(const struct question *q)
{
	const struct hostkeys_subject subject = {
		.name = q->cred->client_host,
		.key = q->cred->key,
		.plain = q->cred->key,
	};

	if (q->cred->authority.len > 0)
		return judge_certificate(q);
	return judge_key(q, &subject, NULL);
}

/* ---- where it comes from ---- */

static enum sp_verdict
judge_address(const struct question *q)
{
	const char *address = sp_login_get(q->login, "peer");

	if (!q->conf->check_address)
		return SP_ALLOW;
	switch (hostaddress_of(q->cred->client_host, address)) {
	case HOSTADDRESS_YES:
		return SP_ALLOW;
	case HOSTADDRESS_NO:
		log_refusal(q, LOG_NOTICE,
		    "that name has not the address it comes from");
		return SP_NEXT;
	case HOSTADDRESS_UNKNOWN:
		break;
	}
	log_refusal(
	    q, LOG_NOTICE, "the addresses of that name cannot be found out");
	return SP_FAIL;
}

/* ---- all of it ---- */

/*
 * The address comes last: no name is looked up but that of a host which is
 * believed and has shown its key.
 */
static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *data)
{
	const struct question q = { login, cred, data };
	enum sp_verdict verdict;

	switch (ask_all_lists(&q)) {
	case HOSTLIST_BROKEN:
		return SP_FAIL;
	case HOSTLIST_NO:
		log_refusal(&q, LOG_NOTICE, "a line keeps him out");
		return SP_DENY;
	case HOSTLIST_NOTHING:
		log_refusal(
		    &q, LOG_INFO, "that host is not believed about him");
		return SP_NEXT;
	case HOSTLIST_YES:
		break;
	}
	verdict = judge_host(&q);
	return verdict == SP_ALLOW ? judge_address(&q) : verdict;
}

/* ---- beginning ---- */

static bool
check_hosts(
    const char *path, const struct textfile *file, char *err, size_t err_size)
{
	const struct hostlist_claim nobody = { "", "", "", "", false, false };
	size_t line;

	if (hostlist_ask(textfile_view(file), &nobody, &line) !=
	    HOSTLIST_BROKEN)
		return true;
	snprintf(err, err_size,
	    "%s line %zu: a host, or a host and a user, is wanted", path, line);
	return false;
}

static bool
check_keys(
    const char *path, const struct textfile *file, char *err, size_t err_size)
{
	const struct hostkeys_subject nobody = { .name = "" };
	size_t line;

	if (hostkeys_ask(textfile_view(file), &nobody, &line) !=
	    HOSTKEYS_BROKEN)
		return true;
	snprintf(err, err_size, "%s line %zu: its marker is not understood",
	    path, line);
	return false;
}

static bool
check_files(const struct sp_list *paths,
    bool (*check_one)(const char *, const struct textfile *, char *, size_t),
    char *err, size_t err_size)
{
	for (size_t i = 0; i < paths->count; i++) {
		int fd = sp_open_trusted(paths->items[i], err, err_size);
		struct textfile file;
		bool is_good;

		if (fd < 0)
			return false;
		if (!textfile_read(&file, fd, paths->items[i])) {
			snprintf(err, err_size, "%s cannot be read",
			    paths->items[i]);
			return false;
		}
		is_good = check_one(paths->items[i], &file, err, err_size);
		textfile_free(&file);
		if (!is_good)
			return false;
	}
	return true;
}

static bool
start(const void *data, char *err, size_t err_size)
{
	const struct conf *conf = data;

	if (conf->hosts.count == 0 && conf->user_file.count == 0) {
		snprintf(err, err_size,
		    "no host is believed: hosts or user_file must name who "
		    "is");
		return false;
	}
	return check_files(&conf->known_hosts, check_keys, err, err_size) &&
	    check_files(&conf->hosts, check_hosts, err, err_size);
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "hostbased",
	.start = start,
	.check = check,
	.takes_certificates = true,
};

SP_MODULE("hostbased", "0.1", "users of hosts that are believed", struct conf,
    options, { SP_KIND_AUTH, &auth });
