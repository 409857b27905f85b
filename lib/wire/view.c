/* The parts of views that are not worth inlining. */
#include "lib/wire/view.h"

bool
view_equal_secret(struct sp_view a, struct sp_view b)
{
	volatile uint8_t difference = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		difference = (uint8_t)(difference | (a.data[i] ^ b.data[i]));
	return difference == 0;
}

bool
sp_view_equal(struct sp_view a, struct sp_view b)
{
	return view_equal_secret(a, b);
}

bool
view_to_string(struct sp_view v, char *room, size_t size)
{
	if (v.len >= size)
		return false;
	if (v.len > 0 && memchr(v.data, '\0', v.len) != NULL)
		return false;
	if (v.len > 0)
		memcpy(room, v.data, v.len);
	room[v.len] = '\0';
	return true;
}

bool
view_has_control(struct sp_view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] < 0x20 || v.data[i] == 0x7f)
			return true;
	return false;
}
