/* A configuration file in a folder of its own, read by a test. */
#ifndef SP_TESTS_CONFIGURATION_H
#define SP_TESTS_CONFIGURATION_H

#include "daemon/config/loader.h"

struct configuration {
	char folder[64];
	char path[128];
	struct loader_request request;
	struct mistakes mistakes;
	struct settings *settings; /* NULL while there are mistakes */
};

/* cmocka's setup and teardown: *state is a struct configuration. */
int configuration_set_up(void **state);
int configuration_tear_down(void **state);

/* Writes a file of the folder: "main.conf", "conf.d/10-more.conf". */
void
configuration_put(struct configuration *, const char *name, const char *text);
/* Reads main.conf, and forgets what was read before. */
void configuration_read(struct configuration *);
/* Both. */
void configuration_read_text(struct configuration *, const char *text);

/* A whole configuration of accounts that every machine has. */
extern const char configuration_sample[];

#endif
