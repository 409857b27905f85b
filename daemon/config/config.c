/* The commands check, show, explain and settings. */
#include "daemon/config/config.h"

#include "daemon/config/account.h"
#include "daemon/config/explain.h"
#include "daemon/config/manual.h"
#include "daemon/config/show.h"

#include <string.h>
#include <sysexits.h>

/* NULL, with the mistakes on standard error, when there are any. */
static struct settings *
load(const struct loader_request *request)
{
	struct mistakes mistakes;
	struct settings *settings;

	mistake_init(&mistakes);
	settings = loader_read(request, &mistakes);
	mistake_print(&mistakes, stderr);
	mistake_clear(&mistakes);
	return settings;
}

int
config_check(const struct loader_request *request)
{
	struct settings *settings = load(request);

	if (settings == NULL)
		return EX_CONFIG;
	settings_free(settings);
	return EX_OK;
}

int
config_show(const struct loader_request *request)
{
	struct settings *settings = load(request);

	if (settings == NULL)
		return EX_CONFIG;
	show_settings(request, settings, stdout);
	settings_free(settings);
	return EX_OK;
}

/* The value of "name=value" among the arguments; NULL when it is not there. */
static const char *
argument(int argc, char *const argv[], const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
			return argv[i] + len + 1;
	return NULL;
}

static bool
are_known(int argc, char *const argv[])
{
	for (int i = 0; i < argc; i++)
		if (strncmp(argv[i], "user=", 5) != 0 &&
		    strncmp(argv[i], "from=", 5) != 0 &&
		    strncmp(argv[i], "local=", 6) != 0)
			return false;
	return true;
}

/* Without local=, the first listener. False when an address is none. */
static bool
read_addresses(const struct settings *settings, const char *from,
    const char *local, struct rules_client *client)
{
	client->local = settings->server.listen[0].endpoint;
	return cidr_parse_address(from, &client->peer.address) &&
	    (local == NULL || cidr_parse_endpoint(local, &client->local));
}

int
config_explain(
    const struct loader_request *request, int argc, char *const argv[])
{
	const char *user = argument(argc, argv, "user");
	const char *from = argument(argc, argv, "from");
	struct rules_client client = { .user = user };
	struct settings *settings;
	int status = EX_OK;

	if (user == NULL || from == NULL || !are_known(argc, argv)) {
		fputs("usage: sallyportd explain user=NAME from=ADDRESS "
		      "[local=ADDRESS:PORT]\n",
		    stderr);
		return EX_USAGE;
	}
	settings = load(request);
	if (settings == NULL)
		return EX_CONFIG;
	if (read_addresses(
		settings, from, argument(argc, argv, "local"), &client)) {
		account_lookup(&settings->arena, user, &client);
		explain_client(&settings->access, &client, stdout);
		explain_penalties(&settings->server.penalties, &client, stdout);
	} else {
		fputs("sallyportd: from= takes an address (10.1.2.3), local= "
		      "an address and port ([::1]:22)\n",
		    stderr);
		status = EX_USAGE;
	}
	settings_free(settings);
	return status;
}

int
config_settings(void)
{
	manual_print(stdout);
	return EX_OK;
}
