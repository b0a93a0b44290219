// What a running lab does for `lab capture`: packets that enter a link, filtered here so that a
// busy link does not fill the socket, are sent to the caller as records.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/wire.h"
#include "cli/lab_int.h"
#include "world/capture.h"

// How long packets may wait for others before they are sent to the caller together.
#define FLUSH_NS (20 * MS_NS)
#define FLUSH_AT_BYTES (256 << 10)

struct lab_capture {
	struct lab_capture *next;
	struct lab *lab;
	struct control_caller *caller;
	struct capture *capture;
	struct capture_wish wish;
	struct bpf_filter filter;
	struct timer timer;
	struct text waiting; // whole records
	uint32_t waiting_records;
	uint32_t lost;    // since the last record: the caller reads too slowly
	struct text news; // to be sent before any packet
	bool is_over;     // what it captured is gone; the caller is told
};

// A record that is no packet, sent before any other.
static void tell(struct lab_capture *capture, const json_t *news) {
	uint8_t record[LAB_RECORD_BYTES];
	struct writer out = writer_of(record, sizeof(record));
	char *text = json_dumps(news, JSON_COMPACT);
	size_t length = text != NULL ? strlen(text) : 0;
	write_u64(&out, 0);
	write_u32(&out, LAB_RECORD_NEWS);
	write_u32(&out, 0);
	write_u32(&out, (uint32_t)length);
	write_u32(&out, (uint32_t)length);
	write_u32(&out, 0);
	text_add_n(&capture->news, (const char *)record, sizeof(record));
	text_add_n(&capture->news, text, length);
	free(text);
}

static void flush(struct lab_capture *capture) {
	// All of it or nothing, so that the caller never gets half a packet.
	if (capture->news.length != 0 &&
		control_send(capture->caller, capture->news.chars, capture->news.length) == 0)
		text_clear(&capture->news);
	// What packets mean is told first.
	if (capture->waiting.length != 0 &&
		(capture->news.length != 0 ||
			control_send(capture->caller, capture->waiting.chars, capture->waiting.length) < 0))
		capture->lost += capture->waiting_records;
	text_clear(&capture->waiting);
	capture->waiting_records = 0;
}

static void flush_due(struct timer *timer, void *owner) {
	struct lab_capture *capture = owner;
	flush(capture);
	if (capture->news.length != 0)
		timer_start(capture->lab->network.loop, timer, FLUSH_NS);
}

static void take(void *owner, const struct capture_packet *packet) {
	struct lab_capture *capture = owner;
	uint8_t record[LAB_RECORD_BYTES];
	struct writer out = writer_of(record, sizeof(record));
	int64_t when_ns = packet->when.ns + clock_epoll_epoch_ns(capture->lab->clock);
	write_u64(&out, (uint64_t)when_ns);
	write_u32(&out, packet->link);
	write_u32(&out, packet->from);
	write_u32(&out, packet->length);
	write_u32(&out, packet->whole_length);
	write_u32(&out, capture->lost);
	capture->lost = 0;
	if (capture->waiting.length == 0)
		timer_start(capture->lab->network.loop, &capture->timer, FLUSH_NS);
	text_add_n(&capture->waiting, (const char *)record, sizeof(record));
	text_add_n(&capture->waiting, (const char *)packet->bytes, packet->length);
	capture->waiting_records++;
	if (capture->waiting.length >= FLUSH_AT_BYTES)
		flush(capture);
}

static void free_capture(struct lab_capture *capture) {
	timer_stop(capture->lab->network.loop, &capture->timer);
	capture_stop(capture->capture);
	free(capture->filter.steps);
	text_done(&capture->waiting);
	text_done(&capture->news);
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

// A whole number of at most `max`; false when it is none.
static bool read_number(const json_t *value, uint32_t max, uint32_t *out) {
	json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0 || number > (json_int_t)max)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool read_step(const json_t *value, struct bpf_step *out) {
	uint32_t code, if_true, if_false, k;
	if (json_array_size(value) != 4 || !read_number(json_array_get(value, 0), UINT16_MAX, &code) ||
		!read_number(json_array_get(value, 1), UINT8_MAX, &if_true) ||
		!read_number(json_array_get(value, 2), UINT8_MAX, &if_false) ||
		!read_number(json_array_get(value, 3), UINT32_MAX, &k))
		return false;
	*out = (struct bpf_step){(uint16_t)code, (uint8_t)if_true, (uint8_t)if_false, k};
	return true;
}

// Whoever asks may have compiled the program with anything: it is checked here. `out` is freed by
// the caller in either case.
static bool read_filter(const json_t *list, struct bpf_filter *out) {
	size_t index;
	json_t *value;
	*out = (struct bpf_filter){0};
	if (list == NULL)
		return true;
	if (!json_is_array(list) || json_array_size(list) > BPF_STEPS_MAX)
		return false;
	out->count = json_array_size(list);
	out->steps = memory_alloc(memory_product(out->count + 1, sizeof(*out->steps)));
	json_array_foreach(list, index, value) {
		if (!read_step(value, &out->steps[index]))
			return false;
	}
	return bpf_check(out) == 0;
}

// The names that numbers in the records mean.
static json_t *names_json(const struct lab *lab) {
	const struct topo *topo = lab->network.topo;
	json_t *answer = json_object();
	json_t *links = json_put_array(answer, "links");
	json_t *nodes = json_put_array(answer, "nodes");
	for (uint32_t i = 0; i < topo->link_count; i++)
		json_push_text(links, topo->links[i].name);
	for (uint32_t i = 0; i < topo->node_count; i++)
		json_push_text(nodes, topo->nodes[i].name);
	return answer;
}

// Only what a node sends: one of the link's ends.
static bool read_sender(
	struct lab *lab, const json_t *request, struct capture_wish *wish, json_t **answer) {
	const struct topo *topo = lab->network.topo;
	if (json_object_get(request, "oneWay") == NULL)
		return true;
	if (!lab_read_node(lab, request, "oneWay", &wish->from, answer))
		return false;
	if (wish->link == TOPO_NONE)
		return true;
	const struct topo_link *link = &topo->links[wish->link];
	for (size_t i = 0; i < link->end_count; i++) {
		if (topo->ports[link->ends[i].port].node == wish->from)
			return true;
	}
	*answer = lab_error("%s is not an end of %s", topo->nodes[wish->from].name, link->name);
	return false;
}

// What a request for a capture, or a capture that another process began, asks for. False after
// *answer was made. The filter is freed by the caller in either case.
static bool read_wish(
	struct lab *lab, const json_t *request, struct lab_capture *capture, json_t **answer) {
	struct capture_wish *wish = &capture->wish;
	bool is_all = text_equal(json_string_value(json_object_get(request, "link")), "all");
	const json_t *snaplen = json_object_get(request, "snaplen");
	*wish = (struct capture_wish){.link = TOPO_NONE, .from = TOPO_NONE, .taken = take};
	if (!is_all && !lab_read_link(lab, request, &wish->link, answer))
		return false;
	if (!read_sender(lab, request, wish, answer))
		return false;
	if (snaplen != NULL && !read_number(snaplen, UINT16_MAX, &wish->snaplen)) {
		*answer = lab_error("snaplen: expected a number of bytes");
		return false;
	}
	if (!read_filter(json_object_get(request, "filter"), &capture->filter)) {
		*answer = lab_error("the filter is no program that may be run");
		return false;
	}
	wish->filter = capture->filter.count != 0 ? &capture->filter : NULL;
	wish->owner = capture;
	return true;
}

static struct lab_capture *new_capture(struct lab *lab, struct control_caller *caller) {
	struct lab_capture *capture = memory_alloc(sizeof(*capture));
	capture->lab = lab;
	capture->caller = caller;
	timer_init(&capture->timer, TIMER_PERIODIC, flush_due, capture);
	return capture;
}

static void add_capture(struct lab_capture *capture) {
	capture->next = capture->lab->captures;
	capture->lab->captures = capture;
}

// The answer goes out before the first packet: packets wait for the timer.
json_t *lab_answer_capture(struct lab *lab, struct control_caller *caller, const json_t *request) {
	json_t *answer = NULL;
	struct lab_capture *capture = new_capture(lab, caller);
	if (!read_wish(lab, request, capture, &answer)) {
		free_capture(capture);
		return answer;
	}
	capture->capture = capture_start(lab->network.world, &capture->wish);
	add_capture(capture);
	return names_json(lab);
}

json_t *lab_filter_json(const struct bpf_filter *filter) {
	json_t *steps = json_array();
	for (size_t i = 0; i < filter->count; i++) {
		const struct bpf_step *step = &filter->steps[i];
		json_array_append_new(steps,
			json_pack("[i,i,i,I]", step->code, step->if_true, step->if_false, (json_int_t)step->k));
	}
	return steps;
}

// As the request that would begin it.
static void put_wish(const struct lab_capture *capture, json_t *object) {
	const struct topo *topo = capture->lab->network.topo;
	const struct capture_wish *wish = &capture->wish;
	json_put_text(object, "link", wish->link != TOPO_NONE ? topo->links[wish->link].name : "all");
	if (wish->from != TOPO_NONE)
		json_put_text(object, "oneWay", topo->nodes[wish->from].name);
	if (wish->snaplen != 0)
		json_put_int(object, "snaplen", wish->snaplen);
	if (wish->filter != NULL)
		json_put(object, "filter", lab_filter_json(wish->filter));
}

// A file without a name that holds the bytes, read from its beginning; -1: none.
static int file_of(const struct text *bytes) {
	int fd = memfd_create("unsent", MFD_CLOEXEC);
	if (fd >= 0 && pwrite(fd, text_chars(bytes), bytes->length, 0) == (ssize_t)bytes->length)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool lend(struct lab_capture *capture, json_t *out, int descriptors[LAB_LENT_DESCRIPTORS]) {
	struct text unsent;
	text_init(&unsent);
	flush(capture);
	int fd = control_lend(capture->caller, &unsent);
	int file = fd >= 0 ? file_of(&unsent) : -1;
	text_done(&unsent);
	if (file < 0) {
		control_take_back(capture->caller);
		return false;
	}
	json_t *object = json_push_object(out);
	put_wish(capture, object);
	json_put_int(object, "lost", capture->lost);
	descriptors[0] = fd;
	descriptors[1] = file;
	timer_stop(capture->lab->network.loop, &capture->timer);
	capture_stop(capture->capture);
	capture->capture = NULL;
	return true;
}

size_t lab_captures_lend(struct lab *lab, json_t *out, int *descriptors, size_t room) {
	size_t count = 0;
	for (struct lab_capture *capture = lab->captures;
		 capture != NULL && count + LAB_LENT_DESCRIPTORS <= room; capture = capture->next) {
		if (!capture->is_over && lend(capture, out, descriptors + count))
			count += LAB_LENT_DESCRIPTORS;
	}
	return count;
}

void lab_captures_take_back(struct lab *lab) {
	for (struct lab_capture *capture = lab->captures; capture != NULL; capture = capture->next) {
		if (capture->capture != NULL || capture->is_over)
			continue;
		control_take_back(capture->caller);
		capture->capture = capture_start(lab->network.world, &capture->wish);
	}
}

// Bytes of which a part may have been sent go before anything else.
static bool send_unsent(struct control_caller *caller, int file) {
	struct stat found;
	if (fstat(file, &found) < 0 || found.st_size == 0)
		return true;
	size_t length = (size_t)found.st_size;
	void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, file, 0);
	if (bytes == MAP_FAILED)
		return false;
	bool is_sent = control_send(caller, bytes, length) == 0;
	munmap(bytes, length);
	return is_sent;
}

void lab_capture_adopt(
	struct lab *lab, const json_t *object, const int descriptors[LAB_LENT_DESCRIPTORS]) {
	struct control_caller *caller = control_adopt(lab->control, descriptors[0]);
	if (caller == NULL || !send_unsent(caller, descriptors[1])) {
		close(descriptors[1]);
		if (caller != NULL)
			control_hang_up(caller);
		return;
	}
	close(descriptors[1]);
	json_t *answer = NULL;
	struct lab_capture *capture = new_capture(lab, caller);
	bool goes_on = read_wish(lab, object, capture, &answer);
	if (goes_on) {
		read_number(json_object_get(object, "lost"), UINT32_MAX, &capture->lost);
		answer = names_json(lab);
	}
	tell(capture, answer);
	flush_due(&capture->timer, capture);
	json_decref(answer);
	// Told that it is over, whoever captures hangs up.
	if (goes_on)
		capture->capture = capture_start(lab->network.world, &capture->wish);
	capture->is_over = !goes_on;
	add_capture(capture);
}
