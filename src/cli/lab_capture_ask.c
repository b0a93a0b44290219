// `lab capture`: asks the lab for packets and writes them, to a file or for people.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/poll.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/names.h"
#include "base/wire.h"
#include "cli/capture_file.h"
#include "cli/lab_int.h"
#include "live/filter.h"
#include "live/filter_names.h"

#define READ_BYTES (256 << 10)

// Names by the lab's numbers, which a reload changes, and by numbers of our own, which stay.
struct numbers {
	struct names *names; // by ours
	uint32_t *ours;      // by the lab's
	size_t count;
};

// What is under way between the lab and the file.
struct taking {
	int stream;
	struct numbers links, nodes;
	struct capture_file *file;
	int out;                    // where the file ends up, to notice that nobody reads it any more
	long long count, count_max; // 0: no limit
	unsigned long long lost;
	bool is_over; // the lab says so
};

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal_) {
	(void)signal_;
	is_interrupted = 1;
}

// Whoever interrupts a capture wants the file to be whole.
static void catch_interrupts(void) {
	struct sigaction action = {.sa_handler = interrupt};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void learn_numbers(struct numbers *numbers, const json_t *list) {
	size_t i;
	json_t *name;
	numbers->count = json_array_size(list);
	numbers->ours =
		memory_realloc(numbers->ours, memory_product(numbers->count + 1, sizeof(*numbers->ours)));
	json_array_foreach(list, i, name) {
		const char *text = json_string_value(name);
		numbers->ours[i] = names_add(numbers->names, text != NULL ? text : "?");
	}
}

static uint32_t our_number(const struct numbers *numbers, uint32_t labs) {
	return labs < numbers->count ? numbers->ours[labs] : NAME_NONE;
}

static const char *name_of(const struct numbers *numbers, uint32_t ours) {
	return ours < names_count(numbers->names) ? names_text(numbers->names, ours) : "?";
}

static const char *link_name(const void *taking, uint32_t link) {
	return name_of(&((const struct taking *)taking)->links, link);
}

static const char *node_name(const void *taking, uint32_t node) {
	return name_of(&((const struct taking *)taking)->nodes, node);
}

// What the lab says first, and again when it was reloaded.
static void take_news(struct taking *taking, const json_t *news) {
	const char *error = json_string_value(json_object_get(news, "error"));
	if (error != NULL) {
		fprintf(stderr, "interplane: the lab was reloaded and the capture ends: %s\n", error);
		taking->is_over = true;
		return;
	}
	learn_numbers(&taking->links, json_object_get(news, "links"));
	learn_numbers(&taking->nodes, json_object_get(news, "nodes"));
}

static void take_news_bytes(struct taking *taking, const uint8_t *bytes, size_t length) {
	json_t *news = json_loadb((const char *)bytes, length, 0, NULL);
	if (news != NULL)
		take_news(taking, news);
	json_decref(news);
}

static bool is_full(const struct taking *taking) {
	return taking->count_max != 0 && taking->count >= taking->count_max;
}

// Writes the whole records at the front of `in`. Returns how many bytes they were.
static size_t take_records(struct taking *taking, const struct text *in) {
	struct reader all = reader_of(in->chars, in->length);
	size_t taken = 0;
	while (!is_full(taking) && !taking->is_over) {
		struct pcap_packet packet;
		packet.when_ns = (int64_t)read_u64(&all);
		uint32_t link = read_u32(&all);
		uint32_t from = read_u32(&all);
		packet.length = read_u32(&all);
		packet.whole_length = read_u32(&all);
		packet.interface = 0;
		uint32_t lost = read_u32(&all);
		packet.bytes = read_view(&all, packet.length);
		if (all.short_read)
			break;
		taken = in->length - reader_left(&all);
		if (link == LAB_RECORD_NEWS) {
			take_news_bytes(taking, packet.bytes, packet.length);
			continue;
		}
		taking->lost += lost;
		taking->count++;
		capture_file_add(taking->file, &packet, our_number(&taking->links, link),
			our_number(&taking->nodes, from));
	}
	return taken;
}

// False once the lab, or the reader of what is written, is gone.
static bool wait_for_bytes(const struct taking *taking) {
	struct pollfd fds[] = {{.fd = taking->stream, .events = POLLIN}, {.fd = taking->out}};
	return poll(fds, 2, -1) > 0 && (fds[1].revents & (POLLERR | POLLHUP)) == 0;
}

// Until the lab ends, the reader does, somebody interrupts, or there are enough. 0 or -errno of
// writing.
static int take_all(struct taking *taking) {
	static char bytes[READ_BYTES];
	struct text in;
	int result = capture_file_flush(taking->file);
	text_init(&in);
	while (result == 0 && !is_full(taking) && !taking->is_over && !is_interrupted &&
		wait_for_bytes(taking)) {
		ssize_t got = read(taking->stream, bytes, sizeof(bytes));
		if (got <= 0)
			break;
		text_add_n(&in, bytes, (size_t)got);
		size_t taken = take_records(taking, &in);
		if (taken != 0) {
			memmove(in.chars, in.chars + taken, in.length - taken);
			in.length -= taken;
		}
		result = capture_file_flush(taking->file);
	}
	text_done(&in);
	return result;
}

static void report(const struct taking *taking) {
	if (taking->lost == 0 && !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "%lld packet%s captured", taking->count, taking->count == 1 ? "" : "s");
	if (taking->lost != 0)
		fprintf(stderr, ", %llu lost that were not read fast enough", taking->lost);
	fputc('\n', stderr);
}

static enum capture_form choose_form(const struct options *options) {
	const char *path = options->text[OPTION_WRITE];
	if (options_has(options, OPTION_FORMAT))
		return options_is_format(options, "pcap")  ? CAPTURE_PCAP
			: options_is_format(options, "pcapng") ? CAPTURE_PCAPNG
												   : CAPTURE_LINES;
	if (path != NULL)
		return capture_form_of(path);
	return isatty(STDOUT_FILENO) ? CAPTURE_LINES : CAPTURE_PCAP;
}

static int take_into(struct taking *taking, const struct options *options, FILE *out) {
	struct capture_plan plan = {
		.file = out,
		.form = choose_form(options),
		.snaplen = (uint32_t)options_number(options, OPTION_SNAPLEN, 0),
		.is_of_all = text_equal(options->positional[0], "all"),
		.network = taking,
		.link_name = link_name,
		.node_name = node_name,
	};
	taking->out = fileno(out);
	taking->count_max = options_number(options, OPTION_COUNT, 0);
	taking->file = capture_file_new(&plan);
	catch_interrupts();
	int result = take_all(taking);
	capture_file_free(taking->file);
	report(taking);
	if (result == 0 || result == -EPIPE)
		return EXIT_DONE;
	const char *path = options->text[OPTION_WRITE];
	fprintf(
		stderr, "interplane: %s: %s\n", path != NULL ? path : "standard output", strerror(-result));
	return EXIT_ENVIRONMENT;
}

static int take_into_file(struct taking *taking, const struct options *options) {
	const char *path = options->text[OPTION_WRITE];
	if (path == NULL)
		return take_into(taking, options, stdout);
	FILE *out = fopen(path, "wbe");
	if (out == NULL) {
		fprintf(stderr, "interplane: %s: %s\n", path, strerror(errno));
		return EXIT_ENVIRONMENT;
	}
	int exit_code = take_into(taking, options, out);
	fclose(out);
	return exit_code;
}

static int compile_filter(const char *lab, const char *expression, struct bpf_filter *out) {
	struct {
		struct filter_host *items;
		size_t count, room;
	} hosts = {0};
	json_t *answer = NULL;
	json_t *request = json_object();
	json_t *node;
	size_t i;
	json_put_text(request, "verb", "addresses");
	int exit_code = lab_ask_named(lab, request, &answer, NULL);
	if (exit_code != EXIT_DONE)
		return exit_code;
	json_array_foreach(json_object_get(answer, "nodes"), i, node) {
		struct filter_host host = {json_string_value(json_object_get(node, "name")),
			json_string_value(json_object_get(node, "address"))};
		if (host.name != NULL && host.address != NULL)
			ARRAY_PUSH(&hosts, host);
	}
	const struct filter_hosts known = {hosts.items, hosts.count};
	exit_code = network_compile_filter(expression, &known, out);
	free(hosts.items);
	json_decref(answer);
	return exit_code;
}

// The words behind the link are one expression, as with tcpdump. EXIT_DONE, or the exit code after
// a line.
static int add_filter(const char *lab, const struct options *options, json_t *request) {
	struct text expression;
	struct bpf_filter filter;
	int exit_code = EXIT_DONE;
	if (options->positional_count < 2)
		return EXIT_DONE;
	text_init(&expression);
	for (size_t i = 1; i < options->positional_count; i++)
		text_printf(&expression, "%s%s", i > 1 ? " " : "", options->positional[i]);
	exit_code = compile_filter(lab, text_chars(&expression), &filter);
	if (exit_code == EXIT_DONE) {
		json_put(request, "filter", lab_filter_json(&filter));
		filter_done(&filter);
	}
	text_done(&expression);
	return exit_code;
}

int lab_capture(const struct options *options) {
	char lab[STATE_NAME_MAX + 1];
	struct taking taking = {0};
	json_t *request = json_object();
	json_put_text(request, "verb", "capture");
	json_put_text(request, "link", options->positional[0]);
	if (options_has(options, OPTION_ONE_WAY))
		json_put_text(request, "oneWay", options->text[OPTION_ONE_WAY]);
	if (options_has(options, OPTION_SNAPLEN))
		json_put_int(request, "snaplen", options->number[OPTION_SNAPLEN]);
	int exit_code = lab_choose(options, lab);
	if (exit_code == EXIT_DONE)
		exit_code = add_filter(lab, options, request);
	if (exit_code != EXIT_DONE) {
		json_decref(request);
		return exit_code;
	}
	json_t *answer = NULL;
	exit_code = lab_ask_named(lab, request, &answer, &taking.stream);
	if (exit_code != EXIT_DONE)
		return exit_code;
	taking.links.names = names_new();
	taking.nodes.names = names_new();
	take_news(&taking, answer);
	json_decref(answer);
	exit_code = take_into_file(&taking, options);
	close(taking.stream);
	names_free(taking.links.names);
	names_free(taking.nodes.names);
	free(taking.links.ours);
	free(taking.nodes.ours);
	return exit_code;
}
