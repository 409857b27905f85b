/*
 * Algorithm negotiation (RFC 4253 7.1): what each side offers in its
 * KEXINIT, and what follows from the two.
 */
#ifndef SP_TRANSPORT_NEGOTIATION_H
#define SP_TRANSPORT_NEGOTIATION_H

#include "lib/crypto/cipher.h"
#include "lib/transport/compression.h"
#include "lib/transport/kexmethod.h"
#include "lib/wire/writer.h"

/* What we offer: name-lists of our own (owned). */
struct negotiation_offer {
	char *kex;
	char *host_key;
	char *user_key; /* a server's, told in EXT_INFO */
	char *cipher;
	char *mac; /* for ciphers that need one */
	char *compression;
};

/*
 * Copies what the configuration names, or what is modern where it is NULL;
 * a server offers only algorithms it has a host key for.
 */
SP_MUST_USE enum sp_status negotiation_offer_init(
    struct negotiation_offer *, const struct sp_engine_config *);
void negotiation_offer_clear(struct negotiation_offer *);

/* A KEXINIT without its cookie; borrowed from the payload. */
struct negotiation_lists {
	struct sp_view kex;
	struct sp_view host_key;
	struct sp_view cipher_to_server;
	struct sp_view cipher_to_client;
	struct sp_view mac_to_server;
	struct sp_view mac_to_client;
	struct sp_view compression_to_server;
	struct sp_view compression_to_client;
	struct sp_view language_to_server;
	struct sp_view language_to_client;
	bool first_kex_packet_follows;
};

/*
 * Writes a KEXINIT's fields behind the message number. Markers (ext-info,
 * strict kex) are added to the methods of a first exchange.
 */
void negotiation_write(struct writer *, const struct negotiation_offer *,
    enum sp_role, bool is_first, const uint8_t cookie[16]);
SP_MUST_USE enum sp_status
negotiation_read(struct sp_view payload, struct negotiation_lists *);

/* What is used from the next NEWKEYS on. */
struct negotiation {
	const struct kex_method *method;
	char host_key[64]; /* signature algorithm of the server's key */
	struct cipher_suite to_server;
	struct cipher_suite to_client;
	const struct compression *compression_to_server;
	const struct compression *compression_to_client;
	bool guess_was_wrong; /* the peer's first_kex_packet_follows */
};

/* ours is what we sent; SP_ERR_NO_KEX and so on say what has no match. */
SP_MUST_USE enum sp_status
negotiation_choose(const struct negotiation_lists *ours,
    const struct negotiation_lists *peers, enum sp_role, struct negotiation *);

#endif
