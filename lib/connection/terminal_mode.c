/* The names that RFC 4254 8 and RFC 8160 give to opcodes. */
#include "lib/wire/reader.h"
#include "lib/wire/writer.h"

#include <sallyport/connection.h>

/* Opcodes from here on are not defined, and end the list (RFC 4254 8). */
enum { MODE_END = 0, MODE_UNDEFINED = 160, MODE_LEN = 5 };

static const struct mode {
	uint8_t opcode;
	const char *name;
} modes[] = {
	{ 1, "VINTR" },
	{ 2, "VQUIT" },
	{ 3, "VERASE" },
	{ 4, "VKILL" },
	{ 5, "VEOF" },
	{ 6, "VEOL" },
	{ 7, "VEOL2" },
	{ 8, "VSTART" },
	{ 9, "VSTOP" },
	{ 10, "VSUSP" },
	{ 11, "VDSUSP" },
	{ 12, "VREPRINT" },
	{ 13, "VWERASE" },
	{ 14, "VLNEXT" },
	{ 15, "VFLUSH" },
	{ 16, "VSWTCH" },
	{ 17, "VSTATUS" },
	{ 18, "VDISCARD" },
	{ 30, "IGNPAR" },
	{ 31, "PARMRK" },
	{ 32, "INPCK" },
	{ 33, "ISTRIP" },
	{ 34, "INLCR" },
	{ 35, "IGNCR" },
	{ 36, "ICRNL" },
	{ 37, "IUCLC" },
	{ 38, "IXON" },
	{ 39, "IXANY" },
	{ 40, "IXOFF" },
	{ 41, "IMAXBEL" },
	{ 42, "IUTF8" },
	{ 50, "ISIG" },
	{ 51, "ICANON" },
	{ 52, "XCASE" },
	{ 53, "ECHO" },
	{ 54, "ECHOE" },
	{ 55, "ECHOK" },
	{ 56, "ECHONL" },
	{ 57, "NOFLSH" },
	{ 58, "TOSTOP" },
	{ 59, "IEXTEN" },
	{ 60, "ECHOCTL" },
	{ 61, "ECHOKE" },
	{ 62, "PENDIN" },
	{ 70, "OPOST" },
	{ 71, "OLCUC" },
	{ 72, "ONLCR" },
	{ 73, "OCRNL" },
	{ 74, "ONOCR" },
	{ 75, "ONLRET" },
	{ 90, "CS7" },
	{ 91, "CS8" },
	{ 92, "PARENB" },
	{ 93, "PARODD" },
	{ 128, "TTY_OP_ISPEED" },
	{ 129, "TTY_OP_OSPEED" },
};

const char *
sp_terminal_mode_name(uint8_t opcode)
{
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (modes[i].opcode == opcode)
			return modes[i].name;
	}
	return NULL;
}

uint8_t
sp_terminal_mode_opcode(const char *name)
{
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (strcmp(modes[i].name, name) == 0)
			return modes[i].opcode;
	}
	return MODE_END;
}

static bool
ends_list(uint8_t opcode)
{
	return opcode == MODE_END || opcode >= MODE_UNDEFINED;
}

bool
sp_terminal_modes_next(struct sp_view *list, struct sp_terminal_mode *mode)
{
	struct sp_terminal_mode got;
	struct reader r;

	reader_init(&r, *list);
	got.opcode = reader_u8(&r);
	got.value = reader_u32(&r);
	*list = reader_rest(&r);
	if (r.failed || ends_list(got.opcode))
		return false;
	*mode = got;
	return true;
}

enum sp_status
sp_terminal_modes_write(const struct sp_terminal_mode *list, size_t count,
    uint8_t *room, size_t size, size_t *len)
{
	for (size_t i = 0; i < count; i++) {
		if (ends_list(list[i].opcode))
			return SP_ERR_ARGUMENT;
	}
	if (size == 0 || count > (size - 1) / MODE_LEN)
		return SP_ERR_LIMIT;
	for (size_t i = 0; i < count; i++) {
		*room++ = list[i].opcode;
		room = writer_put_u32(room, list[i].value);
	}
	*room = MODE_END;
	*len = count * MODE_LEN + 1;
	return SP_OK;
}
