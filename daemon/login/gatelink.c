/* Gates known to the login program, and lines about them. */
#include "daemon/login/gatelink.h"

#include "daemon/log/log.h"

#include <unistd.h>

void
gatelink_add(
    struct gatelinks *gates, const struct control_peer *peer, int socket)
{
	if (gates->count == GATELINK_MAX) {
		close(socket);
		return;
	}
	gates->links[gates->count++] = (struct gatelink){
		.socket = socket,
		.gate = { .id = peer->id, .pid = (pid_t)peer->pid },
		.refusals = { .most = GATELINK_LINES },
	};
}

static void
log_refusal(
    const struct visit_gate *gate, const char *reason, uint64_t left_out)
{
	const struct log_field fields[] = {
		log_number(FIELD_GATE, gate->id),
		log_text(FIELD_REASON, reason),
		log_number(FIELD_COUNT, left_out),
	};

	log_event(EVENT_GATE_REFUSED, fields, left_out == 0 ? 2 : 3);
}

void
gatelink_drop(struct gatelinks *gates, size_t place)
{
	struct gatelink *link = &gates->links[place];

	if (link->refusals.left_out > 0)
		log_refusal(&link->gate, link->reason, link->refusals.left_out);
	close(link->socket);
	*link = gates->links[--gates->count];
}

void
gatelink_refuse(struct gatelinks *gates, const struct visit_gate *gate,
    const char *reason, uint64_t now_ms)
{
	uint64_t left_out = 0;
	size_t i = 0;

	while (i < gates->count && gates->links[i].gate.id != gate->id)
		i++;
	if (i < gates->count) {
		gates->links[i].reason = reason;
		if (!repetition_allows(
			&gates->links[i].refusals, now_ms, &left_out))
			return;
	}
	/* One that is gone can cause no more than those who wait. */
	log_refusal(gate, reason, left_out);
}

void
gatelink_sum_up(struct gatelinks *gates, uint64_t now_ms)
{
	for (size_t i = 0; i < gates->count; i++) {
		struct gatelink *link = &gates->links[i];
		uint64_t left_out;

		if (repetition_deadline(&link->refusals) <= now_ms &&
		    repetition_allows(&link->refusals, now_ms, &left_out))
			log_refusal(&link->gate, link->reason, left_out);
	}
}

uint64_t
gatelink_deadline(const struct gatelinks *gates)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < gates->count; i++) {
		uint64_t at = repetition_deadline(&gates->links[i].refusals);

		if (at < first)
			first = at;
	}
	return first;
}
