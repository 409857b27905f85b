/*
 * PAM's conversation: its questions go to the client one by one, or are
 * answered with a password that he gave beforehand.
 */
#ifndef SP_PAM_PAMCONV_H
#define SP_PAM_PAMCONV_H

#include <sallyport/module.h>

#include <security/pam_appl.h>

struct pamconv {
	struct sp_login *login; /* borrowed, like all here */
	/*
	 * The only answer there is, to the first question that hides what
	 * is typed; NULL: the client is asked.
	 */
	const char *password;
	const char *new_password; /* while it is changed, what to; or NULL */
	bool is_changing; /* pam_chauthtok() asks */
	bool is_given; /* the password was */
	bool has_failed; /* something was asked that has no answer */
	/* Nobody is asked; a text that cannot be shown is no failure. */
	bool is_session;
};

/* As pam_conv(3) has it; the last argument is a struct pamconv. */
int pamconv_hold(int count, const struct pam_message **, struct pam_response **,
    void *pamconv);

#endif
