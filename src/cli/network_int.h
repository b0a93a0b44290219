// What the files that make up a network's opening share.
#pragma once

#include "cli/network.h"

// One --event, running on the loop.
struct network_event {
	struct network *network;
	struct timer timer;
	int64_t at_ns;
	uint32_t link, one_way;
	enum world_fault fault;
	char **quality_words; // of `set`, checked
	size_t quality_count; // 0: a fault
};

// Reads --event texts. EXIT_DONE or EXIT_WRONG_USE after a message.
int network_read_events(struct network *network, const struct options *options);
void network_start_events(struct network *network);
int network_find_link(const struct network *network, const char *name, uint32_t *out);
// --capture with --filter and --snaplen. EXIT_DONE, or the exit code after a message.
int network_start_capture(struct network *network, const struct options *options);
void network_end_capture(struct network *network);
