/*
 * The text of a file of users. A line is a word and what belongs to it:
 *
 *	user NAME		begins a user; once for each name
 *	password HASH		as of crypt(5); at most one
 *	options OPTIONS		of key lines, for all his logins; at most one
 *	key LINE		as in an authorized_keys file; any number
 *
 * White space in front, empty lines and lines that begin with "#" are passed
 * over; the other lines belong to the user above them. A file with one line
 * that is none of these holds no users at all.
 */
#ifndef SP_USERFILE_USERBOOK_H
#define SP_USERFILE_USERBOOK_H

#include <sallyport/key.h>
#include <sallyport/types.h>

enum {
	USERBOOK_MAX = 16 * 1024 * 1024, /* bytes of a file */
	USERBOOK_NAME_SIZE = 256,
	USERBOOK_HASH_SIZE = 384,
	USERBOOK_OPTIONS_MAX = 8192,
};

enum userbook_kind {
	USERBOOK_NOTHING, /* empty, or a comment */
	USERBOOK_USER,
	USERBOOK_PASSWORD,
	USERBOOK_OPTIONS,
	USERBOOK_KEY,
	USERBOOK_WRONG,
};

struct userbook_line {
	enum userbook_kind kind;
	struct sp_view value; /* behind the word, trimmed */
	struct sp_view all; /* with its newline */
};

/* Takes the next line off; false at the end. */
SP_MUST_USE bool
userbook_next_line(struct sp_view *text, struct userbook_line *);

/* A name that can stand in a file: 1 to 255 bytes, without white space. */
bool userbook_is_name(struct sp_view);
/* A hash of crypt(5): begins with "$", printable, no ":" and no blank. */
bool userbook_is_hash(struct sp_view);

/* All of a user; what is empty was not said. Borrows the text. */
struct userbook_user {
	struct sp_view name;
	struct sp_view password;
	struct sp_view options;
	struct sp_view lines; /* from his first line to the next user's */
};

/* What a file is asked. */
struct userbook_answer {
	bool is_found;
	struct userbook_user user; /* where he is */
	/* The first password of the file, or empty: of what kind they are. */
	struct sp_view example;
	size_t wrong_line; /* of a failure, from 1 */
	const char *problem;
};

/*
 * Looks for a user, through all of the file wherever he stands. False, with
 * line and phrase, where any line is wrong; so is a name, as far as it is the
 * one that is asked for, that is there twice.
 */
SP_MUST_USE bool userbook_find(
    struct sp_view text, struct sp_view name, struct userbook_answer *);

/* Takes the next user off a file that was found in order. */
SP_MUST_USE bool
userbook_next_user(struct sp_view *text, struct userbook_user *);

/* Takes the next key off a user's lines; false behind the last. */
SP_MUST_USE bool userbook_next_key(struct sp_view *lines, struct sp_key_line *);

#endif
