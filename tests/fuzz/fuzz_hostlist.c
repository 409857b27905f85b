/*
 * Files of hosts that are believed, and of their keys: the first line is a
 * host, the second a user, the rest the file.
 */
#include "lib/limits.h"
#include "lib/wire/view.h"
#include "modules/hostbased/hostkeys.h"
#include "modules/hostbased/hostlist.h"
#include "tests/fuzz/target.h"

static bool
take_text(struct sp_view *rest, char *room, size_t size)
{
	const uint8_t *end =
	    rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
	size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
	struct sp_view text = view_of(rest->data, len);

	len += end != NULL;
	*rest = view_of(rest->data + len, rest->len - len);
	return view_to_string(text, room, size);
}

/* Who is let in by root's file is let in by the same file of his own. */
static void
check_list(struct sp_view text, const char *host, const char *user)
{
	struct hostlist_claim claim = {
		.host = host,
		.client_user = user,
		.address = "192.0.2.7",
		.user = user,
	};
	enum hostlist_answer answer, again;
	size_t line;

	answer = hostlist_ask(text, &claim, &line);
	TARGET_ASSERT((answer == HOSTLIST_NOTHING) == (line == 0));
	TARGET_ASSERT(line <= text.len + 1);
	claim.is_own = true;
	TARGET_ASSERT(hostlist_ask(text, &claim, &line) == answer);
	/* Nobody has another name by a file of root's. */
	claim.is_own = false;
	claim.user = "another name";
	again = hostlist_ask(text, &claim, &line);
	TARGET_ASSERT(again != HOSTLIST_YES);
	TARGET_ASSERT(answer != HOSTLIST_BROKEN || again == answer);
}

static void
check_keys(struct sp_view text, const char *host)
{
	static const uint8_t blob[] = "\0\0\0\13ssh-ed25519";
	const struct hostkeys_subject subject = {
		.name = host,
		.key = view_of(blob, sizeof blob - 1),
		.plain = view_of(blob, sizeof blob - 1),
	};
	size_t line;
	enum hostkeys_answer answer = hostkeys_ask(text, &subject, &line);

	TARGET_ASSERT((answer == HOSTKEYS_NOTHING) == (line == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char host[LIMIT_HOST_NAME + 1], user[LIMIT_USER + 1];
	struct sp_view rest = view_of(data, size);

	if (!take_text(&rest, host, sizeof host) ||
	    !take_text(&rest, user, sizeof user) ||
	    strcmp(user, "another name") == 0)
		return 0;
	check_list(rest, host, user);
	check_keys(rest, host);
	return 0;
}
