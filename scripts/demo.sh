#!/bin/sh
# The main job, end to end, against the sandbox:
#   cargo run -- sandbox run -- sh scripts/demo.sh
# Both cases of the guide: a cluster outside AWS with a role, and a cluster on AWS that pulls from
# its own account without one; first on live clusters, then from a new manifest.
set -eu

role=arn:aws:iam::999999999999:role/mk8s-ecr-driver
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")/../tests/fixtures/manifests/generic-onprem.yaml" "$folder/dc1.yaml"
cd "$folder"

say() { printf '\n== %s\n' "$*"; }
run() {
    printf '$'
    for word in "$@"; do printf ' %s' "$word"; done
    printf '\n'
    "$@" 2>&1
}

say "A cluster on Hetzner: it needs a role"
run mk8s addon enable aws-ecr -c hetzner -v --role-arn "$role" --with-prerequisites
run mk8s addon trust-policy aws-ecr -c hetzner --wait
run mk8s addon oidc-url -c hetzner

say "A cluster on AWS that pulls from its own account: no role"
run mk8s addon enable aws-ecr -c aws-same -v --with-prerequisites
run mk8s addon oidc-url -c aws-same

say "A second run changes nothing"
run mk8s addon enable aws-ecr -c hetzner

say "A new manifest: the edit keeps every other byte, then apply creates the cluster"
cp dc1.yaml before.yaml
run mk8s addon enable aws-ecr -f dc1.yaml --role-arn "$role" --with-prerequisites
run diff before.yaml dc1.yaml || true
run mk8s apply -f dc1.yaml
run mk8s addon show aws-ecr -c dc1

say "What is on, everywhere"
run mk8s addon list -c hetzner -c aws-same -c aws-cross -c dc1
