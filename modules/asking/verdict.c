/* Questions and answers as JSON. */
#include "modules/asking/verdict.h"

#include "modules/asking/jsonreader.h"
#include "modules/asking/jsonwriter.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_SIZE = 8192, NAME_SIZE = 2 * JSONREADER_NAME_SIZE + 1 };

/* What an answer can have; each at most once. */
enum member {
	HAS_ID = 1,
	HAS_VERSION = 2,
	HAS_VERDICT = 4,
	HAS_PROMPT = 8,
	HAS_ECHO = 16,
	HAS_IDENTITY = 32,
	HAS_OPTIONS = 64,
	HAS_RESTRICT = 128,
	HAS_ENV = 256,
	HAS_TEXT = 512,
};

struct answer {
	struct jsonreader json;
	struct slip *packet;
	uint64_t id;
	unsigned members;
	enum verdict_kind kind;
	bool has_other_id;
	char other[JSONREADER_NAME_SIZE]; /* what nobody knows; or "" */
	char value[VALUE_SIZE];
};

/* ---- questions ---- */

size_t
verdict_ask(const struct slip_reader *question, uint64_t id,
    char room[VERDICT_QUESTION_SIZE])
{
	struct slip_reader rest = *question;
	const char *name, *value;
	struct jsonwriter w;

	jsonwriter_begin(&w, room, VERDICT_QUESTION_SIZE);
	jsonwriter_number(&w, "v", 1);
	jsonwriter_number(&w, "id", id);
	while (slip_next(&rest, &name, &value)) {
		if (strcmp(name, "probe") == 0)
			jsonwriter_bool(&w, name, true);
		else
			jsonwriter_string(&w, name, value);
	}
	return jsonwriter_end(&w);
}

/* ---- answers ---- */

static void
read_id(struct answer *a)
{
	uint64_t id = jsonreader_number(&a->json);

	a->has_other_id = !a->json.failed && id != a->id;
}

static void
read_version(struct answer *a)
{
	if (jsonreader_number(&a->json) != 1)
		jsonreader_fail(&a->json);
}

static void
read_text(struct answer *a, const char *name)
{
	jsonreader_string(&a->json, a->value, sizeof a->value);
	if (!a->json.failed)
		slip_put(a->packet, name, a->value);
}

static void
read_verdict(struct answer *a)
{
	static const struct {
		const char *word;
		enum verdict_kind kind;
	} words[] = {
		{ "allow", VERDICT_YES },
		{ "more", VERDICT_YES },
		{ "deny", VERDICT_NO },
		{ "next", VERDICT_NO },
		{ "fail", VERDICT_FAIL },
	};

	read_text(a, "verdict");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!a->json.failed && strcmp(a->value, words[i].word) == 0)
			a->kind = words[i].kind;
	if (a->kind == VERDICT_NONE)
		jsonreader_fail(&a->json);
}

static void
read_echo(struct answer *a)
{
	slip_put(a->packet, "echo", jsonreader_bool(&a->json) ? "yes" : "no");
}

/* {"pty":"no"} becomes "restrict.pty" and "no". */
static void
read_group(struct answer *a, const char *group)
{
	struct jsonobject inner = { false };
	char name[JSONREADER_NAME_SIZE], whole[NAME_SIZE];

	while (jsonreader_next(&a->json, &inner, name)) {
		snprintf(whole, sizeof whole, "%s.%s", group, name);
		/* Two variables of one name: whoever wrote it meant one. */
		if (slip_find(
			(struct slip_reader){
			    .rest = { (const uint8_t *)a->packet->bytes,
				a->packet->len } },
			whole) != NULL)
			jsonreader_fail(&a->json);
		read_text(a, whole);
	}
}

static const struct row {
	const char *name;
	enum member member;
	void (*read)(struct answer *); /* NULL: a text, or a group of them */
	bool is_group;
} rows[] = {
	{ "id", HAS_ID, read_id, false },
	{ "v", HAS_VERSION, read_version, false },
	{ "verdict", HAS_VERDICT, read_verdict, false },
	{ "prompt", HAS_PROMPT, NULL, false },
	{ "echo", HAS_ECHO, read_echo, false },
	{ "identity", HAS_IDENTITY, NULL, false },
	{ "options", HAS_OPTIONS, NULL, false },
	{ "restrict", HAS_RESTRICT, NULL, true },
	{ "env", HAS_ENV, NULL, true },
	{ "text", HAS_TEXT, NULL, false },
};

static void
read_member(struct answer *a, const char *name)
{
	const struct row *row = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0)
			row = &rows[i];
	if (row == NULL)
		snprintf(a->other, sizeof a->other, "%s", name);
	if (row == NULL || (a->members & row->member) != 0) {
		jsonreader_fail(&a->json);
		return;
	}
	a->members |= row->member;
	if (row->read != NULL)
		row->read(a);
	else if (row->is_group)
		read_group(a, name);
	else
		read_text(a, name);
}

/* A prompt has its echo beside it, and nothing else. */
static const char *
problem_of(const struct answer *a)
{
	const unsigned prompt = HAS_PROMPT | HAS_ECHO;

	if (a->packet->failed)
		return "it is too long";
	if ((a->members & HAS_ID) == 0)
		return "it has no \"id\"";
	if (a->has_other_id)
		return "it is for another question: its \"id\" is not that "
		       "of this one";
	if ((a->members & HAS_PROMPT) != 0)
		return (a->members & ~(prompt | HAS_ID | HAS_VERSION)) == 0
		    ? NULL
		    : "a \"prompt\" has nothing but \"echo\" beside it";
	if ((a->members & HAS_VERDICT) == 0)
		return "it has neither a \"verdict\" nor a \"prompt\"";
	return (a->members & HAS_ECHO) == 0 ? NULL
					    : "\"echo\" is for a \"prompt\"";
}

static void
describe_failure(const struct answer *a, char problem[VERDICT_PROBLEM_SIZE])
{
	if (a->other[0] != '\0')
		snprintf(problem, VERDICT_PROBLEM_SIZE,
		    "it has \"%s\", which nobody here knows", a->other);
	else
		snprintf(problem, VERDICT_PROBLEM_SIZE,
		    "it is not the JSON object that was expected");
}

enum verdict_kind
verdict_read(struct sp_view text, uint64_t id, struct slip *packet,
    uint64_t number, char problem[VERDICT_PROBLEM_SIZE])
{
	struct answer a = { .packet = packet, .id = id };
	struct jsonobject object = { false };
	char name[JSONREADER_NAME_SIZE];
	const char *wrong;

	slip_begin(packet, number);
	jsonreader_init(&a.json, text);
	while (jsonreader_next(&a.json, &object, name))
		read_member(&a, name);
	if (!jsonreader_end(&a.json)) {
		describe_failure(&a, problem);
		return VERDICT_NONE;
	}
	wrong = problem_of(&a);
	if (wrong != NULL) {
		snprintf(problem, VERDICT_PROBLEM_SIZE, "%s", wrong);
		return VERDICT_NONE;
	}
	return (a.members & HAS_PROMPT) != 0 ? VERDICT_PROMPT : a.kind;
}
