/* A forced command: values are looked at before a shell sees them. */
#include "daemon/session/forcedcommand.h"

#include "daemon/config/expand.h"
#include "lib/wire/view.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define PLAIN \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789._@+,:-"

/* NULL for what holds anything else: its % is refused then. */
static const char *
plain(const char *value, const char *characters)
{
	return value[strspn(value, characters)] == '\0' ? value : NULL;
}

const char *
forcedcommand_expand(const char *text, const struct session_facts *facts,
    char room[FORCEDCOMMAND_SIZE])
{
	char host[HOST_NAME_MAX + 1] = "";
	struct expand_values values = {
		.user = plain(facts->user, PLAIN),
		.identity = plain(facts->identity, PLAIN),
		.home = plain(facts->home, PLAIN "/"),
	};

	if (gethostname(host, sizeof host - 1) == 0)
		values.host = plain(host, PLAIN);
	switch (expand_text(text, &values, room, FORCEDCOMMAND_SIZE)) {
	case EXPAND_OK:
		return NULL;
	case EXPAND_REFUSED:
		return "a value of the profile's command cannot stand in one";
	case EXPAND_UNKNOWN:
	case EXPAND_TOO_LONG:
		break;
	}
	return "the profile's command cannot be used";
}

const char *
forcedcommand_choose(const char *profiles, const struct restrictions *r,
    const struct session_facts *facts, char room[FORCEDCOMMAND_SIZE])
{
	const char *logins = r->values[RESTRICTION_COMMAND];
	const char *problem = NULL;

	if (profiles[0] != '\0')
		problem = forcedcommand_expand(profiles, facts, room);
	if (problem != NULL || logins == NULL)
		return problem;
	if (profiles[0] != '\0' && strcmp(room, logins) != 0)
		return "the command its key forces is not the profile's";
	return view_to_string(view_of_string(logins), room, FORCEDCOMMAND_SIZE)
	    ? NULL
	    : "the command its key forces is too long";
}
