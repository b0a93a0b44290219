// The control socket of a running lab: a line of JSON asks, a line of JSON answers. Behind an
// answer bytes may follow, of a capture for example, until either side closes.
//
// Requests are answered from a timer of the loop, one at a time, so that answering may itself run
// the loop (a trace does) while packets go on flowing.
#pragma once

#include "base/json.h"
#include "live/clock_epoll.h"
#include "loop/loop.h"

#define CONTROL_LINE_MAX 65536
#define CONTROL_CALLERS_MAX 64
// What waits to be read by a slow caller; beyond it bytes are left out.
#define CONTROL_BACKLOG_MAX (8 << 20)

struct control;
struct control_caller;
struct text;

struct control_events {
	// Answer with control_answer(), now or later. `request` is an object and lasts for the call.
	void (*asked)(void *owner, struct control_caller *caller, const json_t *request);
	// The caller is gone after this.
	void (*closed)(void *owner, struct control_caller *caller);
	void *owner;
};

// Listens at `path`, for its owner only (mode 0600). 0 or -errno.
int control_open(const char *path, struct loop *loop, struct clock_epoll *clock,
	const struct control_events *events, struct control **out);
void control_close(struct control *control); // NULL is fine; what callers have to get is sent

void control_answer(struct control_caller *caller, json_t *answer); // takes over `answer`
// -ENOBUFS when the caller reads too slowly: then nothing of it is sent.
int control_send(struct control_caller *caller, const void *bytes, size_t length);
void control_hang_up(struct control_caller *caller); // `closed` is told; not from inside `closed`

// Descriptors behind what was sent so far, for control_receive(). -EAGAIN when the caller has not
// read that yet, or -errno.
int control_pass(struct control_caller *caller, const int *descriptors, size_t count);
// A caller's connection handed on to another process: nothing is read or sent here until
// control_take_back(). `left` gets what it has not been sent yet.
int control_lend(struct control_caller *caller, struct text *left); // lent; -1: the caller is gone
void control_take_back(struct control_caller *caller);
// The other end of that: takes the descriptor. NULL, and closed, when there is no room.
struct control_caller *control_adopt(struct control *control, int fd);

// The other side: asks and waits for the answer. The descriptor stays open when `stream` isn't
// NULL. 0 or -errno: -ENOENT, -ECONNREFUSED when nobody listens.
int control_ask(const char *path, const json_t *request, json_t **answer, int *stream);
// Asks once more on a connection that stayed open.
int control_ask_on(int stream, const json_t *request, json_t **answer);
int control_receive(int stream, int *descriptors, size_t count);
