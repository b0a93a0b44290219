// Closing many descriptors whose closing takes the kernel time. A TAP device waits for every
// processor to have let go of it, some 20 ms; many together wait for the same moment.
#pragma once

#include <stddef.h>

// Returns once all of them are closed.
void release_all(const int *fds, size_t count);
