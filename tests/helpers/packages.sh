#!/bin/sh
# packages.sh - installs what is missing of the packages of the given stages.
#
#	packages.sh build bake test bench
#	packages.sh --list bake		only names what is missing, on one line
#
# As root it installs; otherwise it says what to install and how.  A package
# written as PACKAGE|COMMAND counts as there when the command is.  A stage with a +
# behind it (build+) does without the package where nobody can install it.
set -eu
list=$(dirname "$0")/packages

optional=1 only_list=
[ "$(id -u)" = 0 ] || optional=0
[ "$1" != --list ] || { only_list=1 optional=1; shift; }
wanted() {
	awk -v stages=" $* " -v optional=$optional '
		{ left_out = sub(/\+$/, "", $1) && !optional }
		!left_out && index(stages, " " $1 " ") && !seen[$2]++ { print $2 }' "$list"
}

names=$(wanted "$@")
# One question for all of them: each costs as much as all.
# shellcheck disable=SC2046,SC2086  # lists of names
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $(echo "$names" | sed 's/|.*//') 2>/dev/null |
	sed -n 's/^installed //p') || true

missing=
for name in $names; do
	package=${name%%|*}
	case "
$installed
" in *"
$package
"*) continue ;; esac
	case $name in *"|"*) command -v "${name#*|}" >/dev/null && continue ;; esac
	missing="$missing $package"
done
[ -n "$missing" ] || exit 0
[ -z "$only_list" ] || { echo "$missing"; exit 0; }

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
