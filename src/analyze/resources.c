// What a network is made of, as facts: a line each for nodes, links, tunnels and sessions.
#include "analyze/diff.h"
#include "base/text.h"

static void add_part(struct text *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_part(struct text *out, const char *format, ...) {
	va_list args;
	if (out->length != 0)
		text_add(out, ", ");
	va_start(args, format);
	text_vprintf(out, format, args);
	va_end(args);
}

static size_t count_rules(const struct topo_filter *filters, size_t count) {
	size_t rules = 0;
	for (size_t i = 0; i < count; i++)
		rules += filters[i].rule_count;
	return rules;
}

static void describe_port(const struct topo_port *port, struct text *out) {
	for (size_t i = 0; i < port->address_count; i++) {
		char address[IP_TEXT_BYTES];
		add_part(out, "%s %s/%u", port->name, ip_format(port->addresses[i].address, address),
			prefix_length(port->addresses[i].network));
	}
	if (port->mtu_bytes != 0 && port->mtu_bytes != 1500)
		add_part(out, "%s mtu %u", port->name, port->mtu_bytes);
	if (port->attach.interface != NULL)
		add_part(out, "%s attached to %s", port->name, port->attach.interface);
	if (port->is_shut)
		add_part(out, "%s shut down", port->name);
	size_t rules = count_rules(port->filters_in, port->filter_in_count) +
		count_rules(port->filters_out, port->filter_out_count);
	if (rules != 0)
		add_part(out, "%s %zu rules", port->name, rules);
}

static void describe_node(const struct topo *topo, const struct topo_node *node, struct text *out) {
	for (size_t i = 0; i < node->port_count; i++)
		describe_port(&topo->ports[node->ports[i]], out);
	for (size_t i = 0; i < node->route_count; i++) {
		const struct topo_route *route = &node->routes[i];
		char prefix[PREFIX_TEXT_BYTES], via[IP_TEXT_BYTES];
		if (route->hop_count != 0 && !ip_is_none(route->hops[0].via))
			add_part(out, "%s via %s", prefix_format(route->prefix, prefix),
				ip_format(route->hops[0].via, via));
		else
			add_part(out, "%s", prefix_format(route->prefix, prefix));
	}
	if (node->bgp != NULL)
		add_part(out, "AS %u", node->bgp->asn);
}

static void describe_link(const struct topo_link *link, struct text *out) {
	add_part(out, "delay %g ms", (double)link->delay_ns / 1e6);
	if (link->jitter_ns != 0)
		add_part(out, "jitter %g ms", (double)link->jitter_ns / 1e6);
	if (link->loss_millionths != 0)
		add_part(out, "loss %g %%", link->loss_millionths / 1e4);
	if (link->rate_bits_per_s != 0)
		add_part(out, "rate %g Mbit/s", (double)link->rate_bits_per_s / 1e6);
	if (link->mtu_bytes != 0)
		add_part(out, "mtu %u", link->mtu_bytes);
	if (link->is_down)
		add_part(out, "down");
	if (link->end_count != 2)
		add_part(out, "%zu ends", link->end_count);
}

void diff_collect_resources(const struct topo *topo, struct diff_facts *facts) {
	struct text text;
	text_init(&text);
	for (size_t i = 0; i < topo->node_count; i++) {
		text_clear(&text);
		describe_node(topo, &topo->nodes[i], &text);
		diff_add(
			facts, DIFF_RESOURCE, topo->nodes[i].kind_name, topo->nodes[i].name, text_chars(&text));
	}
	for (size_t i = 0; i < topo->link_count; i++) {
		text_clear(&text);
		describe_link(&topo->links[i], &text);
		diff_add(facts, DIFF_RESOURCE, "link", topo->links[i].name, text_chars(&text));
	}
	for (size_t i = 0; i < topo->tunnel_count; i++) {
		char a[IP_TEXT_BYTES], b[IP_TEXT_BYTES];
		text_clear(&text);
		add_part(&text, "%s to %s", ip_format(topo->tunnels[i].outer[0], a),
			ip_format(topo->tunnels[i].outer[1], b));
		diff_add(facts, DIFF_RESOURCE, "tunnel", topo->tunnels[i].name, text_chars(&text));
	}
	for (size_t i = 0; i < topo->neighbor_count; i++) {
		const struct topo_neighbor *neighbor = &topo->neighbors[i];
		char remote[IP_TEXT_BYTES];
		text_clear(&text);
		add_part(&text, "%s to %s", topo->nodes[neighbor->node].name, neighbor->name);
		char *name = arena_strdup(facts->arena, text_chars(&text));
		text_clear(&text);
		add_part(&text, "%s", ip_format(neighbor->remote, remote));
		diff_add(facts, DIFF_RESOURCE, "session", name, text_chars(&text));
	}
	text_done(&text);
}
