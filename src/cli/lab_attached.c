// What `lab status` says of the nodes whose place an existing interface takes, and how the process
// that carries on after a reload learns it from there.
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/lab_int.h"

static json_t *attached_json(const struct topo *topo, const struct attached *attached) {
	const struct topo_port *port = &topo->ports[attached->port];
	json_t *object = json_object();
	json_put_text(object, "name", topo->nodes[port->node].name);
	json_put_text(object, "port", port->name);
	json_put_text(object, "interface", attached->name);
	json_put_text(object, "netns", attached->name_space);
	json_put_text(object, "state", interface_state_name(attached->state));
	json_put_text(
		object, "why", attached->state == INTERFACE_UP ? NULL : text_chars(&attached->why));
	json_t *neighbors = json_put_array(object, "addresses");
	for (size_t i = 0; i < attached->resolve.count; i++) {
		const struct resolve_entry *entry = &attached->resolve.entries[i];
		char text[IP_TEXT_BYTES];
		json_t *neighbor = json_push_object(neighbors);
		json_put_text(neighbor, "address", ip_format(entry->address, text));
		json_put_bool(neighbor, "answered", entry->is_known);
		if (entry->is_known)
			json_put_hex(neighbor, "mac", entry->mac, MAC_BYTES);
	}
	lab_counts_put(object, &attached->counts);
	json_put_int(object, "unanswered", (long long)attached->unanswered);
	return object;
}

void lab_put_attached(const struct lab *lab, json_t *document) {
	json_t *list = json_put_array(document, "attached");
	for (size_t i = 0; i < lab->attachments.count; i++)
		json_push(list, attached_json(lab->network.topo, lab->attachments.items[i]));
}

static const char *word(const json_t *object, const char *key) {
	const char *value = json_string_value(json_object_get(object, key));
	return value != NULL ? value : "";
}

static bool is_answered(const json_t *attached) {
	size_t i;
	json_t *neighbor;
	json_array_foreach(json_object_get(attached, "addresses"), i, neighbor) {
		if (json_is_true(json_object_get(neighbor, "answered")))
			return true;
	}
	return false;
}

void lab_add_attached(const json_t *status, struct text *out) {
	size_t i;
	json_t *item;
	const json_t *list = json_object_get(status, "attached");
	if (json_array_size(list) == 0)
		return;
	text_add(out, "\nAttached             Interface        Sent  Received  State\n");
	json_array_foreach(list, i, item) {
		const char *why = word(item, "why");
		const char *state = word(item, "state");
		text_printf(out, "%-20s %-15s %5lld %9lld  %s", word(item, "name"), word(item, "interface"),
			(long long)json_integer_value(json_object_get(item, "packetsSent")),
			(long long)json_integer_value(json_object_get(item, "packetsReceived")), state);
		if (*why != '\0')
			text_printf(out, ": %s", why);
		else if (!is_answered(item))
			text_add(out, ", nobody has answered yet");
		text_add_char(out, '\n');
	}
}

// A name of the namespace, or NULL.
static const char *space_of(const json_t *object) {
	return json_string_value(json_object_get(object, "netns"));
}

void lab_attached_read(const json_t *status, struct lab_attached_lent *out) {
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(status, "attached"), i, item) {
		const char *state = word(item, "state");
		struct attached_lent lent = {
			.name = word(item, "interface"),
			.name_space = space_of(item),
			.fd = -1,
			.is_in_order = text_equal(state, interface_state_name(INTERFACE_UP)) ||
				text_equal(state, interface_state_name(INTERFACE_NO_CARRIER)),
		};
		ARRAY_PUSH(out, lent);
	}
}

void lab_attached_let_go(struct lab_attached_lent *lent) {
	for (size_t i = 0; i < lent->count; i++) {
		if (lent->items[i].fd >= 0)
			close(lent->items[i].fd);
		lent->items[i].fd = -1;
	}
}

static void adopt_address(struct lab *lab, struct attached *attached, const json_t *object) {
	struct ip address;
	struct text mac;
	text_init(&mac);
	if (ip_parse(word(object, "address"), &address) == 0 &&
		json_get_hex(object, "mac", &mac) == 0 && mac.length == MAC_BYTES) {
		struct resolve_entry *entry = resolve_find(&attached->resolve, address);
		if (entry != NULL)
			resolve_learn(entry, (const uint8_t *)mac.chars, loop_now(lab->network.loop));
	}
	text_done(&mac);
}

static void adopt_one(struct lab *lab, struct attached *attached, const json_t *object) {
	size_t i;
	json_t *address;
	lab_counts_read(object, &attached->counts);
	attached->unanswered = (uint64_t)json_integer_value(json_object_get(object, "unanswered"));
	// Another device may be there by now.
	if (attached->state != INTERFACE_UP ||
		!text_equal(word(object, "state"), interface_state_name(INTERFACE_UP)))
		return;
	json_array_foreach(json_object_get(object, "addresses"), i, address)
		adopt_address(lab, attached, address);
}

void lab_attached_adopt(struct lab *lab, const json_t *status) {
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(status, "attached"), i, item) {
		const char *space = space_of(item);
		for (size_t a = 0; a < lab->attachments.count; a++) {
			struct attached *attached = lab->attachments.items[a];
			bool is_here = space == NULL && attached->name_space == NULL;
			if (text_equal(attached->name, word(item, "interface")) &&
				(is_here || text_equal(attached->name_space, space)))
				adopt_one(lab, attached, item);
		}
	}
}
