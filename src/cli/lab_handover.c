// A running lab hands over to the process that `lab reload` has made: what it knows of its hosts
// and links, the descriptors of their devices, flows, captures. Until the successor has taken over
// (state.h) nothing is lost here, and when it never does the lab goes on.
//
// On one connection: `begin` tells all that is known; `descriptors` passes what belongs to the
// answer before. `stop` leaves the hosts' packets in their devices, and tells what is known by
// then. When the connection closes, it shows in the state whose the lab is.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/lab_int.h"
#include "forward/flow_table.h"
#include "topo/topo_build.h"

// Packets on their way in this process's world still arrive: as long as this.
#define DRAIN_NS SECOND_NS
#define LENT_MAX (CONTROL_CALLERS_MAX * LAB_LENT_DESCRIPTORS)

struct lab_handover {
	struct control_caller *successor;
	struct timer drain;
	bool has_stopped, is_over;
	bool passes_captures; // else the devices
	int lent[LENT_MAX];   // of captures
	size_t lent_count;
};

static void put_flow(void *owner, const struct flow_key *key, instant used) {
	json_t *flow = json_push_array(owner);
	char ip[IP_TEXT_BYTES];
	json_push_text(flow, ip_format(key->source, ip));
	json_push_text(flow, ip_format(key->destination, ip));
	json_push_int(flow, key->protocol);
	json_push_int(flow, key->is_fragment);
	json_push_int(flow, key->source_port);
	json_push_int(flow, key->destination_port);
	json_push_int(flow, used.ns);
}

// By the node's name and the port's.
static void put_flows(struct lab *lab, json_t *document) {
	const struct topo *topo = lab->network.topo;
	json_t *ports = json_put_array(document, "flows");
	json_put_int(document, "atNs", loop_now(lab->network.loop).ns);
	for (uint32_t i = 0; i < topo->port_count; i++) {
		const struct port *port = world_port(lab->network.world, i);
		if (port->flows == NULL || flow_table_count(port->flows) == 0)
			continue;
		json_t *object = json_push_object(ports);
		json_put_text(object, "node", topo->nodes[topo->ports[i].node].name);
		json_put_text(object, "port", topo->ports[i].name);
		flow_table_walk(port->flows, put_flow, json_put_array(object, "flows"));
	}
}

static uint32_t find_port(const struct topo *topo, const json_t *object) {
	const char *name = json_string_value(json_object_get(object, "port"));
	const char *node_name = json_string_value(json_object_get(object, "node"));
	uint32_t node = node_name != NULL ? topo_find_node(topo, node_name) : TOPO_NONE;
	for (size_t i = 0; node != TOPO_NONE && i < topo->nodes[node].port_count; i++) {
		uint32_t port = topo->nodes[node].ports[i];
		if (text_equal(topo->ports[port].name, name))
			return port;
	}
	return TOPO_NONE;
}

static bool read_flow(const json_t *flow, struct flow_key *key, int64_t *used_ns) {
	const char *source = json_string_value(json_array_get(flow, 0));
	const char *destination = json_string_value(json_array_get(flow, 1));
	*key = (struct flow_key){
		.protocol = (uint8_t)json_integer_value(json_array_get(flow, 2)),
		.is_fragment = json_integer_value(json_array_get(flow, 3)) != 0,
		.source_port = (uint16_t)json_integer_value(json_array_get(flow, 4)),
		.destination_port = (uint16_t)json_integer_value(json_array_get(flow, 5)),
	};
	*used_ns = json_integer_value(json_array_get(flow, 6));
	return source != NULL && destination != NULL && ip_parse(source, &key->source) == 0 &&
		ip_parse(destination, &key->destination) == 0;
}

void lab_flows_adopt(struct lab *lab, const json_t *document) {
	int64_t since_ns =
		loop_now(lab->network.loop).ns - json_integer_value(json_object_get(document, "atNs"));
	json_t *object, *item;
	size_t i, f;
	json_array_foreach(json_object_get(document, "flows"), i, object) {
		uint32_t port = find_port(lab->network.topo, object);
		struct flow_table *table =
			port != TOPO_NONE ? world_port(lab->network.world, port)->flows : NULL;
		json_array_foreach(json_object_get(object, "flows"), f, item) {
			struct flow_key key;
			int64_t used_ns;
			if (table != NULL && read_flow(item, &key, &used_ns))
				flow_table_open(table, &key, (instant){used_ns + since_ns});
		}
	}
}

static json_t *begin(struct lab *lab, struct control_caller *caller) {
	if (lab->handover == NULL)
		lab->handover = memory_alloc(sizeof(*lab->handover));
	if (lab->handover->successor != NULL || lab->handover->is_over)
		return lab_error("lab %s is being reloaded already", state_name(lab->state));
	lab->handover->successor = caller;
	lab->handover->passes_captures = false;
	return lab_answer_status(lab, NULL);
}

static json_t *stop(struct lab *lab) {
	struct lab_handover *handover = lab->handover;
	hosts_pause(&lab->hosts);
	attachments_pause(&lab->attachments);
	handover->has_stopped = true;
	handover->passes_captures = true;
	json_t *document = lab_answer_status(lab, NULL);
	put_flows(lab, document);
	handover->lent_count =
		lab_captures_lend(lab, json_put_array(document, "captures"), handover->lent, LENT_MAX);
	return document;
}

// In the order of the answer to `begin`: the state's two, then each host's namespace and devices,
// then the sockets at attached interfaces.
static int pass_devices(struct lab *lab, struct control_caller *caller) {
	struct {
		int *items;
		size_t count, room;
	} list = {0};
	int two[2];
	state_descriptors(lab->state, two);
	ARRAY_PUSH(&list, two[0]);
	ARRAY_PUSH(&list, two[1]);
	for (size_t i = 0; i < lab->hosts.count; i++) {
		const struct host *host = &lab->hosts.items[i];
		ARRAY_PUSH(&list, host->space);
		for (size_t t = 0; t < host->tap_count; t++)
			ARRAY_PUSH(&list, host->taps[t].source.fd);
	}
	for (size_t i = 0; i < lab->attachments.count; i++)
		ARRAY_PUSH(&list, lab->attachments.items[i]->source.fd);
	int result = control_pass(caller, list.items, list.count);
	free(list.items);
	return result;
}

static void pass(struct lab *lab, struct control_caller *caller) {
	const struct lab_handover *handover = lab->handover;
	control_answer(caller, json_object());
	int result = handover->passes_captures
		? control_pass(caller, handover->lent, handover->lent_count)
		: pass_devices(lab, caller);
	if (result < 0)
		control_hang_up(caller);
}

void lab_answer_handover(struct lab *lab, struct control_caller *caller, const json_t *request) {
	const char *step = json_string_value(json_object_get(request, "step"));
	bool is_successor = lab->handover != NULL && lab->handover->successor == caller;
	if (text_equal(step, "begin"))
		control_answer(caller, begin(lab, caller));
	else if (is_successor && text_equal(step, "descriptors"))
		pass(lab, caller);
	else if (is_successor && text_equal(step, "stop"))
		control_answer(caller, stop(lab));
	else
		control_answer(caller, lab_error("a handover begins with `begin`"));
}

static void end_now(struct timer *timer, void *owner) {
	struct lab *lab = owner;
	(void)timer;
	lab->ends = true;
}

bool lab_is_handing_over(const struct lab *lab) {
	return lab->handover != NULL && lab->handover->has_stopped;
}

void lab_handover_closed(struct lab *lab, struct control_caller *caller) {
	struct lab_handover *handover = lab->handover;
	if (handover == NULL || handover->successor != caller)
		return;
	handover->successor = NULL;
	if (!handover->has_stopped)
		return;
	pid_t carrier = state_carrier(lab->state);
	// Whoever took over has ended already, and its watcher removed what the lab was.
	if (carrier == 0) {
		lab->is_orphan = true;
		lab->ends = true;
		return;
	}
	if (carrier == getpid()) {
		handover->has_stopped = false;
		lab_captures_take_back(lab);
		if (hosts_resume(&lab->hosts) < 0 || attachments_resume(&lab->attachments) < 0)
			lab->ends = true;
		return;
	}
	handover->is_over = true;
	process_has_handed_over(lab->start);
	timer_init(&handover->drain, TIMER_PERIODIC, end_now, lab);
	timer_start(lab->network.loop, &handover->drain, DRAIN_NS);
}

void lab_handover_free(struct lab *lab) {
	if (lab->handover != NULL)
		timer_stop(lab->network.loop, &lab->handover->drain);
	free(lab->handover);
	lab->handover = NULL;
}
