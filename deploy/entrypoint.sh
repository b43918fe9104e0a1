#!/bin/sh
# Every process of a deployment is one Dagster instance: its home gets the link before the process looks for it. The
# command line keeps a link that it finds, so `costs run` in the container shows in the UI, too.
set -eu
umask 077
mkdir -p "$DAGSTER_HOME"
ln -sfn "$(dirname "$(readlink -f "$0")")/dagster.yaml" "$DAGSTER_HOME/dagster.yaml"
exec "$@"
