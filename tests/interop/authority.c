#include "tests/interop/authority.h"

#include <string.h>
#include <time.h>

bool
authority_lists(const char *lines, struct sp_view blob)
{
	struct sp_view text = sp_text(lines == NULL ? "" : lines);
	struct sp_key_line parts;

	return sp_key_find_line(&text, blob, &parts);
}

static const char *
fault_of(const struct sp_certificate *c, uint32_t kind, const char *name)
{
	if (c->kind != kind)
		return "the certificate is of another kind";
	if (!sp_certificate_has_principal(c, sp_text(name)))
		return "the certificate is for another";
	if (!sp_certificate_is_valid_at(c, (uint64_t)time(NULL)))
		return "the certificate is not valid today";
	if (c->critical_options.len > 0)
		return "the certificate has options";
	return NULL;
}

bool
authority_certifies(const struct sp_crypto *crypto, const char *authorities,
    uint32_t kind, const char *name, struct sp_view blob,
    struct sp_certificate *certificate, const char **why)
{
	enum sp_status status = sp_certificate_parse(blob, certificate);

	*why = status != SP_OK ? sp_status_text(status)
			       : fault_of(certificate, kind, name);
	if (*why != NULL)
		return false;
	if (!authority_lists(authorities, certificate->authority)) {
		*why = "the authority is another";
		return false;
	}
	status = sp_certificate_verify(crypto, certificate, NULL);
	if (status != SP_OK)
		*why = sp_status_text(status);
	return status == SP_OK;
}
