/* The supervisor at work: one loop of signals, timers and control sockets. */
#include "daemon/supervisor/supervision.h"

#include "daemon/config/builtin.h"
#include "daemon/confine/confine.h"
#include "daemon/ipc/arrears.h"
#include "daemon/ipc/daybook.h"
#include "daemon/ipc/ticket.h"
#include "daemon/log/log.h"
#include "daemon/supervisor/carryover.h"
#include "daemon/supervisor/crew.h"
#include "daemon/supervisor/ending.h"
#include "daemon/supervisor/epilogue.h"
#include "daemon/supervisor/launch.h"
#include "daemon/supervisor/notification.h"
#include "daemon/supervisor/statefolder.h"
#include "lib/crypto/random.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <pwd.h>
#include <sallyport/key.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { EXIT_MISTAKES = 78 /* EX_CONFIG */ };
enum { PROBLEM_SIZE = 16384 };

struct supervision {
	const struct options *options;
	const struct loader_request *request;
	struct statefolder state;
	struct event_base *base;
	struct logsource_sink sink;
	struct crew_house house;
	struct crew *current; /* NULL until the first is up */
	struct examination examination; /* of a reload */
	struct event *examined; /* its verdict; NULL: nothing is examined */
	struct crew *next; /* who will take over; NULL: nobody */
	bool reload_wanted; /* once more, when next is done with */
	struct event *events[4];
	size_t event_count;
	struct event *renewal; /* when login and gates are old enough */
	struct event *sign_of_life; /* that the service manager wants */
	int status;
	bool has_arrears; /* of the daemon before */
	char problem[PROBLEM_SIZE];
};

/* log_event() has no argument for it. */
static struct supervision *the;

static void
take_own_record(struct sp_view body)
{
	const struct line_origin self = { .role = IPC_ROLE_SUPERVISOR,
		.pid = getpid() };

	if (the->sink.journal != NULL)
		journal_take(
		    the->sink.journal, &self, IPC_ROLE_SUPERVISOR, body);
}

/* ---- the journal ---- */

static bool
open_journal(struct supervision *s, const struct log_settings *settings)
{
	struct journal *journal = journal_open(settings->to,
	    settings->format == SETTINGS_LOG_JSON ? JOURNAL_JSON : JOURNAL_TEXT,
	    (enum log_level)settings->level);

	if (journal == NULL) {
		snprintf(s->problem, sizeof s->problem,
		    "log file %s: %s; change log.to", settings->to,
		    strerror(errno));
		return false;
	}
	journal_close(s->sink.journal);
	s->sink.journal = journal;
	log_divert(take_own_record, (enum log_level)settings->level);
	return true;
}

static int
start_failed(struct supervision *s, const char *reason)
{
	log_event(
	    EVENT_START_FAILED, LOG_FIELDS(log_text(FIELD_REASON, reason)));
	if (s->sink.journal == NULL || !isatty(STDERR_FILENO))
		fprintf(stderr, "sallyportd: cannot start: %s\n", reason);
	return EXIT_FAILURE;
}

/* ---- what is told when it serves ---- */

static void
log_addresses(const struct crew *crew)
{
	const struct listening *listening = crew_listening(crew);

	for (size_t i = 0; i < listening->count; i++) {
		const struct cidr_endpoint *at =
		    &listening->addresses[i].endpoint;
		char text[CIDR_TEXT_SIZE];

		cidr_format_address(&at->address, text);
		log_event(EVENT_LISTENING,
		    LOG_FIELDS(log_text(FIELD_ADDRESS, text),
			log_number(FIELD_PORT, at->port)));
	}
	if (listening->steering_error != 0)
		log_event(EVENT_STEERING_MISSING,
		    LOG_FIELDS(log_text(
			FIELD_REASON, strerror(listening->steering_error))));
}

/* Who began without a file is told how to try it. */
static void
log_ready(const struct crew *crew)
{
	const struct passwd *account = getpwuid(geteuid());
	const struct listening *listening = crew_listening(crew);
	char command[LOGIN_NAME_MAX + CIDR_TEXT_SIZE + 32];
	char host[CIDR_TEXT_SIZE];

	if (geteuid() == 0 || account == NULL || listening->count == 0 ||
	    strcmp(crew_settings(crew)->path, BUILTIN_NAME) != 0) {
		log_event(EVENT_READY, NULL, 0);
		return;
	}
	cidr_format_address(&listening->addresses[0].endpoint.address, host);
	snprintf(command, sizeof command, "ssh -p %u %s@%s",
	    (unsigned)listening->addresses[0].endpoint.port, account->pw_name,
	    host);
	log_event(EVENT_READY, LOG_FIELDS(log_text(FIELD_COMMAND, command)));
}

static void
log_host_keys(const struct crew *crew)
{
	struct sp_crypto *crypto = sp_crypto_new();
	struct control_host_keys keys;

	if (crypto == NULL ||
	    control_host_keys_decode(crew_host_keys(crew), &keys) != SP_OK)
		keys.count = 0;
	for (size_t i = 0; i < keys.count; i++) {
		char fingerprint[SP_FINGERPRINT_SIZE];

		/* A key of several algorithms is named once. */
		if (i > 0 &&
		    view_equal(keys.keys[i].blob, keys.keys[i - 1].blob))
			continue;
		/* Of a certificate it is the key inside that counts. */
		if (sp_certificate_algorithm(keys.keys[i].algorithm) != NULL)
			continue;
		if (sp_key_fingerprint(
			crypto, keys.keys[i].blob, fingerprint) != SP_OK)
			continue;
		log_event(EVENT_HOST_KEY,
		    LOG_FIELDS(
			log_view(FIELD_ALGORITHM, keys.keys[i].algorithm),
			log_text(FIELD_FINGERPRINT, fingerprint)));
	}
	sp_crypto_free(crypto);
}

/* ---- crews ---- */

static void begin_reload(struct supervision *);

static void
log_refusal(char *reasons)
{
	char *rest = reasons;
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			log_event(EVENT_RELOAD_REFUSED,
			    LOG_FIELDS(log_text(FIELD_REASON, line)));
}

/* To the service manager. */
static void
tell_ready(const struct supervision *s, bool is_refused)
{
	char status[128];

	snprintf(status, sizeof status, "Serving, generation %lu%s",
	    (unsigned long)crew_generation(s->current),
	    is_refused ? "; the last reload was refused, see the log" : "");
	notification_ready(status);
}

static void
end_reload(struct supervision *s, bool is_refused)
{
	s->next = NULL;
	tell_ready(s, is_refused);
	if (s->reload_wanted) {
		s->reload_wanted = false;
		begin_reload(s);
	}
}

static void
plan_renewal(struct supervision *s)
{
	uint64_t ms = crew_settings(s->current)->renew_time;
	const struct timeval wait = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	event_add(s->renewal, &wait);
}

static void
on_renewal(int socket, short what, void *arg)
{
	struct supervision *s = arg;

	(void)socket;
	(void)what;
	crew_refresh(s->current);
	plan_renewal(s);
}

/* Only a loop that turns gives one. */
static void
on_sign_of_life(int socket, short what, void *arg)
{
	(void)socket;
	(void)what;
	(void)arg;
	notification_alive();
}

static void
plan_sign_of_life(struct supervision *s)
{
	uint64_t ms = notification_watchdog_time() / 2;
	const struct timeval wait = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	if (ms > 0)
		event_add(s->sign_of_life, &wait);
}

static void
on_up(void *arg, struct crew *crew)
{
	struct supervision *s = arg;
	struct crew *old = s->current;

	s->current = crew;
	plan_renewal(s);
	crew_take_over(crew, old);
	if (old == NULL) {
		log_addresses(crew);
		log_host_keys(crew);
		log_ready(crew);
		s->next = NULL;
		tell_ready(s, false);
		plan_sign_of_life(s);
		return;
	}
	if (!open_journal(s, &crew_settings(crew)->log))
		log_refusal(s->problem); /* the old one goes on */
	log_addresses(crew);
	log_host_keys(crew);
	log_event(EVENT_RELOADED,
	    LOG_FIELDS(log_number(FIELD_GENERATION, crew_generation(crew))));
	end_reload(s, false);
}

static void
on_failed(void *arg, struct crew *crew, const char *reason)
{
	struct supervision *s = arg;

	crew_free(crew);
	if (s->current == NULL) {
		s->next = NULL;
		s->status = start_failed(s, reason);
		event_base_loopbreak(s->base);
		return;
	}
	log_event(
	    EVENT_RELOAD_REFUSED, LOG_FIELDS(log_text(FIELD_REASON, reason)));
	end_reload(s, true);
}

static const struct crew_owner crew_owner = {
	.up = on_up,
	.failed = on_failed,
};

static void
on_verdict(int fd, short what, void *arg)
{
	struct supervision *s = arg;

	(void)fd;
	(void)what;
	event_free(s->examined);
	s->examined = NULL;
	s->problem[0] = '\0';
	if (examination_end(&s->examination, s->problem, sizeof s->problem))
		s->next = crew_start(&s->house, &s->examination, s->current,
		    s->problem, sizeof s->problem);
	if (s->next != NULL)
		return;
	log_refusal(s->problem);
	end_reload(s, true);
}

/* Meanwhile all else goes on: a module may take its time. */
static bool
await_verdict(struct supervision *s)
{
	static const struct timeval time = { .tv_sec =
						 EXAMINATION_TIME / 1000 };

	s->examined =
	    event_new(s->base, s->examination.verdict, EV_READ, on_verdict, s);
	if (s->examined != NULL && event_add(s->examined, &time) == 0)
		return true;
	snprintf(s->problem, sizeof s->problem, "out of memory");
	if (s->examined != NULL)
		event_free(s->examined);
	s->examined = NULL;
	return false;
}

static void
begin_reload(struct supervision *s)
{
	notification_reloading();
	if (!journal_reopen(s->sink.journal))
		log_event(EVENT_RELOAD_REFUSED,
		    LOG_FIELDS(log_text(
			FIELD_REASON, "the log file cannot be opened anew")));
	s->problem[0] = '\0';
	if (examination_begin(
		&s->examination, s->request, s->problem, sizeof s->problem) &&
	    await_verdict(s))
		return;
	examination_clear(&s->examination);
	log_refusal(s->problem);
	end_reload(s, true);
}

/* ---- events ---- */

static void
on_child(int number, short what, void *arg)
{
	struct supervision *s = arg;

	(void)number;
	(void)what;
	member_reap(&s->house.members);
}

static void
on_hang_up(int number, short what, void *arg)
{
	struct supervision *s = arg;

	(void)number;
	(void)what;
	if (s->current == NULL || s->next != NULL || s->examined != NULL)
		s->reload_wanted = s->current != NULL;
	else
		begin_reload(s);
}

static void
on_stop(int number, short what, void *arg)
{
	struct supervision *s = arg;

	(void)what;
	log_event(EVENT_STOPPING,
	    LOG_FIELDS(log_number(FIELD_SIGNAL, (uint64_t)number)));
	notification_stopping();
	event_base_loopbreak(s->base);
}

static bool
add_event(struct supervision *s, int number, short what,
    event_callback_fn callback, const struct timeval *wait)
{
	struct event *event = event_new(s->base, number, what, callback, s);

	if (event == NULL)
		return false;
	s->events[s->event_count++] = event;
	return event_add(event, wait) == 0;
}

static bool
add_events(struct supervision *s)
{
	const short sig = EV_SIGNAL | EV_PERSIST;

	return add_event(s, SIGCHLD, sig, on_child, NULL) &&
	    add_event(s, SIGHUP, sig, on_hang_up, NULL) &&
	    add_event(s, SIGTERM, sig, on_stop, NULL) &&
	    add_event(s, SIGINT, sig, on_stop, NULL) &&
	    (s->renewal = evtimer_new(s->base, on_renewal, s)) != NULL &&
	    (s->sign_of_life = event_new(
		 s->base, -1, EV_PERSIST, on_sign_of_life, NULL)) != NULL;
}

/* ---- starting and ending ---- */

static bool
make_host_key(struct supervision *s, const struct supervisor_settings *settings)
{
	char path[PATH_MAX + 32];
	bool is_made;

	if (!settings->makes_host_key)
		return true;
	if (!statefolder_make_key(
		&s->state, &is_made, s->problem, sizeof s->problem))
		return false;
	statefolder_key_path(&s->state, path, sizeof path);
	if (is_made)
		log_event(EVENT_HOST_KEY_MADE,
		    LOG_FIELDS(log_text(FIELD_PATH, path)));
	return true;
}

/* A retired porter's, too, is the business of who serves now. */
static void
on_connection(void *arg, struct ipc_message *message)
{
	struct supervision *s = arg;

	crew_take_connection(s->current, message);
}

static bool
make_memories(struct crew_house *house)
{
	house->daybook = daybook_make();
	return house->daybook >= 0 &&
	    arrears_make(&house->arrears, &house->arrears_view) &&
	    secret_alloc(&house->ticket_key, TICKET_KEY_LEN) == SP_OK &&
	    random_bytes(house->ticket_key.data, TICKET_KEY_LEN) == SP_OK;
}

static void
close_memories(const struct crew_house *house)
{
	const int fds[] = { house->daybook, house->arrears,
		house->arrears_view };

	for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static bool
prepare(struct supervision *s)
{
	struct crew_house *house = &s->house;

	s->base = event_base_new();
	s->sink.base = s->base;
	confine_shield();
	s->sink.sessions_max = launch_raise_files();
	LIST_INIT(&s->sink.sources);
	LIST_INIT(&house->members.members);
	house->members.connection = on_connection;
	house->members.arg = s;
	house->escorts.house = &house->members;
	house->escorts.introduce = crew_introduce_escort;
	LIST_INIT(&house->escorts.all);
	house->members.sink = &s->sink;
	house->members.state = s->state.path;
	house->identities = s->state.identities;
	house->members.configuration = s->options->file;
	house->members.modules = s->options->modules;
	house->members.keep_stderr = s->options->keep_stderr;
	house->owner = &crew_owner;
	house->arg = s;
	signal(SIGPIPE, SIG_IGN);
	/* Orphaned sessions are ours, or they would stay as zombies. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	snprintf(s->problem, sizeof s->problem, "no memory or no randomness");
	if (s->base == NULL || !add_events(s) || !make_memories(house))
		return false;
	s->has_arrears = carryover_take(s->state.path, house->arrears);
	return true;
}

/* From the configuration to the first crew; false with the problem. */
static bool
start(struct supervision *s, struct examination *examination)
{
	if (!prepare(s) || !make_host_key(s, &examination->settings)) {
		examination_clear(examination);
		return false;
	}
	s->next = crew_start(
	    &s->house, examination, NULL, s->problem, sizeof s->problem);
	return s->next != NULL;
}

/* What lives on is heard to its end; the last thing that is done here. */
static void
leave(struct supervision *s, bool has_served)
{
	if (has_served && !s->options->end_sessions &&
	    !epilogue_begin(&s->sink))
		log_event(EVENT_LOG_ABANDONED,
		    LOG_FIELDS(log_text(FIELD_REASON, strerror(errno))));
	logsource_close_all(&s->sink);
	if (s->base != NULL)
		event_base_free(s->base);
	journal_close(s->sink.journal);
	s->sink.journal = NULL;
}

/* What the ledger is told from now on nobody hears of. */
static void
leave_arrears(const struct supervision *s)
{
	if (!carryover_leave(s->state.path, s->house.arrears))
		log_event(EVENT_ARREARS_LOST,
		    LOG_FIELDS(log_text(FIELD_REASON, strerror(errno))));
}

static void
clear(struct supervision *s)
{
	bool has_served = s->current != NULL;

	crew_retire(s->current);
	crew_free(s->current);
	crew_free(s->next);
	if (s->examined != NULL) {
		event_free(s->examined);
		examination_clear(&s->examination);
	}
	logsource_drain(&s->sink, 0);
	if (s->options->end_sessions)
		ending_end_all();
	logsource_drain(&s->sink, 0);
	escort_free_all(&s->house.escorts);
	member_free_all(&s->house.members);
	for (size_t i = 0; i < s->event_count; i++)
		event_free(s->events[i]);
	if (s->renewal != NULL)
		event_free(s->renewal);
	if (s->sign_of_life != NULL)
		event_free(s->sign_of_life);
	secret_clear(&s->house.ticket_key);
	if (has_served || s->has_arrears)
		leave_arrears(s);
	close_memories(&s->house);
	statefolder_close(&s->state);
	leave(s, has_served);
}

int
supervision_run(
    const struct options *options, const struct loader_request *request)
{
	static struct supervision s;
	struct examination examination;

	s = (struct supervision){ .options = options, .request = request };
	the = &s;
	s.state.lock = s.state.identities = -1;
	s.house.daybook = s.house.arrears = s.house.arrears_view = -1;
	notification_open();
	if (!statefolder_open(
		&s.state, options->state, s.problem, sizeof s.problem))
		return start_failed(&s, s.problem);
	if (!examination_run(
		&examination, request, s.problem, sizeof s.problem)) {
		fputs(s.problem, stderr);
		statefolder_close(&s.state);
		return EXIT_MISTAKES;
	}
	if (!open_journal(&s, &examination.settings.log)) {
		examination_clear(&examination);
		s.status = start_failed(&s, s.problem);
	} else if (!start(&s, &examination)) {
		s.status = start_failed(&s, s.problem);
	} else {
		event_base_dispatch(s.base);
	}
	clear(&s);
	return s.status;
}
