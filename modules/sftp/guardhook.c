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
	if (path == NULL || g->is_lost || g->behind.locate == NULL ||
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

static uint32_t
tell_file(struct guard *g, enum hook_event event, enum hook_time time,
    const char *where, guard_step *next)
{
	const struct guard_file *file = g->file;
	struct hook_call call = {
		.event = event,
		.time = time,
		.path = file->path,
		.has_bytes = true,
		.bytes =
		    event == HOOK_UPLOAD ? file->bytes_in : file->bytes_out,
		.time_ms = transfer_clock() - file->begun_ms,
	};

	if (!hook_is_for(&g->hooks, event, time, call.path, NULL))
		return next(g, SP_FILE_OK);
	call.file = locate(g, where, g->located);
	return tell(g, &call, next);
}

uint32_t
guardhook_whole(struct guard *g, guard_step *next)
{
	const struct guard_file *file = g->file;

	return tell_file(g, HOOK_UPLOAD, HOOK_WHOLE,
	    file->part != NULL ? file->part : file->path, next);
}

uint32_t
guardhook_came(struct guard *g, enum hook_event event, guard_step *next)
{
	return tell_file(g, event, HOOK_AFTER, g->file->path, next);
}

/* ---- the end ---- */

/* One that was to be opened is none yet; one that was closed may be whole. */
void
guardhook_clear(struct guard *g)
{
	const struct guard_file *file = g->file;

	hook_clear(&g->hooks);
	if (!g->is_hooked || file == NULL || file->file == NULL)
		return;
	transfer_log(g->chan, file, file->is_done ? NULL : "the client left");
	if (!file->is_done)
		guardfile_drop_part(g, file);
}
