// `lab capture`: what enters a link, streamed to the caller as a pcap file.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/lab_int.h"
#include "world/capture.h"

// How long packets may wait for others before they are sent to the caller together.
#define FLUSH_NS (20 * MS_NS)
#define FILE_BUFFER_BYTES (256 << 10)
#define PCAP_HEADER_BYTES 24
#define PCAP_RECORD_BYTES 16

struct lab_capture {
	struct lab_capture *next;
	struct lab *lab;
	struct control_caller *caller;
	struct capture *capture;
	FILE *file;
	struct timer timer;
	bool is_behind; // the caller reads too slowly, and something is missing now
};

static ssize_t pass_on(void *cookie, const char *bytes, size_t length) {
	struct lab_capture *capture = cookie;
	if (capture->caller != NULL && control_send(capture->caller, bytes, length) == -ENOBUFS)
		capture->is_behind = true;
	return (ssize_t)length;
}

static void flush_soon(struct timer *timer, void *owner) {
	struct lab_capture *capture = owner;
	fflush(capture->file);
	// Half a packet would make the rest unreadable: better an end than that.
	if (capture->is_behind) {
		control_hang_up(capture->caller);
		return;
	}
	timer_start(capture->lab->network.loop, timer, FLUSH_NS);
}

static void free_capture(struct lab_capture *capture) {
	timer_stop(capture->lab->network.loop, &capture->timer);
	capture->caller = NULL;
	capture_stop(capture->capture);
	fclose(capture->file);
	free(capture);
}

void lab_capture_closed(struct lab *lab, struct control_caller *caller) {
	struct lab_capture **at = &lab->captures;
	while (*at != NULL && (*at)->caller != caller)
		at = &(*at)->next;
	struct lab_capture *capture = *at;
	if (capture == NULL)
		return;
	*at = capture->next;
	free_capture(capture);
}

void lab_captures_free(struct lab *lab) {
	while (lab->captures != NULL) {
		struct lab_capture *capture = lab->captures;
		lab->captures = capture->next;
		free_capture(capture);
	}
}

// The answer goes out before the first packet: the first bytes wait for the timer.
json_t *lab_answer_capture(struct lab *lab, struct control_caller *caller, const json_t *request) {
	json_t *answer = NULL;
	uint32_t link = TOPO_NONE;
	bool is_all = text_equal(json_string_value(json_object_get(request, "link")), "all");
	if (!is_all && !lab_read_link(lab, request, &link, &answer))
		return answer;
	struct lab_capture *capture = memory_alloc(sizeof(*capture));
	capture->lab = lab;
	capture->caller = caller;
	capture->file = fopencookie(capture, "w", (cookie_io_functions_t){.write = pass_on});
	if (capture->file == NULL) {
		free(capture);
		return lab_error("the capture could not begin: %s", strerror(errno));
	}
	setvbuf(capture->file, NULL, _IOFBF, FILE_BUFFER_BYTES);
	capture->capture = capture_start(lab->network.world, link, capture->file);
	capture->next = lab->captures;
	lab->captures = capture;
	timer_init(&capture->timer, TIMER_PERIODIC, flush_soon, capture);
	timer_start(lab->network.loop, &capture->timer, 0);
	answer = json_object();
	json_put_int(answer, "epochNs", clock_epoll_epoch_ns(lab->clock));
	return answer;
}

static bool read_all(int fd, uint8_t *bytes, size_t length) {
	while (length != 0) {
		ssize_t got = read(fd, bytes, length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		bytes += got;
		length -= (size_t)got;
	}
	return true;
}

static uint32_t get_le32(const uint8_t *at) {
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_le32(uint8_t *at, uint32_t value) {
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

// The lab stamps packets with its own clock; for people it becomes the time of day.
static void set_time(uint8_t record[PCAP_RECORD_BYTES], int64_t epoch_ns) {
	int64_t ns = get_le32(record) * SECOND_NS + get_le32(record + 4) + epoch_ns;
	put_le32(record, (uint32_t)(ns / SECOND_NS));
	put_le32(record + 4, (uint32_t)(ns % SECOND_NS));
}

// Until the lab ends, the reader of `out` does, or `count` packets have come (0: no limit).
static int copy_packets(int stream, FILE *out, int64_t epoch_ns, long long count) {
	static uint8_t bytes[UINT16_MAX + 1];
	if (!read_all(stream, bytes, PCAP_HEADER_BYTES))
		return EXIT_ENVIRONMENT;
	fwrite(bytes, PCAP_HEADER_BYTES, 1, out);
	fflush(out);
	for (long long i = 0; count == 0 || i < count; i++) {
		uint8_t record[PCAP_RECORD_BYTES];
		if (!read_all(stream, record, sizeof(record)))
			break;
		uint32_t length = get_le32(record + 8);
		if (length > sizeof(bytes) || !read_all(stream, bytes, length))
			break;
		set_time(record, epoch_ns);
		fwrite(record, sizeof(record), 1, out);
		fwrite(bytes, length, 1, out);
		if (fflush(out) != 0)
			break;
	}
	return EXIT_DONE;
}

int lab_capture(const struct options *options) {
	const char *path = options->text[OPTION_WRITE];
	char lab[STATE_NAME_MAX + 1];
	json_t *answer = NULL;
	int stream;
	if (path == NULL && isatty(STDOUT_FILENO)) {
		fputs(
			"interplane lab capture: packets are bytes, not text; -w FILE, or a pipe: | wireshark "
			"-k -i - or | tcpdump -n -r -\n",
			stderr);
		return EXIT_WRONG_USE;
	}
	int exit_code = lab_choose(options, lab);
	if (exit_code != EXIT_DONE)
		return exit_code;
	FILE *out = path != NULL ? fopen(path, "wbe") : stdout;
	if (out == NULL) {
		fprintf(stderr, "interplane: %s: %s\n", path, strerror(errno));
		return EXIT_ENVIRONMENT;
	}
	json_t *request = json_object();
	json_put_text(request, "verb", "capture");
	json_put_text(request, "link", options->positional[0]);
	exit_code = lab_ask_named(lab, request, &answer, &stream);
	if (exit_code == EXIT_DONE) {
		int64_t epoch_ns = json_integer_value(json_object_get(answer, "epochNs"));
		exit_code = copy_packets(stream, out, epoch_ns, options_number(options, OPTION_COUNT, 0));
		close(stream);
		json_decref(answer);
	}
	if (path != NULL && fclose(out) != 0 && exit_code == EXIT_DONE)
		exit_code = EXIT_ENVIRONMENT;
	return exit_code;
}
