#!/bin/sh
# pages.sh - writes the man pages, from what the programs say of themselves:
#
#	pages.sh DRYDOCK FOLDER		FOLDER/man1, FOLDER/man8
#
# The docker verbs' pages come from the tables of their options (engine/client/man.c);
# those of drydock's own verbs hold their --help.
set -eu
drydock=$1 folder=$2
mkdir -p "$folder/man1" "$folder/man8"
"$drydock" docker __man "$folder/man1"

# Text as it is, for roff: a "-" that can be searched for, no line that is a request.
plain() { LC_ALL=C sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\\&&/" -e 's/\xe2\x80\xa6/.../g'; }

# The line of `drydock --help` about a verb.
about() { "$drydock" --help | sed -n "s/^  $1  *//p" | head -n 1 | plain; }

page() {	# NAME SECTION ABOUT COMMAND...: a page with the command's --help
	name=$1 section=$2 about=$3
	shift 3
	title=$(echo "$name" | plain)
	{
		echo ".TH $title $section \"\" \"$("$drydock" --version | cut -d' ' -f1,2)\" Drydock"
		printf '.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n' "$title" "$about"
		"$drydock" "$@" --help 2>&1 | sed -n '1s/^Usage: *//p' | plain | sed 's/^/.B /'
		printf '.SH DESCRIPTION\n.nf\n'
		"$drydock" "$@" --help 2>&1 | sed 1d | plain
		case $name in drydock-registry)
			printf '\n'
			"$drydock" registry serve --help 2>&1 | plain
		esac
		cat <<'END'
.fi
.SH FILES
.TP
.I /var/lib/drydock
images, containers, volumes and state of a daemon that root runs
.TP
.I /run/drydock
its socket and what does not survive a reboot
.SH ENVIRONMENT
.TP
.B DRYDOCK_ROOT
a folder that holds both, as lib and run
.TP
.B DOCKER_HOST
the daemon's socket
.SH SEE ALSO
.BR drydock (1),
.BR drydock\-daemon (8),
.BR drydock\-docker\-run (1)
END
	} >"$folder/man$section/$name.$section"
}

page drydock 1 'containers you can see through, and the labs to learn them'
page drydock-daemon 8 "$(about daemon)" daemon
for verb in registry bake doctor lab trace explain export-bundle; do
	page drydock-$verb 1 "$(about $verb)" $verb
done
