# SPDX-License-Identifier: GPL-2.0-or-later

UNIT_TESTS += $(BUILD)/unit/lab-logs

$(BUILD)/unit/lab-logs: tests/unit/lab/logs
	@mkdir -p $(@D)
	install -m 755 $< $@
