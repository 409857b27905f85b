/* One line in a while, however many messages are lost. */
#include "daemon/log/shortage.h"

#include "daemon/log/log.h"
#include "daemon/log/repetition.h"

#include <stdio.h>
#include <time.h>

static struct repetition repetition;

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void
shortage_log(enum ipc_role sender, uint32_t peer, enum ipc_type type)
{
	struct log_field fields[5] = {
		log_text(FIELD_DETAIL, ipc_name(type)),
		log_text(FIELD_ROLE, ipc_role_name(sender)),
		log_text(FIELD_REMEDY, "allow more open files"),
	};
	size_t count = 3;
	uint64_t left_out;

	if (!repetition_allows(&repetition, now_ms(), &left_out))
		return;
	if (peer != 0)
		fields[count++] = log_number(FIELD_PEER, peer);
	if (left_out > 0)
		fields[count++] = log_number(FIELD_COUNT, left_out);
	log_event(EVENT_DESCRIPTORS_SHORT, fields, count);
}

void
shortage_of_order(int control, enum ipc_role self, enum ipc_type type)
{
	static struct repetition orders;
	char reason[128];
	uint64_t left_out;

	snprintf(reason, sizeof reason,
	    "no memory or no descriptors for the supervisor's order %s",
	    ipc_name(type));
	if (repetition_allows(&orders, now_ms(), &left_out))
		log_event(EVENT_PROCESS_FAILED,
		    LOG_FIELDS(log_text(FIELD_ROLE, ipc_role_name(self)),
			log_text(FIELD_REASON, reason),
			log_text(FIELD_REMEDY, "another takes its place")));
	/* Who does not hear of it sees what is wrong with his own messages. */
	if (ipc_send(control, IPC_WORN, view_of(NULL, 0), NULL, 0) != SP_OK)
		return;
}
