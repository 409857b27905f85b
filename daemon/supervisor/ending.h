/* The end of everything below: for who asked that nothing lives on. */
#ifndef SP_SUPERVISOR_ENDING_H
#define SP_SUPERVISOR_ENDING_H

/*
 * Ends all children of this process, those that become its children as
 * theirs end (it is a subreaper), and so on: first with SIGHUP and
 * SIGTERM, after half a second with SIGKILL. Blocks until none is left,
 * five seconds at most.
 */
void ending_end_all(void);

#endif
