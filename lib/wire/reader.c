/* The data types of RFC 4251 section 5, read from a view. */
#include "lib/wire/reader.h"

void
reader_init(struct reader *r, struct sp_view v)
{
	*r = (struct reader){ .next = v.data, .left = v.len };
}

void
reader_fail(struct reader *r)
{
	r->failed = true;
	r->left = 0;
}

struct sp_view
reader_bytes(struct reader *r, size_t len)
{
	struct sp_view v = { NULL, 0 };

	if (len > r->left) {
		reader_fail(r);
		return v;
	}
	if (len == 0)
		return v;
	v = view_of(r->next, len);
	r->next += len;
	r->left -= len;
	return v;
}

static uint64_t
read_integer(struct reader *r, size_t size)
{
	struct sp_view v = reader_bytes(r, size);
	uint64_t value = 0;

	for (size_t i = 0; i < v.len; i++)
		value = value << 8 | v.data[i];
	return value;
}

uint8_t
reader_u8(struct reader *r)
{
	return (uint8_t)read_integer(r, 1);
}

bool
reader_bool(struct reader *r)
{
	return reader_u8(r) != 0;
}

uint32_t
reader_u32(struct reader *r)
{
	return (uint32_t)read_integer(r, 4);
}

uint64_t
reader_u64(struct reader *r)
{
	return read_integer(r, 8);
}

struct sp_view
reader_string(struct reader *r)
{
	return reader_bytes(r, reader_u32(r));
}

struct sp_view
reader_string_max(struct reader *r, size_t max)
{
	struct sp_view v = reader_string(r);

	if (v.len > max) {
		reader_fail(r);
		return (struct sp_view){ NULL, 0 };
	}
	return v;
}

static bool
is_namelist(struct sp_view v)
{
	bool in_name = false;

	for (size_t i = 0; i < v.len; i++) {
		if (v.data[i] == ',') {
			if (!in_name)
				return false;
			in_name = false;
		} else if (v.data[i] <= 0x20 || v.data[i] >= 0x7f) {
			return false;
		} else {
			in_name = true;
		}
	}
	return true;
}

struct sp_view
reader_namelist(struct reader *r)
{
	struct sp_view v = reader_string(r);

	if (!is_namelist(v)) {
		reader_fail(r);
		return (struct sp_view){ NULL, 0 };
	}
	if (v.len > 0 && v.data[v.len - 1] == ',')
		v.len--;
	return v;
}

struct sp_view
reader_mpint(struct reader *r)
{
	struct sp_view v = reader_string(r);
	bool is_minimal = true;

	if (v.len == 0)
		return v;
	if (v.data[0] == 0)
		is_minimal = v.len > 1 && (v.data[1] & 0x80) != 0;
	if (!is_minimal || (v.data[0] & 0x80) != 0) {
		reader_fail(r);
		return (struct sp_view){ NULL, 0 };
	}
	return v.data[0] == 0 ? view_of(v.data + 1, v.len - 1) : v;
}

struct sp_view
reader_rest(struct reader *r)
{
	return reader_bytes(r, r->left);
}

enum sp_status
reader_finish(const struct reader *r)
{
	if (r->failed)
		return SP_ERR_FORMAT;
	return r->left == 0 ? SP_OK : SP_ERR_TRAILING;
}
