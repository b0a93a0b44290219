// What the control socket of a running lab is asked, and who answers.
#include "base/names.h"
#include "base/text.h"
#include "cli/lab_int.h"
#include "topo/topo_build.h"

static json_t *answer_down(struct lab *lab, const json_t *request) {
	(void)request;
	// Whose the lab is will show in a moment; then it can be asked again.
	if (lab_is_handing_over(lab))
		return lab_error("lab %s is being reloaded", state_name(lab->state));
	lab->ends = true;
	return json_object();
}

// Of every node: by name, in filters.
static json_t *answer_addresses(struct lab *lab, const json_t *request) {
	const struct topo *topo = lab->network.topo;
	json_t *document = json_object();
	json_t *nodes = json_put_array(document, "nodes");
	(void)request;
	for (uint32_t p = 0; p < topo->port_count; p++) {
		const struct topo_port *port = &topo->ports[p];
		for (size_t i = 0; i < port->address_count; i++) {
			char text[IP_TEXT_BYTES];
			json_t *object = json_push_object(nodes);
			json_put_text(object, "name", topo->nodes[port->node].name);
			json_put_text(object, "address", ip_format(port->addresses[i].address, text));
		}
	}
	return document;
}

static const struct {
	const char *verb;
	json_t *(*answer)(struct lab *lab, const json_t *request);
} requests[] = {
	{"status", lab_answer_status},
	{"link", lab_answer_link},
	{"quality", lab_answer_quality},
	{"routes", lab_answer_routes},
	{"trace", lab_answer_trace},
	{"addresses", answer_addresses},
	{"down", answer_down},
};

json_t *lab_error(const char *format, ...) {
	json_t *answer = json_object();
	struct text text;
	va_list args;
	text_init(&text);
	va_start(args, format);
	text_vprintf(&text, format, args);
	va_end(args);
	json_put_text(answer, "error", text_chars(&text));
	text_done(&text);
	return answer;
}

void lab_asked(void *owner, struct control_caller *caller, const json_t *request) {
	struct lab *lab = owner;
	const char *verb = json_string_value(json_object_get(request, "verb"));
	if (text_equal(verb, "capture")) {
		control_answer(caller, lab_answer_capture(lab, caller, request));
		return;
	}
	if (text_equal(verb, "handover")) {
		lab_answer_handover(lab, caller, request);
		return;
	}
	for (size_t i = 0; verb != NULL && i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (!text_equal(requests[i].verb, verb))
			continue;
		control_answer(caller, requests[i].answer(lab, request));
		return;
	}
	control_answer(caller, lab_error("the lab does not know the request %s", verb ? verb : "null"));
}

void lab_closed(void *owner, struct control_caller *caller) {
	lab_capture_closed(owner, caller);
	lab_handover_closed(owner, caller);
}

static json_t *unknown(const char *what, const char *name, const struct names *known) {
	const char *nearest = name != NULL ? names_nearest(known, name) : NULL;
	if (nearest != NULL)
		return lab_error("there is no %s %s in this lab; did you mean %s?", what, name, nearest);
	return lab_error("there is no %s %s in this lab", what, name != NULL ? name : "of no name");
}

bool lab_read_link(struct lab *lab, const json_t *request, uint32_t *out, json_t **answer) {
	const struct topo *topo = lab->network.topo;
	const char *name = json_string_value(json_object_get(request, "link"));
	uint32_t link = name != NULL ? topo_find_link(topo, name) : TOPO_NONE;
	if (link == TOPO_NONE) {
		*answer = unknown("link", name, topo->link_names);
		return false;
	}
	*out = link;
	return true;
}

bool lab_read_node(
	struct lab *lab, const json_t *request, const char *field, uint32_t *out, json_t **answer) {
	const struct topo *topo = lab->network.topo;
	const char *name = json_string_value(json_object_get(request, field));
	uint32_t node = name != NULL ? topo_find_node(topo, name) : TOPO_NONE;
	if (node == TOPO_NONE) {
		*answer = unknown("host or node", name, topo->node_names);
		return false;
	}
	*out = node;
	return true;
}
