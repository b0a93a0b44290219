// The namespaces a lab has made, as a file that is only ever added to: a line with a name before it
// is made, one with `-` in front once it is gone. So whoever has the file open knows them all,
// whoever else writes to it, and a process that is killed leaves nothing unnamed.
#pragma once

#include <stdbool.h>

#include "base/names.h"

// `fd` is open for reading and appending. 0 or -errno.
int spaces_add(int fd, const char *name_space);
// Removes those that are there and not in `kept` (NULL: all). 0 or the first -errno.
int spaces_retain(int fd, const struct names *kept);
// Of the text of such a file from this line on: is the name on it there still? A name whose line
// was not finished is not: it never came to making it.
bool spaces_line_is_made(const char *line);
