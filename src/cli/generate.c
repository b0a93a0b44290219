#include "cli/verb.h"
int cli_generate(const struct options *options) { (void)options; return 0; }
