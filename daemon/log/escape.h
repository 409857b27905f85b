/* Bytes of any origin as text that is safe to show. */
#ifndef SP_LOG_ESCAPE_H
#define SP_LOG_ESCAPE_H

#include "lib/wire/writer.h"

/*
 * Printable US-ASCII stays, a backslash is doubled, everything else
 * becomes \xHH; as a word, the space too.
 */
void escape_text(struct writer *, struct sp_view, bool as_word);

/* The same inside a JSON string, without the quotes around it. */
void escape_json(struct writer *, struct sp_view);

#endif
