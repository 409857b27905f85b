/*
 * Counts what it is asked, over all logins, in a service; the yes says what
 * it was and who counted. What else a service can do wrong is an option. As a
 * handler it counts commands, over all sessions of an identity, by their text.
 */
#include <sallyport/module.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOGINS_MAX = 512, TEXT_SIZE = 128, WAIT_MS = 5000 };

struct conf {
	unsigned mode;
	bool shares;
};

enum { COUNTS, RETURNS };
static const char *const modes[] = { "counts", "returns", NULL };

static const struct sp_opt options[] = {
	{ SP_OPT(struct conf, mode, SP_O_WORD, "counts", "what it does"),
	    .words = modes },
	{ SP_OPT(struct conf, shares, SP_O_BOOL, "false",
	    "whether commands are counted") },
	{ .name = NULL },
};

/* ---- in the service ---- */

static void
answer(int login, unsigned count)
{
	char text[TEXT_SIZE];
	int len = snprintf(text, sizeof text, "%u %ld %ld", count,
	    (long)getpid(), (long)getuid());

	send(login, text, (size_t)len, MSG_NOSIGNAL);
}

/* False at its end. */
static bool
hear(int login, unsigned *count)
{
	char text[TEXT_SIZE];
	ssize_t n = recv(login, text, sizeof text, 0);

	if (n > 0)
		answer(login, ++*count);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static int
service(int fd, const void *data)
{
	static struct pollfd fds[1 + LOGINS_MAX];
	const struct conf *conf = data;
	unsigned count = 0;
	nfds_t n = 1;

	fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
	while (fds[0].fd >= 0 || n > 1) {
		int login;

		poll(fds, n, -1);
		/* The daemon is up, which makes its logins known here. */
		if (conf->mode == RETURNS)
			return 0;
		for (nfds_t i = n; i-- > 1;) {
			if (fds[i].revents == 0 || hear(fds[i].fd, &count))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--n];
		}
		while (fds[0].fd >= 0 && n <= LOGINS_MAX &&
		    (login = sp_service_accept(fd)) >= 0)
			fds[n++] = (struct pollfd){ login, POLLIN, 0 };
		if (fds[0].fd >= 0 && n <= LOGINS_MAX && errno == ESHUTDOWN)
			fds[0].fd = -1;
	}
	return 0;
}

/* ---- in the login ---- */

static enum sp_verdict
check(struct sp_login *login, const struct sp_cred *cred, const void *conf)
{
	struct pollfd waiting = { sp_service_fd(login), POLLIN, 0 };
	char text[TEXT_SIZE] = "";

	(void)conf;
	if (waiting.fd < 0 ||
	    send(waiting.fd, cred->user, strlen(cred->user), MSG_NOSIGNAL) <
		0 ||
	    poll(&waiting, 1, WAIT_MS) != 1 ||
	    recv(waiting.fd, text, sizeof text - 1, 0) <= 0)
		return SP_FAIL;
	return sp_login_set_env(login, "COUNTED", text) ? SP_ALLOW : SP_FAIL;
}

static const struct sp_auth_ops auth = {
	.size = sizeof auth,
	.methods = "publickey",
	.check = check,
	.service = service,
};

/* ---- in the session ---- */

static enum sp_answer
request(
    struct sp_chan *chan, const char *what, const char *arg, const void *conf)
{
	uint64_t *words = sp_chan_counters(chan, arg, strlen(arg));
	char text[TEXT_SIZE];
	int len;

	(void)what;
	(void)conf;
	if (words == NULL)
		return SP_REFUSED;
	len = snprintf(text, sizeof text, "%s %llu\n",
	    sp_chan_get(chan, "handler"),
	    (unsigned long long)__atomic_add_fetch(
		&words[SP_COUNTERS - 1], 1, __ATOMIC_RELAXED));
	sp_chan_write(chan, 0, text, (size_t)len);
	sp_chan_exit(chan, 0);
	return SP_ACCEPTED;
}

static bool
counts(const void *data)
{
	const struct conf *conf = data;

	return conf->shares;
}

static const struct sp_handler_ops handler = {
	.size = sizeof handler,
	.accepts = "exec",
	.request = request,
	.counts = counts,
};

SP_MODULE("abacus", "0.1", "counts logins for a test", struct conf, options,
    { SP_KIND_AUTH, &auth }, { SP_KIND_HANDLER, &handler });
