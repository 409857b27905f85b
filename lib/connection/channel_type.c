/* Each type of channel: its name and its fields in order. */
#include "lib/connection/channel_type.h"

#define STRING(path) FORM_A_STRING(struct sp_open, u.path)
#define NUMBER(path) FORM_A_NUMBER(struct sp_open, u.path)
#define PORT(path)   FORM_A_PORT(struct sp_open, u.path)
#define TCPIP \
	STRING(tcpip.address), PORT(tcpip.port), STRING(tcpip.originator), \
	    PORT(tcpip.originator_port)

static const struct form forms[] = {
	[SP_CHANNEL_SESSION] = FORM_ASKED("session", FORM_NOTHING),
	[SP_CHANNEL_X11] = FORM_ASKED(
	    "x11", STRING(x11.originator), PORT(x11.originator_port)),
	[SP_CHANNEL_DIRECT_TCPIP] = FORM_ASKED("direct-tcpip", TCPIP),
	[SP_CHANNEL_FORWARDED_TCPIP] = FORM_ASKED("forwarded-tcpip", TCPIP),
	[SP_CHANNEL_AUTH_AGENT] =
	    FORM_ASKED("auth-agent@openssh.com", FORM_NOTHING),
	[SP_CHANNEL_DIRECT_STREAMLOCAL] =
	    FORM_ASKED("direct-streamlocal@openssh.com", STRING(path),
		FORM_RESERVED(STRING), FORM_RESERVED(NUMBER)),
	[SP_CHANNEL_FORWARDED_STREAMLOCAL] =
	    FORM_ASKED("forwarded-streamlocal@openssh.com", STRING(path),
		FORM_RESERVED(STRING)),
	[SP_CHANNEL_TUN] = FORM_ASKED("tun@openssh.com",
	    FORM_BETWEEN(
		struct sp_open, u.tun.mode, SP_TUN_LAYER_3, SP_TUN_LAYER_2),
	    NUMBER(tun.unit)),
};

enum { FORMS = sizeof forms / sizeof forms[0] };

const struct form *
channel_type_form(enum sp_channel_type type)
{
	return form_at(forms, FORMS, type);
}

enum sp_status
sp_open_read(const struct sp_event *event, struct sp_open *open)
{
	size_t row = form_find(forms, FORMS, event->u.channel_open.type);
	struct sp_open got = { .type = (enum sp_channel_type)row };
	enum sp_status status =
	    form_read(&forms[row], event->u.channel_open.data, &got);

	if (status == SP_OK)
		*open = got;
	return status;
}
