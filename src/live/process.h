// The processes of a lab: one carries the packets, without privileges; one watches it and cleans up
// after it, however it ends.
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "live/state.h"

enum process_part {
	PROCESS_IS_TO_CARRY, // once it has taken over from another one
	PROCESS_CARRIES,     // the lab ends with it
	PROCESS_CARRIED,     // another one has taken over
};

// What the packet-carrying process tells whoever started the lab: that it runs, or why not.
struct process_start {
	int told; // a pipe's end
	// For a lab that takes over from one that runs; NULL otherwise. `split` is told in each process
	// that doesn't carry the packets: what was handed to the carrier is to be closed. `undo` is
	// told in the watcher when the carrier ended before it had taken over.
	void (*split)(void *owner);
	void (*undo)(void *owner);
	void *owner;
	enum process_part *part; // shared with the watcher
};

// Splits the lab off: its own session, standard output to the log, standard input empty. Returns
// true in the new process that is to carry the packets, whose parent watches over it. In the caller
// returns false once process_tell() was called or the lab ended: *result is 0, or -errno with its
// line in `problem`.
bool process_split(
	struct state *state, struct process_start *start, int *result, struct text *problem);
// `problem` NULL: the lab runs.
void process_tell(struct process_start *start, const char *problem);

// The lab that it takes over from is its own now.
void process_has_taken_over(struct process_start *start);
// Another one's, from now on.
void process_has_handed_over(struct process_start *start);

// Gives up every capability for good. 0 or -errno.
int process_drop_privileges(void);
