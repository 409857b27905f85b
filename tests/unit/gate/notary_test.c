/* The notary, with a test as its keyholder, which takes its time. */
#include "daemon/gate/notary.h"

#include "daemon/ipc/signing.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { REQUESTS = 20, QUICK_MAX = 8, SLOW_MAX = 4 };

static struct event_base *base;
static struct notary *notary;
static int keyholder; /* its end */
static uint8_t room[IPC_ROOM];

static struct request {
	struct notary_request request;
	struct sp_event question;
	unsigned answers;
	size_t signature_len;
} requests[REQUESTS];

static void
on_answer(
    struct notary_request *r, struct sp_view signature, struct sp_view ticket)
{
	struct request *request =
	    (struct request *)((char *)r - offsetof(struct request, request));

	(void)ticket;
	request->answers++;
	request->signature_len = signature.len;
}

static void
new_keyholder(void)
{
	static const uint8_t secret[COOKIE_KEY_LEN] = { 1 };
	int pair[2];

	assert_true(ipc_pair(pair));
	keyholder = pair[1];
	assert_int_equal(
	    notary_replace(notary, pair[0], view_of(secret, sizeof secret)),
	    SP_OK);
}

static int
open_notary(void **state)
{
	(void)state;
	memset(requests, 0, sizeof requests);
	base = event_base_new();
	notary = notary_new(base);
	if (notary == NULL)
		return -1;
	new_keyholder();
	return 0;
}

static int
close_notary(void **state)
{
	(void)state;
	for (size_t i = 0; i < REQUESTS; i++)
		notary_cancel(notary, &requests[i].request);
	notary_free(notary);
	close(keyholder);
	event_base_free(base);
	return 0;
}

/* Each from a source of its own. */
static void
ask_with(size_t i, const char *algorithm)
{
	struct request *r = &requests[i];

	r->question.u.sign_exchange.host_key_algorithm =
	    view_of_string(algorithm);
	r->request.question = &r->question;
	r->request.listener = "[::]:22";
	r->request.serial = i;
	r->request.source.bytes[10] = r->request.source.bytes[11] = 0xff;
	r->request.source.bytes[15] = (uint8_t)i;
	r->request.answer = on_answer;
	notary_ask(notary, &r->request);
}

static void
ask_quick(size_t i)
{
	ask_with(i, "ssh-ed25519");
}

static void
ask_slow(size_t i)
{
	ask_with(i, "rsa-sha2-512");
}

/* Whose request comes to the keyholder, by serial; -1 for nobody's. */
static int
next_asked(uint64_t *id)
{
	struct signing_request got;
	struct ipc_message m;
	enum sp_status status =
	    ipc_receive(keyholder, IPC_ROLE_GATE, IPC_ROLE_KEYHOLDER, room, &m);

	if (status == SP_ERR_AGAIN)
		return -1;
	assert_int_equal(status, SP_OK);
	assert_int_equal(m.type, IPC_SIGN);
	assert_int_equal(signing_request_decode(m.body, &got), SP_OK);
	*id = got.id;
	return (int)got.serial;
}

static uint64_t
expect_asked(size_t i)
{
	uint64_t id = 0;

	assert_int_equal(next_asked(&id), (int)i);
	return id;
}

static void
expect_nobody(void)
{
	uint64_t id;

	assert_int_equal(next_asked(&id), -1);
}

static void
sign(uint64_t id)
{
	const struct signing_reply reply = { id, view_of_string("signature"),
		view_of_string("ticket") };
	struct buffer body;

	buffer_init(&body, 4096);
	assert_int_equal(signing_reply_encode(&reply, &body), SP_OK);
	assert_int_equal(
	    ipc_send(keyholder, IPC_SIGNED, buffer_view(&body), NULL, 0),
	    SP_OK);
	buffer_clear(&body);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
slow_ones_wait_for_each_other_and_nobody_for_them(void **state)
{
	uint64_t slow[SLOW_MAX], quick;

	(void)state;
	for (size_t i = 0; i < SLOW_MAX + 2; i++)
		ask_slow(i);
	for (size_t i = 0; i < SLOW_MAX; i++)
		slow[i] = expect_asked(i);
	expect_nobody();
	ask_quick(10);
	quick = expect_asked(10);
	sign(quick);
	assert_int_equal(requests[10].answers, 1);
	expect_nobody();
	sign(slow[1]);
	assert_int_equal(requests[1].answers, 1);
	assert_int_equal(requests[0].answers, 0);
	expect_asked(SLOW_MAX);
	expect_nobody();
}

static void
quick_ones_hold_up_no_slow_one(void **state)
{
	uint64_t quick[QUICK_MAX];

	(void)state;
	for (size_t i = 0; i <= QUICK_MAX; i++)
		ask_quick(i);
	for (size_t i = 0; i < QUICK_MAX; i++)
		quick[i] = expect_asked(i);
	expect_nobody();
	ask_slow(15);
	sign(expect_asked(15));
	assert_int_equal(requests[15].answers, 1);
	expect_nobody();
	sign(quick[7]);
	expect_asked(QUICK_MAX);
}

static void
a_certificates_algorithm_is_as_slow_as_its_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < SLOW_MAX; i++) {
		ask_with(i, "rsa-sha2-256-cert-v01@openssh.com");
		expect_asked(i);
	}
	ask_slow(10);
	expect_nobody();
	ask_with(11, "ssh-ed25519-cert-v01@openssh.com");
	expect_asked(11);
}

static void
who_leaves_keeps_his_place_until_he_would_be_answered(void **state)
{
	uint64_t slow[SLOW_MAX];

	(void)state;
	for (size_t i = 0; i < SLOW_MAX + 2; i++)
		ask_slow(i);
	for (size_t i = 0; i < SLOW_MAX; i++)
		slow[i] = expect_asked(i);
	notary_cancel(notary, &requests[0].request);
	notary_cancel(notary, &requests[SLOW_MAX].request);
	expect_nobody();
	sign(slow[0]);
	assert_int_equal(requests[0].answers, 0);
	/* One who waited has gone as well. */
	expect_asked(SLOW_MAX + 1);
	expect_nobody();
}

static void
the_next_keyholder_is_asked_anew(void **state)
{
	bool is_asked[REQUESTS] = { false };
	uint64_t ids[REQUESTS];

	(void)state;
	for (size_t i = 0; i < SLOW_MAX + 1; i++)
		ask_slow(i);
	for (size_t i = 0; i < SLOW_MAX; i++)
		expect_asked(i);
	ask_quick(10);
	expect_asked(10);
	close(keyholder);
	new_keyholder();
	for (size_t i = 0; i < SLOW_MAX + 1; i++) {
		uint64_t id;
		int who = next_asked(&id);

		assert_true(who >= 0);
		ids[who] = id;
		is_asked[who] = true;
	}
	expect_nobody();
	assert_true(is_asked[10]);
	sign(ids[10]);
	assert_int_equal(requests[10].answers, 1);
	for (size_t i = 0; i < SLOW_MAX + 1; i++)
		if (is_asked[i])
			sign(ids[i]);
	for (size_t i = 0; i < SLOW_MAX + 1; i++)
		if (!is_asked[i])
			sign(expect_asked(i));
	for (size_t i = 0; i < SLOW_MAX + 1; i++)
		assert_int_equal(requests[i].answers, 1);
}

/* It is told at once, and takes nobody's place. */
static void
what_cannot_be_sent_at_all_is_answered_without_a_signature(void **state)
{
	static const char too_long[70] = "too long a name of an algorithm for "
					 "any field in any message there is";

	(void)state;
	ask_with(0, too_long);
	assert_int_equal(requests[0].answers, 1);
	assert_int_equal(requests[0].signature_len, 0);
	expect_nobody();
	ask_quick(1);
	expect_asked(1);
}

#define NOTARY(test) \
	cmocka_unit_test_setup_teardown(test, open_notary, close_notary)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		NOTARY(slow_ones_wait_for_each_other_and_nobody_for_them),
		NOTARY(quick_ones_hold_up_no_slow_one),
		NOTARY(a_certificates_algorithm_is_as_slow_as_its_keys),
		NOTARY(who_leaves_keeps_his_place_until_he_would_be_answered),
		NOTARY(the_next_keyholder_is_asked_anew),
		NOTARY(
		    what_cannot_be_sent_at_all_is_answered_without_a_signature),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
