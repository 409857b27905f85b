/* Messages that change nothing; they must be well formed all the same. */
#include "lib/transport/notice.h"

enum sp_status
notice_receive_ignore(struct transport *t, struct reader *r)
{
	(void)t;
	/* Peers disagree whether the data is a string: any bytes will do. */
	reader_rest(r);
	return reader_finish(r);
}

enum sp_status
notice_receive_unimplemented(struct transport *t, struct reader *r)
{
	(void)t;
	reader_u32(r);
	return reader_finish(r);
}

enum sp_status
notice_receive_debug(struct transport *t, struct reader *r)
{
	(void)t;
	reader_bool(r); /* always_display */
	reader_string(r); /* message */
	reader_string(r); /* language */
	return reader_finish(r);
}

enum sp_status
notice_send_unimplemented(struct transport *t, uint32_t sequence)
{
	struct writer w;

	transport_begin(t, &w, SSH_MSG_UNIMPLEMENTED);
	writer_u32(&w, sequence);
	return transport_end(t, &w);
}
