/* What hooks are told of, and how calls wait for them. */
#include "modules/sftp/guardhook.h"

#include "modules/sftp/transfer.h"

#include <string.h>

static const char refused_text[] = "A program of the server's refuses it";

static void on_told(void *arg, uint32_t status);

bool
guardhook_init(struct guard *g, const struct policy_conf *conf)
{
	return hook_init(&g->hooks, g->chan, &conf->hooks,
	    (size_t)conf->hooks_at_once, on_told, g);
}

/* ---- waiting ---- */

static uint32_t
go_on(struct guard *g, uint32_t status)
{
	if (status != SP_FILE_OK)
		guard_refuse(g, status, refused_text);
	return g->next(g, status);
}

static void
on_told(void *arg, uint32_t status)
{
	struct guard *g = arg;

	if (!g->is_hooked)
		return;
	g->is_hooked = false;
	status = guard_end(g, go_on(g, status));
	if (status != SP_FILE_LATER)
		g->asked->done(g->asked, status);
}

static uint32_t
tell(struct guard *g, const struct hook_call *call, guard_step *next)
{
	uint32_t status = hook_tell(&g->hooks, call);

	g->next = next;
	g->is_hooked = status == SP_FILE_LATER;
	return g->is_hooked ? status : go_on(g, status);
}

/* ---- names ---- */

static bool
has_control(const char *path)
{
	for (; *path != '\0'; path++)
		if ((unsigned char)*path < 0x20 || *path == 0x7f)
			return true;
	return false;
}

static bool
is_told(const struct guard *g, enum hook_event event, const char *path,
    const char *target)
{
	return hook_is_for(&g->hooks, event, HOOK_BEFORE, path, target) ||
	    hook_is_for(&g->hooks, event, HOOK_WHOLE, path, target) ||
	    hook_is_for(&g->hooks, event, HOOK_AFTER, path, target);
}

bool
guardhook_concerns(
    const struct guard *g, enum hook_event event, const char *path)
{
	return is_told(g, event, path, NULL);
}

bool
guardhook_is_odd(const struct guard *g)
{
	const char *target = g->has_target ? g->target : NULL;

	if (g->events == 0 ||
	    (!has_control(g->path) && (target == NULL || !has_control(target))))
		return false;
	for (unsigned event = HOOK_UPLOAD; event <= HOOK_RMDIR; event <<= 1)
		if ((g->events & event) != 0 &&
		    is_told(g, (enum hook_event)event, g->path, target))
			return true;
	return false;
}

/* Where programs of this machine find it; NULL: nowhere. */
static const char *
locate(struct guard *g, const char *path, char room[PATH_MAX])
{
	if (path == NULL || g->is_lost || g->is_waiting ||
	    g->behind.locate == NULL ||
	    !g->behind.locate(g->store, path, room, PATH_MAX))
		return NULL;
	return room;
}

/* ---- telling ---- */

static uint32_t
tell_paths(struct guard *g, enum hook_event event, enum hook_time time,
    guard_step *next)
{
	struct hook_call call = {
		.event = event,
		.time = time,
		.path = g->path,
		.target = g->has_target ? g->target : NULL,
		.is_settled = time == HOOK_AFTER,
		.places = &g->places,
	};

	if (!hook_is_for(&g->hooks, event, time, call.path, call.target))
		return next(g, SP_FILE_OK);
	call.file = locate(g, call.path, g->located);
	call.target_file = locate(g, call.target, g->located_target);
	return tell(g, &call, next);
}

uint32_t
guardhook_before(struct guard *g, enum hook_event event, guard_step *next)
{
	return tell_paths(g, event, HOOK_BEFORE, next);
}

uint32_t
guardhook_after(struct guard *g, enum hook_event event, guard_step *next)
{
	return tell_paths(g, event, HOOK_AFTER, next);
}

static struct hook_call
call_about(struct guard *g, struct guard_file *file, enum hook_event event,
    enum hook_time time)
{
	bool is_upload = event == HOOK_UPLOAD;
	bool is_part = time == HOOK_WHOLE && file->part != NULL;

	return (struct hook_call){
		.event = event,
		.time = time,
		.path = file->path,
		.file =
		    locate(g, is_part ? file->part : file->path, g->located),
		.result = file->result,
		.bytes = is_upload ? file->bytes_in : file->bytes_out,
		.time_ms = transfer_clock() - file->begun_ms,
		.is_settled = !is_part,
		.places = &file->places,
	};
}

static uint32_t
tell_file(struct guard *g, enum hook_event event, enum hook_time time,
    guard_step *next)
{
	struct hook_call call;

	if (!hook_is_for(&g->hooks, event, time, g->file->path, NULL))
		return next(g, SP_FILE_OK);
	call = call_about(g, g->file, event, time);
	return tell(g, &call, next);
}

uint32_t
guardhook_whole(struct guard *g, guard_step *next)
{
	g->file->told = GUARDHOOK_TOLD_WHOLE;
	return tell_file(g, HOOK_UPLOAD, HOOK_WHOLE, next);
}

uint32_t
guardhook_came(struct guard *g, enum hook_event event, guard_step *next)
{
	g->file->told = event == HOOK_UPLOAD ? GUARDHOOK_TOLD_UPLOAD
					     : GUARDHOOK_TOLD_DOWNLOAD;
	return tell_file(g, event, HOOK_AFTER, next);
}

static void
mention(struct guard *g, struct guard_file *file, enum hook_event event,
    enum hook_time time)
{
	const struct hook_call call = call_about(g, file, event, time);

	hook_mention(&g->hooks, &call);
}

void
guardhook_mention(struct guard *g, struct guard_file *file)
{
	const uint32_t writing =
	    SP_FILE_WRITE | SP_FILE_APPEND | SP_FILE_CREATE | SP_FILE_TRUNCATE;
	bool is_written = (file->flags & writing) != 0;
	bool is_read = (file->flags & SP_FILE_READ) != 0 && file->was_read;

	if (is_written && file->told < GUARDHOOK_TOLD_WHOLE)
		mention(g, file, HOOK_UPLOAD, HOOK_WHOLE);
	if (is_written && file->told < GUARDHOOK_TOLD_UPLOAD)
		mention(g, file, HOOK_UPLOAD, HOOK_AFTER);
	if (is_read && file->has_appeared &&
	    file->told < GUARDHOOK_TOLD_DOWNLOAD)
		mention(g, file, HOOK_DOWNLOAD, HOOK_AFTER);
	file->told = GUARDHOOK_TOLD_DOWNLOAD;
}

/* ---- places ---- */

bool
guardhook_keep_places(struct guard *g)
{
	const char *target = g->has_target ? g->target : NULL;

	return hook_keep_places(
	    &g->hooks, g->events, g->path, target, &g->places);
}

void
guardhook_give_back(struct guard *g)
{
	if (g->places > 0)
		sp_chan_give_back_places(g->chan, g->places);
	g->places = 0;
}

/* ---- the end ---- */

/* One that was to be opened is none yet; one that was closed is there. */
void
guardhook_leave(struct guard *g)
{
	struct guard_file *file = g->file;
	bool is_there;

	hook_leave(&g->hooks);
	if (file == NULL || file->file == NULL)
		return;
	file->places += g->places;
	g->places = 0;
	is_there = file->part == NULL || file->has_appeared;
	if (!file->has_appeared && file->result != HOOK_RESULT_FAILED)
		file->result = HOOK_RESULT_CUT;
	else if (file->result == HOOK_NO_RESULT)
		file->result = HOOK_RESULT_WHOLE;
	transfer_log(
	    g->chan, file, file->has_appeared ? NULL : "the client left");
	if (is_there)
		guardhook_mention(g, file);
	else
		guardfile_drop_part(g, file);
}
