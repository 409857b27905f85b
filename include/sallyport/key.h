/*
 * Keys: what a host or a user proves himself with. Blobs and signatures
 * have the wire form of RFC 4253 6.6 and RFC 8709.
 */
#ifndef SALLYPORT_KEY_H
#define SALLYPORT_KEY_H

#include <sallyport/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sp_crypto;

/*
 * Every OpenSSL algorithm Sallyport uses, fetched once: make one in a
 * process before it forks and lend it to keys and engines. NULL when
 * memory or an algorithm is missing.
 */
SP_PUBLIC struct sp_crypto *sp_crypto_new(void);
SP_PUBLIC void sp_crypto_free(struct sp_crypto *);

/* A private key. */
struct sp_key;

/*
 * Makes a new key of a type: "ssh-ed25519", "ssh-rsa" (3072 bits),
 * "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384" or "ecdsa-sha2-nistp521".
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_generate(
    const struct sp_crypto *, const char *type, struct sp_key **key);

/*
 * The same with a number of bits; 0 means the usual one. RSA has 2048 to
 * 16384, other types only their own: else SP_ERR_KEY_SIZE.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_key_generate_bits(const struct sp_crypto *, const char *type, unsigned bits,
    struct sp_key **key);

/*
 * Parses a private key file: OpenSSH's format ("BEGIN OPENSSH PRIVATE
 * KEY"), or PEM as OpenSSL writes it ("BEGIN RSA PRIVATE KEY", "BEGIN EC
 * PRIVATE KEY", "BEGIN PRIVATE KEY", "BEGIN ENCRYPTED PRIVATE KEY").
 * passphrase may be NULL, and is not used where the file is not encrypted.
 * SP_ERR_PASSPHRASE when it is and the passphrase is wrong or missing,
 * SP_ERR_LIMIT when it has more than 64 KiB or would take minutes to
 * decrypt, SP_ERR_KEY_TYPE, SP_ERR_KEY_SIZE, SP_ERR_KEY_FORMAT.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_parse(const struct sp_crypto *,
    struct sp_view text, const char *passphrase, struct sp_key **key);

/* How a private key file is encrypted. */
struct sp_key_seal {
	const char *passphrase; /* not empty */
	/*
	 * "aes256-ctr" where it is NULL; aes128, aes192 and aes256 in ctr and
	 * cbc, aes128-gcm@openssh.com, aes256-gcm@openssh.com and
	 * chacha20-poly1305@openssh.com.
	 */
	const char *cipher;
	unsigned rounds; /* of bcrypt, up to 4096; 24 where it is 0 */
};

/*
 * Writes the key in OpenSSH's format, plain or encrypted: *text is
 * allocated, ends with a NUL that does not count, and is freed by
 * sp_key_free_text(). comment may be NULL. SP_ERR_ARGUMENT when the seal
 * cannot be had.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_key_format(const struct sp_key *, const char *comment, char **text);
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_format_sealed(const struct sp_key *,
    const char *comment, const struct sp_key_seal *, char **text);
SP_PUBLIC void sp_key_free_text(char *text);

SP_PUBLIC void sp_key_free(struct sp_key *);

/* The public key's type name and wire blob; borrowed from the key. */
SP_PUBLIC const char *sp_key_type(const struct sp_key *);
SP_PUBLIC struct sp_view sp_key_blob(const struct sp_key *);
/*
 * What it signs with where nothing else is agreed: "rsa-sha2-512" for
 * "ssh-rsa", else the type's name.
 */
SP_PUBLIC const char *sp_key_algorithm(const struct sp_key *);

/* Room for the largest signature blob sp_key_sign() makes. */
enum { SP_SIGNATURE_MAX = 2304 };

/*
 * Signs data with a signature algorithm the key's type allows, writing the
 * signature blob (string algorithm, string signature) into room
 * (SP_SIGNATURE_MAX bytes) and its length into *len.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_sign(const struct sp_key *,
    const char *algorithm, struct sp_view data, uint8_t *room, size_t *len);

/*
 * Verifies a signature blob over data with a public key blob. The
 * signature must be made with exactly this algorithm, which the key's type
 * must allow. SP_OK, SP_ERR_KEY_FORMAT, SP_ERR_KEY_TYPE, SP_ERR_KEY_SIZE,
 * SP_ERR_SIGNATURE, in this order: a signature is only looked at when the
 * key is good. Where an authenticator signed, somebody must have touched it.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_key_verify(const struct sp_crypto *, struct sp_view key_blob,
    struct sp_view algorithm, struct sp_view data, struct sp_view signature);

/* What an authenticator (a key of a type "sk-") says with a signature. */
struct sp_key_presence {
	bool is_reported; /* false for all other keys, as is the rest */
	bool is_touched; /* somebody was there */
	bool is_verified; /* and showed who: a PIN, a finger */
	uint32_t counter; /* of its signatures; 0 where it does not count */
};

/*
 * The same where the caller decides whether somebody must have been there.
 * *presence is only set with SP_OK.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_key_verify_presence(const struct sp_crypto *, struct sp_view key_blob,
    struct sp_view algorithm, struct sp_view data, struct sp_view signature,
    struct sp_key_presence *presence);

/* "SHA256:" and 43 characters of base64 and a NUL. */
enum { SP_FINGERPRINT_SIZE = 51 };
SP_PUBLIC SP_MUST_USE enum sp_status
sp_key_fingerprint(const struct sp_crypto *, struct sp_view key_blob,
    char fingerprint[SP_FINGERPRINT_SIZE]);

/* "MD5:" and 16 bytes in hexadecimal with colons between, and a NUL. */
enum { SP_FINGERPRINT_MD5_SIZE = 52 };
/* For people to compare with what old tools show them, and nothing else. */
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_fingerprint_md5(
    struct sp_view key_blob, char fingerprint[SP_FINGERPRINT_MD5_SIZE]);

/*
 * One line of an authorized_keys or public key file in its parts, all
 * borrowed from the line. The key is not decoded yet.
 */
struct sp_key_line {
	struct sp_view options; /* as written, quotes and all; often empty */
	struct sp_view type; /* empty on a blank line or a comment */
	struct sp_view base64; /* the key blob */
	struct sp_view comment; /* to the end of the line, trimmed */
};

/*
 * Takes a line (its newline may be there) apart as sshd(8) describes it:
 * options, which end at the first white space outside double quotes, then
 * type, key and comment. The key's blob begins with the name the line
 * gives as type, whether Sallyport knows that type or not. SP_ERR_LIMIT
 * past 16 KiB, SP_ERR_KEY_FORMAT where it is no such line.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_key_parse_line(struct sp_view line, struct sp_key_line *parts);

/* True when the line holds exactly this key; cheap where it does not. */
SP_PUBLIC bool
sp_key_line_is(const struct sp_key_line *, struct sp_view key_blob);

/*
 * Takes the next line that holds exactly this key off a whole file's text,
 * without looking at the others: a file of 100,000 keys costs milliseconds.
 * False, with *text empty, when there is none left. Lines that are no key
 * lines, or too long, hold no key.
 */
SP_PUBLIC bool sp_key_find_line(
    struct sp_view *text, struct sp_view key_blob, struct sp_key_line *parts);

/* What the options of such a line say: sshd(8). */
struct sp_key_options {
	bool no_agent_forwarding;
	bool no_port_forwarding;
	bool no_pty;
	bool no_user_rc;
	bool no_x11_forwarding;
	bool no_touch_required;
	bool verify_required;
	bool cert_authority;
	/* NULL where it is not said. */
	const char *command;
	const char *from; /* a list, as written */
	const char *principals; /* names with commas between, as written */
	const char *tunnel;
	/* Lists with a space between their members; NULL where not said. */
	const char *expiry_times;
	const char *permitopen; /* "host:port" each */
	const char *permitlisten; /* the same; "*:port" for a lone port */
	const char *environment; /* "NAME=value" each, a NUL between them */
	size_t environment_count;
	void *room; /* for all of these */
};

/*
 * Reads the options of a line. SP_OK; SP_ERR_KEY_FORMAT where one is
 * malformed or not known, with where it begins in *fault, a part of the
 * options; SP_ERR_MEMORY. What a value means is not looked at. One that is
 * not known is harmless where its name begins with "permit-": it could
 * only have allowed more.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_options_parse(
    struct sp_view text, struct sp_key_options *, struct sp_view *fault);
SP_PUBLIC void sp_key_options_clear(struct sp_key_options *);

/*
 * Decodes the line's key blob into room (size bytes) and its length into
 * *len. SP_ERR_KEY_FORMAT where it is not base64, SP_ERR_LIMIT where it
 * does not fit.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_line_blob(
    const struct sp_key_line *, uint8_t *room, size_t size, size_t *len);

/* What a line of a known_hosts file says of its key. */
enum sp_known_host_kind {
	SP_KNOWN_HOST_NONE = 0, /* there is none: it is blank, or a comment */
	SP_KNOWN_HOST_KEY = 1, /* it is the host's */
	SP_KNOWN_HOST_AUTHORITY = 2, /* "@cert-authority": of certificates */
	SP_KNOWN_HOST_REVOKED = 3, /* "@revoked" */
};

/* One line of a known_hosts file in its parts, borrowed from the line. */
struct sp_known_host {
	enum sp_known_host_kind kind;
	struct sp_view names; /* as written: patterns, or a hash */
	struct sp_key_line key; /* without options */
};

/*
 * Takes a line (its newline may be there) apart as sshd(8) describes it.
 * SP_ERR_LIMIT past 16 KiB, SP_ERR_KEY_FORMAT where it is no such line, or
 * has a marker that is not known. A key of a type that Sallyport does not
 * know is one.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_known_host_parse(struct sp_view line, struct sp_known_host *parts);

/*
 * Whether the line is about a host of this name ("[name]:port" where the
 * port is not 22): one of its patterns fits, in which "*" stands for any
 * characters and "?" for one, and none of those behind "!"; or it is the
 * name that was hashed. Capitals are small letters.
 */
SP_PUBLIC bool
sp_known_host_is_for(const struct sp_known_host *, const char *name);

/*
 * Writes a public key line without options, "type base64 comment" and a
 * newline; comment may be NULL. *text is as sp_key_format() gives it.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_key_format_line(struct sp_view key_blob, const char *comment, char **text);

/*
 * Reads a public key file of RFC 4716, which is all of the text: the key's
 * blob goes into room (size bytes) and its length into *len. Headers are
 * skipped. SP_ERR_LIMIT where it does not fit, SP_ERR_KEY_FORMAT.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_parse_rfc4716(
    struct sp_view text, uint8_t *room, size_t size, size_t *len);

/*
 * Writes one. comment may be NULL and has up to 1022 bytes. *text is as
 * sp_key_format() gives it.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_key_format_rfc4716(
    struct sp_view key_blob, const char *comment, char **text);

/*
 * OpenSSH's certificates: a key, whom it is for and how long, signed by a
 * certification authority. All views are borrowed from the blob. Nothing
 * in it is believed before sp_certificate_verify() has said SP_OK.
 */
enum { SP_CERTIFICATE_USER = 1, SP_CERTIFICATE_HOST = 2 };

struct sp_certificate {
	const char *key_type; /* "ssh-ed25519"; static */
	struct sp_view key_fields; /* see sp_certificate_key() */
	uint64_t serial; /* 0 where the authority does not count */
	uint32_t kind; /* SP_CERTIFICATE_USER or SP_CERTIFICATE_HOST */
	struct sp_view key_id; /* for logs; no control characters */
	struct sp_view principals; /* see sp_certificate_next_principal() */
	uint64_t valid_after; /* seconds since 1970 */
	uint64_t valid_before;
	/* Who does not know each critical option must refuse it all. */
	struct sp_view critical_options; /* sp_certificate_next_option() */
	struct sp_view extensions;
	struct sp_view authority; /* the blob of the key that signed */
	struct sp_view signed_data;
	struct sp_view signature;
};

/*
 * Takes a certificate's blob apart. SP_ERR_KEY_TYPE where it is no
 * certificate, or its authority's key none of ours; SP_ERR_KEY_FORMAT
 * where it is malformed: options that are not in order or come twice
 * included. SP_ERR_LIMIT past 16 KiB.
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_certificate_parse(struct sp_view blob, struct sp_certificate *certificate);

/*
 * Whether the authority it names has signed it; whether that authority is
 * to be trusted is for the caller to know. algorithms is a name-list that
 * the authority's signature must be of; NULL stands for all but SHA-1. As
 * sp_key_verify().
 */
SP_PUBLIC SP_MUST_USE enum sp_status
sp_certificate_verify(const struct sp_crypto *, const struct sp_certificate *,
    const char *algorithms);

/* From valid_after on, and before valid_before. */
SP_PUBLIC bool
sp_certificate_is_valid_at(const struct sp_certificate *, uint64_t seconds);

/* Byte by byte. A certificate without principals is for nobody. */
SP_PUBLIC bool sp_certificate_has_principal(
    const struct sp_certificate *, struct sp_view name);

/* Takes the next one off a copy of certificate->principals. */
SP_PUBLIC bool
sp_certificate_next_principal(struct sp_view *list, struct sp_view *name);

/* Takes the next one off a copy of its critical options or extensions. */
SP_PUBLIC bool sp_certificate_next_option(
    struct sp_view *list, struct sp_view *name, struct sp_view *data);

/* The text in the data of an option that has one ("force-command"). */
SP_PUBLIC bool
sp_certificate_option_text(struct sp_view data, struct sp_view *text);

/*
 * Writes the blob of the key it is for into room (size bytes) and its
 * length into *len. SP_ERR_LIMIT where it does not fit.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_certificate_key(
    const struct sp_certificate *, uint8_t *room, size_t size, size_t *len);

/*
 * What a signature by the certificate's key is made with, where this was
 * negotiated: "rsa-sha2-512" for "rsa-sha2-512-cert-v01@openssh.com". NULL
 * when it is no certificate's algorithm, or one with SHA-1.
 */
SP_PUBLIC const char *sp_certificate_algorithm(struct sp_view algorithm);

/*
 * Lists of what is revoked, as ssh-keygen -k makes them (OpenSSH's
 * PROTOCOL.krl). True when the text is one, or means to be.
 */
SP_PUBLIC bool sp_krl_is_one(struct sp_view text);

/*
 * Whether the list revokes a key; or a certificate, by its serial, its id,
 * the key it is for, or its authority's key. SP_OK sets *is_revoked.
 * SP_ERR_KEY_FORMAT where the list is malformed, is signed, or has a
 * critical extension: what it revokes is not known then.
 */
SP_PUBLIC SP_MUST_USE enum sp_status sp_krl_find(const struct sp_crypto *,
    struct sp_view list, struct sp_view key_blob, bool *is_revoked);

#ifdef __cplusplus
}
#endif

#endif
