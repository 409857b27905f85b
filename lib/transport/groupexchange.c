/* KEX_DH_GEX_REQUEST and KEX_DH_GEX_GROUP, both roles. */
#include "lib/transport/groupexchange.h"

#include "lib/crypto/random.h"
#include "lib/transport/kex.h"
#include "lib/transport/kexvalue.h"

/* What a client would have, in bits: 128 bits of strength. */
enum { BITS_WANTED = 3072 };

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
	const struct wish wish = { LIMIT_GROUP_BITS_MIN, BITS_WANTED,
		LIMIT_GROUP_BITS };
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

/* The groups there are: the owner's, or our own. */
static size_t
count_groups(const struct transport *t)
{
	size_t count = 0;

	if (t->group_count > 0)
		return t->group_count;
	while (dh_group_row(count) != NULL)
		count++;
	return count;
}

static size_t
bits_of(const struct transport *t, size_t index)
{
	return t->group_count > 0 ? dh_bits(t->groups[index].prime)
				  : dh_group_row(index)->bits;
}

/*
 * The smallest size that is as large as was wanted; where there is none,
 * the largest of those that will do. 0: none will.
 */
static size_t
choose_bits(const struct transport *t, struct wish wish)
{
	size_t best = 0;

	for (size_t i = 0; i < count_groups(t); i++) {
		size_t bits = bits_of(t, i);

		if (bits < LIMIT_GROUP_BITS_MIN || bits < wish.min ||
		    bits > LIMIT_GROUP_BITS_SERVED || bits > wish.max)
			continue;
		if (best == 0 ||
		    (best < wish.wanted ? bits > best
					: bits >= wish.wanted && bits < best))
			best = bits;
	}
	return best;
}

/* One of that size, by chance. */
static enum sp_status
choose(const struct transport *t, size_t bits, size_t *index)
{
	size_t count = 0, left, i;
	enum sp_status status;
	uint64_t chance;

	for (i = 0; i < count_groups(t); i++)
		count += bits_of(t, i) == bits;
	if (count == 0)
		return SP_ERR_KEX_VALUE;
	status = random_bytes((uint8_t *)&chance, sizeof chance);
	if (status != SP_OK)
		return status;
	left = (size_t)(chance % count);
	for (i = 0; bits_of(t, i) != bits || left > 0; i++)
		left -= bits_of(t, i) == bits;
	*index = i;
	return SP_OK;
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
	status = dh_group_init(
	    &kex->dh, p, g, LIMIT_GROUP_BITS_MIN, LIMIT_GROUP_BITS);
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

/* The group of an index, put to use. */
static enum sp_status
use_index(struct transport *t, size_t index)
{
	const struct dh_group *own;
	enum sp_status status;
	struct buffer prime;

	if (t->group_count > 0)
		return use(
		    t->kex, t->groups[index].prime, t->groups[index].generator);
	own = dh_group_row(index);
	buffer_init(&prime, LIMIT_GROUP_BITS / 8);
	status = dh_group_write_prime(own, &prime);
	if (status == SP_OK)
		status = use(t->kex, buffer_view(&prime), own->g);
	buffer_clear(&prime);
	return status;
}

enum sp_status
groupexchange_receive_request(struct transport *t, struct reader *r)
{
	struct kex *kex = t->kex;
	enum sp_status status;
	struct wish wish;
	struct writer w;
	size_t index;

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
	status = choose(t, choose_bits(t, wish), &index);
	if (status != SP_OK)
		return status;
	writer_init(&w, &kex->group);
	write_wish(&w, wish);
	status = writer_finish(&w);
	if (status == SP_OK)
		status = use_index(t, index);
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
	if (p.len > LIMIT_GROUP_BITS / 8 || g.len > p.len)
		return SP_ERR_KEX_VALUE;
	status = use(t->kex, p, g);
	return status == SP_OK ? kexvalue_send_init(t) : status;
}
