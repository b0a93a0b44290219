#include "live/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "live/control_int.h"

// While a request is being answered, others are looked at again after this long.
#define ASK_AGAIN_NS MS_NS
// A caller who is always a little behind never lets the backlog become empty: what was sent of it
// is let go once it is so much.
#define SENT_BYTES_MAX (1 << 20)

struct control_caller {
	struct control *control;
	struct control_caller *next;
	struct source source;
	struct text in, out;
	size_t out_sent;
	json_t *request; // waits for its turn
	bool is_gone;    // freed once nobody uses it
	bool is_broken;  // to be lost from the timer: whoever was sending still uses it
	bool is_writing; // waits for room
	bool is_lent;    // another process uses the connection
};

struct control {
	struct loop *loop;
	struct clock_epoll *clock;
	struct control_events events;
	struct source listener;
	struct control_caller *callers;
	size_t caller_count;
	struct timer timer;
	bool is_answering;
};

static void lose_caller(struct control_caller *caller) {
	struct control *control = caller->control;
	if (caller->is_gone)
		return;
	caller->is_gone = true;
	control->events.closed(control->events.owner, caller);
	clock_epoll_remove(control->clock, &caller->source);
	close(caller->source.fd);
	timer_start(control->loop, &control->timer, 0);
}

static void free_caller(struct control_caller *caller) {
	text_done(&caller->in);
	text_done(&caller->out);
	json_decref(caller->request);
	free(caller);
}

static void free_gone(struct control *control) {
	struct control_caller **at = &control->callers;
	while (*at != NULL) {
		struct control_caller *caller = *at;
		if (!caller->is_gone) {
			at = &caller->next;
			continue;
		}
		*at = caller->next;
		control->caller_count--;
		free_caller(caller);
	}
}

static void flush(struct control_caller *caller) {
	while (caller->out_sent < caller->out.length) {
		ssize_t sent = send(caller->source.fd, caller->out.chars + caller->out_sent,
			caller->out.length - caller->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != EAGAIN) {
			caller->is_broken = true;
			timer_start(caller->control->loop, &caller->control->timer, 0);
			return;
		}
		if (sent < 0)
			break;
		caller->out_sent += (size_t)sent;
	}
	bool waits = caller->out_sent < caller->out.length;
	if (!waits) {
		text_clear(&caller->out);
		caller->out_sent = 0;
	} else if (caller->out_sent >= SENT_BYTES_MAX) {
		caller->out.length -= caller->out_sent;
		memmove(caller->out.chars, caller->out.chars + caller->out_sent, caller->out.length);
		caller->out_sent = 0;
	}
	if (waits != caller->is_writing)
		clock_epoll_change(
			caller->control->clock, &caller->source, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
	caller->is_writing = waits;
}

int control_send(struct control_caller *caller, const void *bytes, size_t length) {
	if (caller->is_gone || caller->is_broken || caller->is_lent)
		return -EPIPE;
	if (caller->out.length - caller->out_sent + length > CONTROL_BACKLOG_MAX)
		return -ENOBUFS;
	text_add_n(&caller->out, bytes, length);
	flush(caller);
	return 0;
}

void control_hang_up(struct control_caller *caller) {
	lose_caller(caller);
}

void control_answer(struct control_caller *caller, json_t *answer) {
	char *line = json_dumps(answer, JSON_COMPACT);
	json_decref(answer);
	if (line == NULL)
		return;
	control_send(caller, line, strlen(line));
	control_send(caller, "\n", 1);
	free(line);
}

static void refuse(struct control_caller *caller, const char *why) {
	json_t *answer = json_object();
	json_put_text(answer, "error", why);
	control_answer(caller, answer);
}

// Takes one whole line out of what came in.
static void take_line(struct control_caller *caller) {
	char *end = caller->in.length != 0 ? memchr(caller->in.chars, '\n', caller->in.length) : NULL;
	if (end == NULL) {
		if (caller->in.length > CONTROL_LINE_MAX)
			lose_caller(caller);
		return;
	}
	size_t length = (size_t)(end - caller->in.chars);
	caller->request = json_loadb(caller->in.chars, length, JSON_REJECT_DUPLICATES, NULL);
	memmove(caller->in.chars, end + 1, caller->in.length - length - 1);
	caller->in.length -= length + 1;
	if (!json_is_object(caller->request)) {
		json_decref(caller->request);
		caller->request = NULL;
		refuse(caller, "a request is one JSON object on a line");
		return;
	}
	timer_start(caller->control->loop, &caller->control->timer, 0);
}

static void read_caller(void *owner, uint32_t events) {
	struct control_caller *caller = owner;
	char bytes[4096];
	if ((events & EPOLLOUT) != 0)
		flush(caller);
	if (caller->is_broken || (events & ~(uint32_t)EPOLLOUT) == 0)
		return;
	ssize_t got = recv(caller->source.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		lose_caller(caller);
		return;
	}
	text_add_n(&caller->in, bytes, (size_t)got);
	if (caller->request == NULL)
		take_line(caller);
	else if (caller->in.length > CONTROL_LINE_MAX)
		lose_caller(caller);
}

struct control_caller *control_adopt(struct control *control, int fd) {
	struct control_caller *caller = memory_alloc(sizeof(*caller));
	caller->control = control;
	caller->source = (struct source){fd, read_caller, caller};
	if (control->caller_count == CONTROL_CALLERS_MAX ||
		clock_epoll_add(control->clock, &caller->source, EPOLLIN) < 0) {
		close(fd);
		free(caller);
		return NULL;
	}
	caller->next = control->callers;
	control->callers = caller;
	control->caller_count++;
	return caller;
}

int control_pass(struct control_caller *caller, const int *descriptors, size_t count) {
	if (caller->is_gone || caller->is_broken)
		return -EPIPE;
	if (caller->out.length != 0)
		return -EAGAIN;
	return control_pass_on(caller->source.fd, descriptors, count);
}

int control_lend(struct control_caller *caller, struct text *left) {
	if (caller->is_gone || caller->is_broken)
		return -1;
	clock_epoll_remove(caller->control->clock, &caller->source);
	caller->is_lent = true;
	text_add_n(left, caller->out.chars + caller->out_sent, caller->out.length - caller->out_sent);
	return caller->source.fd;
}

void control_take_back(struct control_caller *caller) {
	if (!caller->is_lent)
		return;
	caller->is_lent = false;
	caller->is_writing = caller->out.length != 0;
	clock_epoll_add(
		caller->control->clock, &caller->source, caller->is_writing ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void accept_caller(void *owner, uint32_t events) {
	struct control *control = owner;
	(void)events;
	int fd = accept4(control->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	control_adopt(control, fd);
}

static void answer_waiting(struct timer *timer, void *owner) {
	struct control *control = owner;
	if (control->is_answering) {
		timer_start(control->loop, timer, ASK_AGAIN_NS);
		return;
	}
	control->is_answering = true;
	for (struct control_caller *caller = control->callers; caller != NULL; caller = caller->next) {
		if (caller->request == NULL || caller->is_gone)
			continue;
		json_t *request = caller->request;
		control->events.asked(control->events.owner, caller, request);
		caller->request = NULL;
		json_decref(request);
		if (!caller->is_gone)
			take_line(caller);
	}
	for (struct control_caller *caller = control->callers; caller != NULL; caller = caller->next) {
		if (caller->is_broken)
			lose_caller(caller);
	}
	control->is_answering = false;
	free_gone(control);
}

static int listen_at(const char *path) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mode_t old = umask(0177);
	int result = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(old);
	if (result == 0 && listen(fd, CONTROL_CALLERS_MAX) < 0)
		result = -errno;
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd;
}

int control_open(const char *path, struct loop *loop, struct clock_epoll *clock,
	const struct control_events *events, struct control **out) {
	int fd = listen_at(path);
	if (fd < 0)
		return fd;
	struct control *control = memory_alloc(sizeof(*control));
	control->loop = loop;
	control->clock = clock;
	control->events = *events;
	control->listener = (struct source){fd, accept_caller, control};
	timer_init(&control->timer, TIMER_PERIODIC, answer_waiting, control);
	int result = clock_epoll_add(clock, &control->listener, EPOLLIN);
	if (result < 0) {
		close(fd);
		free(control);
		return result;
	}
	*out = control;
	return 0;
}

void control_close(struct control *control) {
	if (control == NULL)
		return;
	clock_epoll_remove(control->clock, &control->listener);
	close(control->listener.fd);
	for (struct control_caller *caller = control->callers; caller != NULL; caller = caller->next)
		lose_caller(caller);
	free_gone(control);
	timer_stop(control->loop, &control->timer);
	free(control);
}
