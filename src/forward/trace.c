#include "forward/trace.h"

#include <stdlib.h>

#include "base/memory.h"

struct trace *trace_new(void) {
	return memory_alloc(sizeof(struct trace));
}

// Each answer may have an answer of its own, but errors about errors are never made, so the chain
// is short; freed by a loop all the same.
void trace_free(struct trace *trace) {
	while (trace != NULL) {
		struct trace *child = trace->child;
		free(trace->records);
		free(trace);
		trace = child;
	}
}

void trace_add(struct trace *trace, const struct trace_record *record) {
	if (trace->count >= TRACE_RECORDS_MAX) {
		trace->left_out++;
		return;
	}
	trace->records =
		array_grow(trace->records, &trace->room, trace->count, sizeof(*trace->records));
	trace->records[trace->count++] = *record;
}
