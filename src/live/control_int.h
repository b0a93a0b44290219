// What both sides of the control socket do alike.
#pragma once

#include <stddef.h>

// Sends descriptors, a byte with each lot. 0 or -errno.
int control_pass_on(int stream, const int *descriptors, size_t count);
