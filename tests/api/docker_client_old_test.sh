#!/bin/bash
# The same with Debian's docker client (20.10), which speaks an older API and attaches
# in another order.
# timeout: 180
[ -x /usr/bin/docker ] || { echo "1..0 # SKIP Debian's docker client is not installed"; exit 0; }
DOCKER_CLIENT=/usr/bin/docker exec bash "$(dirname "$0")/docker_client_test.sh"
