// What the programs of bench/ share: a stopwatch and the figures they print.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/assert.h"

static inline int64_t measure_now_ns(void) {
	struct timespec now;
	int failed = clock_gettime(CLOCK_MONOTONIC, &now);
	assert(failed == 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// The middle of the values, which are put in order.
static inline double measure_median(double *values, size_t count) {
	assert(count > 0);
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && values[j] < values[j - 1]; j--) {
			double swapped = values[j];
			values[j] = values[j - 1];
			values[j - 1] = swapped;
		}
	return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
