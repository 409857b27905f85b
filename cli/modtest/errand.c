/* The table of what can be asked, and taking lines apart for it. */
#include "cli/modtest/errand.h"

#include "cli/modtest/applicant.h"
#include "cli/modtest/attendant.h"
#include "cli/modtest/barrage.h"
#include "cli/modtest/patron.h"
#include "cli/modtest/sitting.h"
#include "daemon/config/commandline.h"

#include <stdlib.h>

enum { LINE_SIZE = 4096, VARIABLES_MAX = 16 };

const char errand_help[] =
    "of an auth module:\n"
    "  publickey USER FILE.pub     he proved that he has the key\n"
    "  probe USER FILE.pub         he asks whether the key would do\n"
    "  password USER TEXT\n"
    "  change USER OLD NEW         a password that must be changed\n"
    "  keyboard USER [ANSWER ...]  one to each question\n"
    "  hostbased USER FILE.pub HOST NAME   a host says that he is NAME "
    "there\n"
    "  none USER                   he shows nothing\n"
    "  fuzz N [SEED]               so many credentials at random\n"
    "  session USER                one is opened, left and closed\n"
    "  renew                       its service ends, and another begins\n"
    "of a handler, each on a connection and a session of its own:\n"
    "  exec 'COMMAND' [< FILE] [> FILE]\n"
    "  shell [< FILE] [> FILE]\n"
    "  subsystem NAME [< FILE] [> FILE]\n"
    "  slow REQUEST                its reader stops until nothing comes\n"
    "  tty REQUEST                 on a terminal\n"
    "  with NAME=VALUE REQUEST     this variable is set before\n"
    "  (each REQUEST is one of these, so that they go together)\n";

/* A line in its parts; words as a shell would find them. */
struct parts {
	struct string_list words;
	const char *in, *out;
};

struct row {
	const char *name;
	size_t least, most; /* words behind the name */
	void (*run)(
	    const struct errand_given *, const struct parts *, struct answer *);
};

static void
complain(struct answer *answer, const char *what)
{
	answer_add(answer, "ERROR %s", what);
	answer->is_failure = true;
}

/* ---- auth ---- */

/* False, and that is told, where the module is none. */
static bool
is_auth(const struct errand_given *given, struct applicant_given *applicant,
    struct answer *answer)
{
	*applicant = (struct applicant_given){
		.crypto = given->crypto,
		.group = given->auth,
		.peer = &given->peer,
		.attendant = given->attendant,
	};
	if (given->auth == NULL)
		complain(answer, "it is no auth module");
	return given->auth != NULL;
}

static void
run_publickey(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	const char *const *words = parts->words.items;
	struct applicant_given applicant;

	if (is_auth(given, &applicant, answer))
		applicant_offer_key(
		    &applicant, words[1], words[2], false, answer);
}

static void
run_probe(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	const char *const *words = parts->words.items;
	struct applicant_given applicant;

	if (is_auth(given, &applicant, answer))
		applicant_offer_key(
		    &applicant, words[1], words[2], true, answer);
}

static void
run_password(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	const char *const *words = parts->words.items;
	struct applicant_given applicant;

	if (is_auth(given, &applicant, answer))
		applicant_offer_password(
		    &applicant, words[1], words[2], NULL, answer);
}

static void
run_change(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	const char *const *words = parts->words.items;
	struct applicant_given applicant;

	if (is_auth(given, &applicant, answer))
		applicant_offer_password(
		    &applicant, words[1], words[2], words[3], answer);
}

static void
run_keyboard(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	const struct string_list answers = { parts->words.items + 2,
		parts->words.count - 2 };
	struct applicant_given applicant;

	if (is_auth(given, &applicant, answer))
		applicant_offer_answers(
		    &applicant, parts->words.items[1], &answers, answer);
}

static void
run_hostbased(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	const char *const *words = parts->words.items;
	const struct applicant_host host = { words[2], words[3], words[4] };
	struct applicant_given applicant;

	if (is_auth(given, &applicant, answer))
		applicant_offer_host(&applicant, words[1], &host, answer);
}

static void
run_none(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	struct applicant_given applicant;

	if (is_auth(given, &applicant, answer))
		applicant_offer_nothing(
		    &applicant, parts->words.items[1], answer);
}

static bool
read_number(const char *text, uint64_t *number)
{
	char *end;

	*number = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static void
run_fuzz(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	struct applicant_given applicant;
	uint64_t count, seed = 1;

	if (!is_auth(given, &applicant, answer))
		return;
	if (!read_number(parts->words.items[1], &count) ||
	    (parts->words.count > 2 &&
		!read_number(parts->words.items[2], &seed)))
		complain(answer, "fuzz N [SEED]: numbers are wanted");
	else
		barrage_run(&applicant, count, seed, answer);
}

static void
run_session(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	struct applicant_given applicant;

	if (is_auth(given, &applicant, answer))
		sitting_run(&applicant, parts->words.items[1], answer);
}

static void
run_renew(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	(void)parts;
	if (given->auth == NULL || given->auth->module.auth.service == NULL) {
		complain(answer, "it has no service");
		return;
	}
	attendant_stop(given->attendant, answer);
	if (!attendant_start(given->attendant, given->auth))
		complain(answer, "its service cannot be started");
}

/* ---- handlers ---- */

static void
ask_handler(const struct errand_given *given, const struct parts *parts,
    struct patron_order *order, struct answer *answer)
{
	const struct stage_given stage = {
		.crypto = given->crypto,
		.group = given->handler,
		.settings = given->settings,
		.identity = given->identity,
	};

	order->in = parts->in;
	order->out = parts->out;
	if (given->handler == NULL)
		complain(answer, "it is no handler");
	else
		patron_ask(&stage, order, answer);
}

/* "exec COMMAND", "shell", "subsystem NAME", from a place on. */
static bool
read_request(
    const struct string_list *words, size_t at, struct sp_request *request)
{
	const char *name = at < words->count ? words->items[at] : "";
	const char *argument =
	    at + 1 < words->count ? words->items[at + 1] : NULL;
	size_t wanted = argument == NULL ? at + 1 : at + 2;

	if (words->count != wanted)
		return false;
	if (strcmp(name, "shell") == 0 && argument == NULL) {
		request->kind = SP_REQUEST_SHELL;
	} else if (strcmp(name, "exec") == 0 && argument != NULL) {
		request->kind = SP_REQUEST_EXEC;
		request->u.command = sp_text(argument);
	} else if (strcmp(name, "subsystem") == 0 && argument != NULL) {
		request->kind = SP_REQUEST_SUBSYSTEM;
		request->u.subsystem = sp_text(argument);
	} else {
		return false;
	}
	return true;
}

/* What stands before the request; *at is where that begins. */
static void
read_manner(const struct string_list *words, struct patron_order *order,
    const char *variables[VARIABLES_MAX], size_t *at)
{
	order->variables = variables;
	for (*at = 0; *at < words->count; (*at)++) {
		const char *word = words->items[*at];

		if (strcmp(word, "slow") == 0)
			order->is_slow = true;
		else if (strcmp(word, "tty") == 0)
			order->has_terminal = true;
		else if (strcmp(word, "with") == 0 && *at + 1 < words->count &&
		    strchr(words->items[*at + 1], '=') != NULL &&
		    order->variable_count < VARIABLES_MAX)
			variables[order->variable_count++] =
			    words->items[++*at];
		else
			return;
	}
}

static void
run_request(const struct errand_given *given, const struct parts *parts,
    struct answer *answer)
{
	struct patron_order order = { .is_slow = false };
	const char *variables[VARIABLES_MAX];
	size_t at;

	read_manner(&parts->words, &order, variables, &at);
	if (read_request(&parts->words, at, &order.request))
		ask_handler(given, parts, &order, answer);
	else
		complain(answer, "exec 'COMMAND', shell, or subsystem NAME");
}

/* ---- lines ---- */

/* A way to be asked that comes along needs a row, and a line of the help. */
static const struct row rows[] = {
	{ "publickey", 2, 2, run_publickey },
	{ "probe", 2, 2, run_probe },
	{ "password", 2, 2, run_password },
	{ "change", 3, 3, run_change },
	{ "keyboard", 1, 64, run_keyboard },
	{ "hostbased", 4, 4, run_hostbased },
	{ "none", 1, 1, run_none },
	{ "fuzz", 1, 2, run_fuzz },
	{ "session", 1, 1, run_session },
	{ "renew", 0, 0, run_renew },
	{ "exec", 1, 1, run_request },
	{ "shell", 0, 0, run_request },
	{ "subsystem", 1, 1, run_request },
	{ "slow", 1, 64, run_request },
	{ "tty", 1, 64, run_request },
	{ "with", 2, 64, run_request },
};

/* Where the first < or > outside of quotes is. */
static size_t
find_redirection(const char *line)
{
	char quote = '\0';
	size_t i = 0;

	for (; line[i] != '\0'; i++) {
		if (quote != '\0')
			quote = line[i] == quote ? '\0' : quote;
		else if (line[i] == '\'' || line[i] == '"')
			quote = line[i];
		else if (line[i] == '<' || line[i] == '>')
			break;
	}
	return i;
}

/* "< in > out", each at most once. */
static bool
read_redirections(struct arena *arena, char *rest, struct parts *parts)
{
	while (*rest != '\0') {
		const char **file = *rest == '<' ? &parts->in : &parts->out;
		size_t end = find_redirection(rest + 1) + 1;
		char next = rest[end];
		struct string_list words;

		rest[end] = '\0';
		words = commandline_split(arena, rest + 1);
		rest[end] = next;
		if (words.count != 1 || *file != NULL)
			return false;
		*file = words.items[0];
		rest += end;
	}
	return true;
}

static bool
read_parts(struct arena *arena, const char *line, struct parts *parts)
{
	char *text = arena_string(arena, line);
	size_t end = find_redirection(text);
	char *words = arena_copy(arena, view_of(text, end));

	*parts = (struct parts){ .words = commandline_split(arena, words) };
	return parts->words.count > 0 &&
	    read_redirections(arena, text + end, parts);
}

static const struct row *
find_row(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	}
	return NULL;
}

void
errand_run(
    const struct errand_given *given, const char *line, struct answer *answer)
{
	const struct row *row = NULL;
	struct parts parts;
	struct arena arena;

	arena_init(&arena);
	if (!read_parts(&arena, line, &parts))
		complain(answer, "words, with quotes where a shell needs them");
	else if ((row = find_row(parts.words.items[0])) == NULL)
		complain(answer, "it is not known; \"help\" lists what is");
	else if (parts.words.count - 1 < row->least ||
	    parts.words.count - 1 > row->most)
		complain(answer, "too few words, or too many; see \"help\"");
	else
		row->run(given, &parts, answer);
	if (given->auth != NULL)
		attendant_look_after(given->attendant, answer);
	arena_clear(&arena);
}
