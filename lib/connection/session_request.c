/* Each channel request: its name and its fields in order. */
#include "lib/connection/session_request.h"

#define STRING(path) FORM_A_STRING(struct sp_request, u.path)
#define NUMBER(path) FORM_A_NUMBER(struct sp_request, u.path)
#define FLAG(path)   FORM_A_BOOL(struct sp_request, u.path)
#define SIZE(path) \
	NUMBER(path.columns), NUMBER(path.rows), NUMBER(path.width), \
	    NUMBER(path.height)

static const struct form forms[] = {
	[SP_REQUEST_PTY] = FORM_ASKED(
	    "pty-req", STRING(pty.term), SIZE(pty.size), STRING(pty.modes)),
	[SP_REQUEST_X11] = FORM_ASKED("x11-req", FLAG(x11.single),
	    STRING(x11.protocol), STRING(x11.cookie), NUMBER(x11.screen)),
	[SP_REQUEST_ENV] =
	    FORM_ASKED("env", STRING(env.name), STRING(env.value)),
	[SP_REQUEST_AUTH_AGENT] =
	    FORM_ASKED("auth-agent-req@openssh.com", FORM_NOTHING),
	[SP_REQUEST_SHELL] = FORM_ASKED("shell", FORM_NOTHING),
	[SP_REQUEST_EXEC] = FORM_ASKED("exec", STRING(command)),
	[SP_REQUEST_SUBSYSTEM] = FORM_ASKED("subsystem", STRING(subsystem)),
	[SP_REQUEST_WINDOW_CHANGE] = FORM_TOLD("window-change", SIZE(size)),
	[SP_REQUEST_SIGNAL] = FORM_TOLD("signal", STRING(signal)),
	[SP_REQUEST_BREAK] = FORM_ASKED("break", NUMBER(break_ms)),
	[SP_REQUEST_XON_XOFF] = FORM_TOLD("xon-xoff", FLAG(client_can_do)),
	[SP_REQUEST_EXIT_STATUS] =
	    FORM_TOLD("exit-status", NUMBER(exit_status)),
	[SP_REQUEST_EXIT_SIGNAL] = FORM_TOLD("exit-signal",
	    STRING(exit_signal.name), FLAG(exit_signal.core_dumped),
	    STRING(exit_signal.message), STRING(exit_signal.language)),
	[SP_REQUEST_EOW] = FORM_TOLD("eow@openssh.com", FORM_NOTHING),
};

enum { FORMS = sizeof forms / sizeof forms[0] };

const struct form *
session_request_form(enum sp_request_kind kind)
{
	return form_at(forms, FORMS, kind);
}

enum sp_status
sp_request_read(const struct sp_event *event, struct sp_request *request)
{
	size_t row = form_find(forms, FORMS, event->u.channel_request.name);
	struct sp_request got = { .kind = (enum sp_request_kind)row };
	enum sp_status status =
	    form_read(&forms[row], event->u.channel_request.data, &got);

	if (status == SP_OK)
		*request = got;
	return status;
}
