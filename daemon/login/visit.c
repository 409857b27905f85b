/* Checking a SPAWN: the ticket, the two descriptors, the body. */
#include "daemon/login/visit.h"

#include "daemon/config/entrance.h"
#include "daemon/login/descriptor.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *
read_ticket(struct visit *visit, const struct visit_checks *checks,
    const struct visit_gate *gate)
{
	struct ticket ticket;

	if (ticket_open(checks->crypto, checks->ticket_key, visit->spawn.ticket,
		gate->id, checks->now, &ticket) != SP_OK)
		return "its ticket is forged, another gate's, or expired";
	if (ticket.hash.len < DAYBOOK_HASH_MIN ||
	    ticket.hash.len > sizeof visit->session_id ||
	    ticket.host_key.len != sizeof visit->host_key)
		return "its ticket is for no session";
	if (!entrance_led(checks->listen, ticket.listener, &visit->local) ||
	    !view_to_string(
		ticket.listener, visit->listener, sizeof visit->listener))
		return "its host key is another listener's";
	memcpy(visit->session_id, ticket.hash.data, ticket.hash.len);
	visit->session_id_len = ticket.hash.len;
	visit->made = ticket.made;
	visit->expiry = ticket.expiry;
	memcpy(visit->host_key, ticket.host_key.data, ticket.host_key.len);
	return NULL;
}

static struct cidr_endpoint
endpoint_of(const struct claim_endpoint *claimed)
{
	struct cidr_endpoint endpoint = { .port = claimed->port };

	memcpy(
	    endpoint.address.bytes, claimed->address, sizeof claimed->address);
	return endpoint;
}

/*
 * A gate may say for whom a proxy spoke, and nothing of who the proxy is:
 * that both of the socket's ends are as they are in proxy_from makes it one.
 */
static const char *
take_claim(struct visit *visit, const struct listener_list *listen)
{
	const struct listener_settings *listener =
	    entrance_of(listen, &visit->local);
	const struct claim *claim = &visit->spawn.claim;
	const struct cidr_endpoint proxy = visit->peer;

	visit->told_local = visit->local;
	if (listener == NULL || !listener->proxy)
		return claim->is_made ? "it claims a proxy where there is none"
				      : NULL;
	if (!entrance_trusts(listener, &proxy.address))
		return "its client came past the listener's proxies";
	if (claim->is_made) {
		visit->peer = endpoint_of(&claim->peer);
		visit->told_local = endpoint_of(&claim->local);
	}
	visit->is_spared = cidr_is_equal(&visit->peer.address, &proxy.address);
	return NULL;
}

static const char *
check(struct visit *visit, const struct visit_checks *checks,
    const struct visit_gate *gate, struct sp_view body)
{
	const char *refusal;

	if (buffer_append(&visit->body, body) != SP_OK)
		return "out of memory";
	if (authentication_spawn_decode(
		buffer_view(&visit->body), &visit->spawn) != SP_OK)
		return "it is malformed";
	if (!descriptor_check_client(
		visit->client, &visit->peer, &visit->local))
		return "its client is no TCP connection";
	refusal = take_claim(visit, checks->listen);
	if (refusal != NULL)
		return refusal;
	if (!descriptor_check_talk(visit->talk, gate->pid))
		return "its talk is not a socket of the gate's own";
	return read_ticket(visit, checks, gate);
}

struct visit *
visit_open(const struct visit_checks *checks, const struct visit_gate *gate,
    struct ipc_message *message, const char **refusal)
{
	struct visit *visit = calloc(1, sizeof *visit);

	if (visit == NULL) {
		ipc_close_fds(message);
		*refusal = "out of memory";
		return NULL;
	}
	visit->gate = *gate;
	buffer_init(&visit->body, IPC_BODY_MAX);
	visit->client = message->fds[0];
	visit->talk = message->fds[1];
	message->fds[0] = message->fds[1] = -1;
	*refusal = check(visit, checks, gate, message->body);
	if (*refusal == NULL)
		return visit;
	visit_free(visit);
	return NULL;
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Whoever was stopped on the way, for as long as a ticket lives, is late. */
bool
visit_spend(const struct visit *visit, struct daybook *daybook)
{
	struct sp_view hash = view_of(visit->session_id, visit->session_id_len);

	return daybook_take(daybook, hash, visit->expiry, now_ms()) &&
	    visit->expiry > now_ms();
}

void
visit_hand_on(struct visit *visit)
{
	if (visit->client >= 0)
		close(visit->client);
	if (visit->talk >= 0)
		close(visit->talk);
	visit->client = visit->talk = -1;
	buffer_clear(&visit->body);
	visit->spawn = (struct authentication_spawn){ 0 };
}

void
visit_free(struct visit *visit)
{
	visit_hand_on(visit);
	progress_leave(visit->progress);
	free(visit);
}
