#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"

// What a child process that runs into a broken invariant wrote, and how it ended.
static int run_broken(char *said, size_t room) {
	int ends[2];
	int status;

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		// cmocka catches the signal, to fail the test; here it shall end the child.
		signal(SIGABRT, SIG_DFL);
		assert(1 + 1 == 3);
		_exit(0);
	}
	close(ends[1]);
	ssize_t length = read(ends[0], said, room - 1);
	said[length > 0 ? length : 0] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void a_broken_invariant_aborts_and_names_its_place(void **state) {
	char said[200];
	(void)state;

	int status = run_broken(said, sizeof(said));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(said, "assert_test.c:"));
	assert_non_null(strstr(said, "1 + 1 == 3"));
}

static void a_condition_is_evaluated_once(void **state) {
	int times = 0;
	(void)state;

	assert(++times == 1);
	assert_int_equal(times, 1);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_invariant_aborts_and_names_its_place),
		cmocka_unit_test(a_condition_is_evaluated_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
