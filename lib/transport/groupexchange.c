/* KEX_DH_GEX_REQUEST and KEX_DH_GEX_GROUP, both roles. */
#include "lib/transport/groupexchange.h"

#include "lib/transport/kex.h"
#include "lib/transport/kexvalue.h"

struct wish {
	uint32_t min;
	uint32_t wanted;
	uint32_t max;
};

static void
write_wish(struct writer *w, struct wish wish)
{
	writer_u32(w, wish.min);
	writer_u32(w, wish.wanted);
	writer_u32(w, wish.max);
}

enum sp_status
groupexchange_send_request(struct transport *t)
{
	const struct wish wish = { GROUPEXCHANGE_MIN, GROUPEXCHANGE_WANTED,
		GROUPEXCHANGE_MAX };
	enum sp_status status;
	struct writer w;

	/* The exchange hash wants it, too. */
	writer_init(&w, &t->kex->group);
	write_wish(&w, wish);
	status = writer_finish(&w);
	if (status != SP_OK)
		return status;
	transport_begin(t, &w, SSH_MSG_KEX_DH_GEX_REQUEST);
	write_wish(&w, wish);
	return transport_end(t, &w);
}

/*
 * The smallest group that is as large as was wanted; where there is none,
 * the largest of those that will do. NULL: none will.
 */
static const struct dh_group *
choose(struct wish wish)
{
	const struct dh_group *best = NULL, *row;

	for (size_t i = 0; (row = dh_group_row(i)) != NULL; i++) {
		if (row->bits < wish.min || row->bits > wish.max ||
		    row->bits > GROUPEXCHANGE_SERVED)
			continue;
		best = row;
		if (row->bits >= wish.wanted)
			break;
	}
	return best;
}

/*
 * Puts the group behind the wish, as both are hashed, and has the exchange
 * go on in it.
 */
static enum sp_status
use(struct kex *kex, struct sp_view p, struct sp_view g)
{
	enum { WISH_LEN = 12 };
	enum sp_status status;
	struct reader r;
	struct writer w;

	writer_init(&w, &kex->group);
	writer_mpint(&w, p);
	writer_mpint(&w, g);
	status = writer_finish(&w);
	if (status != SP_OK)
		return status;
	/* From there on it is borrowed: the buffer grows no more. */
	reader_init(&r, buffer_view(&kex->group));
	reader_bytes(&r, WISH_LEN);
	p = reader_mpint(&r);
	g = reader_mpint(&r);
	status =
	    dh_group_init(&kex->dh, p, g, GROUPEXCHANGE_MIN, GROUPEXCHANGE_MAX);
	if (status != SP_OK)
		return status;
	kex->exchanged = dh_agreement_in(&kex->dh);
	kex->agreement = &kex->exchanged;
	return SP_OK;
}

static enum sp_status
send_group(struct transport *t)
{
	struct writer w;

	transport_begin(t, &w, SSH_MSG_KEX_DH_GEX_GROUP);
	writer_mpint(&w, t->kex->dh.p);
	writer_mpint(&w, t->kex->dh.g);
	return transport_end(t, &w);
}

enum sp_status
groupexchange_receive_request(struct transport *t, struct reader *r)
{
	struct kex *kex = t->kex;
	const struct dh_group *group;
	enum sp_status status;
	struct buffer prime;
	struct wish wish;
	struct writer w;

	wish.min = reader_u32(r);
	wish.wanted = reader_u32(r);
	wish.max = reader_u32(r);
	status = reader_finish(r);
	if (status != SP_OK)
		return status;
	if (buffer_len(&kex->group) > 0)
		return SP_ERR_REPEATED_MESSAGE;
	if (wish.min > wish.wanted || wish.wanted > wish.max)
		return SP_ERR_KEX_VALUE;
	group = choose(wish);
	if (group == NULL)
		return SP_ERR_KEX_VALUE;
	writer_init(&w, &kex->group);
	write_wish(&w, wish);
	buffer_init(&prime, GROUPEXCHANGE_MAX / 8);
	status = writer_finish(&w);
	if (status == SP_OK)
		status = dh_group_write_prime(group, &prime);
	if (status == SP_OK)
		status = use(kex, buffer_view(&prime), group->g);
	buffer_clear(&prime);
	return status == SP_OK ? send_group(t) : status;
}

enum sp_status
groupexchange_receive_group(struct transport *t, struct reader *r)
{
	struct sp_view p = reader_mpint(r);
	struct sp_view g = reader_mpint(r);
	enum sp_status status = reader_finish(r);

	if (status != SP_OK)
		return status;
	if (t->kex->agreement != NULL)
		return SP_ERR_REPEATED_MESSAGE;
	/* Looked at before any of it is kept. */
	if (p.len > GROUPEXCHANGE_MAX / 8 || g.len > p.len)
		return SP_ERR_KEX_VALUE;
	status = use(t->kex, p, g);
	return status == SP_OK ? kexvalue_send_init(t) : status;
}
