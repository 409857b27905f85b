/* The sending side: a record leaves at once or is counted as lost. */
#include "daemon/log/log.h"

#include "daemon/log/events.h"
#include "daemon/log/record.h"

static int log_socket = -1;
static log_taker *log_taken_by;
static enum log_level log_most;
static uint32_t log_lost;

void
log_open(int socket, enum log_level level)
{
	log_socket = socket;
	log_most = level;
	log_taken_by = NULL;
	log_lost = 0;
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
	struct buffer body;
	enum sp_status status;

	if (log_socket < 0 && log_taken_by == NULL)
		return;
	if (events_find(event)->level > log_most)
		return;
	buffer_init(&body, RECORD_MAX);
	status = record_encode(event, log_lost, fields, n, &body);
	if (status == SP_OK)
		status = deliver(buffer_view(&body));
	if (status == SP_OK)
		log_lost = 0;
	else if (log_lost < UINT32_MAX)
		log_lost++;
	buffer_clear(&body);
}
