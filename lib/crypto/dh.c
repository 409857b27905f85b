/*
 * Diffie-Hellman over OpenSSL's numbers: its own key type would test each
 * peer's value with an exponentiation as long as the group, which a safe
 * prime makes needless (RFC 2631 2.1.5).
 */
#include "lib/crypto/dh.h"

#include "lib/crypto/agreement_ops.h"

struct dh_state {
	struct agreement_state base;
	BIGNUM *exponent;
};

/* What one computation needs. */
struct field {
	BN_CTX *ctx;
	BN_MONT_CTX *mont;
	BIGNUM *p;
};

static struct dh_state *
state_of(struct agreement_state *base)
{
	return (struct dh_state *)base;
}

static const struct dh_group *
group_of(const struct agreement *agreement)
{
	return agreement->detail;
}

static BIGNUM *
number_of(struct sp_view v)
{
	return BN_bin2bn(v.data, (int)v.len, NULL);
}

static BIGNUM *
prime_of(const struct dh_group *group)
{
	return group->prime != NULL ? group->prime(NULL) : number_of(group->p);
}

static void
field_clear(struct field *f)
{
	BN_MONT_CTX_free(f->mont);
	BN_CTX_free(f->ctx);
	BN_free(f->p);
}

static enum sp_status
field_init(struct field *f, const struct dh_group *group)
{
	f->ctx = BN_CTX_new();
	f->mont = BN_MONT_CTX_new();
	f->p = prime_of(group);
	if (f->ctx != NULL && f->mont != NULL && f->p != NULL &&
	    BN_MONT_CTX_set(f->mont, f->p, f->ctx) == 1)
		return SP_OK;
	field_clear(f);
	return SP_ERR_CRYPTO;
}

/* Twice the bits of strength of the group, and more (RFC 4419 6.2). */
static int
exponent_bits(size_t group_bits)
{
	if (group_bits <= 2048)
		return 256;
	return group_bits <= 4096 ? 384 : 512;
}

/* base to the secret exponent, in constant time, into len bytes. */
static enum sp_status
raise_to(const struct field *f, const BIGNUM *base, const BIGNUM *exponent,
    uint8_t *room, size_t len)
{
	BIGNUM *result = BN_new();
	bool good;

	good = result != NULL &&
	    BN_mod_exp_mont_consttime(
		result, base, exponent, f->p, f->ctx, f->mont) == 1 &&
	    BN_bn2binpad(result, room, (int)len) == (int)len;
	BN_clear_free(result);
	return good ? SP_OK : SP_ERR_CRYPTO;
}

static enum sp_status
generate(const struct field *f, const struct agreement *agreement,
    BIGNUM **exponent, uint8_t *value)
{
	const struct dh_group *group = group_of(agreement);
	BIGNUM *x = BN_new();
	BIGNUM *g = number_of(group->g);
	enum sp_status status = SP_ERR_CRYPTO;

	if (x != NULL && g != NULL &&
	    BN_priv_rand(x, exponent_bits(group->bits), BN_RAND_TOP_ONE,
		BN_RAND_BOTTOM_ANY) == 1)
		status = raise_to(f, g, x, value, agreement->client_len);
	BN_free(g);
	if (status == SP_OK)
		*exponent = x;
	else
		BN_clear_free(x);
	return status;
}

/* 1 < value < p - 1: in a group of a safe prime no other is of small order. */
static bool
is_in_range(const BIGNUM *value, const BIGNUM *p)
{
	BIGNUM *last = BN_dup(p);
	bool is_in;

	is_in = last != NULL && BN_sub_word(last, 1) == 1 &&
	    BN_cmp(value, BN_value_one()) > 0 && BN_cmp(value, last) < 0;
	BN_free(last);
	return is_in;
}

/* Only where the prime is none: 1 has no other root of so small a degree. */
static bool
is_trivial(const struct secret *s)
{
	uint8_t seen = 0;

	for (size_t i = 0; i + 1 < s->len; i++)
		seen |= s->data[i];
	return seen == 0 && s->data[s->len - 1] <= 1;
}

static enum sp_status
agree(const struct field *f, const BIGNUM *exponent, struct sp_view value,
    size_t len, struct secret *shared)
{
	struct secret fresh = { NULL, 0 };
	BIGNUM *peer = number_of(value);
	enum sp_status status;

	if (peer == NULL)
		return SP_ERR_CRYPTO;
	status = is_in_range(peer, f->p) ? secret_alloc(&fresh, len)
					 : SP_ERR_KEX_VALUE;
	if (status == SP_OK)
		status = raise_to(f, peer, exponent, fresh.data, len);
	if (status == SP_OK && is_trivial(&fresh))
		status = SP_ERR_KEX_VALUE;
	BN_free(peer);
	if (status != SP_OK) {
		secret_clear(&fresh);
		return status;
	}
	secret_clear(shared);
	*shared = fresh;
	return SP_OK;
}

static enum sp_status
start(struct agreement_state *base, uint8_t *client_value)
{
	struct field field;
	enum sp_status status = field_init(&field, group_of(base->agreement));

	if (status != SP_OK)
		return status;
	status = generate(
	    &field, base->agreement, &state_of(base)->exponent, client_value);
	field_clear(&field);
	return status;
}

static void
clear(struct agreement_state *base)
{
	BN_clear_free(state_of(base)->exponent);
}

static enum sp_status
respond(const struct agreement *agreement, const struct sp_crypto *crypto,
    struct sp_view client_value, uint8_t *server_value, struct secret *shared)
{
	BIGNUM *exponent = NULL;
	struct field field;
	enum sp_status status = field_init(&field, group_of(agreement));

	(void)crypto;
	if (status != SP_OK)
		return status;
	status = generate(&field, agreement, &exponent, server_value);
	if (status == SP_OK)
		status = agree(&field, exponent, client_value,
		    agreement->server_len, shared);
	BN_clear_free(exponent);
	field_clear(&field);
	return status;
}

static enum sp_status
finish(struct agreement_state *base, struct sp_view server_value,
    struct secret *shared)
{
	struct field field;
	enum sp_status status = field_init(&field, group_of(base->agreement));

	if (status != SP_OK)
		return status;
	status = agree(&field, state_of(base)->exponent, server_value,
	    base->agreement->client_len, shared);
	field_clear(&field);
	return status;
}

static const struct agreement_ops ops = {
	.state_size = sizeof(struct dh_state),
	.start = start,
	.clear = clear,
	.respond = respond,
	.finish = finish,
};

/* ---- groups ---- */

static const uint8_t two[] = { 2 };

#define GROUP(size, function) \
	{ \
		.bits = (size), .prime = function, \
		.g = {.data = two, \
			.len = sizeof two } \
	}

static const struct dh_group groups[] = {
	GROUP(2048, BN_get_rfc3526_prime_2048),
	GROUP(3072, BN_get_rfc3526_prime_3072),
	GROUP(4096, BN_get_rfc3526_prime_4096),
	GROUP(6144, BN_get_rfc3526_prime_6144),
	GROUP(8192, BN_get_rfc3526_prime_8192),
};

const struct dh_group *
dh_group_row(size_t index)
{
	return index < sizeof groups / sizeof groups[0] ? &groups[index] : NULL;
}

enum sp_status
dh_group_write_prime(const struct dh_group *group, struct buffer *out)
{
	BIGNUM *p = prime_of(group);
	size_t len = group->bits / 8;
	enum sp_status status = SP_ERR_CRYPTO;
	uint8_t *room;

	if (p == NULL)
		return status;
	status = buffer_room(out, len, &room);
	if (status == SP_OK && BN_bn2binpad(p, room, (int)len) != (int)len)
		status = SP_ERR_CRYPTO;
	if (status == SP_OK)
		buffer_grew(out, len);
	BN_free(p);
	return status;
}

/* Neither p nor (p-1)/2 has a small factor, the smallest of all included. */
static bool
looks_safe(const BIGNUM *p)
{
	enum { LARGEST_TRIED = 2047 };

	if (BN_mod_word(p, 4) != 3)
		return false;
	for (BN_ULONG factor = 3; factor <= LARGEST_TRIED; factor += 2)
		if (BN_mod_word(p, factor) <= 1)
			return false;
	return true;
}

enum sp_status
dh_group_init(struct dh_group *group, struct sp_view p, struct sp_view g,
    size_t min_bits, size_t max_bits)
{
	enum sp_status status = SP_ERR_KEX_VALUE;
	BIGNUM *prime, *generator;
	size_t bits;

	if (p.len > max_bits / 8 || g.len > p.len)
		return SP_ERR_KEX_VALUE;
	prime = number_of(p);
	generator = number_of(g);
	if (prime == NULL || generator == NULL) {
		status = SP_ERR_CRYPTO;
	} else {
		bits = (size_t)BN_num_bits(prime);
		if (bits >= min_bits && bits <= max_bits && looks_safe(prime) &&
		    is_in_range(generator, prime)) {
			*group =
			    (struct dh_group){ .bits = bits, .p = p, .g = g };
			status = SP_OK;
		}
	}
	BN_free(prime);
	BN_free(generator);
	return status;
}

size_t
dh_bits(struct sp_view number)
{
	size_t bits;

	while (number.len > 0 && number.data[0] == 0)
		number = view_of(number.data + 1, number.len - 1);
	if (number.len == 0)
		return 0;
	bits = (number.len - 1) * 8;
	for (uint8_t top = number.data[0]; top > 0; top >>= 1)
		bits++;
	return bits;
}

struct agreement
dh_agreement_in(const struct dh_group *group)
{
	return (struct agreement){
		.name = "dh",
		.client_len = (group->bits + 7) / 8,
		.server_len = (group->bits + 7) / 8,
		.values_are_mpints = true,
		.ops = &ops,
		.detail = group,
	};
}

#define AGREEMENT(title, group, size) \
	{ \
		.name = title, .client_len = (size) / 8, \
		.server_len = (size) / 8, .values_are_mpints = true, \
		.ops = &ops, .detail = group \
	}

const struct agreement dh_group14 = AGREEMENT("group14", &groups[0], 2048);
const struct agreement dh_group16 = AGREEMENT("group16", &groups[2], 4096);
const struct agreement dh_group18 = AGREEMENT("group18", &groups[4], 8192);
const struct agreement dh_exchanged = AGREEMENT("gex", NULL, 8192);
