#include "live/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "live/spaces.h"

#define STAT_BYTES 1024
// Of /proc/PID/stat (proc(5)).
#define FLAGS_FIELD 9
#define FLAG_EXITING 4 // the kernel's PF_EXITING
#define START_TIME_FIELD 22

struct state {
	char name[STATE_NAME_MAX + 1];
	int lock;
	int spaces;
};

bool state_name_is_valid(const char *name) {
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t length = strlen(name);
	return length != 0 && length <= STATE_NAME_MAX && strspn(name, letters) == length &&
		strchr("-_.", name[0]) == NULL;
}

const char *state_path(const char *name, const char *file, char path[STATE_PATH_MAX]) {
	snprintf(path, STATE_PATH_MAX, STATE_FOLDER "/%.*s/%s", STATE_NAME_MAX, name, file);
	return path;
}

const char *state_log_path(const char *name, char path[STATE_PATH_MAX]) {
	snprintf(path, STATE_PATH_MAX, STATE_FOLDER "/%.*s.log", STATE_NAME_MAX, name);
	return path;
}

static int open_lock(const char *name, int flags) {
	char path[STATE_PATH_MAX];
	int fd = open(state_path(name, "lock", path), flags | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

bool state_is_alive(const char *name) {
	int fd = open_lock(name, O_RDONLY);
	if (fd < 0)
		return false;
	bool is_held = flock(fd, LOCK_SH | LOCK_NB) < 0;
	close(fd);
	return is_held;
}

static int make_folder(const char *name) {
	char path[STATE_PATH_MAX];
	if (mkdir(STATE_FOLDER, 0755) < 0 && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), STATE_FOLDER "/%s", name);
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

// Is the lock in the folder the one that is held?
static bool holds_lock(const struct state *state) {
	char path[STATE_PATH_MAX];
	struct stat mine, there;
	return fstat(state->lock, &mine) == 0 &&
		stat(state_path(state->name, "lock", path), &there) == 0 && mine.st_ino == there.st_ino;
}

static int take_lock(struct state *state) {
	int result = make_folder(state->name);
	if (result < 0)
		return result;
	state->lock = open_lock(state->name, O_RDWR | O_CREAT);
	if (state->lock < 0)
		return state->lock;
	if (flock(state->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	// Someone who cleaned up may have removed the file between the two.
	return holds_lock(state) ? 0 : -EBUSY;
}

int state_begin(const char *name, struct state **out) {
	struct state *state = memory_alloc(sizeof(*state));
	char path[STATE_PATH_MAX];
	snprintf(state->name, sizeof(state->name), "%s", name);
	state->lock = state->spaces = -1;
	int result = 0;
	// A dead lab of this name is cleaned away before the lock is taken: the lock's file goes too.
	if (state_is_alive(name))
		result = -EBUSY;
	if (result == 0)
		result = state_clean(name);
	if (result == 0)
		result = take_lock(state);
	if (result == 0) {
		state->spaces = open(state_path(name, "spaces", path),
			O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
		result = state->spaces < 0 ? -errno : 0;
	}
	if (result < 0) {
		state_free(state);
		return result;
	}
	*out = state;
	return 0;
}

void state_free(struct state *state) {
	if (state == NULL)
		return;
	if (state->lock >= 0)
		close(state->lock);
	if (state->spaces >= 0)
		close(state->spaces);
	free(state);
}

const char *state_name(const struct state *state) {
	return state->name;
}

static int write_all(int fd, const char *bytes, size_t length) {
	while (length != 0) {
		ssize_t written = write(fd, bytes, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

// Of /proc/PID/stat, from the third on. 0 when it isn't there.
static unsigned long long stat_field(const char *stat, int wanted) {
	// The second field is the program's name in parentheses, which may hold blanks.
	const char *at = strrchr(stat, ')');
	for (int field = 2; at != NULL && field < wanted; field++)
		at = strchr(at + 1, ' ');
	return at != NULL ? strtoull(at + 1, NULL, 10) : 0;
}

// When the process began, in the machine's ticks; 0 when there is none, or one that is ending: to
// close its devices takes a while, and so it may until its parent asks about it.
static unsigned long long start_time(pid_t pid) {
	char path[64], stat[STAT_BYTES];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t got = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (got <= 0)
		return 0;
	stat[got] = '\0';
	bool is_ending = (stat_field(stat, FLAGS_FIELD) & FLAG_EXITING) != 0;
	return is_ending ? 0 : stat_field(stat, START_TIME_FIELD);
}

static int write_file(const char *path, const char *bytes, size_t length) {
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int result = write_all(fd, bytes, length);
	if (close(fd) < 0 && result == 0)
		result = -errno;
	return result;
}

static int write_pid(const struct state *state, const char *file, pid_t pid) {
	char path[STATE_PATH_MAX], line[64];
	int length = snprintf(line, sizeof(line), "%d %llu\n", (int)pid, start_time(pid));
	return write_file(state_path(state->name, file, path), line, (size_t)length);
}

int state_set_pid(struct state *state, pid_t pid) {
	return write_pid(state, "pid", pid);
}

// What the lab's `pid` says, whether such a process is there or not. 0 when it says nothing.
static pid_t read_pid(const char *name, unsigned long long *started) {
	char path[STATE_PATH_MAX];
	int pid = 0;
	FILE *file = fopen(state_path(name, "pid", path), "re");
	if (file == NULL)
		return 0;
	int fields = fscanf(file, "%d %llu", &pid, started);
	fclose(file);
	return fields == 2 && pid > 0 ? pid : 0;
}

pid_t state_pid(const char *name) {
	unsigned long long started = 0;
	pid_t pid = read_pid(name, &started);
	return pid != 0 && started != 0 && start_time(pid) == started ? pid : 0;
}

pid_t state_carrier(const struct state *state) {
	unsigned long long started;
	return read_pid(state->name, &started);
}

static int copy_topology(const struct state *state, const char *file_name, const char *path) {
	char copy[STATE_PATH_MAX];
	struct text text;
	text_init(&text);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -errno;
	char chunk[8192];
	size_t got;
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		text_add_n(&text, chunk, got);
	int result = ferror(file) ? -EIO : 0;
	fclose(file);
	if (result == 0)
		result =
			write_file(state_path(state->name, file_name, copy), text_chars(&text), text.length);
	text_done(&text);
	return result;
}

int state_copy_topology(struct state *state, const char *path) {
	return copy_topology(state, "topology.yaml", path);
}

int state_prepare(struct state *state, const char *topology, pid_t pid) {
	int result = copy_topology(state, "topology.new", topology);
	return result == 0 ? write_pid(state, "pid.new", pid) : result;
}

static int rename_file(const struct state *state, const char *from, const char *to) {
	char old[STATE_PATH_MAX], new[STATE_PATH_MAX];
	state_path(state->name, from, old);
	state_path(state->name, to, new);
	return rename(old, new) < 0 ? -errno : 0;
}

int state_take_over(struct state *state) {
	int result = rename_file(state, "pid.new", "pid");
	if (result < 0)
		return result;
	rename_file(state, "topology.new", "topology.yaml");
	rename_file(state, "control.new", "control");
	return 0;
}

void state_discard(struct state *state) {
	static const char *const files[] = {"pid.new", "topology.new", "control.new"};
	char path[STATE_PATH_MAX];
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlink(state_path(state->name, files[i], path));
}

int state_clean(const char *name) {
	// The lock goes last: while it is there, a second cleaner finds the lab.
	static const char *const files[] = {"spaces", "pid", "pid.new", "topology.yaml", "topology.new",
		"control", "control.new", "lock"};
	char path[STATE_PATH_MAX];
	int result = 0;
	int spaces = open(state_path(name, "spaces", path), O_RDWR | O_APPEND | O_CLOEXEC);
	if (spaces >= 0) {
		result = spaces_retain(spaces, NULL);
		close(spaces);
	} else if (errno != ENOENT) {
		result = -errno;
	}
	if (result < 0)
		return result;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (unlink(state_path(name, files[i], path)) < 0 && errno != ENOENT && result == 0)
			result = -errno;
	}
	snprintf(path, sizeof(path), STATE_FOLDER "/%.*s", STATE_NAME_MAX, name);
	if (rmdir(path) < 0 && errno != ENOENT && result == 0)
		result = -errno;
	return result;
}

int state_end(struct state *state) {
	// By the descriptor: it lasts when somebody has removed the folder.
	int result = spaces_retain(state->spaces, NULL);
	// By then a lab of the same name may have begun.
	int cleaned = holds_lock(state) ? state_clean(state->name) : 0;
	return result < 0 ? result : cleaned;
}

int state_wait_turn(const char *name) {
	char path[STATE_PATH_MAX];
	int fd = open(state_path(name, "", path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		int result = -errno;
		if (result == -EINTR)
			continue;
		close(fd);
		return result;
	}
	return fd;
}

int state_add_name_space(struct state *state, const char *name_space) {
	return spaces_add(state->spaces, name_space);
}

int state_retain(struct state *state, const struct names *kept) {
	return spaces_retain(state->spaces, kept);
}

struct state *state_adopt(const char *name, const int descriptors[2]) {
	struct state *state = memory_alloc(sizeof(*state));
	snprintf(state->name, sizeof(state->name), "%s", name);
	state->lock = descriptors[0];
	state->spaces = descriptors[1];
	return state;
}

void state_descriptors(const struct state *state, int descriptors[2]) {
	descriptors[0] = state->lock;
	descriptors[1] = state->spaces;
}
