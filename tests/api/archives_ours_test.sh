#!/bin/bash
# archives_test.sh once more, with our own docker command line.
# timeout: 120
here=$(dirname "$0")
DOCKER_CLIENT=$(readlink -f "${DRYDOCK_BUILD:-$here/../../build}")/docker exec bash "$here/archives_test.sh"
