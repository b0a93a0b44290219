#include "live/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_BYTES_MAX 4096
// Packets are late when the process that carries them has to wait for a processor.
#define CARRIER_NICENESS (-10)

static void redirect_to_log(const char *name, bool goes_on) {
	char path[STATE_PATH_MAX];
	int empties = goes_on ? 0 : O_TRUNC;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log =
		open(state_log_path(name, path), O_WRONLY | O_CREAT | empties | O_APPEND | O_CLOEXEC, 0600);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	dup2(log >= 0 ? log : null, STDOUT_FILENO);
	dup2(log >= 0 ? log : null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	if (log > STDERR_FILENO)
		close(log);
}

// Nothing that stops the lab by accident may keep the watcher from cleaning up.
static void ignore_signals(void) {
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
}

static void restore_signals(void) {
	static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
}

// The lab ends with its carrier. But one that was to take over may have ended before it did, and
// one that handed over ends while the next carries on.
static bool is_the_end(const struct state *state, const struct process_start *start, pid_t child) {
	pid_t carrier = state_carrier(state);
	return carrier == child || (carrier == 0 && *start->part == PROCESS_CARRIES);
}

// The watcher. Does not return.
static void watch(struct state *state, const struct process_start *start, pid_t child) {
	char path[STATE_PATH_MAX];
	int status = 0;
	if (start->split != NULL)
		start->split(start->owner);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	bool ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (WIFSIGNALED(status))
		fprintf(stderr, "the lab was ended by signal %d (%s)\n", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	if (is_the_end(state, start, child)) {
		int result = state_end(state);
		if (result < 0)
			fprintf(stderr, "cleaning up: %s\n", strerror(-result));
		struct stat log = {0};
		state_log_path(state_name(state), path);
		// An empty one tells nothing, of a lab that could not begin for example.
		if ((ended_well && result == 0) || (stat(path, &log) == 0 && log.st_size == 0))
			unlink(path);
	} else if (*start->part == PROCESS_IS_TO_CARRY) {
		start->undo(start->owner);
	}
	// The caller waits for this when the lab never ran.
	close(start->told);
	state_free(state);
	_exit(0);
}

// In the first child. Returns only in the process that carries the packets.
static void become_lab(struct state *state, const struct process_start *start) {
	if (setsid() < 0)
		_exit(1);
	pid_t watcher = fork();
	if (watcher != 0)
		_exit(watcher < 0);
	redirect_to_log(state_name(state), start->split != NULL);
	ignore_signals();
	pid_t carrier = fork();
	if (carrier < 0) {
		dprintf(start->told, "fork: %s\n", strerror(errno));
		carrier = -1;
	}
	if (carrier != 0)
		watch(state, start, carrier);
	restore_signals();
	setpriority(PRIO_PROCESS, 0, CARRIER_NICENESS);
}

static int read_told(int fd, struct text *problem) {
	char line[LINE_BYTES_MAX];
	size_t length = 0;
	while (length < sizeof(line) - 1) {
		ssize_t got = read(fd, line + length, sizeof(line) - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
		if (strncmp(line, "ok\n", length < 3 ? length : 3) == 0 && length >= 3)
			return 0;
	}
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	text_add(problem, length != 0 ? line : "the lab ended before it was ready");
	return -EIO;
}

bool process_split(
	struct state *state, struct process_start *start, int *result, struct text *problem) {
	int ends[2];
	*result = 0;
	start->part =
		mmap(NULL, sizeof(*start->part), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (start->part == MAP_FAILED) {
		*result = -errno;
		text_printf(problem, "memory: %s", strerror(errno));
		return false;
	}
	*start->part = start->split == NULL ? PROCESS_CARRIES : PROCESS_IS_TO_CARRY;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		*result = -errno;
		text_printf(problem, "pipe: %s", strerror(errno));
		return false;
	}
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		start->told = ends[1];
		become_lab(state, start);
		return true;
	}
	close(ends[1]);
	if (start->split != NULL)
		start->split(start->owner);
	if (child < 0) {
		*result = -errno;
		text_printf(problem, "fork: %s", strerror(errno));
	} else {
		int status;
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			continue;
		*result = read_told(ends[0], problem);
	}
	close(ends[0]);
	return false;
}

void process_tell(struct process_start *start, const char *problem) {
	dprintf(start->told, "%s\n", problem != NULL ? problem : "ok");
	close(start->told);
	start->told = -1;
}

void process_has_taken_over(struct process_start *start) {
	*start->part = PROCESS_CARRIES;
}

void process_has_handed_over(struct process_start *start) {
	*start->part = PROCESS_CARRIED;
}

int process_drop_privileges(void) {
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0)
		return -errno;
	// Fails for capabilities this kernel does not know, which ends the list.
	for (unsigned long capability = 0; capability <= 63; capability++) {
		if (prctl(PR_CAPBSET_DROP, capability, 0UL, 0UL, 0UL) < 0)
			break;
	}
	prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL);
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}
