// A traceroute in five forms.
#pragma once

#include "analyze/explore.h"
#include "analyze/traceroute.h"
#include "view/view.h"

void view_trace_text(const struct view *view, const struct traceroute *trace, struct text *out);
void view_trace_tracert(const struct view *view, const struct traceroute *trace,
	struct text *out); // as Windows prints it
void view_trace_traceroute(const struct view *view, const struct traceroute *trace,
	struct text *out); // as Linux prints it
json_t *view_trace_json(const struct view *view, const struct traceroute *trace);
json_t *view_trace_azure(const struct view *view, const struct traceroute *trace);

// Why a hop is silent, in words; in the view's arena.
const char *view_silence(const struct view *view, const struct traceroute_hop *hop);
// The origin that stands for a silence: its own, else of the node.
uint32_t view_silence_origin(const struct view *view, const struct traceroute_hop *hop);
// Where and why a question stopped, in words; in the view's arena.
const char *view_stop(const struct view *view, const struct round_trip *trip);
json_t *view_stop_json(const struct view *view, const struct round_trip *trip);

// Why the routing table of the row's node chose as it did, where neighbours offered a choice; NULL
// where there was none.
const char *view_choice(const struct view *view, const struct way_row *row);

// Every way of both directions, as --all-paths prints them.
void view_ways_text(
	const struct view *view, const char *title, const struct explored_ways *ways, struct text *out);
json_t *view_ways_json(const struct view *view, const struct explored_ways *ways);
