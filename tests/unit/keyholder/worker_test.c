/* The worker in a process of its own, with a test as its keyholder. */
#include "daemon/keyholder/worker.h"

#include "daemon/ipc/work.h"
#include "tests/unit/alloc_fail.h"
#include "tests/unit/pubkey/keyring.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct sp_crypto *crypto;
static struct vault vault;
static uint8_t room[IPC_ROOM];

/* An RSA key, and one of Ed25519. */
static int
open_vault(void **state)
{
	(void)state;
	vault_init(&vault, crypto);
	vault.keys[0].key = keyring_key(crypto, "rsa_2048");
	buffer_init(&vault.keys[0].certificate, 16);
	vault.keys[1].key = keyring_key(crypto, "ed25519_plain");
	buffer_init(&vault.keys[1].certificate, 16);
	vault.keys[0].blob_hash[0] = 1;
	vault.count = 2;
	return 0;
}

static int
close_vault(void **state)
{
	(void)state;
	vault_clear(&vault);
	return 0;
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct buffer
encode(uint64_t id, const char *algorithm)
{
	const struct work_order order = { id,
		view_of(vault.keys[0].blob_hash, 32), view_of_string(algorithm),
		view_of_string("data") };
	struct buffer body;

	buffer_init(&body, 20480);
	assert_int_equal(work_order_encode(&order, &body), SP_OK);
	return body;
}

static void
order(int socket, uint64_t id, const char *algorithm)
{
	struct buffer body = encode(id, algorithm);

	assert_int_equal(
	    ipc_send(socket, IPC_WORK, buffer_view(&body), NULL, 0), SP_OK);
	buffer_clear(&body);
}

static struct work_result
result_of(int socket, uint64_t id)
{
	struct work_result result;
	struct ipc_message m;

	assert_true(ipc_wait(socket, now_ms() + 30000));
	assert_int_equal(
	    ipc_receive(socket, IPC_ROLE_WORKER, IPC_ROLE_KEYHOLDER, room, &m),
	    SP_OK);
	assert_int_equal(m.type, IPC_WORKED);
	assert_int_equal(work_result_decode(m.body, &result), SP_OK);
	assert_true(result.id == id);
	return result;
}

static void
expect_signed(int socket, uint64_t id, const char *algorithm)
{
	const struct work_result result = result_of(socket, id);

	assert_int_equal(sp_key_verify(crypto, sp_key_blob(vault.keys[0].key),
			     view_of_string(algorithm), view_of_string("data"),
			     result.signature),
	    SP_OK);
}

static void
expect_end(int socket)
{
	struct ipc_message m;
	int status;

	assert_true(ipc_wait(socket, now_ms() + 30000));
	assert_int_equal(
	    ipc_receive(socket, IPC_ROLE_WORKER, IPC_ROLE_KEYHOLDER, room, &m),
	    SP_ERR_EOF);
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
	close(socket);
}

static void
it_signs_with_either_algorithm_and_ends_with_its_socket(void **state)
{
	int socket, status;

	(void)state;
	assert_true(worker_start(&vault, &socket));
	assert_true(socket >= 0);
	order(socket, 1, "rsa-sha2-512");
	expect_signed(socket, 1, "rsa-sha2-512");
	order(socket, 2, "rsa-sha2-256");
	expect_signed(socket, 2, "rsa-sha2-256");
	close(socket);
	assert_true(wait(&status) > 0);
	assert_int_equal(status, 0);
}

static void
orders_that_came_together_are_made_one_after_the_other(void **state)
{
	int socket;

	(void)state;
	assert_true(worker_start(&vault, &socket));
	for (uint64_t id = 1; id <= 5; id++)
		order(socket, id, "rsa-sha2-512");
	for (uint64_t id = 1; id <= 5; id++)
		expect_signed(socket, id, "rsa-sha2-512");
	assert_int_equal(shutdown(socket, SHUT_WR), 0);
	expect_end(socket);
}

static void
each_private_half_is_in_one_process_alone(void **state)
{
	const struct sp_view data = view_of_string("data");
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;
	int socket;

	(void)state;
	assert_true(worker_start(&vault, &socket));
	assert_int_equal(sp_key_sign(vault.keys[0].key, "rsa-sha2-512", data,
			     signature, &len),
	    SP_ERR_STATE);
	assert_int_equal(sp_key_sign(vault.keys[1].key, "ssh-ed25519", data,
			     signature, &len),
	    SP_OK);
	order(socket, 1, "ssh-ed25519");
	assert_int_equal(result_of(socket, 1).signature.len, 0);
	order(socket, 2, "ssh-rsa");
	assert_int_equal(result_of(socket, 2).signature.len, 0);
	order(socket, 3, "rsa-sha2-512");
	expect_signed(socket, 3, "rsa-sha2-512");
	assert_int_equal(shutdown(socket, SHUT_WR), 0);
	expect_end(socket);
}

static void
where_no_key_is_slow_there_is_none(void **state)
{
	struct vault quick;
	int socket = 0;

	(void)state;
	vault_init(&quick, crypto);
	quick.keys[0] = vault.keys[1];
	quick.count = 1;
	assert_true(worker_start(&quick, &socket));
	assert_int_equal(socket, -1);
	assert_int_equal(wait(NULL), -1);
}

/* In a child, as a user who may start nothing more. */
static void
start_without_processes(void)
{
	const struct rlimit none = { 0, 0 };
	uint8_t signature[SP_SIGNATURE_MAX];
	int socket = 0;
	size_t len;

	if (geteuid() == 0 && setresuid(64999, 64999, 64999) != 0)
		_exit(1);
	if (setrlimit(RLIMIT_NPROC, &none) != 0)
		_exit(2);
	if (worker_start(&vault, &socket) || socket != -1)
		_exit(3);
	if (sp_key_sign(vault.keys[0].key, "rsa-sha2-512",
		view_of_string("data"), signature, &len) != SP_OK)
		_exit(4);
	_exit(0);
}

static void
where_no_process_can_be_had_there_is_none(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		start_without_processes();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
what_is_no_order_ends_it(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
	} messages[] = {
		{ { 0, 0, 0 }, 3 },
		{ { 0, 0, 0, 0xff }, 4 },
		{ { 0, 0, 0, IPC_SIGN }, 4 },
		{ { 0, 0, 0, IPC_WORK, 1, 2, 3 }, 7 },
	};

	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		int socket;

		close_vault(state);
		open_vault(state);
		assert_true(worker_start(&vault, &socket));
		assert_int_equal(
		    write(socket, messages[i].bytes, messages[i].len),
		    messages[i].len);
		expect_end(socket);
	}
}

/* In this process: each order has an answer, or there is an end. */
static void
serve_two(void *context)
{
	const struct buffer *body = context;
	struct ipc_message m;
	int pair[2];

	assert_true(ipc_pair(pair));
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    ipc_send(pair[0], IPC_WORK, buffer_view(body), NULL, 0),
		    SP_OK);
	assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
	worker_serve(&vault, pair[1]);
	for (int i = 0; i < 2; i++) {
		struct work_result result;

		if (ipc_receive(pair[0], IPC_ROLE_WORKER, IPC_ROLE_KEYHOLDER,
			room, &m) != SP_OK) {
			assert_true(alloc_fail_happened());
			break;
		}
		assert_int_equal(work_result_decode(m.body, &result), SP_OK);
		assert_true(result.signature.len > 0 || alloc_fail_happened());
	}
	close(pair[0]);
	close(pair[1]);
}

static void
without_memory_it_has_no_signature_or_ends(void **state)
{
	struct buffer body = encode(1, "rsa-sha2-512");

	(void)state;
	alloc_fail_each(serve_two, &body);
	buffer_clear(&body);
}

#define KEYS(test) \
	cmocka_unit_test_setup_teardown(test, open_vault, close_vault)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		KEYS(it_signs_with_either_algorithm_and_ends_with_its_socket),
		KEYS(orders_that_came_together_are_made_one_after_the_other),
		KEYS(each_private_half_is_in_one_process_alone),
		KEYS(where_no_key_is_slow_there_is_none),
		KEYS(where_no_process_can_be_had_there_is_none),
		KEYS(what_is_no_order_ends_it),
		KEYS(without_memory_it_has_no_signature_or_ends),
	};
	int failed;

	alloc_fail_install();
	crypto = sp_crypto_new();
	if (crypto == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	sp_crypto_free(crypto);
	return failed;
}
