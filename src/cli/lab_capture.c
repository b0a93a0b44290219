// What a running lab does for `lab capture`: packets that enter a link, filtered here so that a
// busy link does not fill the socket, are sent to the caller as records.
#include <stdlib.h>
#include <string.h>

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
	struct bpf_filter filter;
	struct timer timer;
	struct text waiting; // whole records
	uint32_t waiting_records;
	uint32_t lost; // since the last record: the caller reads too slowly
};

static void flush(struct lab_capture *capture) {
	// All of it or nothing, so that the caller never gets half a packet.
	if (capture->waiting.length != 0 &&
		control_send(capture->caller, capture->waiting.chars, capture->waiting.length) < 0)
		capture->lost += capture->waiting_records;
	text_clear(&capture->waiting);
	capture->waiting_records = 0;
}

static void flush_due(struct timer *timer, void *owner) {
	(void)timer;
	flush(owner);
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
static json_t *begin_answer(const struct lab *lab) {
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

// The answer goes out before the first packet: packets wait for the timer.
json_t *lab_answer_capture(struct lab *lab, struct control_caller *caller, const json_t *request) {
	struct capture_wish wish = {.link = TOPO_NONE, .from = TOPO_NONE, .taken = take};
	json_t *answer = NULL;
	struct bpf_filter filter;
	bool is_all = text_equal(json_string_value(json_object_get(request, "link")), "all");
	const json_t *snaplen = json_object_get(request, "snaplen");
	if (!is_all && !lab_read_link(lab, request, &wish.link, &answer))
		return answer;
	if (!read_sender(lab, request, &wish, &answer))
		return answer;
	if (snaplen != NULL && !read_number(snaplen, UINT16_MAX, &wish.snaplen))
		return lab_error("snaplen: expected a number of bytes");
	if (!read_filter(json_object_get(request, "filter"), &filter)) {
		free(filter.steps);
		return lab_error("the filter is no program that may be run");
	}
	struct lab_capture *capture = memory_alloc(sizeof(*capture));
	capture->lab = lab;
	capture->caller = caller;
	capture->filter = filter;
	wish.filter = filter.count != 0 ? &capture->filter : NULL;
	wish.owner = capture;
	timer_init(&capture->timer, TIMER_PERIODIC, flush_due, capture);
	capture->capture = capture_start(lab->network.world, &wish);
	capture->next = lab->captures;
	lab->captures = capture;
	return begin_answer(lab);
}
