/*
 * A desk in a process of its own, with a test as its supervisor, its peers
 * and, where it wants to be, its worker.
 */
#ifndef SP_TESTS_DESKHOUSE_H
#define SP_TESTS_DESKHOUSE_H

#include "daemon/ipc/cookie.h"
#include "daemon/ipc/signing.h"
#include "daemon/ipc/ticket.h"
#include "daemon/keyholder/desk.h"
#include "tests/unit/pubkey/keyring.h"

#include <event2/event.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TICKET_LIFE = 60000, SESSIONS_MAX = 3 };

static struct sp_crypto *crypto;
static struct vault vault;
static uint8_t room[IPC_ROOM];
static const uint8_t ticket_key[TICKET_KEY_LEN] = { 1, 2, 3 };
static const uint8_t session_id[] = { 7, 8, 9 };
static const uint8_t link_secret[COOKIE_KEY_LEN] = { 4, 5, 6 };

/* A quick key and a slow one. */
static inline int
set_up(void **state)
{
	static const char *const files[] = { "ed25519_plain", "rsa_2048" };

	(void)state;
	crypto = sp_crypto_new();
	if (crypto == NULL)
		return -1;
	vault_init(&vault, crypto);
	if (!vault_add_listener(&vault, "[::]:22"))
		return -1;
	for (size_t i = 0; i < 2; i++) {
		struct vault_key *key = &vault.keys[vault.count++];
		struct sp_view blob;

		buffer_init(&key->certificate, 1);
		key->listeners = 1;
		key->key = keyring_key(crypto, files[i]);
		blob = sp_key_blob(key->key);
		if (digest_of(crypto, DIGEST_SHA256, &blob, 1,
			key->blob_hash) != SP_OK)
			return -1;
	}
	return 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	vault_clear(&vault);
	sp_crypto_free(crypto);
	return 0;
}

static inline uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the process ---- */

struct running {
	pid_t pid;
	int control;
	int worker; /* the worker's end; -1: the desk has none */
};

static inline _Noreturn void
child(int control, int worker)
{
	struct desk_given given = {
		.base = event_base_new(),
		.vault = &vault,
		.control = control,
		.worker = worker,
		.ticket_life = TICKET_LIFE,
		.sessions_max = SESSIONS_MAX,
	};
	enum desk_end end;

	vault_forget(&vault, VAULT_SLOW);
	end = desk_serve(&given);
	event_base_free(given.base);
	vault_clear(&vault);
	sp_crypto_free(crypto);
	_exit((int)end);
}

static inline struct ipc_message
expect_from(int socket, enum ipc_role sender, enum ipc_role receiver,
    enum ipc_type type)
{
	struct ipc_message m;

	assert_true(ipc_wait(socket, now_ms() + 5000));
	assert_int_equal(
	    ipc_receive(socket, sender, receiver, room, &m), SP_OK);
	assert_int_equal(m.type, type);
	return m;
}

static inline struct ipc_message
expect(int socket, enum ipc_role receiver, enum ipc_type type)
{
	return expect_from(socket, IPC_ROLE_KEYHOLDER, receiver, type);
}

static inline void
expect_hang_up(int socket)
{
	struct ipc_message m;

	assert_true(ipc_wait(socket, now_ms() + 5000));
	assert_int_equal(
	    ipc_receive(socket, IPC_ROLE_KEYHOLDER, IPC_ROLE_GATE, room, &m),
	    SP_ERR_EOF);
}

static inline struct running
start_of(const int worker[2])
{
	struct running running = { .worker = worker[1] };
	int pair[2];

	assert_true(ipc_pair(pair));
	running.pid = fork();
	assert_true(running.pid >= 0);
	if (running.pid == 0) {
		close(pair[0]);
		if (worker[1] >= 0)
			close(worker[1]);
		child(pair[1], worker[0]);
	}
	close(pair[1]);
	running.control = pair[0];
	expect(pair[0], IPC_ROLE_SUPERVISOR, IPC_HOST_KEYS);
	expect(pair[0], IPC_ROLE_SUPERVISOR, IPC_READY);
	return running;
}

static inline struct running
start(void)
{
	const int none[] = { -1, -1 };

	return start_of(none);
}

/* The test is the worker. */
static inline struct running
start_with_worker(void)
{
	struct running running;
	int pair[2];

	assert_true(ipc_pair(pair));
	running = start_of(pair);
	close(pair[0]);
	return running;
}

static inline void
give_ticket_key(const struct running *running)
{
	assert_int_equal(ipc_send(running->control, IPC_TICKET_KEY,
			     view_of(ticket_key, sizeof ticket_key), NULL, 0),
	    SP_OK);
}

static inline int
add_peer(const struct running *running, enum ipc_role role, uint32_t id)
{
	const struct control_peer peer = {
		.role = role,
		.id = id,
		.link = view_of(link_secret, sizeof link_secret),
	};
	struct buffer body;
	int pair[2];

	assert_true(ipc_pair(pair));
	buffer_init(&body, 64);
	assert_int_equal(control_peer_encode(&peer, &body), SP_OK);
	assert_int_equal(ipc_send(running->control, IPC_PEER,
			     buffer_view(&body), &pair[1], 1),
	    SP_OK);
	buffer_clear(&body);
	close(pair[1]);
	return pair[0];
}

static inline int
add_session_of(int login, struct sp_view body)
{
	int pair[2];

	assert_true(ipc_pair(pair));
	assert_int_equal(
	    ipc_send(login, IPC_SESSION_KEYS, body, &pair[1], 1), SP_OK);
	close(pair[1]);
	return pair[0];
}

static inline int
add_session(int login)
{
	const struct signing_session session = {
		.session_id = view_of(session_id, sizeof session_id),
		.listener = view_of_string("[::]:22"),
	};
	struct buffer body;
	int socket;

	buffer_init(&body, 128);
	assert_int_equal(signing_session_encode(&session, &body), SP_OK);
	socket = add_session_of(login, buffer_view(&body));
	buffer_clear(&body);
	return socket;
}

static inline void
expect_end_of(const struct running *running, enum desk_end end)
{
	int status;

	assert_int_equal(waitpid(running->pid, &status, 0), running->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), end);
	if (running->worker >= 0)
		close(running->worker);
}

static inline void
expect_end(const struct running *running)
{
	expect_end_of(running, DESK_RETIRED);
}

static inline void
end(const struct running *running)
{
	close(running->control);
	expect_end(running);
}

/* ---- requests ---- */

/* The server's KEXINIT, with a cookie of this number; good until the next. */
static inline struct sp_view
server_kexinit(uint64_t serial)
{
	static uint8_t kexinit[1 + COOKIE_LEN + 4] = { 0x14 };

	assert_int_equal(
	    cookie_make(crypto, view_of(link_secret, sizeof link_secret),
		serial, kexinit + 1),
	    SP_OK);
	return view_of(kexinit, sizeof kexinit);
}

static inline struct signing_request
example(uint64_t id)
{
	return (struct signing_request){
		.id = id,
		.serial = id,
		.listener = view_of_string("[::]:22"),
		.host_key_algorithm = view_of_string("ssh-ed25519"),
		.exchange = {
			.method = view_of_string("curve25519-sha256"),
			.client_identification = view_of_string("SSH-2.0-c"),
			.server_identification = view_of_string("SSH-2.0-s"),
			.client_kexinit = view_of_string("\x14 client"),
			.server_kexinit = server_kexinit(id),
			.client_value = view_of_string("client value"),
			.server_value = view_of_string("server value"),
			.shared = view_of_string("shared"),
		},
	};
}

static inline void
ask(int socket, const struct signing_request *request)
{
	struct buffer body;

	buffer_init(&body, IPC_BODY_MAX);
	assert_int_equal(signing_request_encode(request, &body), SP_OK);
	assert_int_equal(
	    ipc_send(socket, IPC_SIGN, buffer_view(&body), NULL, 0), SP_OK);
	buffer_clear(&body);
}

static inline void
ask_proof(int socket, const struct signing_proof *proof)
{
	struct buffer body;

	buffer_init(&body, 20480);
	assert_int_equal(signing_proof_encode(proof, &body), SP_OK);
	assert_int_equal(
	    ipc_send(socket, IPC_PROVE, buffer_view(&body), NULL, 0), SP_OK);
	buffer_clear(&body);
}

static inline void
expect_refused(int socket, enum ipc_role role, uint64_t id, enum sp_status why)
{
	struct signing_refusal refusal;
	struct ipc_message m = expect(socket, role, IPC_SIGN_REFUSED);

	assert_int_equal(signing_refusal_decode(m.body, &refusal), SP_OK);
	assert_true(refusal.id == id);
	assert_int_equal(refusal.status, why);
}

/* Checks the signature against the hash computed here. */
static inline struct signing_reply
expect_signed(int socket, enum ipc_role role,
    const struct signing_request *request, uint8_t hash[DIGEST_MAX])
{
	struct ipc_message m = expect(socket, role, IPC_SIGNED);
	struct exchange exchange = request->exchange;
	struct signing_reply reply;
	const char *algorithm;
	size_t len;

	exchange.host_key = sp_key_blob(
	    vault_find(&vault, 1, request->host_key_algorithm, &algorithm)
		->key);
	assert_int_equal(exchange_hash(crypto, &exchange, hash, &len), SP_OK);
	assert_int_equal(signing_reply_decode(m.body, &reply), SP_OK);
	assert_true(reply.id == request->id);
	assert_int_equal(
	    sp_key_verify(crypto, exchange.host_key, view_of_string(algorithm),
		view_of(hash, len), reply.signature),
	    SP_OK);
	return reply;
}

#endif
