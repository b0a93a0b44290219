#include "analyze/ping.h"

#include "view/matrix.h"

// What this direction's SYN lets the other end send.
static const char *mss(const struct view *view, const struct ping_row *row) {
	if (row->mss_bytes == 0)
		return "";
	return arena_printf(
		view->arena, ", MSS lowered to %u by %s", row->mss_bytes, view_node(view, row->mss_node));
}

static const char *row_result(const struct view *view, const struct ping_row *row) {
	if (row->answered)
		return arena_printf(
			view->arena, "answered in %s%s", view_ms(view, row->rtt_ns), mss(view, row));
	if (row->mtu_bytes != 0)
		return arena_printf(view->arena, "%s: packet too big for a link of %u bytes",
			view_ip(view, row->error_by), row->mtu_bytes);
	return arena_printf(view->arena, "lost: %s%s at %s", row->stopped_on_return ? "answer, " : "",
		row->drop != DROP_COUNT ? drop_name(row->drop) : "lost",
		view_node(view, row->stopped_node));
}

static void add_path(
	const struct view *view, const struct ping *ping, size_t number, struct text *out) {
	const struct ping_path *path = &ping->paths[number];

	text_printf(out, "path %zu: ", number + 1);
	view_add_nodes(view, path->stops, path->stop_count, ", ", out);
	text_add(out, "; back: ");
	view_add_nodes(view, path->back, path->back_count, ", ", out);
	text_printf(out, "\n  %u packets, %u answered, first at %s, last at %s\n", path->packets,
		path->answered, view_ms(view, path->first_sent_ns), view_ms(view, path->last_sent_ns));
}

void view_ping_text(const struct view *view, const struct ping *ping, struct text *out) {
	text_printf(out, "ping %s from %s\n", view_ip(view, ping->question.destination),
		view_ip(view, ping->question.source));
	for (size_t i = 0; i < ping->row_count; i++) {
		const struct ping_row *row = &ping->rows[i];
		text_printf(out, "%5u  at %10.3f s  path %u  %s\n", row->sequence,
			(double)row->sent_ns / 1e9, row->path + 1, row_result(view, row));
	}
	for (size_t i = 0; i < ping->path_count; i++)
		add_path(view, ping, i, out);
	text_printf(out, "%zu sent, %zu answered, %zu lost", ping->row_count, ping->answered,
		ping->row_count - ping->answered);
	if (ping->answered != 0)
		text_printf(out, ", round trip %s to %s, mean %s", view_ms(view, ping->min_ns),
			view_ms(view, ping->max_ns), view_ms(view, ping->avg_ns));
	if (ping->longest_outage_ns > 0)
		text_printf(out, ", longest outage %s", view_ms(view, ping->longest_outage_ns));
	text_add_char(out, '\n');
}

static json_t *path_json(const struct view *view, const struct ping_path *path) {
	json_t *object = json_object();

	view_put_nodes(view, object, "nodes", path->stops, path->stop_count);
	view_put_nodes(view, object, "returnNodes", path->back, path->back_count);
	json_put_int(object, "packets", path->packets);
	json_put_int(object, "answered", path->answered);
	json_put_real(object, "firstSentMs", view_ms_number(path->first_sent_ns));
	json_put_real(object, "lastSentMs", view_ms_number(path->last_sent_ns));
	return object;
}

static json_t *row_json(const struct view *view, const struct ping_row *row) {
	json_t *object = json_object();

	json_put_int(object, "sequence", row->sequence);
	json_put_real(object, "sentMs", view_ms_number(row->sent_ns));
	json_put_bool(object, "answered", row->answered);
	json_put_bool(object, "lost", !row->answered);
	json_put(object, "rttMs", row->answered ? json_real(view_ms_number(row->rtt_ns)) : json_null());
	json_put_text(object, "verdict", verdict_name(row->verdict));
	json_put_int(object, "path", row->path);
	if (row->mss_bytes != 0) {
		json_put_int(object, "mss", row->mss_bytes);
		json_put_text(object, "mssBy", view_node(view, row->mss_node));
	}
	if (row->answered)
		return object;
	json_put_text(object, "stoppedAt", view_node(view, row->stopped_node));
	json_put_text(object, "direction", row->stopped_on_return ? "return" : "forward");
	json_put_text(object, "reason", row->drop != DROP_COUNT ? drop_name(row->drop) : "lost");
	json_put_text(object, "origin", view_place(view, row->origin));
	if (row->mtu_bytes != 0)
		json_put_int(object, "mtu", row->mtu_bytes);
	return object;
}

json_t *view_ping_json(const struct view *view, const struct ping *ping) {
	json_t *object = json_object();
	const struct question *question = &ping->question;

	view_put_question(view, object, question);
	json_put_int(object, "sent", (long long)ping->row_count);
	json_put_int(object, "answered", (long long)ping->answered);
	json_put_int(object, "lost", (long long)(ping->row_count - ping->answered));
	if (ping->answered != 0) {
		json_put_real(object, "minMs", view_ms_number(ping->min_ns));
		json_put_real(object, "avgMs", view_ms_number(ping->avg_ns));
		json_put_real(object, "maxMs", view_ms_number(ping->max_ns));
	}
	json_put_real(object, "longestOutageMs", view_ms_number(ping->longest_outage_ns));
	json_t *paths = json_put_array(object, "paths");
	for (size_t i = 0; i < ping->path_count; i++)
		json_push(paths, path_json(view, &ping->paths[i]));
	json_t *rows = json_put_array(object, "rows");
	for (size_t i = 0; i < ping->row_count; i++)
		json_push(rows, row_json(view, &ping->rows[i]));
	return object;
}
