#include "cli/print.h"
#include "cli/verb.h"
#include "format/native/native.h"

int cli_schema(const struct options *options) {
	(void)options;
	return print_json(native_schema());
}
