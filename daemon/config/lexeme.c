/* Words and signs, and the traps that are within one of them. */
#include "daemon/config/lexeme.h"

#include "lib/wire/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void
lexeme_init(struct lexeme_reader *reader, struct sp_view text)
{
	*reader = (struct lexeme_reader){ .left = text, .line = 1 };
}

/* Only the first problem of a lexeme is told. */
__attribute__((format(printf, 2, 3))) static void
blame(struct lexeme *lexeme, const char *format, ...)
{
	va_list args;

	if (lexeme->problem[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(lexeme->problem, sizeof lexeme->problem, format, args);
	va_end(args);
}

/* The character i places ahead; 0 past the end. */
static char
peek(const struct lexeme_reader *reader, size_t i)
{
	return i < reader->left.len ? (char)reader->left.data[i] : '\0';
}

static void
skip(struct lexeme_reader *reader, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (reader->left.data[i] == '\n')
			reader->line++;
	reader->left = view_of(reader->left.data + n, reader->left.len - n);
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The length of the comment that begins here; 0 when none does. */
static size_t
comment_length(const struct lexeme_reader *reader, bool *is_open)
{
	size_t len = 2;

	*is_open = false;
	if (peek(reader, 0) == '#' ||
	    (peek(reader, 0) == '/' && peek(reader, 1) == '/')) {
		const uint8_t *end =
		    memchr(reader->left.data, '\n', reader->left.len);

		return end == NULL ? reader->left.len
				   : (size_t)(end - reader->left.data);
	}
	if (peek(reader, 0) != '/' || peek(reader, 1) != '*')
		return 0;
	while (len < reader->left.len) {
		if (peek(reader, len) == '*' && peek(reader, len + 1) == '/')
			return len + 2;
		len++;
	}
	*is_open = true;
	return reader->left.len;
}

/* False when a comment is never closed: the lexeme says so. */
static bool
skip_blanks(struct lexeme_reader *reader, struct lexeme *lexeme)
{
	bool is_open;
	size_t len;

	while (reader->left.len > 0) {
		len = is_blank(peek(reader, 0))
		    ? 1
		    : comment_length(reader, &is_open);
		if (len == 0)
			return true;
		if (len > 1 && is_open) {
			lexeme->line = reader->line;
			blame(lexeme, "a comment is never closed");
			skip(reader, len);
			return false;
		}
		skip(reader, len);
	}
	return true;
}

static bool
is_hex(char c)
{
	return c != '\0' && strchr("0123456789abcdefABCDEF", c) != NULL;
}

/* Checks the escape at a backslash; its length. */
static size_t
read_escape(
    const struct lexeme_reader *reader, size_t at, struct lexeme *lexeme)
{
	char c = peek(reader, at + 1);

	if (c != '\0' && strchr("abfnrtv\\\"", c) != NULL)
		return 2;
	if (c != 'x' || !is_hex(peek(reader, at + 2)) ||
	    !is_hex(peek(reader, at + 3))) {
		blame(lexeme,
		    "\"\\%c\" in a string: a backslash is written \"\\\\\"",
		    is_name(c) ? c : '?');
		return 1;
	}
	if (peek(reader, at + 2) == '0' && peek(reader, at + 3) == '0')
		blame(lexeme, "\"\\x00\" in a string would be lost");
	return 4;
}

/* Where a string that is not closed was meant to end, most likely. */
static size_t
guess_end(const struct lexeme_reader *reader, size_t end)
{
	for (size_t at = 1; at < end; at++)
		if (strchr(";,)}]", peek(reader, at)) != NULL)
			return at;
	return end;
}

/* A string ends on its line, else the mistake is told far from here. */
static size_t
read_string(const struct lexeme_reader *reader, struct lexeme *lexeme)
{
	size_t at = 1;

	while (at < reader->left.len) {
		char c = peek(reader, at);

		if (c == '"')
			return at + 1;
		if (c == '\n')
			break;
		if (c == '\\')
			at += read_escape(reader, at, lexeme);
		else if ((unsigned char)c < 0x20 && c != '\t')
			blame(lexeme,
			    "a control character in a string: expected "
			    "\"\\x%02x\"",
			    (unsigned)c),
			    at++;
		else
			at++;
	}
	lexeme->problem[0] = '\0';
	blame(lexeme,
	    "a string is not closed on its line (a long one may be written "
	    "as several, one after the other)");
	return guess_end(reader, at < reader->left.len ? at : reader->left.len);
}

/* The value of digits in a base; UINT64_MAX when it is larger. */
static uint64_t
value_of(struct sp_view digits, unsigned base)
{
	uint64_t value = 0;

	for (size_t i = 0; i < digits.len; i++) {
		char c = (char)digits.data[i];
		unsigned digit = is_digit(c)
		    ? (unsigned)(c - '0')
		    : (unsigned)((c | 0x20) - 'a') + 10;

		if (value > (UINT64_MAX - digit) / base)
			return UINT64_MAX;
		value = value * base + digit;
	}
	return value;
}

static size_t
count_digits(struct sp_view text, bool is_hexadecimal)
{
	size_t n = 0;

	while (n < text.len &&
	    (is_hexadecimal ? is_hex((char)text.data[n])
			    : is_digit((char)text.data[n])))
		n++;
	return n;
}

static struct sp_view
drop(struct sp_view text, size_t n)
{
	return view_of(text.data + n, text.len - n);
}

static bool
is_float(struct sp_view text)
{
	size_t whole = count_digits(text, false), fraction = 0;

	text = drop(text, whole);
	if (text.len > 0 && text.data[0] == '.') {
		text = drop(text, 1);
		fraction = count_digits(text, false);
		text = drop(text, fraction);
	}
	if (whole + fraction == 0)
		return false;
	if (text.len == 0)
		return true;
	if ((text.data[0] | 0x20) != 'e')
		return false;
	text = drop(text, 1);
	if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+'))
		text = drop(text, 1);
	return text.len > 0 && count_digits(text, false) == text.len;
}

/* An integer without its sign, or 0x and digits; perhaps L or LL. */
static bool
classify_integer(struct sp_view text, bool has_sign, struct lexeme *lexeme)
{
	bool is_hexadecimal = !has_sign && text.len > 2 &&
	    text.data[0] == '0' && (text.data[1] | 0x20) == 'x';
	struct sp_view digits = is_hexadecimal ? drop(text, 2) : text;
	size_t n = count_digits(digits, is_hexadecimal);
	struct sp_view rest = drop(digits, n);
	uint64_t value;
	int shown;

	digits.len = n;
	lexeme->kind = LEXEME_INTEGER;
	if (view_equal_string(rest, "L") || view_equal_string(rest, "LL"))
		lexeme->kind = LEXEME_LONG;
	else if (rest.len > 0)
		return false;
	if (n == 0)
		return false;
	value = value_of(digits, is_hexadecimal ? 16 : 10);
	shown = (int)(text.len < 24 ? text.len : 24);
	if (!is_hexadecimal && n > 1 && digits.data[0] == '0')
		blame(lexeme,
		    "%.*s may be read as %llu: a number does not begin "
		    "with 0, and a mode is written as a string, \"0640\"",
		    shown, (const char *)text.data, (unsigned long long)value);
	else if (lexeme->kind == LEXEME_INTEGER && value > INT32_MAX)
		blame(lexeme,
		    "%.*s does not fit: an integer is at most 2147483647 "
		    "(sizes and durations are strings, \"5G\")",
		    shown, (const char *)text.data);
	else if (value > INT64_MAX)
		blame(lexeme, "%.*s does not fit: too many digits", shown,
		    (const char *)text.data);
	return true;
}

/* Whether the character i places ahead belongs to what begins as a number. */
static bool
continues_number(const struct lexeme_reader *reader, size_t i)
{
	char c = peek(reader, i), next = peek(reader, i + 1);

	if (c == '/')
		return next != '/' && next != '*';
	return is_name(c) || c == '.' || c == '+' || c == '%';
}

/* What looks like a number: all up to the next sign or blank. */
static size_t
read_number(const struct lexeme_reader *reader, struct lexeme *lexeme)
{
	struct sp_view text = { reader->left.data, 1 }, digits;
	bool has_sign = text.data[0] == '-' || text.data[0] == '+';
	int shown;

	while (continues_number(reader, text.len))
		text.len++;
	digits = has_sign ? drop(text, 1) : text;
	if (classify_integer(digits, has_sign, lexeme))
		return text.len;
	lexeme->kind = LEXEME_FLOAT;
	shown = (int)(text.len < 40 ? text.len : 40);
	if (!is_float(digits))
		blame(lexeme,
		    "%.*s is no number: a text is in quotes, \"%.*s\"", shown,
		    (const char *)text.data, shown, (const char *)text.data);
	return text.len;
}

static size_t
read_name(const struct lexeme_reader *reader, struct lexeme *lexeme)
{
	size_t len = 1;

	while (is_name(peek(reader, len)))
		len++;
	lexeme->kind = LEXEME_NAME;
	if ((len == 4 &&
		strncasecmp((const char *)reader->left.data, "true", 4) == 0) ||
	    (len == 5 &&
		strncasecmp((const char *)reader->left.data, "false", 5) == 0))
		lexeme->kind = LEXEME_BOOL;
	return len;
}

static enum lexeme_kind
sign_kind(char c)
{
	static const struct {
		char sign;
		enum lexeme_kind kind;
	} signs[] = {
		{ '=', LEXEME_ASSIGN },
		{ ':', LEXEME_ASSIGN },
		{ ';', LEXEME_SEMICOLON },
		{ ',', LEXEME_COMMA },
		{ '{', LEXEME_OPEN_GROUP },
		{ '}', LEXEME_CLOSE_GROUP },
		{ '[', LEXEME_OPEN_ARRAY },
		{ ']', LEXEME_CLOSE_ARRAY },
		{ '(', LEXEME_OPEN_LIST },
		{ ')', LEXEME_CLOSE_LIST },
	};

	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (signs[i].sign == c)
			return signs[i].kind;
	return LEXEME_UNKNOWN;
}

static size_t
read_unknown(const struct lexeme_reader *reader, struct lexeme *lexeme)
{
	char c = peek(reader, 0);
	size_t len = 1;

	if (c == '@')
		blame(lexeme,
		    "\"@\": @include begins a line, and its file name is in "
		    "quotes");
	else if (c > 0x20 && c < 0x7f)
		blame(lexeme, "unexpected \"%c\": a text is written in quotes",
		    c);
	else
		blame(lexeme, "unexpected byte 0x%02x", (unsigned char)c);
	while (len < reader->left.len && !is_blank(peek(reader, len)) &&
	    peek(reader, len) != '"' &&
	    sign_kind(peek(reader, len)) == LEXEME_UNKNOWN)
		len++;
	return len;
}

static size_t
read_one(const struct lexeme_reader *reader, struct lexeme *lexeme)
{
	char c = peek(reader, 0);

	if (c == '"') {
		lexeme->kind = LEXEME_STRING;
		return read_string(reader, lexeme);
	}
	if (is_letter(c))
		return read_name(reader, lexeme);
	if (is_digit(c) || c == '.' || c == '-' || c == '+')
		return read_number(reader, lexeme);
	lexeme->kind = sign_kind(c);
	if (lexeme->kind != LEXEME_UNKNOWN)
		return 1;
	return read_unknown(reader, lexeme);
}

void
lexeme_next(struct lexeme_reader *reader, struct lexeme *lexeme)
{
	size_t len;

	*lexeme = (struct lexeme){ .kind = LEXEME_UNKNOWN };
	if (!skip_blanks(reader, lexeme))
		return;
	lexeme->line = reader->line;
	if (reader->left.len == 0) {
		lexeme->kind = LEXEME_END;
		return;
	}
	len = read_one(reader, lexeme);
	lexeme->text = view_of(reader->left.data, len);
	skip(reader, len);
}
