// The forms for people: interplane's own, Windows' and Linux'.

#include "view/trace.h"

#define PACKET_BYTES 60 // what Linux' traceroute says it sends

static const char *end_name(const struct view *view, uint32_t node, struct ip address) {
	if (node == TOPO_NONE)
		return view_ip(view, address);
	return arena_printf(view->arena, "%s (%s)", view_node(view, node), view_ip(view, address));
}

static void add_row(const struct view *view, const struct way_row *row, struct text *out) {
	const char *words = view_origin_text(view, row->origin);
	const char *place = view_place(view, row->origin);

	text_printf(out, "       %s: ", view_node(view, row->node));
	if (row->prefix.bits != 0)
		text_printf(out, "%s ", view_prefix(view, row->prefix));
	if (!ip_is_none(row->via))
		text_printf(out, "to %s ", view_ip(view, row->via));
	if (row->hop_count > 1)
		text_printf(out, "(%u of %u equal hops) ", row->hop_index + 1U, row->hop_count);
	if (words != NULL)
		text_printf(out, "by %s ", words);
	if (place != NULL)
		text_printf(out, "[%s]", place);
	text_add_char(out, '\n');
}

static void add_way(
	const struct view *view, const char *title, const struct way *way, struct text *out) {
	text_printf(out, "%s\n", title);
	for (size_t i = 0; i < way->row_count; i++) {
		add_row(view, &way->rows[i], out);
		const char *choice = view_choice(view, &way->rows[i]);
		if (choice != NULL)
			text_printf(out, "         because of %s\n", choice);
	}
}

static void add_hop(const struct view *view, const struct traceroute_hop *hop, struct text *out) {
	int64_t best_ns = -1;

	for (size_t i = 0; i < TRACEROUTE_ATTEMPTS; i++) {
		if (hop->rtt_ns[i] >= 0 && (best_ns < 0 || hop->rtt_ns[i] < best_ns))
			best_ns = hop->rtt_ns[i];
	}
	struct text line;
	text_init(&line);
	text_printf(&line, "%4u  %s ", hop->ttl, view_ip(view, hop->address));
	text_pad_to(&line, 24);
	text_printf(&line, "%s ", view_node(view, hop->node));
	text_pad_to(&line, 42);
	if (best_ns >= 0) {
		text_printf(&line, "%s", view_ms(view, best_ns));
	} else {
		text_printf(
			&line, "%s", hop->silence.drop != DROP_COUNT ? drop_name(hop->silence.drop) : "lost");
		// Where the whole trace stops is told once, below.
		if (hop->silence.is_expired)
			text_printf(&line, "\n       %s", view_silence(view, hop));
	}
	text_printf(out, "%s\n", text_chars(&line));
	text_done(&line);
}

static void add_return(const struct view *view, const struct round_trip *trip, struct text *out) {
	uint32_t *stops;

	if (!trip->has_back)
		return;
	size_t count = way_stops(&trip->back, view->arena, &stops);
	text_add(out, "back: ");
	view_add_nodes(view, stops, count, ", ", out);
	if (trip->reached)
		text_add(out, trip->is_symmetric ? " (the same way)" : " (another way)");
	text_add_char(out, '\n');
}

void view_trace_text(const struct view *view, const struct traceroute *trace, struct text *out) {
	const struct round_trip *whole = &trace->whole;

	text_printf(out, "%s to %s: ", end_name(view, whole->question.from, whole->question.source),
		end_name(view, whole->question.to, whole->question.destination));
	view_colour(view, whole->reached ? VIEW_GOOD : VIEW_BAD, out);
	text_add(out, verdict_name(whole->verdict));
	view_colour(view, VIEW_PLAIN, out);
	if (whole->reached)
		text_printf(out, ", %s", view_ms(view, whole->rtt_ns));
	text_add_char(out, '\n');
	for (size_t i = 0; i < trace->hop_count; i++)
		add_hop(view, &trace->hops[i], out);
	add_return(view, whole, out);
	if (!whole->reached)
		text_printf(out, "%s\n", view_stop(view, whole));
	if (!view->explains)
		return;
	add_way(view, "there, row by row:", &whole->forward, out);
	if (whole->has_back)
		add_way(view, "back, row by row:", &whole->back, out);
}

static void add_tracert_time(int64_t rtt_ns, struct text *out) {
	if (rtt_ns < 0)
		text_add(out, "     *   ");
	else if (rtt_ns < MS_NS)
		text_add(out, "    <1 ms");
	else
		text_printf(out, "%6lld ms", (long long)(rtt_ns / MS_NS));
}

static bool is_unreachable(const struct traceroute_hop *hop) {
	return !ip_is_none(hop->address) && !hop->is_destination && !hop->is_expired;
}

void view_trace_tracert(const struct view *view, const struct traceroute *trace, struct text *out) {
	const char *destination = view_ip(view, trace->whole.question.destination);
	bool has_ended = false;

	text_printf(out, "\nTracing route to %s over a maximum of %d hops\n\n", destination,
		TRACEROUTE_HOPS_MAX);
	for (unsigned ttl = 1; ttl <= TRACEROUTE_HOPS_MAX && !has_ended; ttl++) {
		if (ttl > trace->hop_count) {
			text_printf(out, "%3u     *        *        *     Request timed out.\n", ttl);
			continue;
		}
		const struct traceroute_hop *hop = &trace->hops[ttl - 1];
		text_printf(out, "%3u", ttl);
		for (size_t i = 0; i < TRACEROUTE_ATTEMPTS; i++)
			add_tracert_time(hop->rtt_ns[i], out);
		if (ip_is_none(hop->address))
			text_add(out, "  Request timed out.\n");
		else if (is_unreachable(hop))
			text_printf(
				out, "  %s  reports: Destination net unreachable.\n", view_ip(view, hop->address));
		else
			text_printf(out, "  %s\n", view_ip(view, hop->address));
		has_ended = hop->is_destination || is_unreachable(hop);
	}
	text_add(out, "\nTrace complete.\n");
}

static void add_linux_hop(
	const struct view *view, const struct traceroute_hop *hop, struct text *out) {
	bool is_named = false;

	for (size_t i = 0; i < TRACEROUTE_ATTEMPTS; i++) {
		if (hop->rtt_ns[i] < 0) {
			text_add(out, " *");
			continue;
		}
		const char *address = view_ip(view, hop->address);
		if (!is_named)
			text_printf(out, " %s (%s)", address, address);
		is_named = true;
		text_printf(out, "  %.3f ms", (double)hop->rtt_ns[i] / 1e6);
		if (is_unreachable(hop))
			text_add(out, " !N");
	}
}

void view_trace_traceroute(
	const struct view *view, const struct traceroute *trace, struct text *out) {
	const struct question *question = &trace->whole.question;
	const char *address = view_ip(view, question->destination);
	bool has_ended = false;

	text_printf(out, "traceroute to %s (%s), %d hops max, %d byte packets\n",
		question->to != TOPO_NONE ? view_node(view, question->to) : address, address,
		TRACEROUTE_HOPS_MAX, PACKET_BYTES);
	for (unsigned ttl = 1; ttl <= TRACEROUTE_HOPS_MAX && !has_ended; ttl++) {
		text_printf(out, "%2u ", ttl);
		if (ttl > trace->hop_count) {
			text_add(out, " * * *\n");
			continue;
		}
		const struct traceroute_hop *hop = &trace->hops[ttl - 1];
		add_linux_hop(view, hop, out);
		text_add_char(out, '\n');
		has_ended = hop->is_destination || is_unreachable(hop);
	}
}

static void add_one_way(const struct view *view, const struct way *way, struct text *out) {
	uint32_t *stops;
	size_t count = way_stops(way, view->arena, &stops);

	text_add(out, "  ");
	view_add_nodes(view, stops, count, ", ", out);
	if (way->end == WAY_DROPPED)
		text_printf(out, ": %s at %s", drop_name(way->drop), view_node(view, way->end_node));
	text_add_char(out, '\n');
}

void view_ways_text(const struct view *view, const char *title, const struct explored_ways *ways,
	struct text *out) {
	text_printf(out, "%s: %zu%s\n", title, ways->count, ways->is_cut_off ? " and more" : "");
	for (size_t i = 0; i < ways->count; i++)
		add_one_way(view, &ways->ways[i], out);
}
