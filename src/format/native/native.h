// interplane's own topology file: YAML 1.2, of which JSON is a subset.
//
// One set of tables (tables.h) drives reading, the JSON Schema and the reference in
// docs/topology.md, so the three can't disagree.
#pragma once

#include <stddef.h>

#include "base/diagnostics.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "format/format.h"

// What a file may not exceed: room for 20 hubs, 1,000 spokes and 20 sites with 200 prefixes each,
// four times over, and a bound on what a hostile file can cost.
#define NATIVE_BYTES_MAX ((size_t)16 << 20)
#define NATIVE_NODES_MAX 500000   // scalars, maps and lists written in the file
#define NATIVE_VISITS_MAX 1000000 // the same after following aliases
#define NATIVE_DEPTH_MAX 32

// Reads a file. All it makes lives in `arena`. -EINVAL when the file has mistakes, which are then
// in `mistakes`; another -errno, with a message there, when it could not be read. *out is set only
// on success.
int native_load(
	const char *path, struct arena *arena, struct network_file **out, struct diagnostics *mistakes);
// The same from memory; `name` stands for the file in messages.
struct native_text {
	const char *name, *chars;
	size_t length;
};

int native_load_text(const struct native_text *text, struct arena *arena, struct network_file **out,
	struct diagnostics *mistakes);

// As far as a file can be read: 0 and *out also when it has mistakes, as long as it is YAML within
// the limits. What is mistaken is left out and marked (base/marks.h), so that later stages can tell
// their own mistakes in the same go. Nothing may be run while `mistakes` holds an error.
int native_read(
	const char *path, struct arena *arena, struct network_file **out, struct diagnostics *mistakes);
int native_read_text(const struct native_text *text, struct arena *arena, struct network_file **out,
	struct diagnostics *mistakes);

// The JSON Schema (draft 2020-12) of the file. The caller owns it.
json_t *native_schema(void);
// The reference of every key, as Markdown.
void native_reference(struct text *out);
