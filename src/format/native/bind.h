// Fills structs from a tree as the tables say, and tells what does not fit.
#pragma once

#include "format/native/field.h"

struct binder {
	struct arena *arena;
	struct diagnostics *mistakes;
	size_t visits; // nodes looked at, aliases followed: at most NATIVE_VISITS_MAX
};

// `base` is a zeroed struct of the object's kind. All mistakes are added; what they are about stays
// zero.
void bind_object(
	struct binder *binder, const struct object *object, const struct tree_node *node, void *base);

// Writes the value of `node` to the member of a field that is neither an object nor a list.
void bind_value(
	struct binder *binder, const struct field *field, const struct tree_node *node, void *member);

// The kind of one item of a list field, and the bytes it takes; a kind that is no list is its own.
enum field_kind bind_item_kind(enum field_kind kind, size_t *bytes);

// ", did you mean …" or a list of what there is, for a word that is none of `words`.
const char *bind_suggestion(
	struct binder *binder, const char *word, const char *const *words, size_t count);
