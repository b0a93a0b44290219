// Many questions to copies of one world: a forked process is a copy, its answer comes by a pipe.
#pragma once

#include <stddef.h>

#include "base/text.h"

// How many run at a time.
#define COPIES_AT_ONCE 2

// Answers question `index` by changing the world at will and writing bytes to `answer`.
typedef void copies_ask_fn(void *owner, size_t index, struct text *answer);
// Gets the answers in the order of the questions, in the process that asked.
typedef void copies_told_fn(void *owner, size_t index, const char *bytes, size_t length);

// 0, or -errno when a process could not be made or ended otherwise than well; then not all answers
// were told.
int copies_ask(size_t count, copies_ask_fn *ask, copies_told_fn *told, void *owner);
