/*
 * What is said after the supervisor's end: gates finish with their
 * strangers, logins become sessions, and sessions live for days. A child
 * of the supervisor listens to them, writes the log, and ends with the last
 * of them. It knows nothing else and is told nothing.
 */
#ifndef SP_SUPERVISOR_EPILOGUE_H
#define SP_SUPERVISOR_EPILOGUE_H

#include "daemon/supervisor/logsource.h"

/*
 * Leaves the sink's sockets to a child, and closes them here. All else that
 * must not outlive the supervisor has been closed before, and the base has
 * no events but the sink's. False with errno set where there is no child.
 */
SP_MUST_USE bool epilogue_begin(struct logsource_sink *);

#endif
