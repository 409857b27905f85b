/*
 * sallyportd: starts Sallyport's programs and keeps them running.
 *
 * Runs as: root, or the user who started it.
 * May see: the configuration, and the public host keys.
 * May do: read the configuration, make the first host key, bind the
 * listening sockets, start and end programs, write the log. It parses no
 * packet, holds no private key and loads no module.
 * Dies when: it is told to (SIGTERM, SIGINT). Logged-in sessions, and who
 * serves them, live on, and a child of its writes down what they say.
 */
#include "daemon/config/config.h"
#include "daemon/modload/inquiry.h"
#include "daemon/supervisor/foundation.h"
#include "daemon/supervisor/launch.h"
#include "daemon/supervisor/seedling.h"
#include "daemon/supervisor/supervision.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXIT_USAGE = 64 /* EX_USAGE */ };

static int
run(const struct options *options, const struct loader_request *request)
{
	switch (options->command) {
	case OPTIONS_RUN:
		return supervision_run(options, request);
	case OPTIONS_CHECK:
		return config_check(request);
	case OPTIONS_SHOW:
		return config_show(request);
	case OPTIONS_EXPLAIN:
		return config_explain(request, options->argc, options->argv);
	case OPTIONS_SETTINGS:
		return config_settings();
	case OPTIONS_INIT:
		return foundation_lay(options);
	case OPTIONS_NEW_MODULE:
		return seedling_plant(options->argc, options->argv);
	case OPTIONS_VERSION:
		puts("sallyportd " SP_VERSION);
		return EXIT_SUCCESS;
	case OPTIONS_HELP:
		fputs(options_help, stdout);
		return EXIT_SUCCESS;
	}
	return EXIT_USAGE;
}

int
main(int argc, char *argv[])
{
	struct loader_request request = { 0 };
	struct options options;
	struct inquiry inquiry;
	struct arena arena;
	char problem[1024];
	int status;

	if (!options_parse(argc, argv, &options, problem, sizeof problem)) {
		fprintf(stderr, "sallyportd: %s\n%s", problem, options_help);
		return EXIT_USAGE;
	}
	if (options.modules == NULL)
		options.modules = launch_modules();
	arena_init(&arena);
	inquiry = (struct inquiry){
		.folder = options.modules,
		.arena = &arena,
	};
	request.path = options.file;
	if (launch_find(IPC_ROLE_LOGIN, problem, sizeof problem)) {
		inquiry.program = launch_path(IPC_ROLE_LOGIN);
		request.describe = inquiry_describe;
		request.describe_arg = &inquiry;
	}
	status = run(&options, &request);
	arena_clear(&arena);
	return status;
}
