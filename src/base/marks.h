// What is known of values that were loaded from a user's input, beside the values themselves: where
// each stands, and whether it was mistaken, so that nothing may be concluded from it.
//
// A value is known by the address of the member, or of the item of an array, that holds it. Later
// stages ask before they blame: a machine is not outside of a subnet whose own range was mistaken.
// Only membership is asked, never an order, so addresses do not reach any output.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diagnostics.h"

struct marks;

struct marks *marks_new(void);
void marks_free(struct marks *marks);

// The place of the value that `member` holds; the last one given stays.
void marks_place_set(struct marks *marks, const void *member, struct place place);
// `otherwise` when none was given.
struct place marks_place(const struct marks *marks, const void *member, struct place otherwise);

// What `member` holds is not what the user meant: a mistake about it has been told.
void marks_doubt(struct marks *marks, const void *member);
bool marks_is_doubtful(const struct marks *marks, const void *member);

// What is known of a struct's members, and of itself, is known of its copy: `size_bytes` from `to`.
void marks_copy(struct marks *marks, const void *from, const void *to, size_t size_bytes);
