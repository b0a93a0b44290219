// The running lab, inside the process that carries its packets.
#pragma once

#include "cli/lab.h"
#include "cli/network.h"
#include "live/attached.h"
#include "live/clock_epoll.h"
#include "live/control.h"
#include "live/hosts.h"
#include "live/process.h"

struct lab {
	struct network network;
	char *path; // of the file, as the user sees it
	struct state *state;
	struct clock_epoll *clock;
	struct hosts hosts;
	struct attachments attachments;
	struct control *control;
	struct source signals;
	struct timer folder; // looks whether its state is still there
	struct timer trim;   // gives back what busier moments took
	instant started;
	struct lab_repair *repairs;    // links that come back by themselves
	struct lab_capture *captures;  // under way
	struct lab_handover *handover; // once a successor has come
	json_t *set;                   // by link: what was done to it by hand
	struct world_quality *file_qualities;
	struct process_start *start;
	long long reloads;
	int64_t pause_ns;     // of the last one
	bool ends, is_orphan; // without its folder nobody can ask it anything
};

// In front of each packet that a capture sends: its time of day in nanoseconds (64 bits), link,
// sender, bytes that follow, bytes it had, packets lost before it (32 bits each, network order).
#define LAB_RECORD_BYTES 28
// In the link's place: no packet, but JSON after the lab was reloaded. What numbers of links and
// nodes mean from now on; or the error that ends the capture.
#define LAB_RECORD_NEWS UINT32_MAX

// lab_carry.c. Makes what the lab needs, in the process that is to carry its packets, with the
// clock running: all that takes privileges, and everything that can fail. 0, or -errno after a line
// in `problem`.
typedef int lab_furnish_fn(struct lab *lab, struct text *problem);
// Returns in the caller once the lab runs: EXIT_DONE, or the exit code after a line why not.
int lab_split(struct lab *lab, struct process_start *start, lab_furnish_fn *furnish);
int lab_listen(struct lab *lab, const char *path, struct text *problem); // and catches signals
void lab_done(struct lab *lab);

// lab_answer.c: what the control socket asks for.
void lab_asked(void *owner, struct control_caller *caller, const json_t *request);
void lab_closed(void *owner, struct control_caller *caller);
json_t *lab_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Of a request's field. False after *answer was made.
bool lab_read_link(struct lab *lab, const json_t *request, uint32_t *out, json_t **answer);
bool lab_read_node(
	struct lab *lab, const json_t *request, const char *field, uint32_t *out, json_t **answer);

// Each answers one kind of request.
json_t *lab_answer_status(struct lab *lab, const json_t *request);
json_t *lab_answer_link(struct lab *lab, const json_t *request);
json_t *lab_answer_quality(struct lab *lab, const json_t *request);
json_t *lab_answer_routes(struct lab *lab, const json_t *request);
json_t *lab_answer_trace(struct lab *lab, const json_t *request);
void lab_answer_handover(struct lab *lab, struct control_caller *caller, const json_t *request);
json_t *lab_answer_capture(struct lab *lab, struct control_caller *caller, const json_t *request);
void lab_capture_closed(struct lab *lab, struct control_caller *caller);
// lab_attached.c: of `lab status`, and from it.
struct lab_attached_lent {
	struct attached_lent *items;
	size_t count, room;
};
void lab_attached_read(const json_t *status, struct lab_attached_lent *out); // descriptors to come
void lab_attached_let_go(struct lab_attached_lent *lent);
void lab_attached_adopt(struct lab *lab, const json_t *status);
void lab_put_attached(const struct lab *lab, json_t *document);
void lab_add_attached(const json_t *status, struct text *out);
json_t *lab_filter_json(const struct bpf_filter *filter); // as a request for a capture has it
void lab_repairs_free(struct lab *lab);
int64_t lab_repair_left_ns(const struct lab *lab, uint32_t link); // 0: doesn't come back by itself
void lab_captures_free(struct lab *lab);

// What goes on in the next process. Links: notes how the file has them, first of all; then makes
// them what `links` of a status says was done by hand, `is_live` with what is left of --for.
void lab_links_begin(struct lab *lab);
void lab_links_apply(struct lab *lab, const json_t *links, bool is_live);
// What a port counts, as a status has it.
void lab_counts_put(json_t *object, const struct frame_counts *counts);
void lab_counts_read(const json_t *object, struct frame_counts *counts);
void lab_flows_adopt(struct lab *lab, const json_t *document);
// Captures stop here and go on there, each with its connection and a file of what was not sent yet;
// how many descriptors these are. Or back again.
#define LAB_LENT_DESCRIPTORS 2
size_t lab_captures_lend(struct lab *lab, json_t *out, int *descriptors, size_t room);
void lab_captures_take_back(struct lab *lab);
void lab_capture_adopt(struct lab *lab, const json_t *object,
	const int descriptors[LAB_LENT_DESCRIPTORS]); // takes them
bool lab_is_handing_over(const struct lab *lab);
void lab_handover_closed(struct lab *lab, struct control_caller *caller);
void lab_handover_free(struct lab *lab);
