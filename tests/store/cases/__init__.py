# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases of check-store; see harness/world.py for what each is given."""
