/* Lists first, which are aligned, and the texts behind them. */
#include "daemon/session/programcopy.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS = 5 };

struct whole {
	struct sp_program program;
	struct sp_limits limits;
	const char *lists[];
};

/* Where the next list, or text, is put. */
struct copying {
	const char **lists;
	char *texts;
};

/* What a program has of texts besides its lists; each may be NULL. */
static void
point_to_texts(struct sp_program *program, const char **texts[TEXTS])
{
	texts[0] = &program->path;
	texts[1] = &program->cwd;
	texts[2] = &program->excuse;
	texts[3] = &program->greeting;
	texts[4] = &program->hushed_by;
}

/* With its NULL. */
static size_t
count_texts(const char *const *list, size_t *bytes)
{
	size_t count = 0;

	for (; list[count] != NULL; count++)
		*bytes += strlen(list[count]) + 1;
	return count + 1;
}

static const char *
copy_text(struct copying *to, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = memcpy(to->texts, text, size);

	to->texts += size;
	return copy;
}

static const char *const *
copy_list(struct copying *to, const char *const *list)
{
	const char **copy = to->lists;

	for (; *list != NULL; list++)
		*to->lists++ = copy_text(to, *list);
	*to->lists++ = NULL;
	return copy;
}

struct sp_program *
programcopy_new(const struct sp_program *from)
{
	struct sp_program program = *from;
	const char **texts[TEXTS];
	size_t bytes = 0, count;
	struct copying to;
	struct whole *whole;

	point_to_texts(&program, texts);
	for (size_t i = 0; i < TEXTS; i++)
		bytes += *texts[i] == NULL ? 0 : strlen(*texts[i]) + 1;
	count = count_texts(program.argv, &bytes);
	count += count_texts(program.env, &bytes);
	whole = malloc(sizeof *whole + count * sizeof whole->lists[0] + bytes);
	if (whole == NULL)
		return NULL;
	to.lists = whole->lists;
	to.texts = (char *)(whole->lists + count);
	program.argv = copy_list(&to, program.argv);
	program.env = copy_list(&to, program.env);
	for (size_t i = 0; i < TEXTS; i++) {
		if (*texts[i] != NULL)
			*texts[i] = copy_text(&to, *texts[i]);
	}
	if (program.limits != NULL) {
		whole->limits = *program.limits;
		program.limits = &whole->limits;
	}
	whole->program = program;
	return &whole->program;
}
