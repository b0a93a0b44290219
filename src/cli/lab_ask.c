// `lab routes`, `lab trace`: questions that the running network answers itself.
#include <unistd.h>

#include "analyze/traceroute.h"
#include "base/text.h"
#include "cli/lab_int.h"
#include "cli/print.h"
#include "view/routes.h"
#include "view/trace.h"

// A view for one answer; its arena is the answer's.
static struct view view_of(const struct lab *lab, const json_t *request, struct arena *arena) {
	return (struct view){
		.topo = lab->network.topo,
		.world = lab->network.world,
		.cloud = lab->network.cloud,
		.arena = arena,
		.has_colours = json_is_true(json_object_get(request, "colours")),
		.explains = json_is_true(json_object_get(request, "explain")),
	};
}

static bool wants(const json_t *request, const char *format) {
	return text_equal(json_string_value(json_object_get(request, "format")), format);
}

static json_t *text_answer(struct text *text) {
	json_t *answer = json_object();
	json_put_text(answer, "text", text_chars(text));
	text_done(text);
	return answer;
}

static json_t *document_answer(json_t *document) {
	json_t *answer = json_object();
	json_put(answer, "document", document);
	return answer;
}

static json_t *rib_document(const struct view *view, uint32_t node, bool has_rib) {
	json_t *document = has_rib ? view_rib_json(view, node) : json_object();
	json_put_text(document, "node", view_node(view, node));
	json_put(document, "forwarding", view_fib_json(view, node));
	return document;
}

static json_t *effective_answer(const struct view *view, const json_t *request, uint32_t node) {
	struct cloud_route_row *rows;
	struct view_effective effective = {.host = view_node(view, node)};
	struct cloud_question at = {view->world, node, NULL, view->arena};
	if (view->cloud->ops->effective_routes(view->cloud, &at, &rows, &effective.count) < 0)
		return NULL;
	effective.rows = rows;
	if (wants(request, "json"))
		return document_answer(view_effective_json(view, &effective));
	struct text text;
	text_init(&text);
	view_effective_text(view, &effective, &text);
	return text_answer(&text);
}

static json_t *rib_answer(const struct view *view, const json_t *request, uint32_t node) {
	bool has_rib = world_rib(view->world, node) != NULL;
	if (wants(request, "json"))
		return document_answer(rib_document(view, node, has_rib));
	struct text text;
	text_init(&text);
	if (has_rib) {
		view_rib_text(view, node, &text);
		text_add_char(&text, '\n');
	}
	view_fib_text(view, node, &text);
	return text_answer(&text);
}

json_t *lab_answer_routes(struct lab *lab, const json_t *request) {
	struct arena *arena = arena_new();
	struct view view = view_of(lab, request, arena);
	json_t *answer = NULL;
	uint32_t node;
	if (lab_read_node(lab, request, "where", &node, &answer)) {
		if (lab->network.topo->nodes[node].bgp == NULL)
			answer = effective_answer(&view, request, node);
		if (answer == NULL)
			answer = rib_answer(&view, request, node);
	}
	arena_free(arena);
	return answer;
}

static json_t *trace_answer(
	const struct view *view, const json_t *request, const struct traceroute *trace) {
	if (wants(request, "json"))
		return document_answer(view_trace_json(view, trace));
	struct text text;
	text_init(&text);
	if (wants(request, "tracert"))
		view_trace_tracert(view, trace, &text);
	else if (wants(request, "traceroute"))
		view_trace_traceroute(view, trace, &text);
	else
		view_trace_text(view, trace, &text);
	return text_answer(&text);
}

static uint16_t port_of(const json_t *request, const char *field) {
	return (uint16_t)json_integer_value(json_object_get(request, field));
}

// The probes start at the host's place in the world, and are answered there: the host itself sees
// nothing of them.
json_t *lab_answer_trace(struct lab *lab, const json_t *request) {
	json_t *answer = NULL;
	uint32_t from, to;
	if (!lab_read_node(lab, request, "from", &from, &answer) ||
		!lab_read_node(lab, request, "to", &to, &answer))
		return answer;
	struct question_flow flow = {
		.protocol = (uint8_t)port_of(request, "protocol"),
		.port = port_of(request, "port"),
		.source_port = port_of(request, "sourcePort"),
		.prefer_v6 = json_is_true(json_object_get(request, "ipv6")),
	};
	struct question question;
	if (question_between(lab->network.topo, from, to, &flow, &question) < 0)
		return lab_error("the two have no address family in common");
	struct arena *arena = arena_new();
	struct view view = view_of(lab, request, arena);
	struct traceroute trace;
	traceroute_run(lab->network.world, &question, arena, &trace);
	answer = trace_answer(&view, request, &trace);
	arena_free(arena);
	return answer;
}

static json_t *request_of(const struct options *options, const char *verb) {
	json_t *request = json_object();
	json_put_text(request, "verb", verb);
	json_put_text(request, "format", options->format);
	json_put_bool(request, "colours", isatty(STDOUT_FILENO));
	json_put_bool(request, "explain", options_has(options, OPTION_EXPLAIN));
	return request;
}

static int print_answer(const struct options *options, json_t *request) {
	json_t *answer = NULL;
	int exit_code = lab_ask(options, request, &answer);
	if (exit_code != EXIT_DONE)
		return exit_code;
	json_t *document = json_object_get(answer, "document");
	const char *text = json_string_value(json_object_get(answer, "text"));
	if (document != NULL)
		exit_code = print_json(json_incref(document));
	else if (text != NULL)
		fputs(text, stdout);
	json_decref(answer);
	return exit_code;
}

int lab_routes(const struct options *options) {
	json_t *request = request_of(options, "routes");
	json_put_text(request, "where", options->positional[0]);
	return print_answer(options, request);
}

int lab_trace(const struct options *options) {
	json_t *request = request_of(options, "trace");
	json_put_text(request, "from", options->positional[0]);
	json_put_text(request, "to", options->positional[1]);
	json_put_int(request, "protocol", options->flow.protocol);
	json_put_int(request, "port", options->flow.port);
	json_put_int(request, "sourcePort", options->flow.source_port);
	json_put_bool(request, "ipv6", options->flow.prefer_v6);
	return print_answer(options, request);
}
