// SPDX-License-Identifier: GPL-2.0-or-later
/* Which step is missing, in every pair of states. */
#include "harness.h"

#include "base/util.h"
#include "model/awaited.h"

/*
 * Rows are the frontend's states, columns the backend's: 0 to 8, and gone. All nodes
 * are there, and no script.
 */
static const char *const in_handshake[END_STATE_MAX] = {
	[END_UNKNOWN]		= "sbss" "sCC" "ss-",
	[END_INITIALISING]	= "sbfs" "aBB" "ss-",
	[END_INIT_WAIT]		= "sbos" "aCC" "ss-",
	[END_INITIALISED]	= "sbms" "cCC" "ss-",
	[END_CONNECTED]		= "sbas" "-CC" "ss-",
	[END_CLOSING]		= "sbFs" "FXX" "ss-",
	[END_CLOSED]		= "sbFs" "FXX" "ss-",
	[END_RECONFIGURING]	= "sbss" "sCC" "ss-",
	[END_RECONFIGURED]	= "sbss" "sCC" "ss-",
	[END_GONE]		= "----" "---" "---",
};

static const struct {
	char letter;
	enum awaited awaited;
} letters[] = {
	{ '-', AWAITED_NOTHING },
	{ 'b', AWAITED_BACKEND },
	{ 'f', AWAITED_FRONTEND },
	{ 'o', AWAITED_OFFER },
	{ 'm', AWAITED_MAPPING },
	{ 'c', AWAITED_FRONTEND_CONNECTS },
	{ 'a', AWAITED_FRONTEND_AGAIN },
	{ 'B', AWAITED_BACKEND_AGAIN },
	{ 'F', AWAITED_FRONTEND_CLOSED },
	{ 'C', AWAITED_BACKEND_CLOSED },
	{ 'X', AWAITED_BOTH_CLOSED },
	{ 's', AWAITED_STATES },
};

static enum awaited awaited_of(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].letter == letter)
			return letters[i].awaited;
	fail_msg("no meaning of %c", letter);
	return AWAITED_NOTHING;
}

static void test_every_pair(void **state)
{
	struct awaited_facts facts = { .features = true, .offer = true };

	for (enum end_state f = 0; f < END_STATE_MAX; f++) {
		for (enum end_state b = 0; b < END_STATE_MAX; b++) {
			enum awaited awaited = awaited_of(in_handshake[f][b]);

			facts.frontend = f;
			facts.backend = b;
			facts.phase = PHASE_WAITING;
			if (awaited_find(&facts) != awaited)
				fail_msg("frontend %s, backend %s: %s", end_state_name(f),
					 end_state_name(b), awaited_text(awaited_find(&facts)));
			/* the guest writes what it wants */
			facts.phase = PHASE_MOVED;
			if (f == END_INITIALISING && b != END_INITIALISING)
				awaited = AWAITED_FOLLOWING;
			assert_int_equal(awaited_find(&facts), awaited);
		}
	}
}

/* The example: a driver that is not ours goes to InitWait, and no further. */
static void test_another_driver(void **state)
{
	struct awaited_facts facts = { .phase = PHASE_WAITING, .backend = END_INIT_WAIT };

	for (enum end_state f = 0; f < END_GONE; f++) {
		facts.frontend = f;
		assert_int_equal(awaited_find(&facts), AWAITED_FEATURES);
	}
	facts.features = true;
	facts.frontend = END_INITIALISED;
	assert_int_equal(awaited_find(&facts), AWAITED_OFFER);
	facts.offer = true;
	assert_int_equal(awaited_find(&facts), AWAITED_MAPPING);
}

static void test_scripts(void **state)
{
	static const enum awaited expected[HOTPLUG_MAX] = {
		[HOTPLUG_NONE] = AWAITED_MAPPING,
		[HOTPLUG_WAITING] = AWAITED_SCRIPT,
		[HOTPLUG_RUNNING] = AWAITED_SCRIPT,
		[HOTPLUG_CONNECTED] = AWAITED_MAPPING,
		[HOTPLUG_ERROR] = AWAITED_SCRIPT_FAILED,
	};
	struct awaited_facts facts = {
		.phase = PHASE_WAITING,
		.frontend = END_INITIALISED,
		.backend = END_INIT_WAIT,
		.features = true,
		.offer = true,
	};

	for (facts.hotplug = 0; facts.hotplug < HOTPLUG_MAX; facts.hotplug++)
		assert_int_equal(awaited_find(&facts), expected[facts.hotplug]);
}

static enum awaited on_its_way_out(enum end_state frontend, enum end_state backend)
{
	struct awaited_facts facts = {
		.phase = PHASE_CLOSING, .frontend = frontend, .backend = backend,
	};

	return awaited_find(&facts);
}

static void test_other_phases(void **state)
{
	struct awaited_facts facts = { .frontend = END_CONNECTED, .backend = END_CONNECTED };

	facts.phase = PHASE_CONNECTED;
	assert_int_equal(awaited_find(&facts), AWAITED_NOTHING);
	facts.phase = PHASE_STRANDED;
	assert_int_equal(awaited_find(&facts), AWAITED_DOMAIN);
	facts.phase = PHASE_UNPLUGGING;
	assert_int_equal(awaited_find(&facts), AWAITED_UNDOING);
	facts.phase = PHASE_REMOVED;
	assert_int_equal(awaited_find(&facts), AWAITED_NOTHING);
	assert_int_equal(on_its_way_out(END_CONNECTED, END_CLOSING), AWAITED_FRONTEND_CLOSES);
	assert_int_equal(on_its_way_out(END_CLOSED, END_CLOSING), AWAITED_BACKEND_CLOSES);
	assert_int_equal(on_its_way_out(END_INITIALISING, END_CLOSED), AWAITED_NOTHING);
	assert_int_equal(on_its_way_out(END_GONE, END_CONNECTED), AWAITED_BACKEND_CLOSES);
}

/* Each has a text of its own, which does not depend on what a guest writes. */
static void test_texts(void **state)
{
	assert_string_equal(awaited_text(AWAITED_NOTHING), "");
	for (enum awaited a = AWAITED_NOTHING + 1; a < AWAITED_MAX; a++) {
		assert_true(strlen(awaited_text(a)) > 10);
		for (enum awaited b = AWAITED_NOTHING; b < a; b++)
			assert_string_not_equal(awaited_text(a), awaited_text(b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_pair),
		cmocka_unit_test(test_another_driver),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_other_phases),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
