/* Values are shown, not used: any will do, and what is no text goes. */
#include "daemon/login/banner.h"

#include "daemon/login/placard.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

/* A text that has an end. */
struct sheet {
	char text[PLACARD_READ_MAX];
	size_t len;
};

static void
put(struct sheet *sheet, const char *text, size_t len)
{
	size_t left = sizeof sheet->text - sheet->len;

	if (len > left)
		len = left;
	memcpy(sheet->text + sheet->len, text, len);
	sheet->len += len;
}

static void
put_value(struct sheet *sheet, char letter, const char *user)
{
	char host[HOST_NAME_MAX + 1] = "";

	if (letter == 'u')
		put(sheet, user, strlen(user));
	else if (letter == 'n' && gethostname(host, sizeof host - 1) == 0)
		put(sheet, host, strlen(host));
	else if (letter == '%')
		put(sheet, "%", 1);
}

bool
banner_make(const char *text, const char *user, struct buffer *out)
{
	struct sheet sheet = { .len = 0 };
	size_t len;

	while (*text != '\0') {
		len = strcspn(text, "%");
		put(&sheet, text, len);
		text += len;
		if (*text == '\0')
			break;
		put_value(&sheet, text[1], user);
		text += text[1] == '\0' ? 1 : 2;
	}
	return placard_clean(view_of(sheet.text, sheet.len), out) == SP_OK;
}
