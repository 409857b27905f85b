/*
 * What holds of every form: values and bytes belong together both ways,
 * and what is not whole is not read.
 */
#ifndef SP_TESTS_FORMCHECK_H
#define SP_TESTS_FORMCHECK_H

#include "lib/connection/form.h"

/* As static initialisers: a view of a text, and of bytes with NULs. */
#define FORMCHECK_TEXT(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

/* Reads an event of this name and data into values of the form's struct. */
typedef enum sp_status
formcheck_read(struct sp_view name, struct sp_view data, void *values);

struct formcheck {
	const struct form *form;
	formcheck_read *read;
	const void *values;
	size_t size; /* of the struct they are in */
	struct sp_view bytes; /* as the RFC has them */
};

void formcheck_run(const struct formcheck *);

/* Whether these bytes are read; the values are not looked at. */
enum sp_status formcheck_try(const struct formcheck *, struct sp_view bytes);

#endif
