// SPDX-License-Identifier: GPL-2.0-or-later
/* What docs/PROTOCOL.md says of every pair of states is what the daemon does. */
#include "harness.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/util.h"
#include "model/machine.h"

#define DOCUMENT "docs/PROTOCOL.md"
#define HEADING "### Every pair of states\n"

static const char *const event_names[EVENT_MAX] = {
	[EVENT_STATES] = "states",
	[EVENT_DETACH] = "detach",
	[EVENT_TIMEOUT] = "timeout",
	[EVENT_DEAD] = "dead",
	[EVENT_ORPHANED] = "orphaned",
	[EVENT_RETURNED] = "returned",
};

/* Read as the daemon reads them; NULL is a node that is not there. */
static const struct {
	const char *mark, *text;
} columns[] = {
	{ "0", "0" }, { "1", "1" }, { "2", "2" }, { "3", "3" }, { "4", "4" }, { "5", "5" },
	{ "6", "6" }, { "7", "7" }, { "8", "8" }, { "?", "\x1b[31m" }, { "-", NULL },
};

static enum end_state state_of(size_t column)
{
	const char *text = columns[column].text;

	return end_state_parse(text, text ? strlen(text) : 0);
}

static struct step outcome_of(char letter, enum phase phase)
{
	switch (letter) {
	case '=':
		return (struct step){ phase, 0 };
	case 'w':
		return (struct step){ PHASE_WAITING,
				      phase == PHASE_WAITING ? 0 :
				      phase == PHASE_MOVED ? ACTION_NOTE_FOLLOWED :
				      ACTION_NOTE_DISCONNECTED };
	case 'c':
		return (struct step){ PHASE_CONNECTED,
				      phase == PHASE_CONNECTED ? 0 :
				      phase == PHASE_MOVED ?
				      ACTION_NOTE_FOLLOWED | ACTION_NOTE_CONNECTED :
				      ACTION_NOTE_CONNECTED };
	case 'm':
		return (struct step){ PHASE_MOVED, 0 };
	case 'S':
		return (struct step){ PHASE_STRANDED, ACTION_STRAND };
	case 'M':
		return (struct step){ PHASE_MOVED, ACTION_MOVE };
	case 'T':
		return (struct step){ phase, ACTION_AWAIT };
	case 'L':
		return (struct step){ PHASE_REMOVED, ACTION_REMOVE | ACTION_NOTE_LEFT };
	case 'C':
		return (struct step){ PHASE_CLOSING, ACTION_CLOSE };
	case 'R':
		return (struct step){ PHASE_REMOVED, ACTION_REMOVE };
	case 'F':
		return (struct step){ PHASE_REMOVED, ACTION_REMOVE | ACTION_NOTE_FORCED };
	case 'X':
		return (struct step){ PHASE_FORGOTTEN, ACTION_FORGET };
	}
	fail_msg("\"%c\" is no outcome", letter);
	return (struct step){};
}

/* The same while a hotplug script has something to undo. */
static struct step outcome_while_held(char letter, enum phase phase, enum event event)
{
	struct step step = outcome_of(letter, phase);

	if (phase == PHASE_UNPLUGGING && event != EVENT_TIMEOUT)
		return (struct step){ phase, 0 };
	if (phase == PHASE_UNPLUGGING)
		step.actions |= ACTION_NOTE_STUCK;
	else if (step.next == PHASE_REMOVED && phase != PHASE_REMOVED)
		step = (struct step){ PHASE_UNPLUGGING, ACTION_UNPLUG |
				      (step.actions & (ACTION_NOTE_FORCED | ACTION_NOTE_LEFT)) };
	return step;
}

/* A table, and which phases and events it is about. */
struct about {
	bool phases[PHASE_MAX], events[EVENT_MAX];
};

static unsigned int covered[PHASE_MAX][EVENT_MAX];

static void check_step(enum phase phase, enum event event, size_t frontend, size_t backend,
		       char letter, bool held)
{
	struct step expected = held ? outcome_while_held(letter, phase, event) :
				      outcome_of(letter, phase);
	struct step step = machine_step(phase, state_of(frontend), state_of(backend), held, event);

	if (step.next != expected.next || step.actions != expected.actions)
		fail_msg("%s, %s, frontend %s, backend %s%s: \"%c\" is not what the daemon does: "
			 "%s, actions %#x", phase_name(phase), event_names[event],
			 columns[frontend].mark, columns[backend].mark, held ? ", held" : "",
			 letter, phase_name(step.next), step.actions);
}

static void check_cell(const struct about *about, size_t frontend, size_t backend, char letter)
{
	for (enum phase phase = 0; phase < PHASE_MAX; phase++)
		for (enum event event = 0; event < EVENT_MAX; event++) {
			if (!about->phases[phase] || !about->events[event])
				continue;
			check_step(phase, event, frontend, backend, letter, false);
			check_step(phase, event, frontend, backend, letter, true);
		}
}

static void take_words(char *words, bool *ret, int max, const char *(*name)(int i))
{
	for (char *word = strtok(words, ", "); word; word = strtok(NULL, ", ")) {
		int i = 0;

		while (i < max && strcmp(name(i), word))
			i++;
		if (i == max)
			fail_msg("\"%s\" is not known", word);
		ret[i] = true;
	}
}

static const char *name_of_phase(int phase)
{
	return phase_name((enum phase)phase);
}

static const char *name_of_event(int event)
{
	return event_names[event];
}

/* "PHASE, ...: EVENT, ...:" and after it one letter for all, or nothing. */
static struct about begin_table(char *line, const char **ret_rest)
{
	char *events = strchr(line, ':'), *rest = events ? strchr(events + 1, ':') : NULL;
	struct about about = {};

	if (!rest)
		fail_msg("expected PHASES: EVENTS: in \"%s\"", line);
	*events++ = '\0';
	*rest++ = '\0';
	take_words(line, about.phases, PHASE_MAX, name_of_phase);
	take_words(events, about.events, EVENT_MAX, name_of_event);
	for (int phase = 0; phase < PHASE_MAX; phase++)
		for (int event = 0; event < EVENT_MAX; event++)
			covered[phase][event] += about.phases[phase] && about.events[event];
	*ret_rest = rest + strspn(rest, " ");
	return about;
}

static void read_line(FILE *f, char *line, int size)
{
	if (!fgets(line, size, f))
		fail_msg(DOCUMENT " ends too early");
	line[strcspn(line, "\n")] = '\0';
}

/* The marks of all columns, or a row's mark and one letter for each of them. */
static void check_row(const char *line, const char *mark, char *letters)
{
	line += strspn(line, " ");
	if (mark && (strncmp(line, mark, strlen(mark)) || line[1] != ' '))
		fail_msg("expected the row of frontend %s: \"%s\"", mark, line);
	line += mark ? strlen(mark) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		line += strspn(line, " ");
		letters[i] = *line;
		line += !!*line;
	}
	if (*line || !letters[ARRAY_SIZE(columns) - 1])
		fail_msg("a row does not have %zu columns", ARRAY_SIZE(columns));
}

static void check_table(FILE *f, char *heading)
{
	char line[256], letters[ARRAY_SIZE(columns)];
	const char *rest;
	struct about about = begin_table(heading, &rest);
	bool uniform = *rest;

	if (!uniform) {
		read_line(f, line, sizeof(line));
		check_row(line, NULL, letters);
		for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
			assert_int_equal(letters[i], *columns[i].mark);
	}
	for (size_t frontend = 0; frontend < ARRAY_SIZE(columns); frontend++) {
		if (!uniform) {
			read_line(f, line, sizeof(line));
			check_row(line, columns[frontend].mark, letters);
		}
		for (size_t backend = 0; backend < ARRAY_SIZE(columns); backend++)
			check_cell(&about, frontend, backend, uniform ? *rest : letters[backend]);
	}
}

static void test_every_pair_of_states(void **state)
{
	FILE *f = fopen(DOCUMENT, "r");
	char line[256];

	assert_non_null(f);
	do {
		if (!fgets(line, sizeof(line), f))
			fail_msg(DOCUMENT " has no heading " HEADING);
	} while (strcmp(line, HEADING));
	do {
		read_line(f, line, sizeof(line));
	} while (strcmp(line, "```"));
	for (read_line(f, line, sizeof(line)); strcmp(line, "```");
	     read_line(f, line, sizeof(line)))
		if (*line)
			check_table(f, line);
	fclose(f);
	for (enum phase phase = 0; phase < PHASE_MAX; phase++)
		for (enum event event = 0; event < EVENT_MAX; event++)
			if (covered[phase][event] != 1)
				fail_msg("%s, %s: told %u times", phase_name(phase),
					 event_names[event], covered[phase][event]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_pair_of_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
