/* A text on its way to a terminal that no line discipline sees. */
#include "modules/login/motd.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the host takes, where each byte is the end of a line. */
enum { MOTD_MAX = 32768 };

static bool
is_hushed(struct sp_chan *chan)
{
	char path[PATH_MAX];
	int len = snprintf(
	    path, sizeof path, "%s/.hushlogin", sp_chan_get(chan, "home"));

	return len < 0 || (size_t)len >= sizeof path || access(path, F_OK) == 0;
}

/* A device or a pipe would keep us waiting. */
static size_t
read_text(const char *path, char text[MOTD_MAX])
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t len = 0;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		len = read(fd, text, MOTD_MAX);
	close(fd);
	return len > 0 ? (size_t)len : 0;
}

/* A line at a time; past what the host takes the rest is left out. */
static void
write_lines(struct sp_chan *chan, const char *text, size_t len)
{
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t line = end == NULL ? len : (size_t)(end - text);

		if (!sp_chan_write(chan, 0, text, line) ||
		    (end != NULL && !sp_chan_write(chan, 0, "\r\n", 2)))
			return;
		line += end != NULL;
		text += line;
		len -= line;
	}
}

void
motd_show(struct sp_chan *chan)
{
	const char *greeting = sp_chan_get(chan, "greeting");
	const char *path = sp_chan_get(chan, "motd");
	char text[MOTD_MAX];

	if (is_hushed(chan))
		return;
	if (greeting != NULL)
		write_lines(chan, greeting, strlen(greeting));
	if (path != NULL)
		write_lines(chan, text, read_text(path, text));
}
