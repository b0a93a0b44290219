// The processes of a lab: one carries the packets, without privileges; one watches it and cleans up
// after it, however it ends.
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "live/state.h"

// What the packet-carrying process tells whoever started the lab: that it runs, or why not.
struct process_start {
	int told; // a pipe's end
};

// Splits the lab off: its own session, standard output to the log, standard input empty. Returns
// true in the new process that is to carry the packets, whose parent watches over it. In the caller
// returns false once process_tell() was called or the lab ended: *result is 0, or -errno with its
// line in `problem`.
bool process_split(
	struct state *state, struct process_start *start, int *result, struct text *problem);
// `problem` NULL: the lab runs.
void process_tell(struct process_start *start, const char *problem);

// Gives up every capability for good. 0 or -errno.
int process_drop_privileges(void);
