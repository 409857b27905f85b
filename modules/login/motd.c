/* A text that the shell's process says: nobody waits for the user's home. */
#include "modules/login/motd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOTD_MAX = 32768 };

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

char *
motd_make(struct sp_chan *chan)
{
	const char *greeting = sp_chan_get(chan, "greeting");
	const char *path = sp_chan_get(chan, "motd");
	size_t len = greeting == NULL ? 0 : strlen(greeting);
	char *text;

	if (greeting == NULL && path == NULL)
		return NULL;
	text = malloc(len + MOTD_MAX + 1);
	if (text == NULL)
		return NULL;
	if (greeting != NULL)
		memcpy(text, greeting, len);
	if (path != NULL)
		len += read_text(path, text + len);
	text[len] = '\0';
	return text;
}

char *
motd_hush(struct sp_chan *chan)
{
	char *path;

	return asprintf(&path, "%s/.hushlogin", sp_chan_get(chan, "home")) < 0
	    ? NULL
	    : path;
}
