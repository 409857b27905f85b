/* Links to services, and a pair for each login. */
#include "daemon/login/servicelink.h"

#include "daemon/ipc/ipc.h"

#include <stdlib.h>
#include <unistd.h>

bool
servicelink_init(struct servicelinks *s, size_t count)
{
	*s = (struct servicelinks){ .count = count };
	s->links = calloc(count + 1, sizeof *s->links);
	s->own = calloc(count + 1, sizeof *s->own);
	if (s->links == NULL || s->own == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		s->links[i] = s->own[i] = -1;
	return true;
}

static void
drop(int *socket)
{
	if (*socket >= 0)
		close(*socket);
	*socket = -1;
}

void
servicelink_add(struct servicelinks *s, const struct modgroup *auths,
    uint32_t way, int socket)
{
	if (way >= s->count || auths[way].module.auth.service == NULL) {
		close(socket);
		return;
	}
	drop(&s->links[way]);
	s->links[way] = socket;
}

/* Our end, or -1. */
static int
announce(int *link)
{
	enum sp_status status;
	int pair[2];

	if (*link < 0 || !ipc_pair(pair))
		return -1;
	status =
	    ipc_send(*link, IPC_LOGIN_COMES, view_of(NULL, 0), &pair[1], 1);
	close(pair[1]);
	if (status == SP_ERR_EOF)
		drop(link);
	if (status != SP_OK)
		drop(&pair[0]);
	return pair[0];
}

void
servicelink_open(struct servicelinks *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->own[i] = announce(&s->links[i]);
}

void
servicelink_close(struct servicelinks *s)
{
	for (size_t i = 0; i < s->count; i++)
		drop(&s->own[i]);
}

size_t
servicelink_list(const struct servicelinks *s, int *list)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count && n < SETTINGS_SERVICES_MAX; i++) {
		if (s->own[i] >= 0)
			list[n++] = s->own[i];
	}
	return n;
}
