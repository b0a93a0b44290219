// Fills structs from a tree as the tables say, and tells what does not fit.
#pragma once

#include "format/native/field.h"

struct binder {
	struct arena *arena;
	struct diagnostics *mistakes;
	size_t visits; // nodes looked at, aliases followed: at most NATIVE_VISITS_MAX
	size_t told;   // mistakes, each as often as it was met
};

// `base` is a zeroed struct of the object's kind. All mistakes are added; what they are about stays
// zero, or is left out of its list, and is marked as doubtful (base/marks.h). Where each value
// stands is marked too.
void bind_object(
	struct binder *binder, const struct object *object, const struct tree_node *node, void *base);

// Writes the value of `node` to the member of a field that is neither an object nor a list. False
// when it is mistaken.
bool bind_value(
	struct binder *binder, const struct field *field, const struct tree_node *node, void *member);

// The kind of one item of a list field, and the bytes it takes; a kind that is no list is its own.
enum field_kind bind_item_kind(enum field_kind kind, size_t *bytes);

void bind_mistake(struct binder *binder, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Of `words`, the one that `word` is most like; NULL: none is near.
const char *bind_nearest(const char *word, const char *const *words, size_t count);
// ", did you mean …" or a list of what there is, for a word that is none of `words`.
const char *bind_suggestion(
	struct binder *binder, const char *word, const char *const *words, size_t count);
