/* Reading a file of users, a line at a time. */
#include "modules/userfile/userbook.h"

#include <string.h>

enum { FIRST_SHOWN = 0x21, LAST_SHOWN = 0x7e };

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct sp_view
trim(struct sp_view text)
{
	while (text.len > 0 && is_blank(text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool
has_control(struct sp_view text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((text.data[i] < 0x20 && text.data[i] != '\t') ||
		    text.data[i] == 0x7f)
			return true;
	}
	return false;
}

bool
userbook_is_name(struct sp_view name)
{
	if (name.len == 0 || name.len >= USERBOOK_NAME_SIZE)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] <= ' ' || name.data[i] == 0x7f)
			return false;
	}
	return name.data[0] != '#';
}

bool
userbook_is_hash(struct sp_view hash)
{
	if (hash.len < 4 || hash.len >= USERBOOK_HASH_SIZE ||
	    hash.data[0] != '$')
		return false;
	for (size_t i = 0; i < hash.len; i++) {
		if (hash.data[i] < FIRST_SHOWN || hash.data[i] > LAST_SHOWN ||
		    memchr(":;*!\\", hash.data[i], 5) != NULL)
			return false;
	}
	return true;
}

/* ---- lines ---- */

static bool
is_options(struct sp_view value)
{
	return value.len > 0 && value.len <= USERBOOK_OPTIONS_MAX;
}

/* Whether it holds a key; what its options say is looked at by who asks. */
static bool
is_key(struct sp_view value)
{
	struct sp_key_line parts;

	return sp_key_parse_line(value, &parts) == SP_OK && parts.type.len > 0;
}

static const struct {
	const char *word;
	enum userbook_kind kind;
	bool (*is_good)(struct sp_view value);
} rows[] = {
	{ "user", USERBOOK_USER, userbook_is_name },
	{ "password", USERBOOK_PASSWORD, userbook_is_hash },
	{ "options", USERBOOK_OPTIONS, is_options },
	{ "key", USERBOOK_KEY, is_key },
};

static bool
is_word(struct sp_view word, const char *text)
{
	return word.len == strlen(text) &&
	    memcmp(word.data, text, word.len) == 0;
}

static enum userbook_kind
read_line(struct sp_view text, struct sp_view *value)
{
	struct sp_view word = { text.data, 0 };

	*value = word;
	if (text.len == 0 || text.data[0] == '#')
		return USERBOOK_NOTHING;
	if (has_control(text))
		return USERBOOK_WRONG;
	while (word.len < text.len && !is_blank(text.data[word.len]))
		word.len++;
	value->data += word.len;
	value->len = text.len - word.len;
	*value = trim(*value);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (is_word(word, rows[i].word))
			return rows[i].is_good(*value) ? rows[i].kind
						       : USERBOOK_WRONG;
	}
	return USERBOOK_WRONG;
}

bool
userbook_next_line(struct sp_view *text, struct userbook_line *line)
{
	const uint8_t *end;
	size_t len;

	if (text->len == 0)
		return false;
	end = memchr(text->data, '\n', text->len);
	len = end == NULL ? text->len : (size_t)(end - text->data);
	line->all.data = text->data;
	line->all.len = len + (end != NULL);
	line->kind =
	    read_line(trim((struct sp_view){ text->data, len }), &line->value);
	text->data += line->all.len;
	text->len -= line->all.len;
	return true;
}

/* ---- users ---- */

/* One line of a user's; a phrase where he has that already. */
static const char *
add_line(struct userbook_user *user, const struct userbook_line *line)
{
	struct sp_view *place =
	    line->kind == USERBOOK_PASSWORD ? &user->password : &user->options;

	if (line->kind == USERBOOK_NOTHING || line->kind == USERBOOK_KEY)
		return NULL;
	if (place->len > 0)
		return "the user has this already";
	*place = line->value;
	return NULL;
}

bool
userbook_next_user(struct sp_view *text, struct userbook_user *user)
{
	struct sp_view rest = *text;
	struct userbook_line line;
	bool is_found = false;

	while (userbook_next_line(&rest, &line)) {
		if (line.kind == USERBOOK_USER && is_found)
			break;
		if (line.kind == USERBOOK_USER) {
			*user = (struct userbook_user){
				.name = line.value,
				.lines = { line.all.data, 0 },
			};
			is_found = true;
		} else if (is_found && line.kind != USERBOOK_WRONG &&
		    add_line(user, &line) != NULL) {
			break;
		}
		if (is_found)
			user->lines.len += line.all.len;
		*text = rest;
	}
	return is_found;
}

/* What is wrong with a line where it stands; NULL: nothing. */
static const char *
check_line(
    const struct userbook_line *line, bool has_user, struct userbook_user *user)
{
	if (line->kind == USERBOOK_WRONG)
		return "this is none of user NAME, password HASH, options "
		       "OPTIONS and key LINE";
	if (line->kind == USERBOOK_USER) {
		*user = (struct userbook_user){
			.name = line->value,
			.lines = { line->all.data, 0 },
		};
		return NULL;
	}
	if (line->kind != USERBOOK_NOTHING && !has_user)
		return "this belongs to no user";
	return add_line(user, line);
}

bool
userbook_find(
    struct sp_view text, struct sp_view name, struct userbook_answer *answer)
{
	struct userbook_user user = { .name = { NULL, 0 } };
	struct userbook_line line;
	bool has_user = false, is_his = false;

	*answer = (struct userbook_answer){ .is_found = false };
	while (userbook_next_line(&text, &line)) {
		answer->wrong_line++;
		answer->problem = check_line(&line, has_user, &user);
		if (line.kind == USERBOOK_USER) {
			has_user = true;
			is_his = line.value.len == name.len &&
			    memcmp(line.value.data, name.data, name.len) == 0;
			if (is_his && answer->is_found)
				answer->problem = "this user is there twice";
		}
		if (answer->problem != NULL)
			return false;
		user.lines.len += line.all.len;
		if (line.kind == USERBOOK_PASSWORD && answer->example.len == 0)
			answer->example = line.value;
		if (is_his) {
			answer->is_found = true;
			answer->user = user;
		}
	}
	answer->wrong_line = 0;
	return true;
}

bool
userbook_next_key(struct sp_view *lines, struct sp_key_line *key)
{
	struct userbook_line line;

	while (userbook_next_line(lines, &line)) {
		if (line.kind == USERBOOK_KEY &&
		    sp_key_parse_line(line.value, key) == SP_OK)
			return true;
	}
	return false;
}
