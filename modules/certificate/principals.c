/* Names of certificates, in the configuration and in files. */
#include "modules/certificate/principals.h"

#include "modules/certificate/textfile.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <syslog.h>

enum { NAME_SIZE = 1024, PROBLEM_SIZE = 256, LINE_LEN_MAX = 16384, SHOWN = 80 };

bool
principals_are_listed(struct sp_login *login,
    const struct sp_certificate *certificate, const struct sp_list *names)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < names->count; i++) {
		if (sp_login_expand(
			login, names->items[i], name, sizeof name) &&
		    sp_certificate_has_principal(certificate, sp_text(name)))
			return true;
	}
	return false;
}

/* ---- a line ---- */

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

/* Up to a "#" that stands in no quotes. */
static struct sp_view
without_comment(struct sp_view line)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < line.len && (is_quoted || line.data[i] != '#'); i++) {
		if (line.data[i] == '\\' && i + 1 < line.len &&
		    line.data[i + 1] == '"')
			i++;
		else if (line.data[i] == '"')
			is_quoted = !is_quoted;
	}
	line.len = i < line.len ? i : line.len;
	return trim(line);
}

/* The last word is the name; what stands before are options. */
static struct sp_view
cut_name(struct sp_view line, struct sp_view *options)
{
	struct sp_view name = line;
	size_t at = line.len;

	while (at > 0 && !is_blank(line.data[at - 1]))
		at--;
	name.data += at;
	name.len -= at;
	*options = trim((struct sp_view){ line.data, at });
	return name;
}

static bool
takes_options(struct sp_login *login, struct sp_view text, const char *where)
{
	static const struct sp_list none;
	struct sp_key_options said;
	char problem[PROBLEM_SIZE] = "";
	struct sp_view fault;
	bool is_good;

	if (sp_key_options_parse(text, &said, &fault) != SP_OK) {
		sp_log(LOG_NOTICE, "principal_options",
		    "%s: this option is malformed or not known: %.*s", where,
		    fault.len > SHOWN ? SHOWN : (int)fault.len,
		    (const char *)fault.data);
		return false;
	}
	is_good = !said.cert_authority && said.principals == NULL &&
	    sp_login_take_options(login, &said, &none, problem, sizeof problem);
	sp_key_options_clear(&said);
	if (!is_good)
		sp_log(LOG_NOTICE, "principal_options", "%s: %s", where,
		    problem[0] == '\0' ? "an option is of keys alone"
				       : problem);
	return is_good;
}

/* ---- a file ---- */

/* Takes the next line off; one that is too long is skipped as a whole. */
static struct sp_view
take_line(struct sp_view *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	struct sp_view line = *text;

	line.len = end == NULL ? text->len : (size_t)(end - text->data);
	text->data += line.len;
	text->len -= line.len;
	if (text->len > 0) {
		text->data++;
		text->len--;
	}
	if (line.len > LINE_LEN_MAX)
		line.len = 0;
	return line;
}

static bool
is_in(struct sp_login *login, const struct sp_certificate *certificate,
    const struct textfile *file, const char *path)
{
	struct sp_view text = textfile_view(file), options;

	while (text.len > 0) {
		struct sp_view line = without_comment(take_line(&text));
		struct sp_view name = cut_name(line, &options);

		if (name.len > 0 &&
		    sp_certificate_has_principal(certificate, name) &&
		    takes_options(login, options, path))
			return true;
	}
	return false;
}

bool
principals_are_in_file(struct sp_login *login,
    const struct sp_certificate *certificate, const char *pattern)
{
	struct textfile file;
	char path[PATH_MAX];
	bool is_found;
	int fd = -1;

	errno = EINVAL;
	if (sp_login_expand(login, pattern, path, sizeof path))
		fd = sp_login_open(login, path);
	if (fd < 0) {
		if (errno != ENOENT && errno != EPERM)
			sp_log(LOG_INFO, "file_unreadable", "%s: %s", pattern,
			    strerror(errno));
		return false;
	}
	if (!textfile_read(&file, fd, path))
		return false;
	is_found = is_in(login, certificate, &file, path);
	textfile_free(&file);
	return is_found;
}
