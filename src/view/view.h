// What all views share: the network they speak of, names, places, numbers, colours.
//
// A view prints what analyze computed; it computes nothing. Text goes into a `struct text`, JSON is
// a document the caller writes.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/text.h"
#include "cloud/cloud.h"
#include "forward/drop.h"
#include "topo/topo.h"
#include "world/world.h"

struct question;

struct view {
	const struct topo *topo;
	struct world *world;
	struct cloud *cloud;
	struct arena *arena;     // for what is put together on the way
	const char *const *down; // links and nodes failed before the question, as the user named them
	size_t down_count;
	bool has_colours, explains;
};

enum view_colour {
	VIEW_PLAIN,
	VIEW_GOOD,
	VIEW_BAD,
	VIEW_DIM,
};

void view_colour(const struct view *view, enum view_colour colour, struct text *out);

const char *view_node(const struct view *view, uint32_t node); // "?" for TOPO_NONE
// "interop.yaml:41", in the view's arena; NULL when the origin has no place.
const char *view_place(const struct view *view, uint32_t origin);
// What the origin is in words, with its rule: "route 0.0.0.0/0 of … (AZ-NIC-6)". NULL: nothing
// known.
const char *view_origin_text(const struct view *view, uint32_t origin);
// The words of an address, of IP_NONE "*"; in the view's arena.
const char *view_ip(const struct view *view, struct ip address);
const char *view_prefix(const struct view *view, struct prefix prefix);
// "2.13 ms"; in the view's arena.
const char *view_ms(const struct view *view, int64_t ns);
double view_ms_number(int64_t ns); // for JSON: to the microsecond

// {"code", "text", "origin"} of a drop; `about` completes the text. code "lost" for DROP_COUNT.
json_t *view_reason(const struct view *view, enum drop drop, uint32_t origin, const char *text);
void view_put_nodes(
	const struct view *view, json_t *object, const char *key, const uint32_t *nodes, size_t count);
json_t *view_down(const struct view *view);
// "from", "to", "source", "destination" and what is down.
void view_put_question(const struct view *view, json_t *object, const struct question *question);
// "hub-vm, hub-vpn, branch-vm"
void view_add_nodes(const struct view *view, const uint32_t *nodes, size_t count,
	const char *separator, struct text *out);
