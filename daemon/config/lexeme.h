/*
 * The words and signs a configuration's text is made of, each with what
 * is wrong with it by itself.
 */
#ifndef SP_CONFIG_LEXEME_H
#define SP_CONFIG_LEXEME_H

#include <sallyport/types.h>

enum lexeme_kind {
	LEXEME_END,
	LEXEME_NAME,
	LEXEME_STRING,
	LEXEME_INTEGER,
	LEXEME_LONG, /* an integer with an L */
	LEXEME_FLOAT,
	LEXEME_BOOL,
	LEXEME_ASSIGN, /* = or : */
	LEXEME_SEMICOLON,
	LEXEME_COMMA,
	LEXEME_OPEN_GROUP, /* { */
	LEXEME_CLOSE_GROUP,
	LEXEME_OPEN_ARRAY, /* [ */
	LEXEME_CLOSE_ARRAY,
	LEXEME_OPEN_LIST, /* ( */
	LEXEME_CLOSE_LIST,
	LEXEME_UNKNOWN,
};

struct lexeme {
	enum lexeme_kind kind;
	size_t line; /* counted from 1 */
	struct sp_view text; /* as written */
	char problem[160]; /* "" when there is none */
};

struct lexeme_reader {
	struct sp_view left;
	size_t line;
};

void lexeme_init(struct lexeme_reader *, struct sp_view text);
void lexeme_next(struct lexeme_reader *, struct lexeme *);

#endif
