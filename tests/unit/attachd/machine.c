// SPDX-License-Identifier: GPL-2.0-or-later
/* The state machine over all that can be: every phase, both states, every event. */
#include "harness.h"

#include <stdbool.h>

#include "base/util.h"
#include "model/hotplug.h"
#include "model/machine.h"

struct point {
	enum phase phase;
	enum end_state frontend, backend;
	int held;
	enum event event;
};

static bool is_serving(enum phase phase)
{
	return phase == PHASE_WAITING || phase == PHASE_CONNECTED || phase == PHASE_MOVED ||
	       phase == PHASE_STRANDED;
}

static struct step step_from(const struct point *p, enum phase phase, enum event event)
{
	return machine_step(phase, p->frontend, p->backend, p->held, event);
}

static void for_all(void (*check)(const struct point *point, struct step step))
{
	struct point p;
	int n = 0;

	for (p.phase = 0; p.phase < PHASE_MAX; p.phase++)
		for (p.frontend = 0; p.frontend < END_STATE_MAX; p.frontend++)
			for (p.backend = 0; p.backend < END_STATE_MAX; p.backend++)
				for (p.held = 0; p.held < 2; p.held++)
					for (p.event = 0; p.event < EVENT_MAX; p.event++, n++)
						check(&p, step_from(&p, p.phase, p.event));
	assert_int_equal(n, 8 * 10 * 10 * 2 * 6);
}

/* What goes together with which change of phase, and with no other. */
static void check_actions_fit_the_change(const struct point *p, struct step step)
{
	unsigned int expected = 0;
	unsigned int notes = ACTION_NOTE_FORCED | ACTION_NOTE_STUCK | ACTION_NOTE_LEFT;

	if (p->phase != PHASE_CONNECTED && step.next == PHASE_CONNECTED)
		expected |= ACTION_NOTE_CONNECTED;
	if (p->phase == PHASE_CONNECTED && step.next == PHASE_WAITING)
		expected |= ACTION_NOTE_DISCONNECTED;
	if (p->phase != PHASE_STRANDED && step.next == PHASE_STRANDED)
		expected |= ACTION_STRAND;
	if (p->phase == PHASE_STRANDED && step.next == PHASE_MOVED)
		expected |= ACTION_MOVE;
	if (p->phase == PHASE_STRANDED && step.next == PHASE_STRANDED && p->event == EVENT_RETURNED)
		expected |= ACTION_AWAIT;
	if (p->phase == PHASE_MOVED && step.next == PHASE_MOVED && p->event == EVENT_STATES &&
	    p->backend >= END_INIT_WAIT && p->backend <= END_CONNECTED)
		expected |= ACTION_AWAIT;
	if (p->phase == PHASE_MOVED && step.next <= PHASE_CONNECTED)
		expected |= ACTION_NOTE_FOLLOWED;
	if (p->phase != PHASE_CLOSING && step.next == PHASE_CLOSING)
		expected |= ACTION_CLOSE;
	if (p->phase != PHASE_UNPLUGGING && step.next == PHASE_UNPLUGGING)
		expected |= ACTION_UNPLUG;
	if (p->phase != PHASE_REMOVED && step.next == PHASE_REMOVED)
		expected |= ACTION_REMOVE;
	if (p->phase != PHASE_FORGOTTEN && step.next == PHASE_FORGOTTEN)
		expected |= ACTION_FORGET;
	assert_int_equal(step.actions & ~notes, expected);
	if (step.actions & ACTION_NOTE_FORCED)
		assert_true(p->phase == PHASE_CLOSING && p->event == EVENT_TIMEOUT &&
			    step.next >= PHASE_UNPLUGGING);
	if (step.actions & ACTION_NOTE_STUCK)
		assert_true(p->phase == PHASE_UNPLUGGING && p->event == EVENT_TIMEOUT &&
			    step.next == PHASE_REMOVED);
	if (step.actions & ACTION_NOTE_LEFT)
		assert_true((p->phase == PHASE_STRANDED || p->phase == PHASE_MOVED) &&
			    p->event == EVENT_TIMEOUT && step.next >= PHASE_UNPLUGGING);
}

/* No node goes before what the script has made of it. */
static void check_script_comes_first(const struct point *p, struct step step)
{
	if (p->held && p->phase < PHASE_UNPLUGGING)
		assert_true(step.next <= PHASE_UNPLUGGING);
	if (!p->held)
		assert_int_not_equal(step.next, PHASE_UNPLUGGING);
	if (p->held && p->phase == PHASE_UNPLUGGING && p->event != EVENT_TIMEOUT)
		assert_int_equal(step.next, PHASE_UNPLUGGING);
}

static void check_no_way_back(const struct point *p, struct step step)
{
	if (p->phase >= PHASE_CLOSING)
		assert_true(step.next >= p->phase);
	assert_true(step.next < PHASE_MAX);
	/* never from being served to nothing at once: the nodes have to go first */
	if (p->phase < PHASE_REMOVED)
		assert_true(step.next <= PHASE_REMOVED);
}

static void check_dead_goes_at_once(const struct point *p, struct step step)
{
	if (p->event != EVENT_DEAD)
		return;
	if (p->phase < PHASE_REMOVED && !p->held) {
		assert_int_equal(step.next, PHASE_REMOVED);
		assert_int_equal(step.actions, ACTION_REMOVE);
	} else if (p->phase < PHASE_REMOVED) {
		assert_int_equal(step.next, PHASE_UNPLUGGING);
	} else {
		assert_int_equal(step.next, PHASE_FORGOTTEN);
	}
}

static void check_connected_is_both(const struct point *p, struct step step)
{
	bool both = p->frontend == END_CONNECTED && p->backend == END_CONNECTED;

	if (p->phase <= PHASE_CONNECTED && p->event == EVENT_STATES)
		assert_int_equal(step.next == PHASE_CONNECTED, both);
}

/* Whatever the guest writes as its state, the device stays and so do its nodes. */
static void check_forged_state_is_harmless(const struct point *p, struct step step)
{
	if (!is_serving(p->phase) || p->event != EVENT_STATES)
		return;
	if (p->frontend == END_GONE || p->backend == END_GONE)
		return;
	assert_true(is_serving(step.next));
	assert_false(step.actions & (ACTION_CLOSE | ACTION_REMOVE | ACTION_FORGET));
}

static void check_half_a_device_goes(const struct point *p, struct step step)
{
	if (!is_serving(p->phase) || p->event != EVENT_STATES)
		return;
	if (p->frontend == END_GONE || (p->backend == END_GONE && p->phase != PHASE_STRANDED))
		assert_false(is_serving(step.next));
}

/* Whatever its guest does: as long as it has its end, it goes on when there is another. */
static void check_stranded_waits_for_the_frontend(const struct point *p, struct step step)
{
	if (p->event == EVENT_ORPHANED && p->phase <= PHASE_STRANDED)
		assert_int_equal(step.next == PHASE_STRANDED, p->frontend != END_GONE);
	if (p->event == EVENT_RETURNED && p->phase == PHASE_STRANDED)
		assert_int_equal(step.next == PHASE_MOVED, p->frontend == END_CLOSED);
}

/* One that could follow and does not has a deadline, and goes by it. */
static void check_nobody_follows_for_ever(const struct point *p, struct step step)
{
	if (p->phase != PHASE_MOVED)
		return;
	if (p->event == EVENT_STATES && step.next == PHASE_MOVED && p->backend == END_INIT_WAIT)
		assert_int_equal(step.actions, ACTION_AWAIT);
	if (p->event == EVENT_TIMEOUT)
		assert_int_not_equal(step.next, PHASE_MOVED);
}

/* Neither end can keep a device that is to go beyond its deadlines. */
static void check_timeouts_end_it(const struct point *p, struct step step)
{
	enum phase phase = p->phase;

	if (is_serving(phase))
		phase = step_from(p, phase, EVENT_DETACH).next;
	assert_false(is_serving(phase));
	for (int i = 0; i < 3 && phase != PHASE_FORGOTTEN; i++)
		phase = step_from(p, phase, EVENT_TIMEOUT).next;
	assert_int_equal(phase, PHASE_FORGOTTEN);
	(void)step;
}

static void check_stale_timeout(const struct point *p, struct step step)
{
	if (p->phase <= PHASE_CONNECTED && p->event == EVENT_TIMEOUT) {
		assert_int_equal(step.next, p->phase);
		assert_int_equal(step.actions, 0);
	}
}

/* The same event again finds nothing more to do. */
static void check_settled(const struct point *p, struct step step)
{
	if (p->event == EVENT_STATES)
		assert_int_equal(step_from(p, step.next, EVENT_STATES).actions & ~ACTION_AWAIT, 0);
}

#define TEST_ALL(name)				\
	static void test_##name(void **state)	\
	{					\
		for_all(check_##name);		\
	}

TEST_ALL(actions_fit_the_change)
TEST_ALL(no_way_back)
TEST_ALL(script_comes_first)
TEST_ALL(dead_goes_at_once)
TEST_ALL(connected_is_both)
TEST_ALL(forged_state_is_harmless)
TEST_ALL(half_a_device_goes)
TEST_ALL(stranded_waits_for_the_frontend)
TEST_ALL(nobody_follows_for_ever)
TEST_ALL(timeouts_end_it)
TEST_ALL(stale_timeout)
TEST_ALL(settled)

/* A driver that is loaded again, or a new kernel in the same guest. */
static void test_frontend_comes_back(void **state)
{
	static const enum end_state way[][2] = {
		{ END_CLOSING, END_CONNECTED }, { END_CLOSED, END_CLOSING },
		{ END_CLOSED, END_CLOSED }, { END_INITIALISING, END_CLOSED },
		{ END_INITIALISING, END_INIT_WAIT }, { END_INITIALISED, END_INIT_WAIT },
		{ END_INITIALISED, END_CONNECTED },
	};
	struct step step = { .next = PHASE_CONNECTED };

	for (size_t i = 0; i < ARRAY_SIZE(way); i++) {
		step = machine_step(step.next, way[i][0], way[i][1], false,
				    EVENT_STATES);
		assert_int_equal(step.next, PHASE_WAITING);
	}
	step = machine_step(step.next, END_CONNECTED, END_CONNECTED, false, EVENT_STATES);
	assert_int_equal(step.next, PHASE_CONNECTED);
	assert_int_equal(step.actions, ACTION_NOTE_CONNECTED);
}

static void test_states_from_text(void **state)
{
	static const char *const junk[] = {
		"", "9", "10", "-1", "04", " 4", "4 ", "Connected", "4\n", "99999999999999999999",
	};

	for (int i = 0; i <= 8; i++) {
		char digit = (char)('0' + i);

		assert_int_equal(end_state_parse(&digit, 1), i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(junk); i++)
		assert_int_equal(end_state_parse(junk[i], strlen(junk[i])), END_UNKNOWN);
	assert_int_equal(end_state_parse("4\0", 2), END_UNKNOWN);
	assert_int_equal(end_state_parse(NULL, 0), END_GONE);
}

static void test_all_have_names(void **state)
{
	for (int i = 0; i < END_STATE_MAX; i++)
		assert_non_null(end_state_name(i));
	for (int i = 0; i < PHASE_MAX; i++)
		assert_non_null(phase_name(i));
}

static void test_hotplug_from_text(void **state)
{
	for (enum hotplug hotplug = HOTPLUG_NONE; hotplug < HOTPLUG_MAX; hotplug++) {
		const char *name = hotplug_name(hotplug);

		if (hotplug)
			assert_int_equal(hotplug_parse(name, strlen(name)), hotplug);
		assert_int_equal(hotplug_is_held(hotplug),
				 hotplug == HOTPLUG_RUNNING || hotplug == HOTPLUG_CONNECTED);
	}
	assert_int_equal(hotplug_parse(NULL, 0), HOTPLUG_NONE);
	/* whatever a script has begun is to be waited for */
	assert_int_equal(hotplug_parse("", 0), HOTPLUG_RUNNING);
	assert_int_equal(hotplug_parse("connected\0", 10), HOTPLUG_RUNNING);
	assert_int_equal(hotplug_parse("busy", 4), HOTPLUG_RUNNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions_fit_the_change),
		cmocka_unit_test(test_no_way_back),
		cmocka_unit_test(test_script_comes_first),
		cmocka_unit_test(test_dead_goes_at_once),
		cmocka_unit_test(test_connected_is_both),
		cmocka_unit_test(test_forged_state_is_harmless),
		cmocka_unit_test(test_half_a_device_goes),
		cmocka_unit_test(test_stranded_waits_for_the_frontend),
		cmocka_unit_test(test_nobody_follows_for_ever),
		cmocka_unit_test(test_timeouts_end_it),
		cmocka_unit_test(test_stale_timeout),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_frontend_comes_back),
		cmocka_unit_test(test_states_from_text),
		cmocka_unit_test(test_hotplug_from_text),
		cmocka_unit_test(test_all_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
