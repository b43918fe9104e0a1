#!/bin/sh
# Every process of a deployment is one Dagster instance: its home gets the link before the process looks for it. The
# command line keeps a link that it finds, so `costs run` in the container shows in the UI, too.
set -eu
umask 077
settings="$(dirname "$(readlink -f "$0")")/dagster.yaml"
mkdir -p "$DAGSTER_HOME"
# A right one is left alone: while it is made anew another process would find none, and begin a history in files.
[ "$(readlink "$DAGSTER_HOME/dagster.yaml" || true)" = "$settings" ] || ln -sfn "$settings" "$DAGSTER_HOME/dagster.yaml"
exec "$@"
