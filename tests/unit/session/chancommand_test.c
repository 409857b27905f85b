/* Words, values, environments and log lines of a channel's command. */
#include "daemon/log/log.h"
#include "daemon/log/record.h"
#include "daemon/session/chan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A session that has facts and no connection. */
struct session {
	struct session_given given;
};

const struct session_given *
session_given(const struct session *s)
{
	return &s->given;
}

static const struct profile_settings profile = { .name = "all" };
static const struct modgroup handler = { .name = "run" };
static struct session session;
static struct sp_chan chan;
static char *client_variables[] = { "LANG=de", "PATH=/tmp", "X=1", "A=2",
	NULL };

static int
set_up(void **state)
{
	(void)state;
	session = (struct session){ {
	    .profile = &profile,
	    .facts = {
	        .user = "alice",
	        .account = "git",
	        .home = "/home/git",
	        .shell = "/bin/sh",
	        .identity = "team-a",
	        .peer = "192.0.2.7",
	        .peer_port = "4711",
	        .local = "192.0.2.1",
	        .local_port = "22",
	    },
	} };
	chan = (struct sp_chan){ .session = &session, .handler = &handler };
	memcpy(chan.environment.variables, client_variables,
	    sizeof client_variables);
	arena_init(&chan.arena);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_clear(&chan.arena);
	return 0;
}

static void
a_command_has_words_or_none(void **state)
{
	const char *const *words = sp_argv(&chan, "status 'a b'");

	(void)state;
	assert_string_equal(words[0], "status");
	assert_string_equal(words[1], "a b");
	assert_null(words[2]);
	/* They stay when others are asked for. */
	assert_null(sp_argv(&chan, "status; id"));
	assert_null(sp_argv(&chan, ""));
	assert_string_equal(words[1], "a b");
}

static void
words_and_texts_fit_patterns(void **state)
{
	static const char *const items[] = { "status", "{word}" };
	static const struct sp_list patterns = { items, 2 };
	static const char *const good[] = { "status", "web", NULL };
	static const char *const bad[] = { "status", "web", "x", NULL };

	(void)state;
	assert_true(sp_match_words(&patterns, good));
	assert_false(sp_match_words(&patterns, bad));
	assert_false(sp_match_words(&patterns, bad + 3));
	assert_true(sp_match_any(&patterns, "web"));
	assert_false(sp_match_any(&patterns, "../web"));
}

static void
values_are_put_in(void **state)
{
	static const char *const words[] = { "cmd", "one", "two", NULL };
	char host[256] = "", wanted[300];

	(void)state;
	gethostname(host, sizeof host - 1);
	snprintf(
	    wanted, sizeof wanted, "/srv/team-a/alice%%/home/git@%s", host);
	assert_string_equal(
	    sp_chan_expand(&chan, "/srv/%i/%u%%%h@%n", NULL), wanted);
	assert_string_equal(sp_chan_expand(&chan, "%1-%2", words), "one-two");
	assert_null(sp_chan_expand(&chan, "%3", words));
	assert_null(sp_chan_expand(&chan, "%1", NULL));
	assert_null(sp_chan_expand(&chan, "%0", words));
	assert_null(sp_chan_expand(&chan, "%x", words));
}

/* Each of them in each place, alone and beside others. */
static void
no_value_is_an_option_or_leads_elsewhere(void **state)
{
	static const char *const unfit[] = { "", ".", "..", "-", "-x", "--",
		"/", "/etc", "a/b", "../a", "a/..", "a\nb", "\n", "a\tb", "\r",
		"\x01", "\x1b[m", "a\x7f" };
	static const char *const fit[] = { "a", "...", "..a", ".a", "a-", "~",
		"$(id)", ";", "a b", "*", "%", "%u", "=", "\xff", "'", "\"" };
	static const char *const texts[] = { "%1", "/srv/%1", "/srv/%1/x",
		"x%1", "%1x", "%2%1", "--opt=%1", "%i", "/srv/%i/x", "%u" };

	(void)state;
	for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
		const char *words[] = { "cmd", unfit[i], "good", NULL };

		session.given.facts.identity = unfit[i];
		session.given.facts.user = unfit[i];
		for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++) {
			if (sp_chan_expand(&chan, texts[j], words) != NULL)
				fail_msg(
				    "\"%s\" in \"%s\"", unfit[i], texts[j]);
		}
	}
	for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++) {
		const char *words[] = { "cmd", fit[i], NULL };

		/* Put in once: what it holds is put in nowhere. */
		assert_string_equal(sp_chan_expand(&chan, "%1", words), fit[i]);
	}
}

static void
a_text_that_becomes_too_long_is_none(void **state)
{
	char *word = calloc(1, 5000);
	const char *words[] = { "cmd", word, NULL };

	(void)state;
	memset(word, 'a', 4095);
	assert_int_equal(strlen(sp_chan_expand(&chan, "%1", words)), 4095);
	assert_null(sp_chan_expand(&chan, "%1x", words));
	word[4095] = 'a';
	assert_null(sp_chan_expand(&chan, "%1", words));
	free(word);
}

static const char *
variable(const char *const *env, const char *name)
{
	const char *found = NULL;
	size_t len = strlen(name);

	for (; *env != NULL; env++) {
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=') {
			assert_null(found); /* once */
			found = *env + len + 1;
		}
	}
	return found;
}

static void
of_each_variable_the_first_holds(void **state)
{
	static const char *const own[] = { "A=1", "PATH=/opt", "A=3", NULL };
	const char *const *env = sp_chan_make_env(&chan, own, false);

	(void)state;
	assert_string_equal(variable(env, "A"), "1");
	assert_string_equal(variable(env, "PATH"), "/opt");
	assert_string_equal(variable(env, "HOME"), "/home/git");
	assert_string_equal(variable(env, "USER"), "git");
	assert_string_equal(variable(env, "LOGNAME"), "git");
	assert_string_equal(variable(env, "SSH_CLIENT"), "192.0.2.7 4711 22");
	assert_string_equal(
	    variable(env, "SSH_CONNECTION"), "192.0.2.7 4711 192.0.2.1 22");
	assert_string_equal(variable(env, "SALLYPORT_IDENTITY"), "team-a");
	assert_null(variable(env, "X"));
	assert_null(variable(env, "LANG"));
}

static void
a_clients_variables_replace_nothing(void **state)
{
	static const char *const own[] = { "A=1", NULL };
	const char *const *env = sp_chan_make_env(&chan, own, true);

	(void)state;
	assert_string_equal(variable(env, "A"), "1");
	assert_string_equal(variable(env, "X"), "1");
	assert_string_equal(variable(env, "LANG"), "de");
	assert_string_equal(
	    variable(env, "PATH"), "/usr/local/bin:/usr/bin:/bin");
	assert_non_null(variable(sp_chan_make_env(&chan, NULL, true), "HOME"));
}

static void
memory_is_empty_and_a_new_piece_each_time(void **state)
{
	char *first = sp_chan_alloc(&chan, 100);
	char *second = sp_chan_alloc(&chan, 100);

	(void)state;
	assert_ptr_not_equal(first, second);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(first[i] | second[i], 0);
}

/* ---- log ---- */

static struct buffer said;

static void
take_record(struct sp_view body)
{
	assert_int_equal(buffer_append(&said, body), SP_OK);
}

/* The one record that was said since. */
static struct record
heard(void)
{
	struct record record;

	assert_int_equal(record_decode(buffer_view(&said), &record), SP_OK);
	return record;
}

static void
a_run_and_a_refusal_are_one_line_each(void **state)
{
	struct sp_outcome outcome = { .size = sizeof outcome,
		.has_ended = true,
		.status = 3,
		.time_ms = 5,
		.bytes_in = 6,
		.bytes_out = 7 };
	struct record record;

	(void)state;
	buffer_init(&said, 65536);
	log_divert(take_record, LOG_LEVEL_INFO);
	sp_chan_log_run(&chan, "status web", &outcome);
	record = heard();
	assert_int_equal(record.event, EVENT_COMMAND_RAN);
	assert_int_equal(record_field(&record, FIELD_STATUS)->number, 3);
	assert_int_equal(record_field(&record, FIELD_MILLISECONDS)->number, 5);
	assert_int_equal(record_field(&record, FIELD_BYTES_IN)->number, 6);
	assert_int_equal(record_field(&record, FIELD_BYTES_OUT)->number, 7);
	assert_null(record_field(&record, FIELD_SIGNAL));
	assert_null(record_field(&record, FIELD_REASON));
	buffer_clear(&said);
	outcome.signal = 9;
	outcome.is_late = true;
	sp_chan_log_run(&chan, "status web", &outcome);
	record = heard();
	assert_int_equal(record_field(&record, FIELD_SIGNAL)->number, 9);
	assert_null(record_field(&record, FIELD_STATUS));
	assert_non_null(record_field(&record, FIELD_REASON));
	buffer_clear(&said);
	outcome = (struct sp_outcome){ .size = sizeof outcome };
	sp_chan_log_run(&chan, "status web", &outcome);
	record = heard();
	assert_null(record_field(&record, FIELD_STATUS));
	assert_non_null(record_field(&record, FIELD_REASON));
	buffer_clear(&said);
	sp_chan_log_refusal(&chan, "id", "it is not on the list");
	record = heard();
	assert_int_equal(record.event, EVENT_COMMAND_REFUSED);
	assert_true(view_equal_string(
	    record_field(&record, FIELD_IDENTITY)->text, "team-a"));
	buffer_clear(&said);
}

static void
a_transfer_is_one_line(void **state)
{
	struct sp_transfer transfer = { .size = sizeof transfer,
		.is_upload = true,
		.path = "/in/x",
		.bytes = 6,
		.time_ms = 5 };
	struct record record;

	(void)state;
	buffer_init(&said, 65536);
	log_divert(take_record, LOG_LEVEL_INFO);
	sp_chan_log_transfer(&chan, &transfer);
	record = heard();
	assert_int_equal(record.event, EVENT_FILE_UPLOADED);
	assert_int_equal(record_field(&record, FIELD_BYTES_IN)->number, 6);
	assert_int_equal(record_field(&record, FIELD_MILLISECONDS)->number, 5);
	assert_null(record_field(&record, FIELD_BYTES_OUT));
	assert_null(record_field(&record, FIELD_REASON));
	buffer_clear(&said);
	transfer.is_upload = false;
	transfer.reason = "the client left";
	sp_chan_log_transfer(&chan, &transfer);
	record = heard();
	assert_int_equal(record.event, EVENT_FILE_DOWNLOADED);
	assert_int_equal(record_field(&record, FIELD_BYTES_OUT)->number, 6);
	assert_non_null(record_field(&record, FIELD_REASON));
	buffer_clear(&said);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_command_has_words_or_none),
		TEST(words_and_texts_fit_patterns),
		TEST(values_are_put_in),
		TEST(no_value_is_an_option_or_leads_elsewhere),
		TEST(a_text_that_becomes_too_long_is_none),
		TEST(of_each_variable_the_first_holds),
		TEST(a_clients_variables_replace_nothing),
		TEST(memory_is_empty_and_a_new_piece_each_time),
		TEST(a_run_and_a_refusal_are_one_line_each),
		TEST(a_transfer_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
