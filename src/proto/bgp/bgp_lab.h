// For tests: a few speakers on one network in virtual time.
//
// Node i has address 10.0.0.(i + 1), router identifier the same, a connected route to that network.
#pragma once

#include <stdio.h>

#include "proto/bgp/bgp_lab_stream.h"

static inline struct stream *lab_connect(void *owner, const struct bgp_peer_config *peer,
	const struct stream_events *events, void *events_owner) {
	struct lab_node *node = owner;
	struct lab *lab = node->lab;
	size_t to = ip_v4(peer->remote) - ip_v4(lab_address(0));
	struct lab_stream *ends = ARENA_ARRAY(lab->arena, struct lab_stream, 2);

	node->connects++;
	if (lab->is_closed)
		return NULL;
	for (int i = 0; i < 2; i++)
		ends[i] = (struct lab_stream){.stream.ops = &LAB_OPS, .lab = lab, .other = &ends[1 - i]};
	ends[0].node = node;
	ends[0].local = ends[1].remote = peer->local;
	ends[0].remote = ends[1].local = peer->remote;
	ends[1].node = &lab->nodes[to];
	stream_set_owner(&ends[0].stream, events, events_owner);
	lab_post(&ends[0], LAB_OPENED, 2 * LAB_DELAY_NS, NULL, 0);
	lab_post(&ends[1], LAB_ACCEPT, 3 * LAB_DELAY_NS, NULL, 0);
	return &ends[0].stream;
}

static inline void lab_rib_changed(void *owner, const struct rib_entry *entry) {
	struct lab_node *node = owner;

	bgp_rib_changed(node->speaker, entry);
}

static inline void lab_peer_changed(
	void *owner, const struct bgp_peer_config *peer, enum bgp_state state, const char *why) {
	struct lab_node *node = owner;

	(void)peer;
	(void)why;
	if (state == BGP_ESTABLISHED)
		node->ups++;
	else
		node->downs++;
}

static inline void lab_init(struct lab *lab) {
	*lab = (struct lab){.decision = {LAB_STEPS, sizeof(LAB_STEPS) / sizeof(LAB_STEPS[0]), 4}};
	clock_init_virtual(&lab->clock);
	lab->loop = loop_new(&lab->clock, 1);
	lab->arena = arena_new();
	lab->attributes = attributes_table_new();
}

static inline struct lab_node *lab_add(struct lab *lab, size_t i, uint32_t asn) {
	struct lab_node *node = &lab->nodes[i];
	char *name = arena_printf(lab->arena, "n%zu", i);
	struct rib_config rib = {&lab->decision, lab->attributes, lab_rib_changed, node};
	struct bgp_speaker_config speaker = {
		.name = name,
		.loop = lab->loop,
		.attributes = lab->attributes,
		.asn = asn,
		.router_id = ip_v4(lab_address(i)),
		.connect = lab_connect,
		.peer_changed = lab_peer_changed,
		.owner = node,
	};

	node->lab = lab;
	node->rib = speaker.rib = rib_new(&rib);
	node->speaker = bgp_speaker_new(&speaker);
	node->connected = (struct route_source){.name = "connected", .kind = ROUTE_CONNECTED};
	struct route_hop hop = {.port = 1};
	struct path_spec path = {.hops = &hop, .hop_count = 1};
	rib_update(node->rib, prefix_of(lab_address(0), 120), &node->connected, &path);
	rib_flush(node->rib);
	return node;
}

static inline struct bgp_peer_config lab_peer(size_t from, size_t to, uint32_t asn) {
	static const char *const NAMES[LAB_NODES] = {"n0", "n1", "n2", "n3"};

	return (struct bgp_peer_config){
		.name = NAMES[to],
		.local = lab_address(from),
		.remote = lab_address(to),
		.remote_asn = asn,
	};
}

static inline struct bgp_peer *lab_join_one(struct lab *lab, size_t from, size_t to) {
	uint32_t asn = lab->nodes[to].speaker->config.asn;
	struct bgp_peer_config config = lab_peer(from, to, asn);

	return bgp_peer_add(lab->nodes[from].speaker, &config);
}

static inline void lab_join(struct lab *lab, size_t a, size_t b) {
	bgp_peer_start(lab_join_one(lab, a, b));
	bgp_peer_start(lab_join_one(lab, b, a));
}

static inline void lab_run(struct lab *lab, int64_t duration_ns) {
	loop_run_until(lab->loop, instant_add(loop_now(lab->loop), duration_ns));
}

static inline void lab_done(struct lab *lab) {
	for (size_t i = 0; i < LAB_NODES; i++)
		if (lab->nodes[i].speaker)
			bgp_speaker_free(lab->nodes[i].speaker);
	for (size_t i = 0; i < LAB_NODES; i++)
		rib_free(lab->nodes[i].rib);
	attributes_table_free(lab->attributes);
	loop_free(lab->loop);
	arena_free(lab->arena);
}

static inline struct prefix lab_prefix(const char *text) {
	struct prefix prefix = {0};

	prefix_parse(text, &prefix);
	return prefix;
}

// "65001 65002" of the best path, "-" without one.
static inline const char *lab_path(const struct lab *lab, size_t node, const char *prefix) {
	const struct rib_entry *entry = rib_find(lab->nodes[node].rib, lab_prefix(prefix));
	struct text text;

	if (!entry || entry->chosen == 0)
		return "-";
	text_init(&text);
	if (entry->paths[0]->attributes)
		as_path_format(entry->paths[0]->attributes, " ", &text);
	const char *copy = arena_strdup(lab->arena, text_chars(&text));
	text_done(&text);
	return copy;
}

static inline void lab_originate(struct lab *lab, size_t node, const char *prefix) {
	struct bgp_network network = {.prefix = lab_prefix(prefix), .always = true, .weight = 32768};

	bgp_network_add(lab->nodes[node].speaker, &network);
}
