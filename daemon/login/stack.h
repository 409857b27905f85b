/* The stack that a session has from its login. */
#ifndef SP_LOGIN_STACK_H
#define SP_LOGIN_STACK_H

/*
 * Gives back the pages below the caller's frame, with all that those who
 * have returned left there: a login goes deeper than a session, which would
 * hold them for as long as it lives.
 */
void stack_release(void);

#endif
