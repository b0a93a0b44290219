// A table from names to numbers 0, 1, 2, … in the order they were added; iteration is that order.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NAME_NONE UINT32_MAX

struct names;

struct names *names_new(void);
void names_free(struct names *names);

// The number of `name`; a new one when it was not there. The text is copied.
uint32_t names_add(struct names *names, const char *name);
// NAME_NONE when unknown.
uint32_t names_find(const struct names *names, const char *name);
const char *names_text(const struct names *names, uint32_t number);
size_t names_count(const struct names *names);

// The known name most like `name` (edit distance at most a third of its length), NULL when none.
const char *names_nearest(const struct names *names, const char *name);
