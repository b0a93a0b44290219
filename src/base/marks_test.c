#include "base/marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_member_keeps_its_place_and_its_doubt(void **state) {
	struct marks *marks = marks_new();
	struct place here = {"x", 3, 4}, elsewhere = {"y", 1, 1};
	int values[3];
	(void)state;

	assert_false(marks_is_doubtful(marks, &values[0]));
	assert_int_equal(marks_place(marks, &values[0], elsewhere).line, 1);
	marks_place_set(marks, &values[0], here);
	marks_doubt(marks, &values[1]);
	assert_int_equal(marks_place(marks, &values[0], elsewhere).line, 3);
	assert_false(marks_is_doubtful(marks, &values[0]));
	assert_true(marks_is_doubtful(marks, &values[1]));
	assert_int_equal(marks_place(marks, &values[1], elsewhere).line, 1); // doubted, place not known
	assert_false(marks_is_doubtful(marks, &values[2]));
	marks_doubt(marks, &values[0]);
	assert_int_equal(marks_place(marks, &values[0], elsewhere).line, 3);
	marks_free(marks);
	marks_free(NULL);
}

static void a_copy_is_marked_as_the_original(void **state) {
	struct {
		int a, b, c;
	} original = {0}, copy = {0};
	struct marks *marks = marks_new();
	const struct place here = {"x.yaml", 3, 5}, elsewhere = {"x.yaml", 1, 1};
	(void)state;

	marks_place_set(marks, &original.b, here);
	marks_doubt(marks, &original.c);
	marks_copy(marks, &original, &copy, sizeof(copy));
	assert_int_equal(marks_place(marks, &copy.b, elsewhere).line, 3);
	assert_false(marks_is_doubtful(marks, &copy.b));
	assert_true(marks_is_doubtful(marks, &copy.c));
	assert_false(marks_is_doubtful(marks, &copy.a));
	marks_free(marks);
}

static void many_members_stay_apart(void **state) {
	enum { MEMBERS = 20000 };
	static char values[MEMBERS];
	struct marks *marks = marks_new();
	(void)state;

	for (int i = 0; i < MEMBERS; i++) {
		marks_place_set(marks, &values[i], (struct place){"x", i + 1, 1});
		if (i % 3 == 0)
			marks_doubt(marks, &values[i]);
	}
	for (int i = 0; i < MEMBERS; i++) {
		assert_int_equal(marks_place(marks, &values[i], (struct place){0}).line, i + 1);
		assert_int_equal(marks_is_doubtful(marks, &values[i]), i % 3 == 0);
	}
	marks_free(marks);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_keeps_its_place_and_its_doubt),
		cmocka_unit_test(a_copy_is_marked_as_the_original),
		cmocka_unit_test(many_members_stay_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
