/* Modules' log lines, under the name of the group they serve. */
#include "daemon/modload/modlog.h"

#include "daemon/log/log.h"

#include <sallyport/module.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

enum { LINE_SIZE = 1024 };

/* One thread, one call at a time. */
static const char *speaker;

void
modlog_set_speaker(const char *group)
{
	speaker = group;
}

static enum log_event
event_of(int priority)
{
	if (priority <= LOG_ERR)
		return EVENT_MODULE_ERROR;
	if (priority == LOG_WARNING)
		return EVENT_MODULE_WARNING;
	if (priority == LOG_NOTICE)
		return EVENT_MODULE_NOTICE;
	return priority == LOG_INFO ? EVENT_MODULE_INFO : EVENT_MODULE_DEBUG;
}

void
sp_log(int priority, const char *event, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	log_event(event_of(priority),
	    LOG_FIELDS(log_text(FIELD_MODULE, speaker == NULL ? "-" : speaker),
		log_text(FIELD_DETAIL, event), log_text(FIELD_REASON, line)));
}
