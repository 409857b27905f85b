/* A question of a login's, and what its answer comes to. */
#include "modules/asking/asking.h"

#include "modules/asking/slip.h"

#include <sallyport/key.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

enum {
	SERVICE_FIRST_MS = 1000, /* who says why comes before who gives up */
	ROUNDS_MAX = 16, /* of prompts */
	ANSWER_SIZE = 1024, /* typed by the client */
	PROBLEM_SIZE = 512,
};

/* In one login, over all that it asks. */
struct memory {
	uint64_t number; /* of the question at hand */
	struct slip out;
	char in[SLIP_SIZE];
};

struct hearing {
	struct sp_login *login;
	const struct asking_rules *rules;
	struct memory *memory;
	int service;
	bool is_probe, has_answer;
	struct slip_reader answer;
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- asking ---- */

static void
put_fact(struct hearing *h, const char *name)
{
	const char *value = sp_login_get(h->login, name);

	if (value != NULL)
		slip_put(&h->memory->out, name, value);
}

/* "ssh-ed25519 AAAA...", without the newline. */
static void
put_key(struct slip *p, const struct sp_cred *cred)
{
	char *line = NULL;

	if (sp_key_format_line(cred->key, NULL, &line) != SP_OK) {
		p->failed = true;
		return;
	}
	line[strcspn(line, "\n")] = '\0';
	slip_put(p, "key", line);
	slip_put(p, "key_fp", cred->key_fingerprint);
	slip_put(p, "key_alg", cred->key_algorithm);
	if (cred->probe)
		slip_put(p, "probe", "");
	sp_key_free_text(line);
}

static void
put_credential(struct hearing *h, const struct sp_cred *cred)
{
	struct slip *p = &h->memory->out;

	slip_begin(p, ++h->memory->number);
	slip_put(p, "ask", "check");
	slip_put(p, "method", cred->method);
	slip_put(p, "user", cred->user);
	if (strcmp(cred->method, "publickey") == 0)
		put_key(p, cred);
	else if (strcmp(cred->method, "password") == 0)
		slip_put(p, "password", cred->password);
	put_fact(h, "peer");
	put_fact(h, "local");
	put_fact(h, "listener");
	put_fact(h, "profile");
	put_fact(h, "way");
}

/* False when there is none in time. What is late for another is dropped. */
static bool
await(struct hearing *h)
{
	uint64_t deadline = now_ms() + h->rules->timeout + SERVICE_FIRST_MS;
	struct pollfd waiting = { .fd = h->service, .events = POLLIN };

	for (;;) {
		uint64_t now = now_ms();
		uint64_t left = deadline > now ? deadline - now : 0;
		int ready = poll(&waiting, 1, left > 60000 ? 60000 : (int)left);
		long len;

		if ((ready < 0 && errno != EINTR) || (ready == 0 && left == 0))
			return false;
		if (ready <= 0)
			continue;
		len = slip_receive(h->service, h->memory->in);
		if (len < 0 && errno == EAGAIN)
			continue;
		if (len <= 0 ||
		    !slip_open(&h->answer,
			(struct sp_view){
			    (uint8_t *)h->memory->in, (size_t)len }))
			return false;
		if (h->answer.number == h->memory->number)
			return true;
	}
}

static bool
exchange(struct hearing *h)
{
	bool is_sent = slip_send(h->service, &h->memory->out);

	slip_wipe(&h->memory->out);
	h->has_answer = is_sent && await(h);
	return h->has_answer;
}

/* The client's answer goes the way the question went. */
static bool
ask_client(struct hearing *h, const char *prompt)
{
	const char *echo = slip_find(h->answer, "echo");
	struct slip *p = &h->memory->out;
	char typed[ANSWER_SIZE] = "";
	struct sp_question question = {
		.text = prompt,
		.echo = echo != NULL && strcmp(echo, "yes") == 0,
		.answer = typed,
		.size = sizeof typed,
	};
	bool has_typed = sp_ask(h->login, NULL, NULL, &question, 1);

	slip_begin(p, h->memory->number);
	slip_put(p, "ask", "answer");
	slip_put(p, "answer", typed);
	explicit_bzero(typed, sizeof typed);
	if (!has_typed)
		slip_wipe(p);
	return has_typed;
}

/* ---- what an answer says ---- */

static bool
take_options(struct hearing *h, const char *text)
{
	struct sp_key_options said;
	char problem[PROBLEM_SIZE] = "it is malformed, or not known";
	struct sp_view fault;
	bool is_taken = false;

	if (sp_key_options_parse(
		(struct sp_view){ (const uint8_t *)text, strlen(text) }, &said,
		&fault) == SP_OK) {
		if (said.cert_authority || said.principals != NULL)
			snprintf(problem, sizeof problem,
			    "certificates are not known here");
		else
			is_taken = sp_login_take_options(h->login, &said,
			    &h->rules->environment, problem, sizeof problem);
		sp_key_options_clear(&said);
	}
	if (!is_taken)
		sp_log(LOG_NOTICE, "answer_options",
		    "the answer's options do not hold: %s", problem);
	return is_taken;
}

static bool
set_variable(struct hearing *h, const char *name, const char *value)
{
	if (!sp_match_any(&h->rules->environment, name)) {
		sp_log(LOG_NOTICE, "answer_variable",
		    "the answer sets %s, which environment does not list: it "
		    "is left out",
		    name);
		return true;
	}
	return sp_login_set_env(h->login, name, value);
}

static bool
take_pair(struct hearing *h, const char *name, const char *value)
{
	if (strcmp(name, "identity") == 0)
		return sp_login_set_identity(h->login, value);
	if (strcmp(name, "options") == 0)
		return take_options(h, value);
	if (strncmp(name, "restrict.", 9) == 0)
		return sp_login_restrict(h->login, name + 9, value);
	if (strncmp(name, "env.", 4) == 0)
		return set_variable(h, name + 4, value);
	if (strcmp(name, "text") == 0 && !h->is_probe)
		sp_tell(h->login, value);
	return true;
}

static enum sp_verdict
verdict_of(const struct hearing *h)
{
	static const struct {
		const char *word;
		enum sp_verdict verdict;
	} words[] = {
		{ "allow", SP_ALLOW },
		{ "more", SP_MORE },
		{ "deny", SP_DENY },
		{ "next", SP_NEXT },
	};
	const char *word = slip_find(h->answer, "verdict");

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (word != NULL && strcmp(word, words[i].word) == 0)
			return words[i].verdict;
	return SP_FAIL;
}

/* All of it holds, or the yes is none. */
static enum sp_verdict
take_answer(struct hearing *h)
{
	enum sp_verdict verdict = verdict_of(h);
	struct slip_reader rest = h->answer;
	const char *name, *value;

	while (slip_next(&rest, &name, &value)) {
		if (!take_pair(h, name, value) &&
		    (verdict == SP_ALLOW || verdict == SP_MORE))
			return SP_DENY;
	}
	return verdict;
}

static enum sp_verdict
hear(struct hearing *h)
{
	for (int round = 0; round < ROUNDS_MAX && exchange(h); round++) {
		const char *prompt = slip_find(h->answer, "prompt");

		if (prompt == NULL)
			return take_answer(h);
		if (!ask_client(h, prompt))
			return SP_DENY;
	}
	/* Whoever answered so often has guessed so often. */
	if (h->has_answer) {
		sp_log(LOG_ERR, "ask_failed",
		    "it prompts again and again: given up");
		return SP_DENY;
	}
	sp_log(LOG_ERR, "ask_failed",
	    "its service (sallyport-service) does not answer");
	return SP_FAIL;
}

enum sp_verdict
asking_check(struct sp_login *login, const struct sp_cred *cred,
    const struct asking_rules *rules)
{
	struct hearing h = {
		.login = login,
		.rules = rules,
		.memory = sp_login_state(login, sizeof *h.memory),
		.service = sp_service_fd(login),
		.is_probe = cred->probe,
	};
	enum sp_verdict verdict;

	if (h.memory == NULL || h.service < 0) {
		sp_log(LOG_ERR, "ask_failed",
		    "its service (sallyport-service) is not there");
		return SP_FAIL;
	}
	put_credential(&h, cred);
	if (h.memory->out.failed) {
		slip_wipe(&h.memory->out);
		sp_log(LOG_NOTICE, "ask_failed",
		    "what the client shows is too long to be asked about");
		return SP_DENY;
	}
	verdict = hear(&h);
	explicit_bzero(h.memory->in, sizeof h.memory->in);
	return verdict;
}
