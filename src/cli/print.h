// From results to standard output.
#pragma once

#include "cli/network.h"
#include "view/view.h"

// A view of the network with the options' taste. The strings of `options` must stay.
struct view print_view(const struct network *network, const struct options *options);
// Prints and releases. Return the exit code.
int print_json(json_t *document);
int print_text(struct text *text);
