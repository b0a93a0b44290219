// --capture LINK=FILE and --filter: what passes a link of the virtual network, as a file.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/capture_file.h"
#include "cli/network_int.h"
#include "cli/verb.h"
#include "live/filter.h"
#include "live/filter_names.h"

struct network_capture {
	struct capture *capture;
	struct capture_file *file;
	struct bpf_filter filter;
	FILE *out;
};

int network_compile_filter(
	const char *expression, const struct filter_hosts *hosts, struct bpf_filter *out) {
	struct text addressed, problem;
	text_init(&addressed);
	text_init(&problem);
	int result = filter_put_addresses(expression, hosts, &addressed, &problem);
	if (result == 0)
		result = filter_compile(text_chars(&addressed), out, &problem);
	if (result < 0)
		fprintf(stderr, "interplane: %s\n", text_chars(&problem));
	text_done(&addressed);
	text_done(&problem);
	return result == 0 ? EXIT_DONE : result == -EINVAL ? EXIT_WRONG_USE : EXIT_ENVIRONMENT;
}

// Whoever has addresses may be named.
static int compile_filter(
	const struct network *network, const char *expression, struct network_capture *capture) {
	const struct topo *topo = network->topo;
	struct {
		struct filter_host *items;
		size_t count, room;
	} hosts = {0};
	for (uint32_t p = 0; p < topo->port_count; p++) {
		const struct topo_port *port = &topo->ports[p];
		for (size_t i = 0; i < port->address_count; i++) {
			char text[IP_TEXT_BYTES];
			struct filter_host host = {topo->nodes[port->node].name,
				arena_strdup(network->arena, ip_format(port->addresses[i].address, text))};
			ARRAY_PUSH(&hosts, host);
		}
	}
	const struct filter_hosts known = {hosts.items, hosts.count};
	int result = network_compile_filter(expression, &known, &capture->filter);
	free(hosts.items);
	return result;
}

static const char *link_name(const void *topo, uint32_t link) {
	return ((const struct topo *)topo)->links[link].name;
}

static const char *node_name(const void *topo, uint32_t node) {
	return ((const struct topo *)topo)->nodes[node].name;
}

static void take(void *owner, const struct capture_packet *taken) {
	const struct network_capture *capture = owner;
	struct pcap_packet packet = {
		.when_ns = taken->when.ns,
		.bytes = taken->bytes,
		.length = taken->length,
		.whole_length = taken->whole_length,
	};
	capture_file_add(capture->file, &packet, taken->link, taken->from);
}

// LINK=FILE, or all=FILE. Nothing is opened unless all of it is right.
static int read_capture(
	struct network *network, const char *text, uint32_t *link, const char **path) {
	const char *equals = strrchr(text, '=');
	if (equals == NULL || equals == text || equals[1] == '\0') {
		fprintf(stderr, "interplane: --capture %s: expected LINK=FILE or all=FILE\n", text);
		return EXIT_WRONG_USE;
	}
	char *name = arena_strndup(network->arena, text, (size_t)(equals - text));
	*path = equals + 1;
	*link = TOPO_NONE;
	return text_equal(name, "all") ? EXIT_DONE : network_find_link(network, name, link);
}

static int open_file(struct network_capture *capture, const struct network *network,
	const struct capture_wish *wish, const char *path) {
	capture->out = fopen(path, "wbe");
	if (capture->out == NULL) {
		fprintf(stderr, "interplane: %s: %s\n", path, strerror(errno));
		return EXIT_ENVIRONMENT;
	}
	struct capture_plan plan = {
		.file = capture->out,
		.form = capture_form_of(path),
		.snaplen = wish->snaplen,
		.network = network->topo,
		.link_name = link_name,
		.node_name = node_name,
	};
	capture->file = capture_file_new(&plan);
	return EXIT_DONE;
}

int network_start_capture(struct network *network, const struct options *options) {
	struct capture_wish wish = {.from = TOPO_NONE, .taken = take};
	const char *path;
	int result = EXIT_DONE;
	if (!options_has(options, OPTION_CAPTURE)) {
		if (!options_has(options, OPTION_FILTER) && !options_has(options, OPTION_SNAPLEN))
			return EXIT_DONE;
		fputs("interplane: --filter and --snaplen go with --capture LINK=FILE\n", stderr);
		return EXIT_WRONG_USE;
	}
	struct network_capture *capture = ARENA_NEW(network->arena, struct network_capture);
	network->capture = capture;
	if (options_has(options, OPTION_FILTER)) {
		result = compile_filter(network, options->text[OPTION_FILTER], capture);
		wish.filter = &capture->filter;
	}
	if (result == EXIT_DONE)
		result = read_capture(network, options->text[OPTION_CAPTURE], &wish.link, &path);
	wish.snaplen = (uint32_t)options_number(options, OPTION_SNAPLEN, 0);
	if (result == EXIT_DONE)
		result = open_file(capture, network, &wish, path);
	if (result != EXIT_DONE)
		return result;
	wish.owner = capture;
	capture->capture = capture_start(network->world, &wish);
	return EXIT_DONE;
}

void network_end_capture(struct network *network) {
	struct network_capture *capture = network->capture;
	if (capture == NULL)
		return;
	network->capture = NULL;
	capture_stop(capture->capture);
	int result = capture->file != NULL ? capture_file_flush(capture->file) : 0;
	if (capture->out != NULL && fclose(capture->out) != 0 && result == 0)
		result = -errno;
	if (result < 0)
		fprintf(stderr, "interplane: the capture could not be written: %s\n", strerror(-result));
	capture_file_free(capture->file);
	filter_done(&capture->filter);
}
