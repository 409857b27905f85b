/* From a request to what modules are shown of it: a row a method. */
#include "daemon/login/exhibit.h"

#include "daemon/login/interview.h"

#include <openssl/crypto.h>

/* What a method is made of; the rest is looked at by no row. */
struct source {
	const struct sp_crypto *crypto;
	const struct candidate *candidate;
	const struct authentication_request *request;
};

static bool
make_none(struct exhibit *c, const struct source *source)
{
	(void)c;
	(void)source;
	return true;
}

/*
 * Of a certificate the fingerprint is that of the key it is for; of what
 * cannot be read that of all of it, for the log.
 */
static bool
read_key(struct exhibit *c, const struct source *source, uint32_t kind)
{
	const struct authentication_request *request = source->request;
	bool is_read = certified_read(&c->key, source->crypto,
	    request->key_algorithm, request->key, kind);

	return sp_key_fingerprint(source->crypto,
		   is_read ? c->key.key : request->key,
		   c->fingerprint) == SP_OK &&
	    (!c->key.is_one ||
		sp_key_fingerprint(source->crypto, c->key.certificate.authority,
		    c->authority) == SP_OK) &&
	    is_read;
}

/* kind: whose certificate it may be. */
static bool
show_key(struct exhibit *c, const struct source *source, uint32_t kind)
{
	const struct authentication_request *request = source->request;

	if (!view_to_string(
		request->key_algorithm, c->algorithm, sizeof c->algorithm) ||
	    !read_key(c, source, kind))
		return false;
	if (c->key.is_one) {
		c->cred.authority = c->key.certificate.authority;
		c->cred.authority_fingerprint = c->authority;
	}
	c->cred.key_algorithm = c->algorithm;
	c->cred.key_fingerprint = c->fingerprint;
	c->cred.key = request->key;
	return true;
}

static bool
make_key(struct exhibit *c, const struct source *source)
{
	c->cred.probe = !source->request->is_signed;
	return show_key(c, source, SP_CERTIFICATE_USER);
}

/*
 * As names are compared: in small letters, without the dot that ssh(1) puts
 * behind. False for what names no host.
 */
static bool
take_host_name(struct sp_view said, char host[LIMIT_HOST_NAME + 1])
{
	if (said.len > 0 && said.data[said.len - 1] == '.')
		said.len--;
	if (said.len == 0 || !view_to_string(said, host, LIMIT_HOST_NAME + 1))
		return false;
	for (char *c = host; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	return host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_:")] ==
	    '\0';
}

static bool
make_host(struct exhibit *c, const struct source *source)
{
	const struct authentication_request *request = source->request;

	c->cred.client_host = c->client_host;
	c->cred.client_user = c->client_user;
	return take_host_name(request->client_host, c->client_host) &&
	    request->client_user.len > 0 &&
	    view_to_string(
		request->client_user, c->client_user, sizeof c->client_user) &&
	    show_key(c, source, SP_CERTIFICATE_HOST);
}

static bool
make_password(struct exhibit *c, const struct source *source)
{
	const struct authentication_request *request = source->request;

	if (request->password.len == 0 ||
	    !view_to_string(
		request->password, c->password, sizeof c->password) ||
	    !view_to_string(request->new_password, c->new_password,
		sizeof c->new_password) ||
	    request->is_change != (request->new_password.len > 0))
		return false;
	if (!source->candidate->is_genuine) {
		interview_disguise(c->password, sizeof c->password);
		if (request->is_change)
			interview_disguise(
			    c->new_password, sizeof c->new_password);
	}
	c->cred.password = c->password;
	return true;
}

static bool
make_keyboard(struct exhibit *c, const struct source *source)
{
	c->cred.submethods = c->submethods;
	return view_to_string(
	    source->request->submethods, c->submethods, sizeof c->submethods);
}

static const struct {
	const char *method;
	bool (*make)(struct exhibit *, const struct source *);
} rows[] = {
	{ "none", make_none },
	{ "publickey", make_key },
	{ "password", make_password },
	{ "keyboard-interactive", make_keyboard },
	{ "hostbased", make_host },
};

bool
exhibit_make(struct exhibit *c, const struct sp_crypto *crypto,
    const struct candidate *candidate,
    const struct authentication_request *request)
{
	const struct source source = { crypto, candidate, request };

	*c = (struct exhibit){ .cred = {
				   .size = sizeof c->cred,
				   .method = c->method,
				   .user = candidate->user,
			       } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (view_equal_string(request->method, rows[i].method))
			return view_to_string(request->method, c->method,
				   sizeof c->method) &&
			    rows[i].make(c, &source);
	}
	return false;
}

void
exhibit_clear(struct exhibit *c)
{
	certified_clear(&c->key);
	OPENSSL_cleanse(c, sizeof *c);
}
