/* Reading a line byte by byte, so that no buffer keeps it. */
#include "cli/sallyportctl/secretinput.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static bool
fail(const char **problem, const char *why)
{
	*problem = why;
	return false;
}

/* The whole line is taken, however long. */
static bool
read_line(char secret[SECRETINPUT_SIZE], const char **problem)
{
	size_t len = 0;
	bool fits = true;
	ssize_t got;
	char c = '\0';

	while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		fits = fits && len < SECRETINPUT_SIZE - 1 && c != '\0';
		if (fits)
			secret[len++] = c;
	}
	secret[len] = '\0';
	if (!fits)
		return fail(problem, "the password is too long, or holds NUL");
	if (len == 0)
		return fail(problem, "the password is empty");
	return true;
}

/* Standard error is asked: output may go into a file. */
static bool
read_typed(
    const char *prompt, char secret[SECRETINPUT_SIZE], const char **problem)
{
	bool is_read;

	fputs(prompt, stderr);
	is_read = read_line(secret, problem);
	fputc('\n', stderr);
	return is_read;
}

static bool
read_twice(char secret[SECRETINPUT_SIZE], const char **problem)
{
	char again[SECRETINPUT_SIZE];
	bool is_same = false;

	if (!read_typed("New password: ", secret, problem))
		return false;
	if (read_typed("The same again: ", again, problem)) {
		is_same = strcmp(secret, again) == 0;
		if (!is_same)
			*problem = "they are not the same";
	}
	explicit_bzero(again, sizeof again);
	return is_same;
}

bool
secretinput_read(char secret[SECRETINPUT_SIZE], const char **problem)
{
	struct termios shown, hidden;
	sigset_t all, before;
	bool is_read;

	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return read_line(secret, problem);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	*problem = "the terminal cannot be told to hide it";
	/* Who interrupts it gets his terminal back first. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	is_read = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 &&
	    read_twice(secret, problem);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return is_read;
}
