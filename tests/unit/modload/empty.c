/* A shared object that is no module: it has no sp_module. */
#include <sallyport/types.h>

SP_PUBLIC extern const int not_a_module;
const int not_a_module = 1;
