/*
 * Opening a pseudo-terminal and setting the modes of RFC 4254 section 8
 * that this system's termios has; the others are ignored.
 */
#include "modules/login/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The value of a control character that is switched off. */
enum { MODE_NO_CHARACTER = 255 };

enum { MODE_ISPEED = 128, MODE_OSPEED = 129 };

static const struct {
	uint8_t opcode;
	uint8_t place; /* in c_cc */
} characters[] = {
	{ 1, VINTR },
	{ 2, VQUIT },
	{ 3, VERASE },
	{ 4, VKILL },
	{ 5, VEOF },
	{ 6, VEOL },
	{ 7, VEOL2 },
	{ 8, VSTART },
	{ 9, VSTOP },
	{ 10, VSUSP },
	{ 12, VREPRINT },
	{ 13, VWERASE },
	{ 14, VLNEXT },
	{ 16, VSWTC },
	{ 18, VDISCARD },
};

enum field { INPUT, LOCAL, OUTPUT, CONTROL };

static const struct {
	uint8_t opcode;
	enum field field;
	tcflag_t flag;
	tcflag_t clears; /* when set: what excludes it */
} flags[] = {
	{ 30, INPUT, IGNPAR, 0 },
	{ 31, INPUT, PARMRK, 0 },
	{ 32, INPUT, INPCK, 0 },
	{ 33, INPUT, ISTRIP, 0 },
	{ 34, INPUT, INLCR, 0 },
	{ 35, INPUT, IGNCR, 0 },
	{ 36, INPUT, ICRNL, 0 },
	{ 37, INPUT, IUCLC, 0 },
	{ 38, INPUT, IXON, 0 },
	{ 39, INPUT, IXANY, 0 },
	{ 40, INPUT, IXOFF, 0 },
	{ 41, INPUT, IMAXBEL, 0 },
	{ 42, INPUT, IUTF8, 0 },
	{ 50, LOCAL, ISIG, 0 },
	{ 51, LOCAL, ICANON, 0 },
	{ 52, LOCAL, XCASE, 0 },
	{ 53, LOCAL, ECHO, 0 },
	{ 54, LOCAL, ECHOE, 0 },
	{ 55, LOCAL, ECHOK, 0 },
	{ 56, LOCAL, ECHONL, 0 },
	{ 57, LOCAL, NOFLSH, 0 },
	{ 58, LOCAL, TOSTOP, 0 },
	{ 59, LOCAL, IEXTEN, 0 },
	{ 60, LOCAL, ECHOCTL, 0 },
	{ 61, LOCAL, ECHOKE, 0 },
	{ 62, LOCAL, PENDIN, 0 },
	{ 70, OUTPUT, OPOST, 0 },
	{ 71, OUTPUT, OLCUC, 0 },
	{ 72, OUTPUT, ONLCR, 0 },
	{ 73, OUTPUT, OCRNL, 0 },
	{ 74, OUTPUT, ONOCR, 0 },
	{ 75, OUTPUT, ONLRET, 0 },
	{ 90, CONTROL, CS7, CSIZE },
	{ 91, CONTROL, CS8, CSIZE },
	{ 92, CONTROL, PARENB, 0 },
	{ 93, CONTROL, PARODD, 0 },
};

static const struct {
	uint32_t rate;
	speed_t speed;
} speeds[] = {
	{ 300, B300 },
	{ 1200, B1200 },
	{ 2400, B2400 },
	{ 4800, B4800 },
	{ 9600, B9600 },
	{ 19200, B19200 },
	{ 38400, B38400 },
	{ 57600, B57600 },
	{ 115200, B115200 },
	{ 230400, B230400 },
};

static tcflag_t *
field_of(struct termios *settings, enum field field)
{
	switch (field) {
	case INPUT:
		return &settings->c_iflag;
	case LOCAL:
		return &settings->c_lflag;
	case OUTPUT:
		return &settings->c_oflag;
	case CONTROL:
		return &settings->c_cflag;
	}
	return NULL;
}

static void
set_character(struct termios *settings, const struct sp_pty_mode *mode)
{
	for (size_t i = 0; i < sizeof characters / sizeof characters[0]; i++) {
		if (characters[i].opcode == mode->opcode)
			settings->c_cc[characters[i].place] =
			    mode->value == MODE_NO_CHARACTER
			    ? _POSIX_VDISABLE
			    : (cc_t)mode->value;
	}
}

static void
set_flag(struct termios *settings, const struct sp_pty_mode *mode)
{
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		tcflag_t *field = field_of(settings, flags[i].field);

		if (flags[i].opcode != mode->opcode)
			continue;
		if (mode->value != 0)
			*field = (*field & ~flags[i].clears) | flags[i].flag;
		else if (flags[i].clears == 0)
			*field &= ~flags[i].flag;
	}
}

static void
set_speed(struct termios *settings, const struct sp_pty_mode *mode)
{
	for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
		if (speeds[i].rate != mode->value)
			continue;
		if (mode->opcode == MODE_ISPEED)
			cfsetispeed(settings, speeds[i].speed);
		else if (mode->opcode == MODE_OSPEED)
			cfsetospeed(settings, speeds[i].speed);
	}
}

static bool
set_modes(int slave, const struct sp_pty *pty)
{
	struct termios settings;

	if (tcgetattr(slave, &settings) != 0)
		return false;
	for (size_t i = 0; i < pty->mode_count; i++) {
		set_character(&settings, &pty->modes[i]);
		set_flag(&settings, &pty->modes[i]);
		set_speed(&settings, &pty->modes[i]);
	}
	/*
	 * A terminal without lines has eight bits, which the C library calls
	 * an error where seven were wanted; all else is set.
	 */
	return tcsetattr(slave, TCSANOW, &settings) == 0 || errno == EINVAL;
}

bool
terminal_open(struct terminal *t, const struct sp_pty *pty)
{
	int error;

	*t = (struct terminal){ .slave = -1 };
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master >= 0 && grantpt(t->master) == 0 &&
	    unlockpt(t->master) == 0 &&
	    ptsname_r(t->master, t->name, sizeof t->name) == 0)
		t->slave = open(t->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave >= 0 && set_modes(t->slave, pty)) {
		terminal_resize(t->master, pty);
		return true;
	}
	error = errno;
	terminal_close(t);
	errno = error;
	return false;
}

void
terminal_close(struct terminal *t)
{
	if (t->master >= 0)
		close(t->master);
	if (t->slave >= 0)
		close(t->slave);
	t->master = t->slave = -1;
}

void
terminal_resize(int master, const struct sp_pty *pty)
{
	struct winsize size = {
		.ws_row = (unsigned short)pty->rows,
		.ws_col = (unsigned short)pty->columns,
		.ws_xpixel = (unsigned short)pty->width,
		.ws_ypixel = (unsigned short)pty->height,
	};

	ioctl(master, TIOCSWINSZ, &size);
}
