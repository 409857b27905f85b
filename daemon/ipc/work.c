/* Bodies of the messages between the keyholder and its worker. */
#include "daemon/ipc/work.h"

#include "lib/wire/reader.h"

#include <sallyport/key.h>

enum { KEY_HASH_LEN = 32, ALGORITHM_MAX = 64 };

enum sp_status
work_order_encode(const struct work_order *order, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u64(&w, order->id);
	writer_string_max(&w, order->key, KEY_HASH_LEN);
	writer_string_max(&w, order->algorithm, ALGORITHM_MAX);
	writer_string_max(&w, order->data, WORK_DATA_MAX);
	return writer_finish(&w);
}

enum sp_status
work_order_decode(struct sp_view body, struct work_order *order)
{
	struct work_order got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.id = reader_u64(&r);
	got.key = reader_string_max(&r, KEY_HASH_LEN);
	got.algorithm = reader_string_max(&r, ALGORITHM_MAX);
	got.data = reader_string_max(&r, WORK_DATA_MAX);
	status = reader_finish(&r);
	if (status == SP_OK)
		*order = got;
	return status;
}

enum sp_status
work_result_encode(const struct work_result *result, struct buffer *out)
{
	struct writer w;

	writer_init(&w, out);
	writer_u64(&w, result->id);
	writer_string_max(&w, result->signature, SP_SIGNATURE_MAX);
	return writer_finish(&w);
}

enum sp_status
work_result_decode(struct sp_view body, struct work_result *result)
{
	struct work_result got;
	struct reader r;
	enum sp_status status;

	reader_init(&r, body);
	got.id = reader_u64(&r);
	got.signature = reader_string_max(&r, SP_SIGNATURE_MAX);
	status = reader_finish(&r);
	if (status == SP_OK)
		*result = got;
	return status;
}
