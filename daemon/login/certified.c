/* Certificates, as OpenSSH's PROTOCOL.certkeys gives their options meaning. */
#include "daemon/login/certified.h"

#include "daemon/config/sourcelist.h"
#include "lib/wire/view.h"

#include <stdlib.h>

/* A key has less to say than a certificate of it. */
static bool
take_plain(struct certified *c, size_t size)
{
	size_t len;

	c->plain = malloc(size);
	if (c->plain == NULL ||
	    sp_certificate_key(&c->certificate, c->plain, size, &len) != SP_OK)
		return false;
	c->key = view_of(c->plain, len);
	return true;
}

bool
certified_read(struct certified *c, const struct sp_crypto *crypto,
    struct sp_view algorithm, struct sp_view blob, uint32_t kind)
{
	*c = (struct certified){ .key = blob };
	if (!view_to_string(algorithm, c->name, sizeof c->name))
		return false;
	c->algorithm = sp_certificate_algorithm(algorithm);
	if (c->algorithm == NULL) {
		c->algorithm = c->name;
		return true;
	}
	if (sp_certificate_parse(blob, &c->certificate) == SP_OK &&
	    c->certificate.kind == kind &&
	    sp_certificate_verify(crypto, &c->certificate, NULL) == SP_OK &&
	    take_plain(c, blob.len)) {
		c->is_one = true;
		return true;
	}
	certified_clear(c);
	return false;
}

void
certified_clear(struct certified *c)
{
	free(c->plain);
	*c = (struct certified){ .algorithm = "" };
}

static bool
has_extension(const struct sp_certificate *certificate, const char *wanted)
{
	struct sp_view list = certificate->extensions, name, data;

	while (sp_certificate_next_option(&list, &name, &data)) {
		if (view_equal_string(name, wanted))
			return data.len == 0;
	}
	return false;
}

bool
certified_may_be_untouched(const struct sp_certificate *certificate)
{
	return has_extension(certificate, "no-touch-required");
}

/* ---- critical options ---- */

static const char *
restrict_to(
    struct restrictions *r, const char *key, struct sp_view data, bool is_list)
{
	char value[RESTRICTION_VALUE_MAX + 1];
	struct sp_view text;

	if (!sp_certificate_option_text(data, &text) ||
	    !view_to_string(text, value, sizeof value))
		return "a critical option of it is malformed";
	if (is_list && !sourcelist_is_plain(value))
		return "its source-address is malformed";
	return restriction_add(r, key, value);
}

static const char *
take_critical(struct restrictions *r, struct sp_view name, struct sp_view data)
{
	if (view_equal_string(name, "force-command"))
		return restrict_to(r, "command", data, false);
	if (view_equal_string(name, "source-address"))
		return restrict_to(r, "from", data, true);
	if (!view_equal_string(name, "verify-required"))
		return "a critical option of it is not known";
	return data.len == 0 ? restriction_add(r, "verify", "yes")
			     : "a critical option of it is malformed";
}

/* ---- extensions ---- */

static const char *
take_missing(struct restrictions *r, const struct sp_certificate *certificate)
{
	static const struct {
		const char *permits, *key;
	} rows[] = {
		{ "permit-X11-forwarding", "x11-forwarding" },
		{ "permit-agent-forwarding", "agent-forwarding" },
		{ "permit-port-forwarding", "port-forwarding" },
		{ "permit-pty", "pty" },
		{ "permit-user-rc", "user-rc" },
	};
	const char *problem = NULL;

	for (size_t i = 0; problem == NULL && i < sizeof rows / sizeof rows[0];
	     i++) {
		if (!has_extension(certificate, rows[i].permits))
			problem = restriction_add(r, rows[i].key, "no");
	}
	return problem;
}

const char *
certified_restrict(const struct sp_certificate *certificate, uint64_t seconds,
    struct restrictions *r)
{
	struct sp_view list = certificate->critical_options, name, data;
	const char *problem = NULL;

	if (!sp_certificate_is_valid_at(certificate, seconds))
		return seconds < certificate->valid_after
		    ? "it is not valid yet"
		    : "it has expired";
	if (certificate->kind == SP_CERTIFICATE_HOST)
		return list.len == 0 ? NULL
				     : "a critical option of it is not known";
	while (
	    problem == NULL && sp_certificate_next_option(&list, &name, &data))
		problem = take_critical(r, name, data);
	return problem == NULL ? take_missing(r, certificate) : problem;
}
