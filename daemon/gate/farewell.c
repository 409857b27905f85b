/* How connections end, in words. */
#include "daemon/gate/farewell.h"

#include "daemon/log/log.h"
#include "lib/pump/pump.h"

#include <errno.h>
#include <stdio.h>

enum { FAREWELL_REFUSALS = 10 /* lines a second */ };

/* The fields that all lines have, in this order; others follow. */
enum { FAREWELL_FIELDS = 3, FAREWELL_FIELDS_MAX = 6 };

struct line {
	char address[CIDR_TEXT_SIZE];
	struct log_field fields[FAREWELL_FIELDS_MAX];
	size_t count;
};

static void
line_add(struct line *line, struct log_field field)
{
	line->fields[line->count++] = field;
}

static void
line_init(struct line *line, const struct farewell *f)
{
	line->count = 0;
	cidr_format_address(&f->peer.address, line->address);
	line_add(line, log_number(FIELD_CONNECTION, f->connection));
	line_add(line, log_text(FIELD_ADDRESS, line->address));
	line_add(line, log_number(FIELD_PORT, f->peer.port));
}

static void
line_log(const struct line *line, enum log_event event)
{
	log_event(event, line->fields, line->count);
}

/* The reason in OpenSSH's words, NULL for what is no failed negotiation. */
static const char *
unmatched(enum sp_status status)
{
	if (status == SP_ERR_NO_KEX)
		return "no matching key exchange method found";
	if (status == SP_ERR_NO_HOST_KEY)
		return "no matching host key type found";
	if (status == SP_ERR_NO_CIPHER)
		return "no matching cipher found";
	if (status == SP_ERR_NO_MAC)
		return "no matching MAC found";
	if (status == SP_ERR_NO_COMPRESSION)
		return "no matching compression method found";
	return NULL;
}

static void
hung_up(struct line *line, const struct farewell *f, int error)
{
	if (error == ECONNRESET || error == EPIPE) {
		line_log(line, EVENT_CONNECTION_RESET);
	} else if (f->user.len > 0) {
		line_add(line, log_view(FIELD_USER, f->user));
		line_log(line, EVENT_CONNECTION_CLOSED_BY_USER);
	} else {
		line_log(line, EVENT_CONNECTION_CLOSED);
	}
}

void
farewell_closed(
    const struct farewell *f, const struct sp_event *event, int error)
{
	enum sp_status status = event->u.closed.status;
	struct line line;

	line_init(&line, f);
	if (status == SP_ERR_EOF) {
		hung_up(&line, f, error);
	} else if (event->u.closed.by_peer) {
		line_add(&line, log_number(FIELD_CODE, event->u.closed.reason));
		line_add(
		    &line, log_view(FIELD_DETAIL, event->u.closed.description));
		line_log(&line, EVENT_CONNECTION_DISCONNECTED);
	} else if (unmatched(status) != NULL) {
		line_add(&line, log_text(FIELD_REASON, unmatched(status)));
		line_log(&line, EVENT_NEGOTIATION_FAILED);
	} else if (status == SP_ERR_IDENTIFICATION) {
		line_log(&line, EVENT_IDENTIFICATION_FAILED);
	} else {
		line_add(&line, log_text(FIELD_REASON, sp_status_text(status)));
		line_log(&line, EVENT_CONNECTION_FAILED);
	}
}

void
farewell_timed_out(const struct farewell *f)
{
	struct line line;

	line_init(&line, f);
	line_log(&line, EVENT_CONNECTION_TIMED_OUT);
}

void
farewell_failed(const struct farewell *f, const char *reason)
{
	struct line line;

	line_init(&line, f);
	line_add(&line, log_text(FIELD_REASON, reason));
	line_log(&line, EVENT_CONNECTION_FAILED);
}

void
farewell_refused(const struct farewell *f, const char *reason)
{
	static uint64_t second;
	static unsigned told, untold;
	uint64_t now = pump_now() / 1000;
	char text[128];
	struct line line;

	if (now != second) {
		second = now;
		told = 0;
	}
	if (told == FAREWELL_REFUSALS) {
		untold++;
		return;
	}
	told++;
	line_init(&line, f);
	if (untold > 0) {
		snprintf(text, sizeof text, "%s (%u more were not told)",
		    reason, untold);
		reason = text;
		untold = 0;
	}
	line_add(&line, log_text(FIELD_REASON, reason));
	line_log(&line, EVENT_CONNECTION_REFUSED);
}
