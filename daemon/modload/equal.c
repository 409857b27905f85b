/* Comparing strings that may be secret: sp_equal() of module.h. */
#include "lib/wire/view.h"

#include <sallyport/module.h>

bool
sp_equal(const char *a, const char *b)
{
	return view_equal_secret(view_of_string(a), view_of_string(b));
}
