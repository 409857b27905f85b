/* Lines of hosts and users. */
#include "modules/hostbased/hostlist.h"

#include "modules/hostbased/hostaddress.h"

enum { WORDS_MAX = 2 };

struct line {
	bool is_negated;
	struct sp_view host; /* empty: there is nothing here */
	struct sp_view user; /* empty: none is said */
};

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Up to its end, which is taken off too. */
static struct sp_view
take_line(struct sp_view *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	struct sp_view line = *text;
	size_t taken;

	line.len = end == NULL ? text->len : (size_t)(end - text->data);
	taken = line.len + (end != NULL);
	text->data += taken;
	text->len -= taken;
	return line;
}

static struct sp_view
take_word(struct sp_view *rest)
{
	struct sp_view word;

	while (rest->len > 0 && is_blank(rest->data[0])) {
		rest->data++;
		rest->len--;
	}
	word = *rest;
	while (rest->len > 0 && !is_blank(rest->data[0])) {
		rest->data++;
		rest->len--;
	}
	word.len -= rest->len;
	return word;
}

/*
 * Without the "-" that may stand in front. False for what is no name: a
 * group of NIS's, all that there is, and what cannot be shown.
 */
static bool
read_name(struct sp_view *word, bool *is_negated)
{
	if (word->len > 0 && word->data[0] == '-') {
		*is_negated = true;
		word->data++;
		word->len--;
	}
	if (word->len == 0 || word->data[0] == '+' || word->data[0] == '@')
		return false;
	for (size_t i = 0; i < word->len; i++) {
		uint8_t c = word->data[i];

		if (c < 0x20 || c == 0x7f || c == '*' || c == '?' || c == ',')
			return false;
	}
	return true;
}

/* False where it is none. */
static bool
read_line(struct sp_view text, struct line *line)
{
	const uint8_t *comment =
	    text.len == 0 ? NULL : memchr(text.data, '#', text.len);

	*line = (struct line){ .is_negated = false };
	if (text.len > HOSTLIST_LINE_MAX)
		return false;
	if (comment != NULL)
		text.len = (size_t)(comment - text.data);
	line->host = take_word(&text);
	line->user = take_word(&text);
	if (line->host.len == 0)
		return true;
	return take_word(&text).len == 0 &&
	    read_name(&line->host, &line->is_negated) &&
	    (line->user.len == 0 || read_name(&line->user, &line->is_negated));
}

/* ---- whom a line is about ---- */

/* The name has small letters alone. */
static bool
is_name(struct sp_view word, const char *name)
{
	if (word.len > 0 && word.data[word.len - 1] == '.')
		word.len--;
	if (word.len != strlen(name))
		return false;
	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = word.data[i];

		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if (c != (uint8_t)name[i])
			return false;
	}
	return true;
}

/*
 * Who is let in is so by what his host says it is, whose key is looked for by
 * that name alone: by his address another host's key would do. Who is kept
 * out is so by either.
 */
static bool
is_host(const struct line *line, const struct hostlist_claim *claim)
{
	return is_name(line->host, claim->host) ||
	    hostaddress_is(line->host, claim->host) ||
	    (line->is_negated && hostaddress_is(line->host, claim->address));
}

/* Who is kept out is so whoever he wants to be. */
static bool
is_kept_out(const struct line *line, const struct hostlist_claim *claim)
{
	return line->is_negated &&
	    (line->user.len == 0 || sp_view_is(line->user, claim->client_user));
}

/*
 * sshd(8) lets who is named in root's file be anybody: here he is who he is
 * there.
 */
static bool
is_let_in(const struct line *line, const struct hostlist_claim *claim)
{
	bool is_same = strcmp(claim->client_user, claim->user) == 0;

	if (line->is_negated || (line->user.len == 0 && claim->is_root))
		return false;
	if (line->user.len == 0)
		return is_same;
	return sp_view_is(line->user, claim->client_user) &&
	    (claim->is_own || is_same);
}

enum hostlist_answer
hostlist_ask(
    struct sp_view text, const struct hostlist_claim *claim, size_t *line)
{
	enum hostlist_answer answer = HOSTLIST_NOTHING;
	struct line each;

	*line = 0;
	for (size_t number = 1; text.len > 0; number++) {
		if (!read_line(take_line(&text), &each)) {
			*line = number;
			return HOSTLIST_BROKEN;
		}
		if (answer != HOSTLIST_NOTHING || each.host.len == 0 ||
		    !is_host(&each, claim))
			continue;
		if (is_kept_out(&each, claim))
			answer = HOSTLIST_NO;
		else if (is_let_in(&each, claim))
			answer = HOSTLIST_YES;
		*line = answer == HOSTLIST_NOTHING ? 0 : number;
	}
	return answer;
}
