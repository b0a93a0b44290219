#include "view/flow.h"

#include "view/trace.h"

static void add_side(const struct view *view, const struct view_flow_side *side, struct text *out) {
	const struct cloud_flow_verdict *verdict = &side->verdict;

	text_printf(
		out, "%s at %s: ", side->is_inbound ? "inbound" : "outbound", view_node(view, side->node));
	if (!side->given) {
		text_add(out, "no security rules of the cloud apply\n");
		return;
	}
	view_colour(view, verdict->allowed ? VIEW_GOOD : VIEW_BAD, out);
	text_add(out, verdict->allowed ? "allowed" : "denied");
	view_colour(view, VIEW_PLAIN, out);
	if (verdict->rule != NULL && verdict->rule[0] != '\0')
		text_printf(out, " by rule %s", verdict->rule);
	if (verdict->group != NULL)
		text_printf(out, " of %s", verdict->group);
	if (view_place(view, verdict->origin) != NULL)
		text_printf(out, " [%s]", view_place(view, verdict->origin));
	text_add_char(out, '\n');
}

void view_flow_text(const struct view *view, const struct view_flow *flow, struct text *out) {
	const struct round_trip *trip = &flow->trip;

	text_printf(out, "%s to %s: ", view_ip(view, flow->question.source),
		view_ip(view, flow->question.destination));
	view_colour(view, trip->reached ? VIEW_GOOD : VIEW_BAD, out);
	text_printf(out, "%s\n", verdict_name(trip->verdict));
	view_colour(view, VIEW_PLAIN, out);
	for (size_t i = 0; i < VIEW_FLOW_SIDES; i++)
		add_side(view, &flow->sides[i], out);
	if (!trip->reached)
		text_printf(out, "%s\n", view_stop(view, trip));
}

json_t *view_flow_json(const struct view *view, const struct view_flow *flow) {
	json_t *object = json_object();
	const struct question *question = &flow->question;

	json_put_text(object, "from", view_node(view, question->from));
	json_put_text(object, "to", question->to != TOPO_NONE ? view_node(view, question->to) : NULL);
	json_put_text(object, "source", view_ip(view, question->source));
	json_put_text(object, "destination", view_ip(view, question->destination));
	json_put_int(object, "protocol", question->protocol);
	json_put_int(object, "sourcePort", question->source_port);
	json_put_int(object, "port", question->destination_port);
	json_put(object, "down", view_down(view));
	json_put_bool(object, "passes", flow->trip.reached);
	json_put_text(object, "verdict", verdict_name(flow->trip.verdict));
	if (!flow->trip.reached)
		json_put(object, "stoppedAt", view_stop_json(view, &flow->trip));
	json_t *rules = json_put_array(object, "rules");
	for (size_t i = 0; i < VIEW_FLOW_SIDES; i++) {
		const struct view_flow_side *side = &flow->sides[i];
		if (!side->given)
			continue;
		json_t *row = json_push_object(rules);
		json_put_text(row, "node", view_node(view, side->node));
		json_put_text(row, "direction", side->is_inbound ? "Inbound" : "Outbound");
		json_put_text(row, "access", side->verdict.allowed ? "Allow" : "Deny");
		json_put_text(row, "rule", side->verdict.rule);
		json_put_text(row, "group", side->verdict.group);
		json_put_text(row, "origin", view_place(view, side->verdict.origin));
	}
	return object;
}

json_t *view_flow_azure(const struct view *view, const struct view_flow *flow) {
	const struct view_flow_side *shown = NULL;
	json_t *object = json_object();

	for (size_t i = 0; i < VIEW_FLOW_SIDES; i++) {
		const struct view_flow_side *side = &flow->sides[i];
		if (side->given && (shown == NULL || shown->verdict.allowed))
			shown = side;
	}
	json_put_text(object, "access", shown == NULL || shown->verdict.allowed ? "Allow" : "Deny");
	json_put_text(object, "ruleName",
		shown != NULL && shown->verdict.rule != NULL ? shown->verdict.rule : "");
	json_put_text(object, "interplaneVerdict", verdict_name(flow->trip.verdict));
	if (shown != NULL)
		json_put_text(object, "interplaneOrigin", view_place(view, shown->verdict.origin));
	return object;
}
