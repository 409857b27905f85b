#include "tests/endpoint.h"

#include "lib/wire/view.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void
endpoint_die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(ENDPOINT_FAILED);
}

void
endpoint_check(enum sp_status status, const char *what)
{
	if (status != SP_OK)
		endpoint_die("%s: %s", what, sp_status_text(status));
}

size_t
endpoint_choose(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	endpoint_die("there is no %s", name);
}

uint64_t
endpoint_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- files ---- */

void
endpoint_read(FILE *f, struct buffer *b)
{
	uint8_t block[4096];
	size_t n;

	while ((n = fread(block, 1, sizeof block, f)) > 0)
		endpoint_check(buffer_append(b, view_of(block, n)), "input");
	if (ferror(f))
		endpoint_die("input: %s", strerror(errno));
}

static void
read_file(const char *path, struct buffer *b)
{
	FILE *f = fopen(path, "re");

	if (f == NULL)
		endpoint_die("%s: %s", path, strerror(errno));
	buffer_init(b, ENDPOINT_FILE_MAX);
	endpoint_read(f, b);
	fclose(f);
}

const char *
endpoint_text(const char *path)
{
	struct buffer text;
	char *copy;

	read_file(path, &text);
	copy =
	    strndup((const char *)buffer_view(&text).data, buffer_len(&text));
	buffer_clear(&text);
	if (copy == NULL)
		endpoint_die("out of memory");
	return copy;
}

struct sp_key *
endpoint_load_key(const struct sp_crypto *crypto, const char *path)
{
	struct buffer text;
	struct sp_key *key;

	read_file(path, &text);
	endpoint_check(
	    sp_key_parse(crypto, buffer_view(&text), NULL, &key), path);
	buffer_clear(&text);
	return key;
}

/* ---- connections ---- */

int
endpoint_connect(uint16_t port, const struct in_addr *from)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in ours = { .sin_family = AF_INET };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (s < 0)
		endpoint_die("socket: %s", strerror(errno));
	if (from != NULL)
		ours.sin_addr = *from;
	if (from != NULL && bind(s, (struct sockaddr *)&ours, sizeof ours) != 0)
		endpoint_die("bind: %s", strerror(errno));
	if (connect(s, (struct sockaddr *)&to, sizeof to) != 0)
		endpoint_die("connect: %s", strerror(errno));
	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	fcntl(s, F_SETFL, O_NONBLOCK);
	return s;
}

void
endpoint_request_exec(
    struct sp_engine *e, uint32_t channel, const char *command)
{
	const struct sp_request request = { .kind = SP_REQUEST_EXEC,
		.u.command = view_of_string(command) };

	endpoint_check(sp_request_send(e, channel, &request, true), "exec");
}

void
endpoint_sign(struct sp_engine *e, const struct sp_event *event,
    const struct sp_key *key, const char *algorithm)
{
	uint8_t signature[SP_SIGNATURE_MAX];
	size_t len;

	endpoint_check(sp_key_sign(key, algorithm, event->u.auth_sign.data,
			   signature, &len),
	    "sign");
	endpoint_check(
	    sp_auth_signed(e, event->token, view_of(signature, len)), "sign");
}
