/* The flow: steps, lines and answers. */
#include "modules/sftp/scpservice.h"

#include "modules/sftp/sftpanswer.h"

#include <stdio.h>
#include <string.h>

enum {
	STEPS = 256, /* before others have their turn */
	OUT_MAX = SCPSERVICE_READ + 4 * SCPRECORD_TEXT_MAX,
};

static void on_done(struct sp_reply *, uint32_t);

/* ---- beginning and ending ---- */

void
scpservice_init(struct scpservice *s, struct sp_chan *chan,
    const struct sp_storage_ops *ops, struct sp_store *store)
{
	s->chan = chan;
	s->ops = ops;
	s->store = store;
	scpframe_init(&s->frame);
	buffer_init(&s->out, OUT_MAX);
}

void
scpservice_begin(struct scpservice *s, const char *problem)
{
	if (problem != NULL)
		scpservice_fail(s, problem);
	else if (s->command.is_sink)
		scpsink_begin(s);
	else
		scpsource_begin(s);
}

void
scpservice_clear(struct scpservice *s)
{
	s->ops->detach(s->store);
	scpcommand_clear(&s->command);
	scpframe_clear(&s->frame);
	buffer_clear(&s->out);
}

/* ---- the storage ---- */

struct sp_reply *
scpservice_reply(struct scpservice *s)
{
	s->reply = (struct sp_reply){
		.size = sizeof s->reply,
		.done = on_done,
	};
	return &s->reply;
}

void
scpservice_go(struct scpservice *s, uint32_t status, scpservice_step *step)
{
	s->next = step;
	s->status = status;
	s->is_waiting = status == SP_FILE_LATER;
}

static void
on_done(struct sp_reply *reply, uint32_t status)
{
	struct scpservice *s = (struct scpservice *)((char *)reply -
	    offsetof(struct scpservice, reply));

	if (!s->is_waiting)
		return;
	s->is_waiting = false;
	s->status = status == SP_FILE_LATER ? SP_FILE_FAILED : status;
	sp_chan_resume(s->chan);
}

/* ---- telling ---- */

void
scpservice_tell(struct scpservice *s, const struct scprecord *record)
{
	if (scprecord_encode(&s->out, record) != SP_OK)
		s->is_over = true;
}

void
scpservice_accept(struct scpservice *s)
{
	if (buffer_append(&s->out, view_of("", 1)) != SP_OK)
		s->is_over = true;
}

void
scpservice_await(struct scpservice *s, scpservice_step *step)
{
	s->frame.awaits_answer = true;
	s->answered = step;
}

static void
tell_error(struct scpservice *s, enum scprecord_kind kind, const char *path,
    const char *text)
{
	char line[PATH_MAX + SCPSERVICE_TEXT];
	int len = snprintf(line, sizeof line, "scp: %s%s%s", path,
	    path[0] == '\0' ? "" : ": ", text);

	s->errors++;
	if (len < 0 || (size_t)len >= sizeof line)
		len = sizeof line - 1;
	scpservice_tell(s,
	    &(struct scprecord){
		.kind = kind, .text = view_of(line, (size_t)len) });
}

const char *
scpservice_text(const struct scpservice *s, uint32_t status)
{
	return s->reply.reason != NULL ? s->reply.reason
				       : sftpanswer_text(status);
}

void
scpservice_warn(struct scpservice *s, const char *text)
{
	tell_error(s, SCPRECORD_WARNING, s->path, text);
}

void
scpservice_fail(struct scpservice *s, const char *text)
{
	tell_error(s, SCPRECORD_ERROR, "", text);
	s->is_over = true;
}

void
scpservice_note(struct scpservice *s, uint32_t status)
{
	if (s->has_failed || status == SP_FILE_OK)
		return;
	s->has_failed = true;
	snprintf(
	    s->failure, sizeof s->failure, "%s", scpservice_text(s, status));
}

/* ---- paths ---- */

bool
scpservice_join(struct scpservice *s, struct sp_view name)
{
	bool has_slash = s->base == 0 || s->path[s->base - 1] == '/';
	size_t room = sizeof s->path - s->base;

	if (name.len + 2 > room)
		return false;
	snprintf(s->path + s->base, room, "%s%.*s", has_slash ? "" : "/",
	    (int)name.len, (const char *)name.data);
	return true;
}

void
scpservice_cut(struct scpservice *s)
{
	s->path[s->base] = '\0';
	if (s->base == 0)
		memcpy(s->path, ".", 2);
}

/* ---- hearing ---- */

static bool
can_hear(const struct scpservice *s)
{
	return !s->is_over && !s->is_waiting && s->next == NULL &&
	    !s->is_sending && buffer_len(&s->out) < SCPRECORD_TEXT_MAX;
}

static void
protocol_error(struct scpservice *s, const char *problem)
{
	char text[SCPSERVICE_TEXT];

	snprintf(text, sizeof text, "protocol error: %s", problem);
	scpservice_fail(s, text);
}

static void
hear_answer(struct scpservice *s, uint32_t status)
{
	if (status != SP_FILE_OK)
		s->errors++;
	s->answered(s, status);
}

/* What an answer is, where it is not a good one, stands where lines do. */
static void
hear_line(struct scpservice *s, struct sp_view line, bool is_answer)
{
	struct scprecord record;
	const char *problem = scprecord_decode(&record, line);
	bool is_failure = problem == NULL &&
	    (record.kind == SCPRECORD_WARNING ||
		record.kind == SCPRECORD_ERROR);

	if (problem != NULL) {
		protocol_error(s, problem);
	} else if (is_failure && record.kind == SCPRECORD_ERROR) {
		s->errors++;
		s->is_over = true;
	} else if (is_answer && is_failure) {
		hear_answer(s, SP_FILE_FAILED);
	} else if (is_answer || !s->command.is_sink) {
		protocol_error(s, "expected an answer");
	} else if (is_failure) {
		s->errors++;
	} else {
		scpsink_record(s, &record);
	}
}

size_t
scpservice_hear(struct scpservice *s, struct sp_view input)
{
	size_t len = input.len;
	struct sp_view data;

	while (can_hear(s)) {
		bool is_answer = s->frame.awaits_answer;

		switch (scpframe_next(&s->frame, &input, &data)) {
		case SCPFRAME_NOTHING:
			return len;
		case SCPFRAME_DATA:
			scpsink_data(s, data);
			break;
		case SCPFRAME_ANSWER:
			hear_answer(s, SP_FILE_OK);
			break;
		case SCPFRAME_LINE:
			hear_line(s, data, is_answer);
			break;
		case SCPFRAME_BROKEN:
			protocol_error(s, "a line is too long");
			break;
		}
	}
	return s->is_over ? len : len - input.len;
}

/* ---- speaking ---- */

static bool
send_out(struct scpservice *s)
{
	struct sp_view out = buffer_view(&s->out);

	if (out.len > 0)
		buffer_consume(
		    &s->out, sp_chan_send(s->chan, out.data, out.len));
	return buffer_len(&s->out) == 0;
}

/* False: nothing is to be done before something has come. */
static bool
act(struct scpservice *s)
{
	scpservice_step *step = s->next;

	if (s->is_waiting)
		return false;
	if (step != NULL) {
		s->next = NULL;
		step(s, s->status);
		return true;
	}
	if (s->is_sending)
		return scpsource_send(s);
	if (!s->has_eof)
		return false;
	/* A client that has sent all of its files says no more than that. */
	if (!s->command.is_sink || s->depth > 0 ||
	    scpframe_is_inside(&s->frame))
		s->errors++;
	s->is_over = true;
	return true;
}

void
scpservice_speak(struct scpservice *s)
{
	for (size_t i = 0; i < STEPS; i++) {
		if (!send_out(s))
			return;
		if (s->is_over) {
			sp_chan_exit(s->chan, s->errors > 0 ? 1 : 0);
			return;
		}
		if (!act(s))
			return;
	}
	sp_chan_resume(s->chan);
}

void
scpservice_end(struct scpservice *s)
{
	s->has_eof = true;
}
