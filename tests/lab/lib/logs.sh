# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# What the machines said, kept in $lab_state/logs also when they are gone, and
# searched for what a kernel must not say.

# What a kernel, Xen or `xl list` must not say; regular expressions of grep -E.
logs_patterns=(
	'\bBUG\b' 'WARNING:' Oops 'Call Trace' 'general protection' 'unable to handle'
	'invalid opcode' 'divide error' '[Kk]ernel panic'
	# of any program
	segfault
	# not one of its functions, in a stack
	'[Ll]ockdep([^_]|$)' 'possible (circular|recursive) locking' 'inconsistent lock state'
	'suspicious RCU' 'register non-static key'
	KASAN KCSAN UBSAN kmemleak '\bleak' refcount_t
	'self-detected stall' 'detected stalls' 'soft lockup' 'blocked for more than'
	# a guest's grant that a backend still has mapped after a minute
	'g\.e\. 0x[0-9a-f]+ still pending'
	'\(XEN\).*([Pp]anic|FATAL|Assertion|Xen BUG|Xen WARN)'
	'\(XEN\).*(domain_crash|[Dd]omain [0-9].*crashed)'
	# logs_domains: a domain that has been dying for 10 s, and stays
	'^[^ ]+( +[0-9]+){3} +[-a-z?]{5}d '
)
logs_bad=$(IFS='|' && echo "${logs_patterns[*]}")

# Lines that only look like one of these: kind, regular expression of awk, reason. "line"
# excuses the lines that match. "report" excuses the first line, the WARNING and the "Call
# Trace" of a report ("cut here" to "end trace") whose first line matches, and no other line
# in it; "faults" does so only where allocations are made to fail (LOGS_FAULTS).
# tests/unit/lab/logs.samples has lines that each excuses, and similar ones that it
# does not.
logs_exceptions=(
	line 'rcu:[[:space:]]+RCU lockdep checking is enabled\.$'
	"A kernel with lockdep writes this while it boots, and reports nothing."

	line 'kmemleak: (Kernel memory leak detector initialized|Automatic memory scanning thread (started|ended))'
	"kmemleak starts or stops."

	report 'XSAVE consistency problem: size [0-9]+ != kernel_size [0-9]+$'
	"Linux 6.12 and later find that QEMU without KVM emulates CPUID leaf 0xd inconsistently under Xen."

	faults 'WARNING: .* at kernel/trace/trace_events\.c:[0-9]+ event_define_fields'
	"Linux warns if there is no memory for the events of a module."
)

# logs_excused KIND: all that it excuses, as one regular expression
logs_excused() {
	local i all=

	for ((i = 0; i < ${#logs_exceptions[@]}; i += 3)); do
		[ "${logs_exceptions[i]}" != "$1" ] || all+="${all:+|}(${logs_exceptions[i + 1]})"
	done
	printf '%s' "${all:-^\$}"
}

# Prints NUMBER:LINE for each line of the file that a kernel must not write. Of
# KCSAN's reports, only those count in which one of the two functions, or its caller, is in
# one of our modules: Linux itself has many data races. Where allocations are made to
# fail (LOGS_FAULTS), the kernel prints a stack for some of them.
logs_complaints() {
	grep -anE "$logs_bad" "$1" |
		good_lines=$(logs_excused line) good_reports=$(logs_excused report) \
			good_faults=$(logs_excused faults) \
			awk -F: -v log_file="$1" -v faults="${LOGS_FAULTS-}" '
		function flush() {
			if (title && !ours)
				excused[title] = 1
			title = ours = 0
		}
		BEGIN {
			good_lines = ENVIRON["good_lines"]
			good_reports = ENVIRON["good_reports"]
			if (faults)
				good_reports = good_reports "|" ENVIRON["good_faults"]
			while ((getline line < log_file) > 0) {
				n++
				sub(/\r$/, "", line)
				if (line ~ good_lines)
					excused[n] = 1
				if (line ~ /cut here \]/) {
					first = n + 1
					good = warned = 0
				}
				if (n == first)
					good = line ~ good_reports
				if (good && (n == first || line ~ /WARNING: |Call Trace:$/) &&
					!(line ~ /WARNING: / && warned++))
					excused[n] = 1
				if (line ~ /end trace/)
					first = good = warned = 0
				if (line ~ /==============================/)
					flush()
				if (line ~ /BUG: KCSAN/)
					title = n
				if (faults && line ~ /vmalloc (error|size)|page allocation failure/)
					expected = 1
				if ((expected && line ~ /Call Trace:$/) ||
					(faults && line ~ /kmemleak: Cannot allocate a scan area/))
					excused[n] = 1
				if (line ~ /<\/TASK>/)
					expected = 0
				# the racing function, or the one that had it access something of ours
				if (line ~ / by (task|interrupt)/)
					stack = n
				if (line ~ / \[mydevice[a-z]*\]/ && n <= stack + 2)
					ours = 1
			}
			flush()
		}
		!($1 in excused)'
}

# The domains that dom0 has. One that is being destroyed is listed as dying for some time;
# one that stays so has a page that a backend never unmapped.
logs_domains() {
	# shellcheck disable=SC2016 # for dom0's shell
	(cd "$lab_state" && timeout 60 ssh -F ssh/config -T dom0 'end=$(($(date +%s) + 10))
		while xl list >/tmp/lab.domains && [ "$(date +%s)" -lt $end ] &&
			grep -qE " [-a-z?]{5}d +[0-9.]+\$" /tmp/lab.domains; do
			sleep 0.5
		done
		cat /tmp/lab.domains' </dev/null)
}

# From the running lab. The serial line alone has all that matters; the rest
# is fetched if the host still answers.
logs_collect() {
	local logs=$lab_state/logs rc=0

	mkdir -p "$logs/xen"
	lab_wait 10 host_answers || rc=1
	if [ $rc -eq 0 ]; then
		(cd "$lab_state" && timeout 60 ssh -F ssh/config -T dom0 'tar -C /var/log/xen -cf - .' </dev/null) |
			tar -C "$logs/xen" --no-same-owner -xf - || rc=1
		(cd "$lab_state" && timeout 30 ssh -F ssh/config -T dom0 'xl dmesg' </dev/null) \
			>"$logs/xen-dmesg.log" || rc=1
		(cd "$lab_state" && timeout 30 ssh -F ssh/config -T dom0 \
			'journalctl -b --no-pager -o short-monotonic \
				_TRANSPORT=kernel + _SYSTEMD_UNIT=mydevice-attachd.service' </dev/null) \
			>"$logs/dom0-journal.log" || rc=1
		logs_domains >"$logs/domains.log" || rc=1
	fi
	logs_keep
	return $rc
}

# What is here without asking anybody.
logs_keep() {
	mkdir -p "$lab_state/logs"
	tr -d '\r' <"$lab_state/console.log" >"$lab_state/logs/dom0-console.log"
	cp "$lab_state/qemu.log" "$lab_state/logs/qemu.log"
}

# Prints each bad line with what stands around it; false if there is one.
logs_check() {
	local logs=$lab_state/logs file found=0

	while read -r file; do
		logs_bad_lines "$file" || found=1
	done < <(find "$logs" -type f -name '*.log*' | sort)
	[ "$found" -eq 0 ]
}

logs_bad_lines() {
	local file=$1 number from=0 rc=0

	while IFS=: read -r number _; do
		rc=1
		[ "$number" -gt "$from" ] || continue
		printf '%s, line %s:\n' "${file#"$lab_state"/}" "$number"
		awk -v bad="$number" 'NR > bad + 20 { exit }
			NR >= bad - 3 { print (NR == bad ? "->" : "  ") "\t" $0 }' "$file"
		from=$((number + 21))
	done < <(logs_complaints "$file")
	return $rc
}
