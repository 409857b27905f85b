/* What lines with keys are cut with. */
#ifndef SP_PUBKEY_PUBLICLINE_H
#define SP_PUBKEY_PUBLICLINE_H

#include <sallyport/types.h>

/* Without its newline, and without what stands blank on either side. */
struct sp_view publicline_trim(struct sp_view line);

/* Takes the next word off; empty at the end of the line. */
struct sp_view publicline_take_word(struct sp_view *rest);

#endif
