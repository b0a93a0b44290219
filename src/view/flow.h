// May a flow pass: rules and routes per direction; and the boxes of headers of an exhaustive walk.
#pragma once

#include "analyze/ask.h"
#include "analyze/scope.h"
#include "view/view.h"

// One side's rules about one direction; `given` is false at hosts that are none of the cloud's.
struct view_flow_side {
	bool given;
	bool is_inbound, is_reply;
	uint32_t node;
	struct cloud_flow_verdict verdict;
};

#define VIEW_FLOW_SIDES 2

struct view_flow {
	struct question question;
	struct view_flow_side
		sides[VIEW_FLOW_SIDES]; // outbound at the source, inbound at the destination
	struct round_trip trip;
};

void view_flow_text(const struct view *view, const struct view_flow *flow, struct text *out);
json_t *view_flow_json(const struct view *view, const struct view_flow *flow);
// VerificationIPFlowResult of the side that denies, else of the last.
json_t *view_flow_azure(const struct view *view, const struct view_flow *flow);

void view_scope_text(
	const struct view *view, const struct scope_regions *regions, struct text *out);
json_t *view_scope_json(
	const struct view *view, uint32_t from, const struct scope_regions *regions);
