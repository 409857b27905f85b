/* From bytes of a file to text that may be shown. */
#include "daemon/login/placard.h"

#include "lib/wire/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_in(uint8_t byte, uint8_t first, uint8_t last)
{
	return byte >= first && byte <= last;
}

/* Of the character at the front, from U+00A0 up; 0 when it is none. */
static size_t
character_len(struct sp_view v)
{
	static const struct {
		uint8_t first[2]; /* from and to; of the first byte */
		uint8_t second[2];
		size_t len;
	} forms[] = {
		{ { 0xc2, 0xc2 }, { 0xa0, 0xbf }, 2 },
		{ { 0xc3, 0xdf }, { 0x80, 0xbf }, 2 },
		{ { 0xe0, 0xe0 }, { 0xa0, 0xbf }, 3 },
		{ { 0xe1, 0xec }, { 0x80, 0xbf }, 3 },
		{ { 0xed, 0xed }, { 0x80, 0x9f }, 3 },
		{ { 0xee, 0xef }, { 0x80, 0xbf }, 3 },
		{ { 0xf0, 0xf0 }, { 0x90, 0xbf }, 4 },
		{ { 0xf1, 0xf3 }, { 0x80, 0xbf }, 4 },
		{ { 0xf4, 0xf4 }, { 0x80, 0x8f }, 4 },
	};
	size_t form = 0;

	while (form < sizeof forms / sizeof forms[0] &&
	    !is_in(v.data[0], forms[form].first[0], forms[form].first[1]))
		form++;
	if (form == sizeof forms / sizeof forms[0] || v.len < forms[form].len ||
	    !is_in(v.data[1], forms[form].second[0], forms[form].second[1]))
		return 0;
	for (size_t i = 2; i < forms[form].len; i++)
		if (!is_in(v.data[i], 0x80, 0xbf))
			return 0;
	return forms[form].len;
}

/* Writes what is at the front; how many bytes of v that was. */
static size_t
write_front(struct writer *w, struct sp_view v)
{
	uint8_t byte = v.data[0];
	size_t len = 1;

	if (byte == '\n') {
		writer_bytes(w, view_of("\r\n", 2));
	} else if (byte == '\t' || is_in(byte, ' ', '~')) {
		writer_u8(w, byte);
	} else if (byte == '\r' && v.len > 1 && v.data[1] == '\n') {
		return 1;
	} else if ((len = character_len(v)) > 0) {
		writer_bytes(w, view_of(v.data, len));
	} else {
		writer_u8(w, '?');
		len = 1;
	}
	return len;
}

enum sp_status
placard_clean(struct sp_view text, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	while (text.len > 0) {
		size_t len = write_front(&w, text);

		text = view_of(text.data + len, text.len - len);
	}
	return writer_finish(&w);
}

bool
placard_read(const char *path, struct buffer *out)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint8_t bytes[PLACARD_READ_MAX];
	struct stat st;
	ssize_t len = 0;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		len = read(fd, bytes, sizeof bytes);
	close(fd);
	return len > 0 &&
	    placard_clean(view_of(bytes, (size_t)len), out) == SP_OK;
}
