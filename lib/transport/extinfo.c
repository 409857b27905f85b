/* EXT_INFO: what we announce and what we take notice of. */
#include "lib/transport/extinfo.h"

static const char sig_algs[] = "server-sig-algs";
static const char ping[] = "ping@openssh.com";
static const char host_bound[] = "publickey-hostbound@openssh.com";

enum sp_status
extinfo_send(struct transport *t)
{
	struct writer w;

	/* A client has nothing to announce. */
	if (t->role == SP_CLIENT)
		return SP_OK;
	transport_begin(t, &w, SSH_MSG_EXT_INFO);
	writer_u32(&w, 3);
	writer_cstring(&w, sig_algs);
	writer_cstring(&w, t->offer.user_key);
	writer_cstring(&w, ping);
	writer_cstring(&w, "0");
	writer_cstring(&w, host_bound);
	writer_cstring(&w, "0");
	return transport_end(t, &w);
}

/*
 * RFC 8308 2.4: the first packet after the first NEWKEYS; from a server
 * also later, until it says SUCCESS.
 */
static bool
is_in_its_place(const struct transport *t)
{
	return t->rx.packets == 1 ||
	    (t->role == SP_CLIENT && t->service[0] != '\0');
}

/* The list that was said last holds (RFC 8308 2.4). */
static enum sp_status
keep_sig_algs(struct transport *t, struct sp_view list)
{
	buffer_clear(&t->sig_algs);
	return buffer_append(&t->sig_algs, list);
}

enum sp_status
extinfo_receive(struct transport *t, struct reader *r)
{
	uint32_t count = reader_u32(r);
	bool has_sig_algs = false;
	struct sp_view list = { NULL, 0 };
	unsigned extensions = 0;
	enum sp_status status;

	if (!is_in_its_place(t))
		return SP_ERR_UNEXPECTED_MESSAGE;
	if (count > LIMIT_EXT_INFO)
		return SP_ERR_LIMIT;
	for (uint32_t i = 0; i < count && !r->failed; i++) {
		struct sp_view name = reader_string(r), value;

		if (view_equal_string(name, sig_algs)) {
			list = reader_namelist(r);
			has_sig_algs = true;
			continue;
		}
		value = reader_string(r);
		if (view_equal_string(name, ping))
			extensions |= EXTENSION_PING;
		else if (view_equal_string(name, host_bound) &&
		    view_equal_string(value, "0"))
			extensions |= EXTENSION_HOST_BOUND;
	}
	status = reader_finish(r);
	if (status == SP_OK && has_sig_algs && t->role == SP_CLIENT)
		status = keep_sig_algs(t, list);
	if (status == SP_OK)
		t->extensions |= extensions;
	return status;
}
