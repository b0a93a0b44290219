#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/control.h"

#define PATH_BYTES 64
// Two messages' worth.
#define PASSED 250
#define WAIT_NS (5 * SECOND_NS)

// A server in this process; callers are children, whose exit code says what they saw.
struct bench {
	char path[PATH_BYTES];
	struct clock clock;
	struct loop *loop;
	struct clock_epoll *epoll;
	struct control *control;
	unsigned asked, closed;
};

static void answer(void *owner, struct control_caller *caller, const json_t *request) {
	struct bench *bench = owner;
	json_t *reply = json_object();
	bench->asked++;
	json_put_int(reply, "twice", 2 * json_integer_value(json_object_get(request, "number")));
	control_answer(caller, reply);
	if (json_object_get(request, "stream") != NULL)
		control_send(caller, "bytes", 5);
	if (json_object_get(request, "descriptors") != NULL) {
		int passed[PASSED];
		int device = open("/dev/null", O_RDONLY | O_CLOEXEC);
		int folder = open("/", O_RDONLY | O_CLOEXEC);
		for (size_t i = 0; i < PASSED; i++)
			passed[i] = i == 0 ? device : folder;
		assert_int_equal(control_pass(caller, passed, PASSED), 0);
		close(device);
		close(folder);
	}
}

static void note_closed(void *owner, struct control_caller *caller) {
	struct bench *bench = owner;
	(void)caller;
	bench->closed++;
}

static void setup(struct bench *bench) {
	*bench = (struct bench){0};
	snprintf(bench->path, sizeof(bench->path), "/tmp/control-test-%d", (int)getpid());
	clock_init_virtual(&bench->clock);
	bench->loop = loop_new(&bench->clock, 1);
	bench->epoll = clock_epoll_new(&bench->clock);
	struct control_events events = {answer, note_closed, bench};
	assert_int_equal(
		control_open(bench->path, bench->loop, bench->epoll, &events, &bench->control), 0);
}

static void teardown(struct bench *bench) {
	control_close(bench->control);
	clock_epoll_free(bench->epoll);
	loop_free(bench->loop);
	unlink(bench->path);
}

// Runs the loop until `closed` callers have gone; their exit code must be 0.
static void serve(struct bench *bench, pid_t child, unsigned closed) {
	instant end = instant_add(loop_now(bench->loop), WAIT_NS);
	int status = -1;
	while (bench->closed < closed && instant_compare(loop_now(bench->loop), end) < 0)
		loop_step(bench->loop, end);
	if (bench->closed < closed)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(bench->closed, closed);
}

static int ask_number(const char *path, int number) {
	json_t *request = json_object();
	json_t *reply = NULL;
	json_put_int(request, "number", number);
	int result = control_ask(path, request, &reply, NULL);
	json_decref(request);
	bool is_right =
		result == 0 && json_integer_value(json_object_get(reply, "twice")) == 2 * number;
	json_decref(reply);
	return is_right ? 0 : 1;
}

static void a_question_gets_its_answer(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	pid_t child = fork();
	if (child == 0)
		_exit(ask_number(bench.path, 21));
	serve(&bench, child, 1);
	assert_int_equal(bench.asked, 1);
	teardown(&bench);
}

static void bytes_follow_an_answer(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	pid_t child = fork();
	if (child == 0) {
		json_t *request = json_object();
		json_t *reply = NULL;
		int stream;
		char bytes[5];
		json_put_bool(request, "stream", 1);
		if (control_ask(bench.path, request, &reply, &stream) != 0 ||
			read(stream, bytes, sizeof(bytes)) != 5)
			_exit(1);
		_exit(memcmp(bytes, "bytes", 5) != 0);
	}
	serve(&bench, child, 1);
	teardown(&bench);
}

static void the_socket_is_its_owners_alone(void **state) {
	struct bench bench;
	struct stat found;
	(void)state;

	setup(&bench);
	assert_int_equal(stat(bench.path, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0600);
	teardown(&bench);
}

static void nobody_listening_is_an_error(void **state) {
	json_t *request = json_object();
	json_t *reply = NULL;
	(void)state;

	assert_int_equal(control_ask("/tmp/no-such-lab", request, &reply, NULL), -ENOENT);
	assert_null(reply);
	json_decref(request);
}

// More than one message carries: each arrives, in order.
static void descriptors_follow_an_answer(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	pid_t child = fork();
	if (child == 0) {
		json_t *request = json_object();
		json_t *reply = NULL;
		int stream, got[PASSED];
		struct stat first, last;
		json_put_bool(request, "descriptors", 1);
		if (control_ask(bench.path, request, &reply, &stream) != 0 ||
			control_receive(stream, got, PASSED) != 0)
			_exit(1);
		if (fstat(got[0], &first) < 0 || fstat(got[PASSED - 1], &last) < 0)
			_exit(2);
		_exit(!S_ISCHR(first.st_mode) || !S_ISDIR(last.st_mode));
	}
	serve(&bench, child, 1);
	teardown(&bench);
}

// A caller that says nonsense is told so; the next one is served as ever.
static void nonsense_harms_nobody(void **state) {
	struct bench bench;
	(void)state;

	setup(&bench);
	pid_t child = fork();
	if (child == 0) {
		json_t *reply = NULL;
		json_t *request = json_pack("[i]", 1);
		if (control_ask(bench.path, request, &reply, NULL) != 0 ||
			json_object_get(reply, "error") == NULL)
			_exit(1);
		_exit(ask_number(bench.path, 4));
	}
	serve(&bench, child, 2);
	assert_int_equal(bench.asked, 1);
	teardown(&bench);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_gets_its_answer),
		cmocka_unit_test(bytes_follow_an_answer),
		cmocka_unit_test(descriptors_follow_an_answer),
		cmocka_unit_test(the_socket_is_its_owners_alone),
		cmocka_unit_test(nobody_listening_is_an_error),
		cmocka_unit_test(nonsense_harms_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
