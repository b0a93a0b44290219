// The decision process over the paths of one prefix: an elimination step by step, as RFC 4271 9.1.2
// describes it, so that a MED only ever acts inside its own neighbouring AS.
#pragma once

#include "route/rib.h"

// Puts the paths into order, sets lost_by, and returns how many at the front are in use. The result
// does not depend on the order they come in.
uint16_t decide_order(const struct decision *decision, struct path **paths, uint16_t count);

// Negative when `a` is better at this step.
int decide_step_compare(enum decide_by by, const struct path *a, const struct path *b);
// Negative when `a` is better by all steps, taken by themselves, and the last tie-breaks.
int decide_compare(const struct decision *decision, const struct path *a, const struct path *b);
bool decide_is_eligible(const struct path *path);
// Neighbouring AS, whose paths' MEDs compare; 0 for paths from inside.
uint32_t decide_neighbor_as(const struct path *path);
uint32_t decide_local_preference(const struct path *path);
uint32_t decide_metric(const struct path *path);
uint32_t decide_med(const struct path *path);
