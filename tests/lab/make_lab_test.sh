#!/bin/bash
# `make lab` by somebody who isn't root and never asks for it: it opens the lab with what
# is there, and names the packages that are not.
. "$(dirname "$0")/../helpers/tap.sh"
need_root
need make setpriv newuidmap busybox
[ -x "$DRYDOCK" ] || skip_all "drydock is not built"
[ -n "${TAP_ISOLATED:-}" ] || course_images "$WORK/baked"	# needs the network
isolate "$0" "$@"
. "$TESTS/helpers/student.sh"
unset DOCKER_HOST ACCESSIBLE MAKEFLAGS MAKELEVEL
export NO_COLOR=1

# What would need root is only written down; dpkg-query answers without what $LACKING names.
mkdir "$WORK/bin"
for tool in sudo su apt-get apt dpkg pkexec; do
	printf '#!/bin/sh\necho "%s $*" >>%s/asked\nexit 1\n' $tool "$WORK" >"$WORK/bin/$tool"
done
cat >"$WORK/bin/dpkg-query" <<END
#!/bin/sh
for name in "\$@"; do
	case " \$LACKING " in *" \$name "*) ;; *) echo "installed \$name" ;; esac
done
END
chmod 755 "$WORK/bin"/* "$WORK/bin"
: >"$WORK/asked" && chmod 666 "$WORK/asked"

# A program that is up to date is not built: the tree is only read.
lab() {	# LINE...: what is typed in the shell
	printf '%s\n' "$@" quit | $DAEMON_AS env PATH="$WORK/bin:$PATH" LACKING="${LACKING:-}" \
		TERM=dumb make --no-print-directory -C "$TESTS/.." B="$BUILD" lab >"$WORK/said" 2>&1
}
said() { cat "$WORK/said"; }

IMAGES=course place ready
export DRYDOCK_ROOT
lab 'docker run hello-world'
is $? 0 "the lab opens and is left"
like "$(said)" 'Backend rootless' "on the backend rootless"
like "$(said)" 'Hello from Docker!' "a container runs in it"
unlike "$(said)" 'missing|lacks|hint: ask' "nothing is asked for where all is there"

LACKING="gcc libcurl4-openssl-dev mmdebstrap" lab
is $? 2 "it stops where the build can't be made"
like "$(said)" '^These packages are missing: gcc libcurl4-openssl-dev$' "names exactly the build's packages"
like "$(said)" '^hint: as root: apt-get install --no-install-recommends gcc libcurl4-openssl-dev$' \
	"and the command to ask for"

LACKING="mmdebstrap curl" lab
is $? 0 "without mmdebstrap, but with images, it opens"
unlike "$(said)" 'mmdebstrap' "and has nothing to say of it"
like "$(said)" '^hint: ask whoever is root for: .* curl$' "curl, of a step, is asked for"

IMAGES=test place bare
rm -rf "$DRYDOCK_ROOT/lib/registry"
LACKING="mmdebstrap dpkg-dev" lab check
is $? 0 "without images and without what makes them it opens"
like "$(said)" 'this machine lacks: mmdebstrap dpkg-dev$' "says what is not there"
like "$(said)" '^hint: ask whoever is root for: apt-get install --no-install-recommends mmdebstrap dpkg-dev$' \
	"what to ask for"
like "$(said)" 'the lessons, the quiz and every docker command' "and what there is without them"
like "$(said)" 'Backend rootless' "before the lab"

# A login without any folder for what runs: the daemon's is below /tmp.
mkdir -p "$HOME/.local/share/drydock" && mv "$WORK/ready/lib/registry" "$HOME/.local/share/drydock/"
chown -R $ME "$HOME"
unset DRYDOCK_ROOT XDG_RUNTIME_DIR XDG_DATA_HOME
lab 'docker run hello-world' 'docker ps -a --format "ended {{.Status}}"'
is $? 0 "without DRYDOCK_ROOT and XDG_RUNTIME_DIR it opens"
like "$(said)" 'ended Exited \(0\)' "and finds its own daemon"
rm -rf /tmp/drydock-$ME

is "$(cat "$WORK/asked")" "" "root's rights were never asked for"
student_end
done_testing
