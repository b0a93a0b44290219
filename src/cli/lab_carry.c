// The process that carries a lab's packets, from the moment it is split off to its end.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/lab_int.h"
#include "world/attach.h"

// How soon it is noticed that nobody can reach the lab any more.
#define FOLDER_LOOK_NS SECOND_NS
#define TRIM_NS (10 * SECOND_NS)
#define RETURN_FROM_BYTES (1 << 20)

static void read_signal(void *owner, uint32_t events) {
	struct lab *lab = owner;
	struct signalfd_siginfo info;
	(void)events;
	if (read(lab->signals.fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		lab->ends = true;
}

static int catch_signals(struct lab *lab) {
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	// A full disk is an error, not a reason to die.
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	lab->signals =
		(struct source){signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), read_signal, lab};
	if (lab->signals.fd < 0)
		return -errno;
	return clock_epoll_add(lab->clock, &lab->signals, EPOLLIN);
}

static void look_at_folder(struct timer *timer, void *owner) {
	struct lab *lab = owner;
	char path[STATE_PATH_MAX];
	if (access(state_path(state_name(lab->state), ".", path), F_OK) == 0) {
		timer_start(lab->network.loop, timer, FOLDER_LOOK_NS);
		return;
	}
	fprintf(stderr, "somebody removed the lab's folder in " STATE_FOLDER ": the lab ends\n");
	fflush(stderr);
	lab->is_orphan = true;
	lab->ends = true;
}

static void trim_packets(struct timer *timer, void *owner) {
	struct lab *lab = owner;
	packet_pool_trim(world_packet_pool(lab->network.world));
	timer_start(lab->network.loop, timer, TRIM_NS);
}

// Each host takes a descriptor for every interface and one for itself.
static void allow_descriptors(void) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int lab_listen(struct lab *lab, const char *path, struct text *problem) {
	struct control_events events = {lab_asked, lab_closed, lab};
	const char *what = "control socket";
	int result = control_open(path, lab->network.loop, lab->clock, &events, &lab->control);
	if (result == 0) {
		what = "signals";
		result = catch_signals(lab);
	}
	timer_init(&lab->folder, TIMER_PERIODIC, look_at_folder, lab);
	timer_start(lab->network.loop, &lab->folder, FOLDER_LOOK_NS);
	timer_init(&lab->trim, TIMER_PERIODIC, trim_packets, lab);
	timer_start(lab->network.loop, &lab->trim, TRIM_NS);
	memory_return_from(RETURN_FROM_BYTES); // packets come in slabs of two megabytes
	if (result < 0)
		text_printf(problem, "%s: %s", what, strerror(-result));
	return result;
}

static bool goes_on(void *owner) {
	const struct lab *lab = owner;
	return !lab->ends;
}

static void dismantle(struct lab *lab) {
	timer_stop(lab->network.loop, &lab->folder);
	timer_stop(lab->network.loop, &lab->trim);
	lab_repairs_free(lab);
	lab_handover_free(lab);
	control_close(lab->control);
	lab_captures_free(lab);
	attachments_close(&lab->attachments);
	hosts_close(&lab->hosts);
	json_decref(lab->set);
	if (lab->signals.fd >= 0)
		close(lab->signals.fd);
	clock_epoll_free(lab->clock);
}

// Until the lab ends. Returns the process's exit code.
static int carry(struct lab *lab, struct process_start *start, lab_furnish_fn *furnish) {
	struct text problem;
	int result;
	text_init(&problem);
	lab->start = start;
	lab->started = loop_now(lab->network.loop);
	lab->signals.fd = -1;
	allow_descriptors();
	lab->clock = clock_epoll_new(&lab->network.clock);
	if (lab->clock == NULL) {
		result = -errno;
		text_printf(&problem, "epoll: %s", strerror(errno));
	} else {
		result = furnish(lab, &problem);
	}
	process_tell(start, result < 0 ? text_chars(&problem) : NULL);
	text_done(&problem);
	if (result == 0)
		loop_run_while(lab->network.loop, INSTANT_NEVER, goes_on, lab);
	dismantle(lab);
	return result < 0 || lab->is_orphan ? EXIT_ENVIRONMENT : EXIT_DONE;
}

int lab_split(struct lab *lab, struct process_start *start, lab_furnish_fn *furnish) {
	struct text problem;
	int result;
	text_init(&problem);
	if (process_split(lab->state, start, &result, &problem)) {
		int code = carry(lab, start, furnish);
		lab_done(lab);
		text_done(&problem);
		exit(code);
	}
	if (result < 0)
		fprintf(stderr, "interplane: %s\n", text_chars(&problem));
	text_done(&problem);
	return result < 0 ? EXIT_ENVIRONMENT : EXIT_DONE;
}

void lab_done(struct lab *lab) {
	network_close(&lab->network);
	state_free(lab->state);
	free(lab->path);
}
