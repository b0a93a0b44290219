// A YAML file as a tree of maps, lists and scalars with their places, nothing interpreted.
//
// Aliases are resolved to the node they mean, so the tree is a graph without cycles: who walks it
// counts visits. Keys of a map are scalars; one that stands a second time is told, and marked.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diagnostics.h"
#include "base/memory.h"

enum tree_kind {
	TREE_NULL, // nothing written, or null
	TREE_SCALAR,
	TREE_LIST,
	TREE_MAP,
};

struct tree_node {
	enum tree_kind kind;
	bool is_quoted;
	bool is_repeated; // a key that stood in its map before
	struct place place;
	const char *text;          // of scalars: NUL-terminated, without a NUL in it
	struct tree_node **keys;   // of maps
	struct tree_node **values; // of maps and lists
	size_t count;
};

// The file's one document. NULL, with one message added, when there is a syntax mistake or a limit
// is passed. Keys that stand twice are added too; the tree is there all the same.
const struct tree_node *tree_parse(const char *name, const char *chars, size_t length,
	struct arena *arena, struct diagnostics *mistakes);
