#include "tests/interop/agent.h"

#include "lib/wire/reader.h"
#include "lib/wire/writer.h"
#include "tests/endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SIGN_REQUEST = 13, SIGN_RESPONSE = 14 };
enum { RSA_SHA2_256 = 2, RSA_SHA2_512 = 4 };

static int
open_agent(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("SSH_AUTH_SOCK");
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (path == NULL || strlen(path) >= sizeof to.sun_path)
		endpoint_die("no agent");
	memcpy(to.sun_path, path, strlen(path));
	if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof to) != 0)
		endpoint_die("agent: %s", strerror(errno));
	return s;
}

static uint32_t
flags_of(const char *algorithm)
{
	if (strcmp(algorithm, "rsa-sha2-256") == 0)
		return RSA_SHA2_256;
	return strcmp(algorithm, "rsa-sha2-512") == 0 ? RSA_SHA2_512 : 0;
}

static void
send_all(int s, struct sp_view v)
{
	while (v.len > 0) {
		ssize_t n = write(s, v.data, v.len);

		if (n < 0)
			endpoint_die("agent: %s", strerror(errno));
		v.data += n;
		v.len -= (size_t)n;
	}
}

static void
receive(int s, void *room, size_t len)
{
	if (recv(s, room, len, MSG_WAITALL) != (ssize_t)len)
		endpoint_die("the agent has gone");
}

/* The body of the next message. */
static struct sp_view
receive_message(int s, uint8_t room[ENDPOINT_FILE_MAX])
{
	uint8_t head[4];
	struct reader r;
	uint32_t len;

	receive(s, head, sizeof head);
	reader_init(&r, (struct sp_view){ head, sizeof head });
	len = reader_u32(&r);
	if (len > ENDPOINT_FILE_MAX)
		endpoint_die("the agent says too much");
	receive(s, room, len);
	return (struct sp_view){ room, len };
}

void
agent_sign(struct sp_view blob, const char *algorithm, struct sp_view data,
    struct buffer *signature)
{
	static uint8_t room[ENDPOINT_FILE_MAX];
	struct buffer body, message;
	struct reader r;
	struct writer w;
	int s = open_agent();

	buffer_init(&body, ENDPOINT_FILE_MAX);
	buffer_init(&message, ENDPOINT_FILE_MAX);
	writer_init(&w, &body);
	writer_u8(&w, SIGN_REQUEST);
	writer_string(&w, blob);
	writer_string(&w, data);
	writer_u32(&w, flags_of(algorithm));
	endpoint_check(writer_finish(&w), "agent");
	writer_init(&w, &message);
	writer_string(&w, buffer_view(&body));
	endpoint_check(writer_finish(&w), "agent");
	send_all(s, buffer_view(&message));
	reader_init(&r, receive_message(s, room));
	if (reader_u8(&r) != SIGN_RESPONSE)
		endpoint_die("the agent does not sign");
	endpoint_check(buffer_append(signature, reader_string(&r)), "agent");
	endpoint_check(reader_finish(&r), "agent");
	buffer_clear(&body);
	buffer_clear(&message);
	close(s);
}
