/* A loop over the supervisor and the informants. */
#include "daemon/ledger/bookkeeper.h"

#include "daemon/config/penalties.h"
#include "daemon/ledger/informant.h"
#include "daemon/ledger/penalty.h"
#include "daemon/log/line.h"
#include "daemon/log/log.h"
#include "daemon/log/shortage.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

/* Messages taken from one informant before the others have their turn. */
enum { MESSAGES_A_TURN = 64 };

struct bookkeeper;

struct seat {
	struct bookkeeper *keeper;
	struct informant informant;
	int socket;
	struct event *readable;
	LIST_ENTRY(seat) link;
};

struct bookkeeper {
	const struct bookkeeper_given *given;
	struct event *orders;
	struct arrears arrears;
	LIST_HEAD(seat_list, seat) seats;
	struct seat_list gone; /* freed when nobody is in their callbacks */
	struct repetition crowded; /* lines about it */
	uint64_t forgotten;
	uint8_t room[IPC_ROOM];
};

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- what the log is told ---- */

enum { SOURCE_SIZE = CIDR_TEXT_SIZE + 4 };

static void
format_source(const struct cidr_address *address, char text[SOURCE_SIZE])
{
	struct cidr_address prefix = cidr_source_of(address);
	char room[CIDR_TEXT_SIZE];

	cidr_format_address(&prefix, room);
	snprintf(
	    text, SOURCE_SIZE, "%s%s", room, cidr_is_v4(&prefix) ? "" : "/64");
}

static void
log_penalty(const struct cidr_address *address,
    const struct arrears_account *account, uint64_t now)
{
	uint64_t ms = account->until - now;
	char source[SOURCE_SIZE], until[LINE_TIME_SIZE];
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += (time_t)((ms + 999) / 1000);
	format_source(address, source);
	line_format_time(&end, until);
	log_event(EVENT_SOURCE_PENALISED,
	    LOG_FIELDS(log_text(FIELD_SOURCE, source),
		log_number(FIELD_SECONDS, (ms + 999) / 1000),
		log_text(FIELD_UNTIL, until),
		log_text(FIELD_REASON, conduct_text(account->cause))));
}

static void
log_refusal(
    struct seat *seat, const struct cidr_address *address, const char *reason)
{
	struct informant *informant = &seat->informant;
	char source[SOURCE_SIZE];
	struct log_field fields[5] = {
		log_text(FIELD_ROLE, ipc_role_name(informant->role)),
		log_number(FIELD_PEER, informant->id),
		log_text(FIELD_REASON, reason),
	};
	size_t count = 3;
	uint64_t left_out;

	if (!repetition_allows(&informant->refused, now_ms(), &left_out))
		return;
	format_source(address, source);
	fields[count++] = log_text(FIELD_SOURCE, source);
	if (left_out > 0)
		fields[count++] = log_number(FIELD_COUNT, left_out);
	log_event(EVENT_CONDUCT_REFUSED, fields, count);
}

static void
note_forgotten(struct bookkeeper *keeper, uint64_t now)
{
	uint64_t left_out;

	keeper->forgotten++;
	if (repetition_allows(&keeper->crowded, now, &left_out))
		log_event(EVENT_SOURCES_FORGOTTEN,
		    LOG_FIELDS(log_number(FIELD_COUNT, keeper->forgotten)));
}

/* ---- what is told ---- */

static void
write_down(struct seat *seat, const struct conduct *conduct)
{
	struct bookkeeper *keeper = seat->keeper;
	const struct penalty_settings *settings =
	    &keeper->given->settings->penalties;
	const uint64_t now = now_ms();
	struct arrears_account account =
	    arrears_find(&keeper->arrears, conduct->address);
	enum arrears_outcome outcome;
	struct cidr_address address;
	bool is_raised = false;

	memcpy(address.bytes, conduct->address, sizeof address.bytes);
	if (!penalties_are_for(settings, &address))
		return;
	if (conduct->kind == CONDUCT_SUCCESS)
		penalty_settle(&account, settings, now);
	else
		is_raised = penalty_charge(&account, settings, conduct->kind,
		    informant_limit(&seat->informant, conduct, settings), now);
	outcome = arrears_keep(&keeper->arrears, address.bytes, &account, now);
	if (outcome == ARREARS_CROWDED)
		note_forgotten(keeper, now);
	if (is_raised && outcome != ARREARS_REFUSED)
		log_penalty(&address, &account, now);
}

static void
leave(struct seat *seat)
{
	if (seat->readable != NULL)
		event_del(seat->readable);
	close(seat->socket);
	LIST_REMOVE(seat, link);
	LIST_INSERT_HEAD(&seat->keeper->gone, seat, link);
}

static void
sweep(struct bookkeeper *keeper)
{
	struct seat *seat;

	while ((seat = LIST_FIRST(&keeper->gone)) != NULL) {
		LIST_REMOVE(seat, link);
		if (seat->readable != NULL)
			event_free(seat->readable);
		free(seat);
	}
}

/* What it said is no longer believed. */
static void
refuse(struct seat *seat, const char *reason)
{
	log_event(EVENT_PEER_REFUSED,
	    LOG_FIELDS(
		log_text(FIELD_ROLE, ipc_role_name(seat->informant.role)),
		log_number(FIELD_PEER, seat->informant.id),
		log_text(FIELD_REASON, reason)));
	leave(seat);
}

static void
take_conduct(struct seat *seat, const struct conduct *conduct)
{
	const char *reason = informant_refusal(&seat->informant, conduct);
	struct cidr_address address;

	if (reason == NULL) {
		write_down(seat, conduct);
		return;
	}
	memcpy(address.bytes, conduct->address, sizeof address.bytes);
	log_refusal(seat, &address, reason);
}

/* SP_ERR_AGAIN when it has nothing to say. */
static enum sp_status
take_message(struct seat *seat)
{
	struct ipc_message message;
	struct conduct conduct;
	enum sp_status status = ipc_receive(seat->socket, seat->informant.role,
	    IPC_ROLE_LEDGER, seat->keeper->room, &message);

	if (status != SP_OK)
		return status;
	ipc_close_fds(&message);
	/* The table of messages lets no other types through. */
	status = conduct_decode(message.body, &conduct);
	if (status == SP_OK)
		take_conduct(seat, &conduct);
	return status;
}

static void
on_informant(int socket, short what, void *arg)
{
	struct seat *seat = arg;
	enum sp_status status = SP_OK;

	(void)socket;
	(void)what;
	for (int i = 0; i < MESSAGES_A_TURN && status == SP_OK; i++)
		status = take_message(seat);
	if (status == SP_ERR_EOF)
		leave(seat);
	else if (status != SP_OK && status != SP_ERR_AGAIN)
		refuse(seat, sp_status_text(status));
}

/* ---- the supervisor ---- */

static void
lose_order(const struct bookkeeper *keeper, enum ipc_type type)
{
	shortage_of_order(keeper->given->control, IPC_ROLE_LEDGER, type);
}

/* Takes the socket. */
static void
enter(struct bookkeeper *keeper, const struct control_peer *peer, int socket)
{
	struct seat *seat = calloc(1, sizeof *seat);

	sweep(keeper);
	if (seat == NULL) {
		close(socket);
		lose_order(keeper, IPC_PEER);
		return;
	}
	seat->keeper = keeper;
	seat->socket = socket;
	LIST_INSERT_HEAD(&keeper->seats, seat, link);
	if (!informant_init(&seat->informant, peer)) {
		leave(seat);
		return;
	}
	seat->readable = event_new(keeper->given->base, socket,
	    EV_READ | EV_PERSIST, on_informant, seat);
	if (seat->readable != NULL && event_add(seat->readable, NULL) == 0)
		return;
	leave(seat);
	lose_order(keeper, IPC_PEER);
}

static void
open_arrears(struct bookkeeper *keeper, struct ipc_message *message)
{
	const struct penalty_settings *settings =
	    &keeper->given->settings->penalties;

	if (!arrears_open(&keeper->arrears, message->fds[0], true)) {
		ipc_close_fds(message);
		lose_order(keeper, IPC_ARREARS);
		return;
	}
	arrears_limit(
	    &keeper->arrears, now_ms(), settings->max, settings->known_time);
}

/* False when there is nobody left to write for. */
static bool
take_order(struct bookkeeper *keeper, struct ipc_message *message)
{
	struct control_peer peer;

	if (message->type == IPC_RETIRE)
		return false;
	if (message->type == IPC_ARREARS)
		open_arrears(keeper, message);
	else if (message->type == IPC_PEER &&
	    control_peer_decode(message->body, &peer) == SP_OK)
		enter(keeper, &peer, message->fds[0]);
	else
		ipc_close_fds(message);
	return true;
}

/*
 * What informants have said by then is written down first, unless the next
 * writes already: of two only one may.
 */
static void
retire(struct bookkeeper *keeper)
{
	struct seat *seat, *next;

	for (seat = LIST_FIRST(&keeper->seats); seat != NULL; seat = next) {
		next = LIST_NEXT(seat, link);
		on_informant(seat->socket, EV_READ, seat);
	}
	event_base_loopbreak(keeper->given->base);
}

static void
on_orders(int socket, short what, void *arg)
{
	struct bookkeeper *keeper = arg;
	struct ipc_message message;
	enum sp_status status = ipc_receive(socket, IPC_ROLE_SUPERVISOR,
	    IPC_ROLE_LEDGER, keeper->room, &message);

	(void)what;
	if (status == SP_ERR_AGAIN)
		return;
	if (status == SP_ERR_DESCRIPTORS)
		lose_order(keeper, message.type);
	else if (status != SP_OK || !take_order(keeper, &message))
		retire(keeper);
}

static bool
begin(struct bookkeeper *keeper)
{
	const struct bookkeeper_given *given = keeper->given;

	LIST_INIT(&keeper->seats);
	LIST_INIT(&keeper->gone);
	keeper->orders = event_new(given->base, given->control,
	    EV_READ | EV_PERSIST, on_orders, keeper);
	return keeper->orders != NULL && event_add(keeper->orders, NULL) == 0 &&
	    ipc_send(given->control, IPC_READY, view_of(NULL, 0), NULL, 0) ==
	    SP_OK;
}

bool
bookkeeper_serve(const struct bookkeeper_given *given)
{
	struct bookkeeper *keeper = calloc(1, sizeof *keeper);
	bool has_served;

	if (keeper == NULL)
		return false;
	keeper->given = given;
	has_served = begin(keeper) && event_base_dispatch(given->base) >= 0;
	while (!LIST_EMPTY(&keeper->seats))
		leave(LIST_FIRST(&keeper->seats));
	sweep(keeper);
	if (keeper->orders != NULL)
		event_free(keeper->orders);
	arrears_close(&keeper->arrears);
	free(keeper);
	return has_served;
}
