/* A crew: places, who is in them, and who knows whom. */
#include "daemon/supervisor/crew.h"

#include "daemon/config/entrance.h"
#include "daemon/ipc/cookie.h"
#include "daemon/ipc/kinship.h"
#include "daemon/log/log.h"
#include "daemon/supervisor/launch.h"
#include "lib/crypto/random.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds. */
enum {
	START_TIME_MAX = 60000, /* until a process says that it is ready */
	BACK_OFF_MAX = 30000,
	REFUSAL_WAIT = 500, /* after a process that could not be started */
	STEADY_TIME = 60000, /* who lived so long did not crash at once */
	RESTING_TIME = INT_MAX, /* of a timer that nobody waits for */
};

struct place {
	struct crew *crew;
	enum ipc_role role;
	uint32_t gate; /* which of the listening sockets are his */
	size_t service; /* which he is */
	struct member *member; /* who is in it, and ready */
	struct member *next; /* who will be, once he is ready */
	bool is_worn; /* who is in it wants to be replaced, and will be */
	unsigned crashes; /* one soon after the other */
	unsigned refusals; /* to start somebody, one after the other */
	struct event *timer; /* to start somebody, or to wait for him */
	bool is_resting; /* the timer: nobody is to be started */
};

struct crew {
	struct crew_house *house;
	struct examination examination;
	struct launch_programs programs;
	struct listening listening;
	uint32_t generation;
	bool is_serving; /* it has taken over */
	bool has_failed;
	size_t count;
	struct place *places;
};

/* Behind the gates are the services. */
enum { KEYHOLDER_PLACE, LEDGER_PLACE, LOGIN_PLACE, FIRST_GATE_PLACE };

/* ---- who knows whom ---- */

/* Each has to know the other: else both wait for somebody who never comes. */
static void
start_anew(struct member *member, enum ipc_type untold)
{
	char reason[128];

	snprintf(reason, sizeof reason,
	    "it cannot be told what it needs (%s): %s", ipc_name(untold),
	    strerror(errno));
	log_event(EVENT_PROCESS_FAILED,
	    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(member->role)),
		log_text(FIELD_REASON, reason),
		log_text(FIELD_REMEDY, "another takes its place")));
	member_kill(member);
}

static bool
send_peer(struct member *to, const struct member *about, int socket,
    struct sp_view link)
{
	const struct control_peer peer = {
		.role = about->role,
		.id = about->role == IPC_ROLE_SERVICE ? about->way : about->id,
		.pid = (uint32_t)about->pid,
		.link = link,
		.part = about->part,
		.parts = about->parts,
		.is_steered = about->is_steered,
	};
	struct buffer body;
	bool is_made;

	buffer_init(&body, 64);
	is_made = control_peer_encode(&peer, &body) == SP_OK;
	if (is_made)
		member_send(to, IPC_PEER, buffer_view(&body), &socket, 1);
	buffer_clear(&body);
	return is_made;
}

static void
send_host_keys(struct member *to, const struct member *keyholder)
{
	if (keyholder->role == IPC_ROLE_KEYHOLDER)
		member_send(to, IPC_HOST_KEYS,
		    buffer_view(&keyholder->host_keys), NULL, 0);
}

/* Who tells the ledger how connections ended. */
static bool
is_informant(const struct member *member)
{
	return (member->role == IPC_ROLE_GATE && !member->is_escort) ||
	    member->role == IPC_ROLE_LOGIN;
}

/* Services are known to logins alone, and a porter to the ledger. */
static bool
work_together(const struct place *place, const struct member *other)
{
	bool is_service =
	    place->role == IPC_ROLE_SERVICE || other->role == IPC_ROLE_SERVICE;

	if (place->role == other->role)
		return false;
	if (place->role == IPC_ROLE_LEDGER)
		return is_informant(other);
	if (other->role == IPC_ROLE_LEDGER)
		return is_informant(place->member);
	if (place->member->is_porter || other->is_porter)
		return false;
	return !is_service || place->role == IPC_ROLE_LOGIN ||
	    other->role == IPC_ROLE_LOGIN;
}

/*
 * The keyholder's keys come to a gate before he does. A login, which lets
 * nobody in until it knows them, is told of them behind him: else whom it
 * let in between the two would have no keyholder for as long as he stays.
 */
static void
connect_members(struct member *a, struct member *b)
{
	struct member *keyholder = a->role == IPC_ROLE_KEYHOLDER ? a : b;
	struct member *other = keyholder == a ? b : a;
	bool is_login = other->role == IPC_ROLE_LOGIN;
	uint8_t secret[COOKIE_KEY_LEN];
	struct sp_view link = view_of(secret, sizeof secret);
	int pair[2];

	if (random_bytes(secret, sizeof secret) != SP_OK || !ipc_pair(pair)) {
		start_anew(other, IPC_PEER);
		return;
	}
	if (!is_login)
		send_host_keys(other, keyholder);
	if (!send_peer(a, b, pair[0], link) || !send_peer(b, a, pair[1], link))
		start_anew(other, IPC_PEER);
	if (is_login)
		send_host_keys(other, keyholder);
	OPENSSL_cleanse(secret, sizeof secret);
	close(pair[0]);
	close(pair[1]);
}

static void
send_listeners(struct crew *crew, struct place *place)
{
	for (size_t i = 0; i < crew->listening.count; i++) {
		const struct listening_address *address =
		    &crew->listening.addresses[i];
		const struct control_listener listener = {
			.name = view_of_string(address->name),
			.is_steered = crew->listening.steering_error == 0,
		};
		struct buffer body;

		buffer_init(&body, 256);
		if (control_listener_encode(&listener, &body) == SP_OK)
			member_send(place->member, IPC_LISTENER,
			    buffer_view(&body), &address->sockets[place->gate],
			    1);
		else
			start_anew(place->member, IPC_LISTENER);
		buffer_clear(&body);
	}
}

static void
send_ticket_key(struct crew *crew, struct member *member)
{
	member_send(member, IPC_TICKET_KEY,
	    secret_view(&crew->house->ticket_key), NULL, 0);
}

/* The ledger alone can write. */
static void
send_arrears(struct crew *crew, struct member *member)
{
	const int *file = member->role == IPC_ROLE_LEDGER
	    ? &crew->house->arrears
	    : &crew->house->arrears_view;

	member_send(member, IPC_ARREARS, view_of(NULL, 0), file, 1);
}

/* All logins count in one place, so that no reload forgets anybody. */
static void
send_identities(struct crew *crew, struct member *login)
{
	member_send(login, IPC_IDENTITIES, view_of(NULL, 0),
	    &crew->house->identities, 1);
}

/*
 * Which tickets were used all logins know, so that one is good with any of
 * them, and with one of them only.
 */
static void
send_tickets(struct crew *crew, struct member *login)
{
	send_ticket_key(crew, login);
	member_send(
	    login, IPC_DAYBOOK, view_of(NULL, 0), &crew->house->daybook, 1);
}

/*
 * Retired gates still have strangers who want to log in. Any crew's login
 * will do for them, and the newest knows best who may; but a keyholder of
 * other host keys than they began with will not.
 */
static bool
is_connected_with(const struct place *place, const struct member *member)
{
	const struct crew *crew = place->crew;

	if (member->is_retiring && place->role == IPC_ROLE_LEDGER)
		return is_informant(member);
	if (member->is_retiring && place->role == IPC_ROLE_SERVICE)
		return member->role == IPC_ROLE_LOGIN &&
		    member->crew == crew->generation;
	if (member->is_retiring)
		return member->role == IPC_ROLE_GATE &&
		    (place->role == IPC_ROLE_LOGIN ||
			member->crew == crew->generation);
	for (size_t i = 0; i < crew->count; i++)
		if (crew->places[i].member == member)
			return true;
	return false;
}

/* What it is to share with others, before it knows them. */
static void
equip(struct place *place)
{
	struct crew *crew = place->crew;

	if (place->role == IPC_ROLE_LOGIN) {
		send_tickets(crew, place->member);
		send_identities(crew, place->member);
	} else if (place->role == IPC_ROLE_KEYHOLDER) {
		send_ticket_key(crew, place->member);
	}
	if (place->role == IPC_ROLE_LEDGER || is_informant(place->member))
		send_arrears(crew, place->member);
}

/* Makes one known to all it works with. */
static void
introduce(struct place *place)
{
	struct crew *crew = place->crew;
	struct member *other;

	equip(place);
	LIST_FOREACH(other, &crew->house->members.members, link)
	if (other->is_ready && work_together(place, other) &&
	    is_connected_with(place, other))
		connect_members(place->member, other);
	if (place->role == IPC_ROLE_GATE)
		send_listeners(crew, place);
}

/* Everybody with everybody else of another role, once. */
static void
introduce_all(struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		equip(&crew->places[i]);
	for (size_t i = 0; i < crew->count; i++)
		for (size_t j = i + 1; j < crew->count; j++)
			if (work_together(
				&crew->places[i], crew->places[j].member))
				connect_members(crew->places[i].member,
				    crew->places[j].member);
	for (size_t i = FIRST_GATE_PLACE; i < crew->count; i++)
		if (crew->places[i].role == IPC_ROLE_GATE)
			send_listeners(crew, &crew->places[i]);
}

/*
 * Those of a crew that was retired now wait for the new login, and tell the
 * new ledger how their strangers fared.
 */
static void
adopt_retired(struct crew *crew)
{
	struct member *other;

	LIST_FOREACH(other, &crew->house->members.members, link)
	{
		if (!other->is_ready || !other->is_retiring)
			continue;
		if (is_informant(other))
			connect_members(
			    crew->places[LEDGER_PLACE].member, other);
		if (other->role == IPC_ROLE_GATE && !other->is_porter)
			connect_members(
			    crew->places[LOGIN_PLACE].member, other);
	}
}

static struct launch_kit
kit_of(const struct crew *crew, enum ipc_role role)
{
	struct launch_kit kit = {
		.program = launch_program(&crew->programs, role),
		.projection = crew->examination.keyholder,
	};

	if (role == IPC_ROLE_GATE)
		kit.projection = crew->examination.gate;
	else if (role == IPC_ROLE_LOGIN)
		kit.projection = crew->examination.login;
	else if (role == IPC_ROLE_LEDGER)
		kit.projection = crew->examination.ledger;
	return kit;
}

void
crew_take_connection(struct crew *crew, struct ipc_message *message)
{
	const struct escort_orders orders = {
		.crew = crew,
		.gate = ++crew->house->last_gate,
		.kit = kit_of(crew, IPC_ROLE_GATE),
		.time = crew->examination.settings.login_time + START_TIME_MAX,
	};

	escort_start(&crew->house->escorts, &orders, message);
}

void
crew_introduce_escort(void *arg, struct member *member)
{
	struct crew *crew = arg;

	member->crew = crew->generation;
	/*
	 * Who is not there makes himself known when he is. The ledger hears
	 * of its connection from the porter.
	 */
	for (size_t i = 0; i < FIRST_GATE_PLACE; i++)
		if (i != LEDGER_PLACE && crew->places[i].member != NULL)
			connect_members(crew->places[i].member, member);
}

/* ---- starting and replacing ---- */

static void on_ready(void *arg, struct member *);
static void on_worn(void *arg, struct member *);
static void on_ended(void *arg, struct member *, int status);

static const struct member_owner place_owner = {
	.ready = on_ready,
	.worn = on_worn,
	.ended = on_ended,
};

/*
 * It fails without memory for one that is not in the loop yet; so a place's
 * timer is there from the beginning to the end, and between two uses rests.
 */
static bool
set_timer(struct place *place, uint64_t ms)
{
	const struct timeval wait = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)(ms % 1000 * 1000),
	};

	place->is_resting = false;
	return event_add(place->timer, &wait) == 0;
}

static bool
rest_timer(struct place *place)
{
	bool is_set = set_timer(place, RESTING_TIME);

	place->is_resting = true;
	return is_set;
}

static bool
has_porter(const struct crew *crew)
{
	return crew->examination.settings.per_connection;
}

/* The machine has no room for a process: later, and then later still. */
static void
wait_for_room(struct place *place, int error)
{
	uint64_t wait = REFUSAL_WAIT;

	for (unsigned i = 0; i < place->refusals && wait < BACK_OFF_MAX; i++)
		wait *= 2;
	if (wait > BACK_OFF_MAX)
		wait = BACK_OFF_MAX;
	place->refusals++;
	set_timer(place, wait);
	if (place->crew->is_serving)
		log_event(EVENT_PROCESS_NOT_STARTED,
		    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(place->role)),
			log_text(FIELD_REASON, strerror(error)),
			log_number(FIELD_MILLISECONDS, wait)));
	errno = error;
}

/*
 * Of the sources: a porter's are all. Who is behind a proxy meets the gate
 * that the proxy's address is steered to, which says nothing of his own.
 */
static void
assign_part(const struct place *place, struct member *gate)
{
	const struct listening *listening = &place->crew->listening;
	const struct listener_list *listen =
	    &place->crew->examination.settings.listen;

	gate->is_porter = has_porter(place->crew);
	gate->part = place->gate;
	gate->parts = gate->is_porter ? 0 : listening->gates;
	gate->is_steered = listening->gates == 1 ||
	    (listening->steering_error == 0 && !listening->is_shuffled &&
		!entrance_has_proxies(listen->items, listen->count));
}

static bool
start_member(struct place *place)
{
	struct crew *crew = place->crew;
	const struct supervisor_settings *settings = crew_settings(crew);
	struct launch_kit kit = kit_of(crew, place->role);
	uint32_t id = crew->generation;

	if (place->role == IPC_ROLE_SERVICE)
		kit.projection = crew->examination.services[place->service];
	if (place->role == IPC_ROLE_GATE)
		id = ++crew->house->last_gate;
	else if (crew->is_serving)
		id = ++crew->house->last_generation;
	place->next = member_start(
	    &crew->house->members, place->role, id, &kit, &place_owner, place);
	if (place->next == NULL) {
		wait_for_room(place, errno);
		return false;
	}
	place->refusals = 0;
	place->next->crew = crew->generation;
	if (place->role == IPC_ROLE_GATE)
		assign_part(place, place->next);
	if (place->role == IPC_ROLE_SERVICE) {
		place->next->way = settings->services[place->service].way;
		place->next->name = settings->services[place->service].name;
	}
	set_timer(place, START_TIME_MAX);
	return true;
}

/* Time to start somebody, or past the time he had to become ready. */
static void
on_timer(int socket, short what, void *arg)
{
	struct place *place = arg;

	(void)socket;
	(void)what;
	if (place->next != NULL)
		member_kill(place->next);
	else if (place->is_resting)
		rest_timer(place);
	else
		start_member(place);
}

static bool
is_up(const struct crew *crew)
{
	for (size_t i = 0; i < crew->count; i++)
		if (crew->places[i].member == NULL)
			return false;
	return true;
}

static void
on_ready(void *arg, struct member *member)
{
	struct place *place = arg;
	struct crew *crew = place->crew;
	struct member *before = place->member;

	rest_timer(place);
	place->member = member;
	place->next = NULL;
	place->is_worn = false;
	if (crew->is_serving)
		introduce(place);
	else if (is_up(crew) && !crew->has_failed)
		crew->house->owner->up(crew->house->arg, crew);
	if (before != NULL)
		member_retire(before);
}

/* At once the first time, then later and later. */
static uint64_t
back_off(struct place *place, const struct member *member)
{
	uint64_t wait = 100;

	if (member_now() - member->started > STEADY_TIME)
		place->crashes = 0;
	if (place->crashes++ == 0)
		return 0;
	for (unsigned i = 2; i < place->crashes && wait < BACK_OFF_MAX; i++)
		wait *= 2;
	return wait < BACK_OFF_MAX ? wait : BACK_OFF_MAX;
}

/* Its children crashed, which is as bad as if it had. */
static void
on_worn(void *arg, struct member *member)
{
	struct place *place = arg;

	if (!place->crew->is_serving || place->member != member ||
	    place->next != NULL || place->is_worn)
		return;
	place->is_worn = true;
	set_timer(place, back_off(place, member));
}

static void
describe_end(const struct member *member, int status, char *room, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(room, size, "%s died of signal %d",
		    ipc_role_name(member->role), WTERMSIG(status));
	else if (WEXITSTATUS(status) == KINSHIP_EXIT_STATUS)
		snprintf(room, size,
		    "%s is not of version %s, as this daemon is; restart it "
		    "if another version was installed",
		    launch_path(member->role), kinship_version);
	else
		snprintf(room, size, "%s ended with status %d",
		    ipc_role_name(member->role), WEXITSTATUS(status));
}

static void
log_death(const struct member *member, int status, uint64_t wait)
{
	bool is_signal = WIFSIGNALED(status);
	int number = is_signal ? WTERMSIG(status) : WEXITSTATUS(status);
	const struct log_field fields[] = {
		log_text(FIELD_ROLE, ipc_role_name(member->role)),
		log_number(FIELD_PROCESS, (uint64_t)member->pid),
		log_number(
		    is_signal ? FIELD_SIGNAL : FIELD_STATUS, (uint64_t)number),
		log_number(FIELD_MILLISECONDS, wait),
		log_text(
		    FIELD_MODULE, member->name == NULL ? "" : member->name),
	};

	log_event(EVENT_PROCESS_DIED, fields, member->name == NULL ? 4 : 5);
}

static void
on_ended(void *arg, struct member *member, int status)
{
	struct place *place = arg;
	struct crew *crew = place->crew;
	char reason[PATH_MAX + 128];
	uint64_t wait;

	if (!crew->is_serving) {
		crew->has_failed = true;
		describe_end(member, status, reason, sizeof reason);
		if (place->member == member)
			place->member = NULL;
		else
			place->next = NULL;
		crew->house->owner->failed(crew->house->arg, crew, reason);
		return;
	}
	wait = back_off(place, member);
	log_death(member, status, wait);
	place->is_worn = false;
	if (place->member == member)
		place->member = NULL;
	else
		place->next = NULL;
	if (place->next == NULL)
		set_timer(place, wait);
}

/* ---- crews ---- */

static bool
open_places(struct crew *crew)
{
	struct event_base *base = crew->house->members.sink->base;

	size_t services = FIRST_GATE_PLACE + crew_settings(crew)->gates;

	crew->count = services + crew_settings(crew)->service_count;
	crew->places = calloc(crew->count, sizeof *crew->places);
	if (crew->places == NULL)
		return false;
	for (size_t i = 0; i < crew->count; i++) {
		struct place *place = &crew->places[i];

		place->crew = crew;
		place->role = i == KEYHOLDER_PLACE ? IPC_ROLE_KEYHOLDER
		    : i == LEDGER_PLACE		   ? IPC_ROLE_LEDGER
		    : i == LOGIN_PLACE		   ? IPC_ROLE_LOGIN
		    : i < services		   ? IPC_ROLE_GATE
						   : IPC_ROLE_SERVICE;
		if (i >= services)
			place->service = i - services;
		if (place->role == IPC_ROLE_GATE)
			place->gate = (uint32_t)(i - FIRST_GATE_PLACE);
		place->timer = event_new(base, -1, 0, on_timer, place);
		if (place->timer == NULL || !rest_timer(place))
			return false;
	}
	return true;
}

static bool
start_all(struct crew *crew, char *problem, size_t size)
{
	for (size_t i = 0; i < crew->count; i++) {
		if (start_member(&crew->places[i]))
			continue;
		snprintf(problem, size, "cannot start a process: %s",
		    strerror(errno));
		return false;
	}
	return true;
}

struct crew *
crew_start(struct crew_house *house, struct examination *examination,
    const struct crew *old, char *problem, size_t size)
{
	struct crew *crew = calloc(1, sizeof *crew);

	snprintf(problem, size, "out of memory");
	if (crew == NULL) {
		examination_clear(examination);
		return NULL;
	}
	crew->house = house;
	crew->examination = *examination;
	crew->generation = ++house->last_generation;
	if (launch_open(&crew->programs, problem, size) && open_places(crew) &&
	    listening_open(&crew->listening, &crew_settings(crew)->listen,
		crew_settings(crew)->gates,
		old == NULL ? NULL : &old->listening, problem, size) &&
	    start_all(crew, problem, size))
		return crew;
	crew_free(crew);
	return NULL;
}

void
crew_take_over(struct crew *crew, struct crew *old)
{
	crew->is_serving = true;
	introduce_all(crew);
	escort_move(&crew->house->escorts, old, crew);
	crew_retire(old);
	crew_free(old);
	adopt_retired(crew);
}

void
crew_refresh(struct crew *crew)
{
	/* A service has its memory, and stays as the keyholder does. */
	for (size_t i = LOGIN_PLACE; i < crew->count; i++)
		if (crew->places[i].role != IPC_ROLE_SERVICE &&
		    crew->places[i].next == NULL &&
		    crew->places[i].member != NULL)
			start_member(&crew->places[i]);
}

static void
let_go(struct member **member, void (*how)(struct member *))
{
	if (*member == NULL)
		return;
	member_disown(*member);
	(*member)->name = NULL;
	how(*member);
	*member = NULL;
}

void
crew_retire(struct crew *crew)
{
	for (size_t i = 0; crew != NULL && i < crew->count; i++) {
		let_go(&crew->places[i].member, member_retire);
		let_go(&crew->places[i].next, member_kill);
	}
}

void
crew_free(struct crew *crew)
{
	if (crew == NULL)
		return;
	for (size_t i = 0; crew->places != NULL && i < crew->count; i++) {
		struct place *place = &crew->places[i];

		let_go(&place->member, member_kill);
		let_go(&place->next, member_kill);
		if (place->timer != NULL)
			event_free(place->timer);
	}
	free(crew->places);
	launch_close(&crew->programs);
	listening_close(&crew->listening);
	examination_clear(&crew->examination);
	free(crew);
}

const struct supervisor_settings *
crew_settings(const struct crew *crew)
{
	return &crew->examination.settings;
}

const struct listening *
crew_listening(const struct crew *crew)
{
	return &crew->listening;
}

uint32_t
crew_generation(const struct crew *crew)
{
	return crew->generation;
}

struct sp_view
crew_host_keys(const struct crew *crew)
{
	const struct member *keyholder =
	    crew->count == 0 ? NULL : crew->places[KEYHOLDER_PLACE].member;

	return keyholder == NULL ? view_of(NULL, 0)
				 : buffer_view(&keyholder->host_keys);
}
