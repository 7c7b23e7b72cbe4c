# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

lint_packages() {
	local suite
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	check debs debian/build-debs
	check lintian lintian --allow-root --fail-on error,warning --tag-display-limit 0 \
		"build/debs/$suite"/*.changes
}
