#include "tests/interop/invocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 64 * 1024 * 1024 };

static __attribute__((noreturn)) void
fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(COMMANDLINE_FAILED);
}

/* Where a letter's value is kept; NULL for a program's own. */
static const char **
member(struct invocation *c, int letter)
{
	const struct {
		int letter;
		const char **value;
	} members[] = { { 'p', &c->port }, { 'u', &c->user }, { 'i', &c->key },
		{ 'C', &c->certificate }, { 'w', &c->password },
		{ 'K', &c->answer }, { 'k', &c->kex }, { 'h', &c->host_key },
		{ 'c', &c->cipher }, { 'm', &c->mac }, { 'z', &c->compression },
		{ 'r', &c->rekey_bytes } };

	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
		if (members[i].letter == letter)
			return members[i].value;
	return NULL;
}

void
invocation_parse(struct invocation *c, int argc, char **argv, const char *more,
    void (*take)(int letter, const char *value), const char *usage)
{
	char letters[128];
	const char **value;
	int letter;

	memset(c, 0, sizeof *c);
	snprintf(letters, sizeof letters, "p:u:i:C:w:K:k:h:c:m:z:r:%s", more);
	while ((letter = getopt(argc, argv, letters)) != -1) {
		if (letter == '?')
			fail(usage);
		value = member(c, letter);
		if (value != NULL)
			*value = optarg;
		else
			take(letter, optarg);
	}
	c->command = argv[optind];
	if (c->port == NULL || argc > optind + 1)
		fail(usage);
}

const char *
invocation_input(size_t *len)
{
	char *input = malloc(INPUT_MAX);

	if (input == NULL)
		fail("out of memory");
	*len = fread(input, 1, INPUT_MAX, stdin);
	if (ferror(stdin) || !feof(stdin))
		fail("input");
	return input;
}
