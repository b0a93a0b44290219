#include "live/release.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define DESCRIPTORS_MAX 300

static void every_descriptor_is_closed_and_no_other(void **state) {
	static const size_t counts[] = {0, 1, 2, 49, 50, 51, DESCRIPTORS_MAX};
	int fds[DESCRIPTORS_MAX];
	(void)state;
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		for (size_t i = 0; i < counts[c]; i++) {
			fds[i] = dup(other);
			assert_true(fds[i] >= 0);
		}
		release_all(fds, counts[c]);
		for (size_t i = 0; i < counts[c]; i++) {
			assert_int_equal(fcntl(fds[i], F_GETFD), -1);
			assert_int_equal(errno, EBADF);
		}
		assert_int_not_equal(fcntl(other, F_GETFD), -1);
	}
	close(other);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_descriptor_is_closed_and_no_other),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
