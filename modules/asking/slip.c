/* Packets of texts between login and service. */
#include "modules/asking/slip.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void
put_text(struct slip *p, const char *text)
{
	size_t len = strlen(text) + 1;

	if (p->failed || len > sizeof p->bytes - p->len) {
		p->failed = true;
		return;
	}
	memcpy(p->bytes + p->len, text, len);
	p->len += len;
}

void
slip_put(struct slip *p, const char *name, const char *value)
{
	put_text(p, name);
	put_text(p, value);
}

void
slip_begin(struct slip *p, uint64_t number)
{
	char digits[24];

	p->len = 0;
	p->failed = false;
	snprintf(digits, sizeof digits, "%" PRIu64, number);
	slip_put(p, "n", digits);
}

static const char *
take_text(struct sp_view *rest)
{
	const char *text = (const char *)rest->data;
	size_t len = strlen(text) + 1;

	rest->data += len;
	rest->len -= len;
	return text;
}

bool
slip_next(struct slip_reader *r, const char **name, const char **value)
{
	if (r->rest.len == 0)
		return false;
	*name = take_text(&r->rest);
	*value = take_text(&r->rest);
	return true;
}

bool
slip_open(struct slip_reader *r, struct sp_view bytes)
{
	const char *name, *value;
	size_t texts = 0;
	char *end;

	for (size_t i = 0; i < bytes.len; i++)
		texts += bytes.data[i] == '\0';
	if (bytes.len == 0 || bytes.data[bytes.len - 1] != '\0' ||
	    texts % 2 != 0)
		return false;
	r->rest = bytes;
	if (!slip_next(r, &name, &value) || strcmp(name, "n") != 0 ||
	    value[0] < '0' || value[0] > '9' || strlen(value) > 15)
		return false;
	r->number = strtoull(value, &end, 10);
	return *end == '\0';
}

const char *
slip_find(struct slip_reader r, const char *wanted)
{
	const char *name, *value;

	while (slip_next(&r, &name, &value)) {
		if (strcmp(name, wanted) == 0)
			return value;
	}
	return NULL;
}

bool
slip_send(int socket, const struct slip *p)
{
	ssize_t sent;

	if (p->failed)
		return false;
	do {
		sent =
		    send(socket, p->bytes, p->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

long
slip_receive(int socket, char room[SLIP_SIZE])
{
	ssize_t len;

	do {
		len = recv(socket, room, SLIP_SIZE, MSG_DONTWAIT | MSG_TRUNC);
	} while (len < 0 && errno == EINTR);
	if (len > SLIP_SIZE) {
		errno = EMSGSIZE;
		return -1;
	}
	return (long)len;
}

void
slip_wipe(struct slip *p)
{
	explicit_bzero(p->bytes, p->len);
	p->len = 0;
}
