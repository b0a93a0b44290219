// Time as protocols see it: a point on a loop's clock, in nanoseconds since the loop began.
// It never mixes with wall time. Durations are plain int64_t and end in `_ns`.
#pragma once

#include <stdint.h>

typedef struct {
	int64_t ns;
} instant;

#define US_NS INT64_C(1000)
#define MS_NS INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)

// Later than any point a loop reaches.
#define INSTANT_NEVER ((instant){INT64_MAX})

static inline instant instant_add(instant t, int64_t duration_ns) {
	return (instant){t.ns + duration_ns};
}

// How long after `from` is `to`; negative when it is before.
static inline int64_t instant_since(instant to, instant from) {
	return to.ns - from.ns;
}

static inline int instant_compare(instant a, instant b) {
	return a.ns < b.ns ? -1 : a.ns > b.ns;
}
