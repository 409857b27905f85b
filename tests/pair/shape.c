/*
 * The shapes of messages. How to add one: doc/testing.md.
 */
#include "tests/pair/shape.h"

#include "lib/crypto/dh.h"
#include "lib/limits.h"
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * What is known at run time: methods with the markers or without, the key
 * that the client of the pair asks about, the server's host key, and the
 * prime of a group.
 */
static struct sp_view methods, asked_key, host_key, prime;

/* clang-format off */
#define VIEW(value)    { (const uint8_t *)(value), sizeof(value) - 1 }
#define BOOLEAN(value) .kind = SHAPE_BOOLEAN, .number = value
#define NUMBER(value)  .kind = SHAPE_NUMBER, .number = value
#define STRING(value)  .kind = SHAPE_STRING, .text = VIEW(value)
#define NAMES(value)   .kind = SHAPE_NAMES, .text = VIEW(value)
#define MPINT(value)   .kind = SHAPE_MPINT, .text = VIEW(value)
#define BYTES(value)   .kind = SHAPE_BYTES, .text = VIEW(value)
#define REST(value)    .kind = SHAPE_REST, .text = VIEW(value)
#define FIELDS(name) static const struct shape_field name##_fields[]
#define END            { .kind = SHAPE_END }
#define NO_OTHER(status) .if_empty = status, .if_other = status
#define X25519_BASE "\11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

/* ---- transport ---- */

/* Some old peers leave the language out. */
FIELDS(DISCONNECT) = { { NUMBER(11) }, { STRING("bye") }, { STRING(""), .optional = true }, END };
/* Peers disagree whether there is a string in it: any bytes will do. */
FIELDS(IGNORE) = { { REST("nothing of note") }, END };
FIELDS(UNIMPLEMENTED) = { { NUMBER(0) }, END };
FIELDS(DEBUG) = { { BOOLEAN(1) }, { STRING("look") }, { STRING("") }, END };
FIELDS(SERVICE_REQUEST) = {
	{ STRING("ssh-userauth"), NO_OTHER(SP_ERR_SERVICE), .max = LIMIT_SERVICE - 1 }, END,
};
#define SERVICE_ACCEPT_fields SERVICE_REQUEST_fields
/* The number is that of the pairs behind it. */
FIELDS(EXT_INFO) = {
	{ NUMBER(1), .if_empty = SP_ERR_TRAILING, .if_other = SP_ERR_LIMIT },
	{ STRING("server-sig-algs") }, { NAMES("ssh-ed25519") }, END,
};
/* A client keeps the list. */
FIELDS(EXT_INFO_SERVER) = {
	{ NUMBER(1), .if_empty = SP_ERR_TRAILING, .if_other = SP_ERR_LIMIT },
	{ STRING("server-sig-algs") },
	{ NAMES("ssh-ed25519"), .max = LIMIT_SIG_ALGS, .if_longer = SP_ERR_LIMIT }, END,
};
FIELDS(KEXINIT) = {
	{ BYTES("cookie of 16 ch.") },
	{ .kind = SHAPE_NAMES, .found = &methods, NO_OTHER(SP_ERR_NO_KEX) },
	{ NAMES("ssh-ed25519"), NO_OTHER(SP_ERR_NO_HOST_KEY) },
	{ NAMES("aes256-gcm@openssh.com"), NO_OTHER(SP_ERR_NO_CIPHER) },
	{ NAMES("aes256-gcm@openssh.com"), NO_OTHER(SP_ERR_NO_CIPHER) },
	{ NAMES("hmac-sha2-256") }, { NAMES("hmac-sha2-256") }, /* not for GCM */
	{ NAMES("none"), NO_OTHER(SP_ERR_NO_COMPRESSION) },
	{ NAMES("none"), NO_OTHER(SP_ERR_NO_COMPRESSION) },
	{ NAMES("") }, { NAMES("") },
	{ BOOLEAN(0) }, { NUMBER(0) }, END,
};
FIELDS(NEWKEYS) = { END };
FIELDS(KEX_ECDH_INIT) = {
	{ STRING(X25519_BASE), NO_OTHER(SP_ERR_KEX_VALUE) }, END,
};
FIELDS(KEX_ECDH_REPLY) = {
	{ STRING("a key"), .max = LIMIT_KEY_BLOB },
	{ STRING(X25519_BASE), NO_OTHER(SP_ERR_KEX_VALUE) },
	{ STRING("a signature") }, END,
};
FIELDS(KEX_DH_GEX_GROUP) = {
	{ .kind = SHAPE_MPINT, .found = &prime, NO_OTHER(SP_ERR_KEX_VALUE) },
	{ MPINT("\2"), NO_OTHER(SP_ERR_KEX_VALUE) }, END,
};
FIELDS(KEX_DH_GEX_INIT) = { { MPINT("\5"), NO_OTHER(SP_ERR_KEX_VALUE) }, END };
FIELDS(KEX_DH_GEX_REPLY) = {
	{ STRING("a key"), .max = LIMIT_KEY_BLOB },
	{ MPINT("\5"), NO_OTHER(SP_ERR_KEX_VALUE) },
	{ STRING("a signature") }, END,
};
FIELDS(KEX_DH_GEX_REQUEST) = {
	{ NUMBER(2048), .if_other = SP_ERR_KEX_VALUE },
	{ NUMBER(2048), NO_OTHER(SP_ERR_KEX_VALUE) },
	{ NUMBER(8192), .if_empty = SP_ERR_KEX_VALUE }, END,
};
FIELDS(PING) = { { STRING("data") }, END };
#define PONG_fields PING_fields

/* ---- userauth ---- */

#define REQUEST_OF(method) \
	{ STRING("alice"), .max = LIMIT_USER }, \
	{ STRING("ssh-connection"), .max = LIMIT_SERVICE, NO_OTHER(SP_ERR_SERVICE) }, \
	{ STRING(method), .max = LIMIT_METHOD, .decides = true }

FIELDS(USERAUTH_REQUEST) = { REQUEST_OF("none"), END };
/* The methods of method.def, both forms of those that have two. */
#define METHOD_NONE_fields USERAUTH_REQUEST_fields
FIELDS(METHOD_PUBLICKEY_NO) = {
	REQUEST_OF("publickey"), { BOOLEAN(0), .decides = true },
	{ STRING("ssh-ed25519"), .max = LIMIT_METHOD },
	{ STRING("a key"), .max = LIMIT_KEY_BLOB }, END,
};
FIELDS(METHOD_PUBLICKEY_YES) = {
	REQUEST_OF("publickey"), { BOOLEAN(1), .decides = true },
	{ STRING("ssh-ed25519"), .max = LIMIT_METHOD },
	{ STRING("a key"), .max = LIMIT_KEY_BLOB },
	{ STRING("a signature") }, END,
};
FIELDS(METHOD_PUBLICKEY_BOUND_NO) = {
	REQUEST_OF("publickey-hostbound-v00@openssh.com"), { BOOLEAN(0), .decides = true },
	{ STRING("ssh-ed25519"), .max = LIMIT_METHOD },
	{ STRING("a key"), .max = LIMIT_KEY_BLOB },
	{ .kind = SHAPE_STRING, .found = &host_key, .max = LIMIT_KEY_BLOB,
		NO_OTHER(SP_ERR_AUTH_HOST_KEY) }, END,
};
FIELDS(METHOD_PUBLICKEY_BOUND_YES) = {
	REQUEST_OF("publickey-hostbound-v00@openssh.com"), { BOOLEAN(1), .decides = true },
	{ STRING("ssh-ed25519"), .max = LIMIT_METHOD },
	{ STRING("a key"), .max = LIMIT_KEY_BLOB },
	{ .kind = SHAPE_STRING, .found = &host_key, .max = LIMIT_KEY_BLOB,
		NO_OTHER(SP_ERR_AUTH_HOST_KEY) },
	{ STRING("a signature") }, END,
};
FIELDS(METHOD_PASSWORD_NO) = {
	REQUEST_OF("password"), { BOOLEAN(0), .decides = true },
	{ STRING("secret"), .max = LIMIT_PASSWORD }, END,
};
FIELDS(METHOD_PASSWORD_YES) = {
	REQUEST_OF("password"), { BOOLEAN(1), .decides = true },
	{ STRING("old"), .max = LIMIT_PASSWORD }, { STRING("new"), .max = LIMIT_PASSWORD }, END,
};
FIELDS(METHOD_KEYBOARD) = {
	REQUEST_OF("keyboard-interactive"),
	{ STRING(""), .max = LIMIT_LANGUAGE }, { STRING(""), .max = LIMIT_SUBMETHODS }, END,
};
FIELDS(METHOD_HOSTBASED) = {
	REQUEST_OF("hostbased"),
	{ STRING("ssh-ed25519"), .max = LIMIT_METHOD },
	{ STRING("a key"), .max = LIMIT_KEY_BLOB },
	{ STRING("host"), .max = LIMIT_HOST_NAME }, { STRING("user"), .max = LIMIT_USER },
	{ STRING("a signature") }, END,
};
FIELDS(USERAUTH_FAILURE) = { { NAMES("publickey") }, { BOOLEAN(0) }, END };
FIELDS(USERAUTH_SUCCESS) = { END };
FIELDS(USERAUTH_BANNER) = { { STRING("welcome") }, { STRING("en") }, END };
/* It must say again what was asked about. */
FIELDS(USERAUTH_PK_OK) = {
	{ STRING("ssh-ed25519"), NO_OTHER(SP_ERR_UNEXPECTED_MESSAGE) },
	{ .kind = SHAPE_STRING, .found = &asked_key, NO_OTHER(SP_ERR_UNEXPECTED_MESSAGE) }, END,
};
FIELDS(USERAUTH_PASSWD_CHANGEREQ) = {
	{ STRING("it is old"), .max = LIMIT_PROMPT }, { STRING(""), .max = LIMIT_LANGUAGE }, END,
};
/* The number is that of the prompts, or responses, behind it. */
FIELDS(USERAUTH_INFO_REQUEST) = {
	{ STRING("name"), .max = LIMIT_PROMPT }, { STRING("instruction"), .max = LIMIT_PROMPT },
	{ STRING(""), .max = LIMIT_LANGUAGE },
	{ NUMBER(1), .if_empty = SP_ERR_TRAILING, .if_other = SP_ERR_FORMAT },
	{ STRING("prompt"), .max = LIMIT_PROMPT }, { BOOLEAN(1) }, END,
};
FIELDS(USERAUTH_INFO_RESPONSE) = {
	{ NUMBER(1), .if_empty = SP_ERR_TRAILING, .if_other = SP_ERR_FORMAT },
	{ STRING("response"), .max = LIMIT_PASSWORD }, END,
};

/* ---- connection ---- */

#define CHANNEL { NUMBER(SHAPE_CHANNEL_THERE), .if_other = SP_ERR_CHANNEL }
#define WANTED { NUMBER(SHAPE_CHANNEL_WANTED), NO_OTHER(SP_ERR_CHANNEL) }
#define NAME(text) { STRING(text), .max = 64 }
#define DATA { STRING("data"), .max = LIMIT_CHANNEL_PACKET, .if_longer = SP_ERR_CHANNEL_PACKET }

FIELDS(GLOBAL_REQUEST) = { NAME("anything"), { BOOLEAN(0) }, { REST("") }, END };
FIELDS(REQUEST_SUCCESS) = { { REST("") }, END };
FIELDS(REQUEST_FAILURE) = { END };
FIELDS(CHANNEL_OPEN) = {
	NAME("session"), { NUMBER(7) }, { NUMBER(100000) },
	{ NUMBER(32768), .if_empty = SP_ERR_FORMAT }, { REST("") }, END,
};
FIELDS(CHANNEL_OPEN_CONFIRMATION) = {
	WANTED, { NUMBER(8) }, { NUMBER(100000) },
	{ NUMBER(32768), .if_empty = SP_ERR_FORMAT }, { REST("") }, END,
};
FIELDS(CHANNEL_OPEN_FAILURE) = { WANTED, { NUMBER(1) }, { STRING("no") }, { STRING("") }, END };
FIELDS(CHANNEL_WINDOW_ADJUST) = { CHANNEL, { NUMBER(1), .if_other = SP_ERR_WINDOW }, END };
FIELDS(CHANNEL_DATA) = { CHANNEL, DATA, END };
FIELDS(CHANNEL_EXTENDED_DATA) = { CHANNEL, { NUMBER(1) }, DATA, END };
FIELDS(CHANNEL_EOF) = { CHANNEL, END };
#define CHANNEL_CLOSE_fields CHANNEL_EOF_fields
FIELDS(CHANNEL_REQUEST) = { CHANNEL, NAME("anything"), { BOOLEAN(0) }, { REST("") }, END };
#define CHANNEL_SUCCESS_fields CHANNEL_EOF_fields
#define CHANNEL_FAILURE_fields CHANNEL_EOF_fields

/* clang-format on */

/* ---- the tables ---- */

#define SHAPE(name, f) \
	{ \
		.number = SSH_MSG_##name, .row = MESSAGE_ROW_##name, \
		.fields = f##_fields, \
	}

/* One for each row: what has none above does not compile. */
static const struct shape shapes[MESSAGE_ROWS] = {
#define TRANSPORT(number, name, ...)  [MESSAGE_ROW_##name] = SHAPE(name, name),
#define USERAUTH(number, name, ...)   [MESSAGE_ROW_##name] = SHAPE(name, name),
#define CONNECTION(number, name, ...) [MESSAGE_ROW_##name] = SHAPE(name, name),
#include "lib/message.def"
#undef TRANSPORT
#undef USERAUTH
#undef CONNECTION
};

/* What follows a method's name: one for each row, and each of its forms. */
static const struct shape variants[] = {
#define SHAPES_ONE(name) SHAPE(USERAUTH_REQUEST, METHOD_##name),
#define SHAPES_TWO(name) \
	SHAPE(USERAUTH_REQUEST, METHOD_##name##_NO), \
	    SHAPE(USERAUTH_REQUEST, METHOD_##name##_YES),
#define METHOD(name, text, forms, read) SHAPES_##forms(name)
#include "lib/userauth/method.def"
#undef METHOD
};

enum { VARIANTS = sizeof variants / sizeof variants[0] };

const struct shape *
shape_of(const struct message *row)
{
	return &shapes[message_index(row)];
}

const struct shape *
shape_row(size_t index)
{
	if (index < MESSAGE_ROWS)
		return &shapes[index];
	index -= MESSAGE_ROWS;
	return index < VARIANTS ? &variants[index] : NULL;
}

enum sp_status
shape_end(const struct shape *shape)
{
	if (shape->row == MESSAGE_ROW_DISCONNECT)
		return SP_ERR_DISCONNECTED;
	/* Its signature is a string that says so. */
	if (shape->row == MESSAGE_ROW_KEX_ECDH_REPLY ||
	    shape->row == MESSAGE_ROW_KEX_DH_GEX_REPLY)
		return SP_ERR_SIGNATURE;
	return SP_OK;
}

/* ---- written and read ---- */

void
shape_prepare(const struct pair *p, bool is_strict)
{
	static const char markers[] =
	    ",kex-strict-c-v00@openssh.com,kex-strict-s-v00@openssh.com";
	static struct buffer kept;
	static char names[128];

	snprintf(names, sizeof names, "%s%s",
	    p->config[SP_CLIENT].algorithms.kex, is_strict ? markers : "");
	methods = view_of_string(names);
	asked_key = sp_key_blob(p->user_key);
	host_key = sp_key_blob(p->host_key);
	if (kept.max == 0) {
		buffer_init(&kept, LIMIT_PACKET);
		assert_int_equal(
		    dh_group_write_prime(dh_group_row(0), &kept), SP_OK);
	}
	prime = buffer_view(&kept);
}

static struct sp_view
text_of(const struct shape_field *field)
{
	return field->found == NULL ? field->text : *field->found;
}

static void
write_field(const struct shape_field *field, struct writer *w)
{
	switch (field->kind) {
	case SHAPE_BOOLEAN:
		writer_u8(w, (uint8_t)field->number);
		break;
	case SHAPE_NUMBER:
		writer_u32(w, field->number);
		break;
	case SHAPE_STRING:
	case SHAPE_NAMES:
		writer_string(w, text_of(field));
		break;
	case SHAPE_MPINT:
		writer_mpint(w, text_of(field));
		break;
	case SHAPE_BYTES:
	case SHAPE_REST:
		writer_bytes(w, text_of(field));
		break;
	case SHAPE_END:
		break;
	}
}

void
shape_write(const struct shape *shape, struct buffer *payload, size_t *places)
{
	const struct shape_field *field = shape->fields;
	struct writer w;

	buffer_clear(payload);
	buffer_init(payload, LIMIT_PACKET_TRUSTED);
	writer_init(&w, payload);
	writer_u8(&w, (uint8_t)shape->number);
	for (; field->kind != SHAPE_END; field++) {
		if (places != NULL)
			places[field - shape->fields] = buffer_len(payload);
		write_field(field, &w);
	}
	assert_int_equal(w.status, SP_OK);
}

/* False: from here on it is of another shape. */
static bool
read_field(const struct shape_field *field, struct reader *r)
{
	struct sp_view text = text_of(field);

	switch (field->kind) {
	case SHAPE_BOOLEAN:
		return reader_bool(r) == (field->number != 0) ||
		    !field->decides;
	case SHAPE_NUMBER:
		reader_u32(r);
		return true;
	case SHAPE_STRING:
		return view_equal(reader_string_max(r,
				      field->max == 0 ? SIZE_MAX : field->max),
			   text) ||
		    !field->decides;
	case SHAPE_NAMES:
		reader_namelist(r);
		return true;
	case SHAPE_MPINT:
		reader_mpint(r);
		return true;
	case SHAPE_BYTES:
		reader_bytes(r, text.len);
		return true;
	case SHAPE_REST:
		reader_rest(r);
		return true;
	case SHAPE_END:
		break;
	}
	return false;
}

enum sp_status
shape_check(const struct shape *shape, struct sp_view payload)
{
	const struct shape_field *field = shape->fields;
	struct reader r;

	reader_init(&r, payload);
	reader_u8(&r);
	for (; field->kind != SHAPE_END; field++) {
		if (field->optional && r.left == 0)
			break;
		if (!read_field(field, &r))
			return r.failed ? SP_ERR_FORMAT : SP_OK;
	}
	return reader_finish(&r);
}

bool
shape_may_end(const struct shape *shape, enum sp_status status)
{
	const struct shape_field *field = shape->fields;

	for (; field->kind != SHAPE_END; field++)
		if (status != SP_OK &&
		    (status == field->if_empty || status == field->if_other ||
			status == field->if_longer))
			return true;
	return status == shape_end(shape);
}
