// `lab status`: the running lab's hosts, links, sessions and counters; the lab tells, the caller
// prints.
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/lab_int.h"
#include "cli/print.h"
#include "crypto/crypto.h"
#include "live/netns.h"
#include "net/ip.h"

static const struct {
	const char *key;
	size_t offset; // in struct frame_counts
} count_keys[] = {
	{"packetsSent", offsetof(struct frame_counts, packets_sent)},
	{"bytesSent", offsetof(struct frame_counts, bytes_sent)},
	{"packetsReceived", offsetof(struct frame_counts, packets_received)},
	{"bytesReceived", offsetof(struct frame_counts, bytes_received)},
	{"ignored", offsetof(struct frame_counts, ignored)},
	{"refused", offsetof(struct frame_counts, refused)},
};

void lab_counts_put(json_t *object, const struct frame_counts *counts) {
	for (size_t i = 0; i < sizeof(count_keys) / sizeof(count_keys[0]); i++) {
		const char *at = (const char *)counts + count_keys[i].offset;
		json_put_int(object, count_keys[i].key, (long long)*(const uint64_t *)(const void *)at);
	}
}

void lab_counts_read(const json_t *object, struct frame_counts *counts) {
	for (size_t i = 0; i < sizeof(count_keys) / sizeof(count_keys[0]); i++) {
		char *at = (char *)counts + count_keys[i].offset;
		json_int_t count = json_integer_value(json_object_get(object, count_keys[i].key));
		*(uint64_t *)(void *)at = (uint64_t)count;
	}
}

static json_t *interface_json(const struct topo *topo, const struct tap *tap) {
	const struct topo_port *port = &topo->ports[tap->port];
	json_t *object = json_object();
	json_put_text(object, "name", tap->name);
	json_put_hex(object, "mac", tap->mac, sizeof(tap->mac));
	json_put_bool(object, "takesTrains", tap->takes_trains);
	json_t *addresses = json_put_array(object, "addresses");
	for (size_t i = 0; i < port->address_count; i++) {
		char text[IP_TEXT_BYTES];
		json_push_text(addresses, ip_format(port->addresses[i].address, text));
	}
	lab_counts_put(object, &tap->counts);
	return object;
}

static void put_hosts(const struct lab *lab, json_t *document) {
	json_t *hosts = json_put_array(document, "hosts");
	for (size_t i = 0; i < lab->hosts.count; i++) {
		const struct host *host = &lab->hosts.items[i];
		json_t *object = json_push_object(hosts);
		json_put_text(object, "name", lab->network.topo->nodes[host->node].name);
		json_put_text(object, "namespace", host->name_space);
		json_put_int(object, "descriptor", host->space);
		json_put_bool(object, "nameDeleted", !netns_is_named(host->name_space, host->space));
		json_t *interfaces = json_put_array(object, "interfaces");
		for (size_t t = 0; t < host->tap_count; t++)
			json_push(interfaces, interface_json(lab->network.topo, &host->taps[t]));
	}
}

static const char *fault_name(enum world_fault fault) {
	switch (fault) {
	case WORLD_UP:
		return "up";
	case WORLD_DOWN:
		return "down";
	case WORLD_CUT:
		return "cut";
	}
	return "";
}

static void put_links(const struct lab *lab, json_t *document) {
	const struct topo *topo = lab->network.topo;
	json_t *links = json_put_array(document, "links");
	for (uint32_t i = 0; i < topo->link_count; i++) {
		struct world_quality quality;
		uint32_t one_way = world_link_one_way(lab->network.world, i);
		world_get_quality(lab->network.world, i, &quality);
		json_t *object = json_push_object(links);
		json_put_text(object, "name", topo->links[i].name);
		json_put_text(object, "state", fault_name(world_link_fault(lab->network.world, i)));
		if (one_way != TOPO_NONE)
			json_put_text(object, "oneWay", topo->nodes[one_way].name);
		json_put_int(object, "delayNs", quality.delay_ns);
		json_put_int(object, "jitterNs", quality.jitter_ns);
		json_put_int(object, "lossMillionths", quality.loss_millionths);
		json_put_int(object, "rateBitsPerS", (long long)quality.rate_bits_per_s);
		json_put_bool(object, "canFail", topo->links[i].can_fail);
		json_t *set = json_object_get(lab->set, topo->links[i].name);
		int64_t left_ns = lab_repair_left_ns(lab, i);
		if (set != NULL)
			json_put(object, "set", json_deep_copy(set));
		if (left_ns > 0)
			json_put_int(object, "forNs", left_ns);
	}
}

static void put_sessions(const struct lab *lab, json_t *document) {
	json_t *sessions = json_put_array(document, "sessions");
	for (uint32_t node = 0; node < lab->network.topo->node_count; node++) {
		const struct bgp_speaker *speaker = world_speaker(lab->network.world, node);
		for (size_t i = 0; speaker != NULL && i < bgp_peer_count(speaker); i++) {
			struct bgp_peer_status status;
			char text[IP_TEXT_BYTES];
			bgp_peer_status(bgp_peer_at(speaker, i), &status);
			json_t *object = json_push_object(sessions);
			json_put_text(object, "node", lab->network.topo->nodes[node].name);
			json_put_text(object, "neighbor", status.config->name);
			json_put_text(object, "address", ip_format(status.config->remote, text));
			json_put_bool(object, "established", status.state == BGP_ESTABLISHED);
			json_put_int(object, "routesReceived", (long long)status.routes_received);
			json_put_int(object, "routesSent", (long long)status.routes_sent);
			json_put_text(object, "lastError", status.last_error);
		}
	}
}

static void put_tunnels(const struct lab *lab, json_t *document) {
	json_t *tunnels = json_put_array(document, "tunnels");
	for (uint32_t i = 0; i < lab->network.topo->tunnel_count; i++) {
		const char *why = NULL;
		json_t *object = json_push_object(tunnels);
		json_put_text(object, "name", lab->network.topo->tunnels[i].name);
		json_put_bool(object, "up", world_tunnel_is_up(lab->network.world, i, &why));
		json_put_text(object, "why", why);
	}
}

static void put_drops(const struct lab *lab, json_t *document) {
	json_t *drops = json_put_array(document, "drops");
	for (unsigned drop = 0; drop < DROP_COUNT; drop++) {
		uint64_t packets = 0;
		for (uint32_t node = 0; node < lab->network.topo->node_count; node++)
			packets += world_router(lab->network.world, node)->drops[drop];
		if (packets == 0)
			continue;
		json_t *object = json_push_object(drops);
		json_put_text(object, "reason", drop_name((enum drop)drop));
		json_put_int(object, "packets", (long long)packets);
	}
}

json_t *lab_answer_status(struct lab *lab, const json_t *request) {
	json_t *document = json_object();
	(void)request;
	int64_t up_ns = instant_since(loop_now(lab->network.loop), lab->started);
	json_put_text(document, "name", state_name(lab->state));
	json_put_text(document, "file", lab->path);
	json_put_int(document, "pid", getpid());
	json_put_int(document, "seed", (long long)loop_seed(lab->network.loop));
	json_put_int(document, "upMs", up_ns / MS_NS);
	json_put_int(document, "reloads", lab->reloads);
	if (lab->reloads != 0)
		json_put_int(document, "lastPauseUs", lab->pause_ns / US_NS);
	json_put_bool(document, "converged", world_is_converged(lab->network.world));
	json_put_text(document, "espLibrary", aead_library_name(aead_library_chosen()));
	put_hosts(lab, document);
	lab_put_attached(lab, document);
	put_links(lab, document);
	put_sessions(lab, document);
	put_tunnels(lab, document);
	put_drops(lab, document);
	return document;
}

static long long number(const json_t *object, const char *key) {
	return json_integer_value(json_object_get(object, key));
}

static const char *word(const json_t *object, const char *key) {
	const char *value = json_string_value(json_object_get(object, key));
	return value != NULL ? value : "";
}

// Packets or bytes a second since the last look; both looks list the same interfaces.
static double rate_of(const json_t *now, const json_t *before, const char *key, double seconds) {
	if (before == NULL || seconds <= 0)
		return 0;
	return (double)(number(now, key) - number(before, key)) / seconds;
}

static void add_hosts(const json_t *status, const json_t *before, struct text *out) {
	double seconds = (double)(number(status, "upMs") - number(before, "upMs")) / 1e3;
	size_t h, i;
	json_t *host, *interface;
	text_add(
		out, "Host                 Address               Sent  Received  Out Mbit/s  In Mbit/s\n");
	json_array_foreach(json_object_get(status, "hosts"), h, host) {
		json_t *old = json_array_get(json_object_get(before, "hosts"), h);
		if (json_is_true(json_object_get(host, "nameDeleted")))
			text_printf(out, "%-20s the name of its namespace %s was deleted; it goes on\n",
				word(host, "name"), word(host, "namespace"));
		json_array_foreach(json_object_get(host, "interfaces"), i, interface) {
			json_t *was = json_array_get(json_object_get(old, "interfaces"), i);
			text_printf(out, "%-20s %-16s %9lld %9lld %11.3f %10.3f\n", word(host, "name"),
				json_string_value(json_array_get(json_object_get(interface, "addresses"), 0)),
				number(interface, "packetsSent"), number(interface, "packetsReceived"),
				rate_of(interface, was, "bytesSent", seconds) * 8 / 1e6,
				rate_of(interface, was, "bytesReceived", seconds) * 8 / 1e6);
		}
	}
}

// Those that can fail, and any other that did.
static void add_links(const json_t *status, struct text *out) {
	size_t i;
	json_t *link;
	text_add(out, "\nLink                                State  Delay      Loss\n");
	json_array_foreach(json_object_get(status, "links"), i, link) {
		bool is_up = text_equal(word(link, "state"), "up");
		if (is_up && !json_is_true(json_object_get(link, "canFail")))
			continue;
		text_printf(out, "%-35s %-6s %7.2f ms %6.2f%%", word(link, "name"), word(link, "state"),
			(double)number(link, "delayNs") / 1e6, (double)number(link, "lossMillionths") / 1e4);
		if (json_object_get(link, "oneWay") != NULL)
			text_printf(out, "  what %s sends", word(link, "oneWay"));
		text_add_char(out, '\n');
	}
}

static void add_sessions(const json_t *status, struct text *out) {
	size_t i;
	json_t *item;
	text_add(out, "\nSession                                       State        Received  Sent\n");
	json_array_foreach(json_object_get(status, "sessions"), i, item) {
		bool is_up = json_is_true(json_object_get(item, "established"));
		struct text line;
		text_init(&line);
		text_printf(&line, "%s to %s ", word(item, "node"), word(item, "neighbor"));
		text_pad_to(&line, 46);
		text_printf(&line, "%-11s %9lld %5lld", is_up ? "established" : "down",
			number(item, "routesReceived"), number(item, "routesSent"));
		text_printf(out, "%s\n", text_chars(&line));
		text_done(&line);
	}
	json_array_foreach(json_object_get(status, "tunnels"), i, item) {
		bool is_up = json_is_true(json_object_get(item, "up"));
		text_printf(out, "tunnel %-38s %s%s\n", word(item, "name"),
			is_up ? "up, ESP by " : "down: ",
			word(is_up ? status : item, is_up ? "espLibrary" : "why"));
	}
}

static void add_drops(const json_t *status, struct text *out) {
	size_t i;
	json_t *item;
	text_add(out, "\nDropped:");
	json_array_foreach(json_object_get(status, "drops"), i, item)
		text_printf(out, " %s %lld", word(item, "reason"), number(item, "packets"));
	text_add(out, i == 0 ? " nothing\n" : "\n");
}

static void print_status(const json_t *status, const json_t *before, bool clears) {
	struct text out;
	text_init(&out);
	if (clears)
		text_add(&out, "\033[H\033[J");
	text_printf(&out, "lab %s, %s, up %.1f s, %s\n\n", word(status, "name"), word(status, "file"),
		(double)number(status, "upMs") / 1e3,
		json_is_true(json_object_get(status, "converged")) ? "converged" : "converging");
	add_hosts(status, before, &out);
	lab_add_attached(status, &out);
	add_links(status, &out);
	add_sessions(status, &out);
	add_drops(status, &out);
	fputs(text_chars(&out), stdout);
	fflush(stdout);
	text_done(&out);
}

int lab_status(const struct options *options) {
	bool watches = options_has(options, OPTION_WATCH);
	bool is_json = options_is_format(options, "json");
	json_t *before = NULL;
	int exit_code;
	for (;;) {
		json_t *request = json_object();
		json_t *status = NULL;
		json_put_text(request, "verb", "status");
		exit_code = lab_ask(options, request, &status);
		if (exit_code != EXIT_DONE)
			break;
		// Not the same hosts any more, perhaps.
		if (before != NULL && number(before, "reloads") != number(status, "reloads")) {
			json_decref(before);
			before = NULL;
		}
		if (is_json)
			json_write(stdout, status);
		else
			print_status(status, before, watches && isatty(STDOUT_FILENO));
		json_decref(before);
		before = status;
		if (!watches)
			break;
		fflush(stdout);
		sleep(1);
	}
	json_decref(before);
	return exit_code;
}
