/* The command line of sallyportd. */
#ifndef SP_SUPERVISOR_OPTIONS_H
#define SP_SUPERVISOR_OPTIONS_H

#include <sallyport/types.h>

enum options_command {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_SHOW,
	OPTIONS_EXPLAIN,
	OPTIONS_SETTINGS,
	OPTIONS_INIT,
	OPTIONS_NEW_MODULE,
	OPTIONS_VERSION,
	OPTIONS_HELP,
};

/* What init writes. */
enum options_example {
	OPTIONS_EXAMPLE_NONE,
	OPTIONS_EXAMPLE_SERVICE,
	OPTIONS_EXAMPLE_GIT,
};

struct options {
	enum options_command command;
	enum options_example example; /* NONE unless the command is init */
	const char *file; /* NULL: the default; of init the folder */
	const char *state; /* NULL: the default */
	const char *modules; /* folder of modules; NULL: where installed */
	bool end_sessions; /* when the daemon ends, everything does */
	bool keep_stderr; /* programs keep it: for sanitizers */
	int argc; /* what explain and new-module are asked for */
	char *const *argv;
};

/* False with a sentence in problem (size bytes). */
SP_MUST_USE bool options_parse(
    int argc, char *const argv[], struct options *, char *problem, size_t size);

extern const char options_help[];

#endif
