/*
 * What a module may call: named here so that the linker keeps it in the
 * program, and exports it. The declarations are in module.h and key.h.
 */
#include <sallyport/key.h>
#include <sallyport/module.h>

#define KEEP(function) (void (*)(void))(function)

__attribute__((used)) static void (*const exports[])(void) = {
	KEEP(sp_argv),
	KEEP(sp_ask),
	KEEP(sp_chan_alloc),
	KEEP(sp_chan_env),
	KEEP(sp_chan_exit),
	KEEP(sp_chan_expand),
	KEEP(sp_chan_get),
	KEEP(sp_chan_kill),
	KEEP(sp_chan_log_refusal),
	KEEP(sp_chan_log_run),
	KEEP(sp_chan_make_env),
	KEEP(sp_chan_pty),
	KEEP(sp_chan_start),
	KEEP(sp_chan_state),
	KEEP(sp_chan_write),
	KEEP(sp_check_program),
	KEEP(sp_equal),
	KEEP(sp_key_find_line),
	KEEP(sp_key_fingerprint),
	KEEP(sp_key_line_blob),
	KEEP(sp_key_line_is),
	KEEP(sp_key_parse_line),
	KEEP(sp_log),
	KEEP(sp_login_expand),
	KEEP(sp_login_get),
	KEEP(sp_login_open),
	KEEP(sp_login_set_identity),
	KEEP(sp_login_state),
	KEEP(sp_match_any),
	KEEP(sp_match_words),
	KEEP(sp_open_beneath),
	KEEP(sp_status_name),
	KEEP(sp_status_text),
	KEEP(sp_tell),
};
