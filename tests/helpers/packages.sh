#!/bin/sh
# packages.sh - installs what is missing of the packages of the given stages.
#
#	packages.sh build bake test bench
#
# As root it installs; otherwise it says what to install and how.  A package
# written as PACKAGE|COMMAND counts as there when the command is.
set -eu
list=$(dirname "$0")/packages

is_there() {	# PACKAGE[|COMMAND]
	case $1 in
	*"|"*) command -v "${1#*|}" >/dev/null && return ;;
	esac
	[ "$(dpkg-query -W -f '${db:Status-Status}' "${1%%|*}" 2>/dev/null)" = installed ]
}

missing=
for stage in "$@"; do
	for package in $(awk -v stage="$stage" '$1 == stage { print $2 }' "$list"); do
		is_there "$package" || missing="$missing ${package%%|*}"
	done
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "These packages are missing:$missing" >&2
	echo "hint: as root: apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

# Nothing that comes along may start a service of its own: we only want the tools.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
install_missing() {
	# shellcheck disable=SC2086  # a list of names
	apt-get install -q -y --no-install-recommends $missing >"$log" 2>&1
}
log=$(mktemp)
# The package lists may be absent or old: read them only when it doesn't work without.
install_missing || { apt-get update -q >"$log" 2>&1 && install_missing; } || {
	tail -n 20 "$log" >&2
	echo "hint: check the network and /etc/apt/sources.list, then run the same command again" >&2
	exit 1
}
rm -f "$log"
