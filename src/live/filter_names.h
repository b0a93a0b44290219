// The network's own names in a filter's expression. libpcap knows none of them: it would ask the
// machine's resolver, which knows others, and sends the question out.
#pragma once

#include <stddef.h>

#include "base/text.h"

struct filter_host {
	const char *name;
	const char *address; // as text; a name with several stands in the list several times
};

struct filter_hosts {
	const struct filter_host *items;
	size_t count;
};

// The expression with addresses in place of names: `host`, `src` and `dst` take them, and so does
// each further one behind "and" or "or". -EINVAL, after a line in `problem`: nobody has the name
// behind `host`.
int filter_put_addresses(const char *expression, const struct filter_hosts *hosts, struct text *out,
	struct text *problem);
