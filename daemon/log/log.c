/* The sending side: a record leaves at once or is counted as lost. */
#include "daemon/log/log.h"

#include "daemon/log/events.h"
#include "daemon/log/record.h"

#include <openssl/crypto.h>

static int log_socket = -1;
static log_taker *log_taken_by;
static enum log_level log_most;
static uint32_t log_lost;

/* Kept: what is to be said for want of memory must not need any. */
static struct buffer log_record;

static void
keep_room(void)
{
	uint8_t *room;

	if (log_record.max == 0)
		buffer_init(&log_record, RECORD_MAX);
	if (buffer_room(&log_record, RECORD_MAX, &room) != SP_OK)
		return; /* it is tried again by each record */
}

void
log_open(int socket, enum log_level level)
{
	log_socket = socket;
	log_most = level;
	log_taken_by = NULL;
	log_lost = 0;
	keep_room();
}

void
log_divert(log_taker *taker, enum log_level level)
{
	log_open(-1, level);
	log_taken_by = taker;
}

static enum sp_status
deliver(struct sp_view body)
{
	if (log_taken_by != NULL) {
		log_taken_by(body);
		return SP_OK;
	}
	return ipc_send(log_socket, IPC_LOG, body, NULL, 0);
}

void
log_event(enum log_event event, const struct log_field *fields, size_t n)
{
	struct buffer *body = &log_record;
	enum sp_status status;

	if (log_socket < 0 && log_taken_by == NULL)
		return;
	if (events_find(event)->level > log_most)
		return;
	status = record_encode(event, log_lost, fields, n, body);
	if (status == SP_OK)
		status = deliver(buffer_view(body));
	if (status == SP_OK)
		log_lost = 0;
	else if (log_lost < UINT32_MAX)
		log_lost++;
	/* A login's is a session's later, who must not find it. */
	OPENSSL_cleanse(body->data, body->end);
	buffer_consume(body, buffer_len(body));
}
