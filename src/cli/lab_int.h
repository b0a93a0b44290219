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
	instant started;
	struct lab_repair *repairs;   // links that come back by themselves
	struct lab_capture *captures; // under way
	bool ends;
};

// In front of each packet that a capture sends: its time of day in nanoseconds (64 bits), link,
// sender, bytes that follow, bytes it had, packets lost before it (32 bits each, network order).
#define LAB_RECORD_BYTES 28

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
json_t *lab_answer_capture(struct lab *lab, struct control_caller *caller, const json_t *request);
void lab_capture_closed(struct lab *lab, struct control_caller *caller);
// lab_attached.c: of `lab status`.
void lab_put_attached(const struct lab *lab, json_t *document);
void lab_add_attached(const json_t *status, struct text *out);
void lab_repairs_free(struct lab *lab);
void lab_captures_free(struct lab *lab);
