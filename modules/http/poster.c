/* Questions on their way, by libcurl. */
#include "modules/http/poster.h"

#include "modules/asking/clerk.h"
#include "modules/http/recall.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <sallyport/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* Of the headers of an answer, in all. */
enum { HEADERS_MAX = 16384 };

/* curl_multi_poll() takes what poll() takes, by another name. */
_Static_assert(sizeof(struct curl_waitfd) == sizeof(struct pollfd) &&
	offsetof(struct curl_waitfd, fd) == offsetof(struct pollfd, fd) &&
	offsetof(struct curl_waitfd, events) ==
	    offsetof(struct pollfd, events) &&
	offsetof(struct curl_waitfd, revents) ==
	    offsetof(struct pollfd, revents) &&
	CURL_WAIT_POLLIN == POLLIN,
    "struct curl_waitfd is not struct pollfd");

struct post {
	CURL *easy; /* NULL: it is free */
	struct clerk_case *asked;
	bool has_key; /* it may be remembered */
	uint8_t key[RECALL_KEY_LEN];
	char body[VERDICT_ANSWER_MAX];
	size_t len, headers;
	bool is_too_long;
	char error[CURL_ERROR_SIZE];
};

struct poster {
	const struct poster_given *given;
	struct clerk *clerk;
	CURLM *multi;
	struct curl_slist *headers;
	struct recall recall;
	struct slip answer; /* a copy of the last */
	struct post posts[POSTER_MAX];
};

/* ---- what comes ---- */

static size_t
take_body(char *bytes, size_t one, size_t count, void *arg)
{
	struct post *post = arg;
	size_t len = one * count;

	if (len > sizeof post->body - post->len) {
		post->is_too_long = true;
		return 0;
	}
	memcpy(post->body + post->len, bytes, len);
	post->len += len;
	return len;
}

static size_t
count_header(char *bytes, size_t one, size_t count, void *arg)
{
	struct post *post = arg;
	size_t len = one * count;

	(void)bytes;
	if (len > HEADERS_MAX - post->headers) {
		post->is_too_long = true;
		return 0;
	}
	post->headers += len;
	return len;
}

/* ---- what goes ---- */

/* Nobody else decides where a question goes, or who is believed. */
static bool
set_all(struct poster *p, struct post *post)
{
	const struct poster_given *given = p->given;
	CURL *easy = post->easy;
	bool done = true;

#define SET(option, value) \
	done = curl_easy_setopt(easy, option, value) == CURLE_OK && done
	SET(CURLOPT_URL, given->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (given->ca[0] != '\0') {
		SET(CURLOPT_CAINFO, given->ca);
		SET(CURLOPT_CAPATH, NULL);
	}
	if (given->socket[0] != '\0')
		SET(CURLOPT_UNIX_SOCKET_PATH, given->socket);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)given->timeout);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)given->timeout);
	SET(CURLOPT_HTTPHEADER, p->headers);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE, (long)post->asked->len);
	SET(CURLOPT_POSTFIELDS, post->asked->question);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, post);
	SET(CURLOPT_HEADERFUNCTION, count_header);
	SET(CURLOPT_HEADERDATA, post);
	SET(CURLOPT_ERRORBUFFER, post->error);
	SET(CURLOPT_PRIVATE, post);
#undef SET
	return done;
}

static void
end_post(struct poster *p, struct post *post)
{
	curl_multi_remove_handle(p->multi, post->easy);
	curl_easy_cleanup(post->easy);
	post->easy = NULL;
	post->asked = NULL;
}

static struct post *
find_post(struct poster *p, const struct clerk_case *asked)
{
	for (size_t i = 0; i < p->given->connections; i++)
		if (p->posts[i].asked == asked)
			return &p->posts[i];
	return NULL;
}

/* All that was asked but its number. What a client typed is said once. */
static bool
make_key(const struct poster *p, const struct clerk_case *c,
    uint8_t key[RECALL_KEY_LEN])
{
	const char *from = strstr(c->question, ",\"ask\":");
	struct sp_view asked;

	if (c->goes_on || from == NULL ||
	    (p->recall.yes.time == 0 && p->recall.no.time == 0))
		return false;
	asked.data = (const uint8_t *)from;
	asked.len = c->len - (size_t)(from - c->question);
	return recall_key(&p->recall, asked, key);
}

static bool
post_question(struct poster *p, struct post *post, struct clerk_case *c)
{
	post->easy = curl_easy_init();
	post->asked = c;
	if (post->easy == NULL)
		return false;
	post->len = post->headers = 0;
	post->is_too_long = false;
	post->error[0] = '\0';
	return set_all(p, post) &&
	    curl_multi_add_handle(p->multi, post->easy) == CURLM_OK;
}

static bool
begin(void *arg, struct clerk_case *c)
{
	struct poster *p = arg;
	struct post *post = find_post(p, NULL);
	uint8_t key[RECALL_KEY_LEN] = { 0 };
	bool has_key = make_key(p, c, key);
	struct sp_view known;

	if (has_key && recall_find(&p->recall, key, clerk_now(), &known)) {
		clerk_answer_again(p->clerk, c, known);
		return true;
	}
	if (post == NULL)
		return false;
	post->has_key = has_key;
	memcpy(post->key, key, sizeof key);
	if (post_question(p, post, c))
		return true;
	end_post(p, post);
	clerk_fail(p->clerk, c, "libcurl could not begin: see memory");
	return true;
}

static void
drop(void *arg, struct clerk_case *c, bool is_late)
{
	struct poster *p = arg;
	struct post *post = find_post(p, c);
	char reason[CLERK_REASON_SIZE];

	if (post != NULL)
		end_post(p, post);
	if (!is_late)
		return;
	snprintf(reason, sizeof reason, "%s: no answer within %" PRIu64 " ms",
	    p->given->url, p->given->timeout);
	clerk_fail(p->clerk, c, reason);
}

/* ---- answers ---- */

/*
 * By these a server refuses what it was asked: who asks for that, or breaks
 * a rule of its, has not met one that is broken. RFC 9110 15.5, RFC 6585.
 */
static bool
is_refusal(long status)
{
	static const long refusals[] = { 400, 401, 403, 413, 422, 431 };

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		if (status == refusals[i])
			return true;
	return false;
}

/* NULL, or why what came is none. */
static const char *
problem_of(struct post *post, CURLcode result, bool *is_refused, char room[64])
{
	long status = 0;

	if (post->is_too_long)
		return "its answer is too long";
	if (result != CURLE_OK)
		return post->error[0] == '\0' ? curl_easy_strerror(result)
					      : post->error;
	curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return NULL;
	snprintf(room, 64, "it answered with status %ld", status);
	*is_refused = is_refusal(status);
	return room;
}

static void
fail(struct poster *p, struct clerk_case *asked, const char *problem,
    bool is_refused)
{
	char reason[2 * CLERK_REASON_SIZE];

	snprintf(reason, sizeof reason, "%s: %s", p->given->url, problem);
	if (is_refused)
		clerk_refuse(p->clerk, asked, reason);
	else
		clerk_fail(p->clerk, asked, reason);
}

static void
remember(struct poster *p, const struct post *post, enum verdict_kind kind)
{
	struct slip_reader r;
	struct sp_view bytes = { (const uint8_t *)p->answer.bytes,
		p->answer.len };

	if (post->has_key && (kind == VERDICT_YES || kind == VERDICT_NO) &&
	    slip_open(&r, bytes))
		recall_store(&p->recall, post->key, kind == VERDICT_YES,
		    clerk_now(), r.rest);
}

static void
take_answer(struct poster *p, struct post *post, CURLcode result)
{
	char room[64], phrase[VERDICT_PROBLEM_SIZE];
	struct sp_view text = { (const uint8_t *)post->body, post->len };
	struct clerk_case *asked = post->asked;
	bool is_refused = false;
	const char *problem = problem_of(post, result, &is_refused, room);
	enum verdict_kind kind;

	end_post(p, post);
	if (problem != NULL) {
		fail(p, asked, problem, is_refused);
		return;
	}
	kind = clerk_answer(p->clerk, asked, text, phrase, &p->answer);
	if (kind == VERDICT_NONE)
		fail(p, asked, phrase, false);
	else
		remember(p, post, kind);
}

static void
serve(void *arg, const struct pollfd *fds, size_t count)
{
	struct poster *p = arg;
	const struct CURLMsg *message;
	int running, left;

	(void)fds;
	(void)count;
	curl_multi_perform(p->multi, &running);
	while ((message = curl_multi_info_read(p->multi, &left)) != NULL) {
		CURLcode result = message->data.result;
		struct post *post = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(
		    message->easy_handle, CURLINFO_PRIVATE, (char **)&post);
		take_answer(p, post, result);
	}
}

/* libcurl waits for its own. */
static size_t
watch(void *arg, struct pollfd *fds)
{
	(void)arg;
	(void)fds;
	return 0;
}

static int
wait_for(void *arg, struct pollfd *fds, size_t count, int ms)
{
	struct poster *p = arg;

	return curl_multi_poll(p->multi, (struct curl_waitfd *)(void *)fds,
		   (unsigned)count, ms, NULL) == CURLM_OK
	    ? 0
	    : -1;
}

static uint64_t
next(void *arg)
{
	(void)arg;
	return UINT64_MAX;
}

/* ---- the service ---- */

static bool
open_poster(struct poster *p)
{
	const struct poster_given *given = p->given;
	long most = (long)given->connections;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return false;
	p->multi = curl_multi_init();
	p->headers = curl_slist_append(NULL, "Content-Type: application/json");
	/* A question is small: nobody waits to be told to go on. */
	if (p->headers != NULL)
		curl_slist_append(p->headers, "Expect:");
	return p->multi != NULL && p->headers != NULL &&
	    curl_multi_setopt(p->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most) ==
	    CURLM_OK &&
	    curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, most) ==
	    CURLM_OK &&
	    recall_init(&p->recall, given->cache_size, given->cache_yes,
		given->cache_no);
}

int
poster_run(int fd, const struct poster_given *given)
{
	static struct poster poster;
	const struct clerk_answerer answerer = {
		.arg = &poster,
		.begin = begin,
		.drop = drop,
		.watch = watch,
		.wait = wait_for,
		.serve = serve,
		.next = next,
	};
	int status;

	poster.given = given;
	if (!open_poster(&poster)) {
		sp_log(LOG_ERR, "ask_failed", "libcurl could not begin");
		return -1;
	}
	status = clerk_run(fd, given->timeout, &answerer, &poster.clerk);
	recall_clear(&poster.recall);
	return status;
}
