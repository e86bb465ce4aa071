//! Errors provoked on purpose: what each says, its exit code, and that the next step it names works in the
//! very state in which it is printed.

use crate::support::manifests::{ROLE, hetzner};
use crate::support::{Answer, Bed, Env, Fake, Sandbox, filters};
use serde_json::json;
use std::fmt::Write as _;

/// Provokes all errors of a group in their order, and holds what they say as a snapshot. Each is three lines:
/// what provokes it; its exit code and what it says that leads on; the line that does so, filled in as a
/// person does, and its exit code.
#[track_caller]
fn provoke(name: &str, env: &mut Env, table: &str) {
    env.with_commands();
    let (mut said, mut wrong) = (String::new(), String::new());
    for row in table.trim().split("\n\n") {
        let lines: Vec<&str> = row.lines().collect();
        let [line, first, then] = lines.as_slice() else {
            panic!("three lines are expected: {row}");
        };
        let (code, says) = expected(first);
        let (then_code, then) = expected(then);
        let run = env.sh(line).run();
        // What is on stdout is no part of an error.
        let _ = writeln!(said, "$ {line}\n{}[{}]\n", run.stderr, run.code);
        if run.code != code || !run.stderr.contains(says) {
            let _ = writeln!(wrong, "{code} and `{says}` are expected of `{line}`\n{run}");
        }
        let next = env.sh(then).run();
        if next.code != then_code {
            let _ = writeln!(
                wrong,
                "{then_code} is expected of `{then}` after `{line}`\n{next}"
            );
        }
    }
    let mut settings = filters(env);
    settings.add_filter(r"localhost:\d+", "localhost:[PORT]");
    settings.bind(|| insta::assert_snapshot!(name, said));
    assert!(wrong.is_empty(), "{wrong}");
}

/// `  => 2 what is said`
#[track_caller]
fn expected(line: &str) -> (i32, &str) {
    let rest = line.strip_prefix("  => ").expect("an arrow");
    let (code, text) = rest.split_once(' ').unwrap_or((rest, ""));
    (code.parse().expect("an exit code"), text)
}

/// Two clusters: `prod`, with add-ons that need each other, and `edge`, with a log and nothing else; and
/// their manifests.
fn place() -> (Env, Sandbox) {
    let mut env = Env::new();
    env.set("ROLE", ROLE);
    let role = format!("awsECR: {{roleArn: \"{ROLE}\"}}");
    let prod = hetzner("prod", &["awsWorkloadIdentity: {}", &role]);
    let edge = hetzner("edge", &["logs: {}"]);
    let sandbox = Sandbox::holding(&mut env, &[prod.clone(), edge.clone()], &[]);
    env.write("clusters/prod.yaml", prod);
    env.write("clusters/edge.yaml", edge);
    (env, sandbox)
}

#[test]
fn words_of_other_tools() {
    let (mut env, _sandbox) = place();
    provoke(
        "words",
        &mut env,
        r"
mk8s explain ecr
  => 2 mk8s addon explain ecr
  => 0 mk8s addon explain aws-ecr

mk8s enable metrics -c edge
  => 2 mk8s addon enable metrics -c edge
  => 0 mk8s addon enable metrics -c edge --dry-run

mk8s addon on metrics -c edge
  => 2 mk8s addon enable metrics -c edge
  => 0 mk8s addon enable metrics -c edge --dry-run

mk8s addon off logs -c edge
  => 2 mk8s addon disable logs -c edge
  => 0 mk8s addon disable logs -c edge --dry-run

mk8s addon status logs -c edge
  => 2 mk8s addon show logs -c edge
  => 0 mk8s addon show logs -c edge

mk8s get edge
  => 2 mk8s cluster get edge
  => 0 mk8s cluster get edge

mk8s describe edge
  => 2 mk8s cluster get edge
  => 0 mk8s cluster get edge

mk8s plan -f clusters
  => 2 mk8s apply --dry-run -f clusters
  => 0 mk8s apply --dry-run -f clusters

mk8s addn list
  => 2 `addon`
  => 0 mk8s addon list

mk8s addon lsit
  => 2 `list`
  => 0 mk8s addon list

mk8s frobnicate
  => 2 --help
  => 0 mk8s --help

mk8s help clustr
  => 2 `cluster`
  => 0 mk8s help cluster

mk8s help nothing
  => 2 `mk8s help`
  => 0 mk8s help

",
    );
}

#[test]
fn flags_and_their_values() {
    let (mut env, _sandbox) = place();
    provoke(
        "flags",
        &mut env,
        r"
mk8s addon enable metrics --wait 5m -c edge
  => 2 --wait=5m
  => 0 mk8s addon enable metrics --wait=5m -c edge --dry-run

mk8s addon enable metrics edge
  => 2 -c edge
  => 0 mk8s addon enable metrics -c edge --dry-run

mk8s addon enable metrics clusters/edge.yaml
  => 2 -f clusters/edge.yaml
  => 0 mk8s addon enable metrics -f clusters/edge.yaml --dry-run

mk8s -c edge addon list
  => 2 mk8s addon list -c
  => 0 mk8s addon list -c edge

mk8s addon list --onn logs --all
  => 2 `--on`
  => 0 mk8s addon list --on logs --all

mk8s addon list -o jsn
  => 2 `json`
  => 0 mk8s addon list -o json

mk8s addon list -o jsonpath=items
  => 2 $
  => 0 mk8s addon list -o 'jsonpath=$.items[0].addon'

mk8s addon list --filter x
  => 2 --help
  => 0 mk8s addon list --help

mk8s cluster get
  => 2 mk8s cluster get <NAME>
  => 0 mk8s cluster get edge

mk8s diff
  => 2 --file <FILE|DIR>
  => 0 mk8s diff --file clusters

mk8s --org '' cluster list
  => 2 --help
  => 0 mk8s cluster list --help

mk8s addon enable aws-ecr -c prod --role-arn ''
  => 2 --help
  => 0 mk8s addon enable aws-ecr --help

mk8s addon enable metrics -c edge --exit-code
  => 2 --dry-run
  => 10 mk8s addon enable metrics -c edge --exit-code --dry-run

mk8s addon enable metrics -c edge --apply
  => 2 --file <FILE|DIR>
  => 0 mk8s addon enable metrics --file clusters/edge.yaml --apply --dry-run

mk8s apply -f clusters --max-failures 1 --fail-fast
  => 2 --help
  => 0 mk8s apply --help

mk8s check -f clusters -q -v
  => 2 --help
  => 0 mk8s check --help

mk8s apply -f clusters/edge.yaml clusters/prod.yaml --frobnicate
  => 2 --help
  => 0 mk8s apply --help

MK8S_OUTPUT=jsn mk8s addon list
  => 2 `json`
  => 0 MK8S_OUTPUT=json mk8s addon list

",
    );
}

/// A home in which nobody has ever logged in.
#[test]
fn nobody_is_logged_in() {
    let mut env = Env::new();
    let mut elsewhere = Env::new();
    let sandbox = Sandbox::holding(&mut elsewhere, &[hetzner("edge", &[])], &[]);
    env.set("CPLN_ENDPOINT", sandbox.endpoint());
    env.write("token", sandbox.token());
    env.set("KEY", sandbox.token());
    provoke(
        "login",
        &mut env,
        r"
mk8s cluster list
  => 4 `--token-file`
  => 0 mk8s cluster list --token-file token

mk8s auth status
  => 4 CPLN_TOKEN
  => 0 CPLN_TOKEN=$KEY mk8s cluster list

mk8s cluster list --profile ci
  => 2 cpln profile create
  => 0 mk8s cluster list --token-file token

mk8s cluster list --token-file tokn
  => 3 tokn
  => 0 mk8s cluster list --token-file token

CPLN_PROFILE=nope mk8s auth status
  => 2 cpln profile create
  => 0 mk8s auth status --token-file token

CPLN_TOKEN=bad mk8s auth status --org sandbox
  => 4 put another there
  => 0 CPLN_TOKEN=$KEY mk8s auth status --org sandbox

CPLN_TOKEN=bad mk8s cluster list --org sandbox
  => 4 `mk8s auth status --org sandbox`
  => 4 CPLN_TOKEN=bad mk8s auth status --org sandbox

mk8s cluster list --token bad --org sandbox
  => 4 `--token-file`
  => 0 mk8s cluster list --token-file token

mk8s cluster list --org 'a/b' --token-file token
  => 2 org
  => 0 mk8s cluster list --token-file token

mk8s cluster list --org other --token-file token
  => 4 org `sandbox`
  => 0 mk8s cluster list --token-file token

mk8s check -c edge --only setup
  => 11
  => 0 mk8s check -c edge --only setup --token-file token --org sandbox

",
    );
}

#[test]
fn nothing_answers() {
    let (mut env, sandbox) = place();
    let tls = Fake::serve_tls(vec![Answer::json(200, &json!({}))]);
    let plain = sandbox.endpoint().to_owned();
    env.set("PLAIN", &plain)
        .set("SECURE", tls.endpoint())
        .set("TLS_TO_PLAIN", &plain.replace("http:", "https:"))
        .set("PLAIN_TO_TLS", &tls.endpoint().replace("https:", "http:"))
        .unset("CPLN_ENDPOINT");
    provoke(
        "network",
        &mut env,
        r"
mk8s cluster list --endpoint https://127.0.0.1:1
  => 8 --endpoint
  => 0 mk8s cluster list --endpoint $PLAIN

mk8s cluster list --endpoint http://127.0.0.1:1
  => 8 --endpoint
  => 0 mk8s cluster list --endpoint $PLAIN

mk8s cluster list --endpoint $TLS_TO_PLAIN
  => 8 `http://`
  => 0 mk8s cluster list --endpoint $PLAIN

mk8s cluster list --endpoint $PLAIN_TO_TLS
  => 8 `https://`
  => 8 mk8s cluster list --endpoint $SECURE

mk8s cluster list --endpoint $SECURE
  => 8 SSL_CERT_FILE
  => 0 mk8s cluster list --endpoint $PLAIN

CPLN_ENDPOINT=http://127.0.0.1:1 mk8s cluster list
  => 8 CPLN_ENDPOINT
  => 0 CPLN_ENDPOINT=$PLAIN mk8s cluster list

mk8s cluster list --endpoint ftp://127.0.0.1
  => 2 `https` is needed
  => 0 mk8s cluster list --endpoint $PLAIN

mk8s cluster list --endpoint api.cpln.io
  => 2 `https://api.cpln.io`
  => 0 mk8s auth status --help

mk8s cluster list --endpoint http://api.cpln.io
  => 2 `https://api.cpln.io`
  => 0 mk8s auth status --help

mk8s cluster list --endpoint https://no-such-host.invalid
  => 8 --endpoint
  => 0 mk8s cluster list --endpoint $PLAIN

mk8s cluster list --endpoint $PLAIN/api
  => 3 --endpoint
  => 0 mk8s cluster list --endpoint $PLAIN

mk8s cluster list --endpoint 'https://me:secret@api.cpln.io'
  => 2 a password in it
  => 0 mk8s cluster list --endpoint $PLAIN
",
    );
}

/// What the server answers when it does not do what was asked, and what it says of that which it refuses.
#[test]
fn the_server_refuses() {
    let faults = [
        (
            "status=503,message=overloaded,times=4,on=GET",
            "mk8s cluster list",
            8,
            "",
        ),
        ("throttle,times=4,on=GET", "mk8s cluster list", 8, ""),
        ("quota,times=1,on=GET", "mk8s cluster list", 8, ""),
        ("html,times=1,on=GET", "mk8s cluster list", 8, ""),
        ("garble,times=1,on=GET", "mk8s cluster list", 8, ""),
        (
            "status=403,times=1,on=GET",
            "mk8s cluster list",
            4,
            "misspelt",
        ),
        (
            "status=401,times=1,on=GET",
            "mk8s cluster list",
            4,
            "mk8s auth status",
        ),
        (
            "redirect=https://login.example/,times=1,on=GET",
            "mk8s cluster list",
            8,
            "",
        ),
        (
            "status=422,message=no,times=1,on=PATCH",
            "mk8s addon enable metrics -c edge",
            6,
            "",
        ),
        (
            "status=403,times=2,on=GET:/edge",
            "mk8s addon enable metrics -c edge",
            4,
            "misspelt",
        ),
    ];
    let mut said = String::new();
    let (mut env, sandbox) = place();
    env.with_commands();
    for (fault, line, code, says) in faults {
        sandbox.fault(fault);
        let run = env.sh(line).run();
        let _ = writeln!(said, "# {fault}\n$ {line}\n{}[{}]\n", run.stderr, run.code);
        assert!(
            run.code == code && run.stderr.contains(says),
            "{fault}\n{run}"
        );
        sandbox.heals();
        // Whatever it was has passed, and the same line works.
        let _ = env.sh(line).run().ok();
    }
    filters(&env).bind(|| insta::assert_snapshot!("server", said));
}

#[test]
fn names_of_clusters() {
    let (mut env, _sandbox) = place();
    provoke(
        "names",
        &mut env,
        r"
mk8s addon list -c egde
  => 3 `edge`
  => 0 mk8s addon list -c edge

mk8s cluster get prd
  => 3 `prod`
  => 0 mk8s cluster get prod

mk8s addon enable metrics -c Edge
  => 2 `edge`
  => 0 mk8s addon enable metrics -c edge --dry-run

mk8s addon list -c prod,edge
  => 2 -c prod -c edge
  => 0 mk8s addon list -c prod -c edge

mk8s addon list -c nothing-like-it
  => 3 mk8s cluster list
  => 0 mk8s cluster list

mk8s cluster get //mk8s/edg
  => 3 `edge`
  => 0 mk8s cluster get //mk8s/edge

mk8s cluster get /org/other/mk8s/edge
  => 2 --org other
  => 0 mk8s cluster get /org/sandbox/mk8s/edge

mk8s addon list -c 'dev-*'
  => 3 edge
  => 0 mk8s addon list -c 'e*'

mk8s diff --clusters edge
  => 2 --clusters staging,prod
  => 0 mk8s diff --clusters edge,prod

mk8s diff --clusters edge,prd
  => 3 `prod`
  => 0 mk8s diff --clusters edge,prod

mk8s addon copy --from egde --to prod
  => 3 `edge`
  => 0 mk8s addon copy --from edge --to prod --dry-run

mk8s addon copy --from edge --to edge
  => 2 itself
  => 0 mk8s addon copy --from edge --to prod --dry-run

mk8s apply -f clusters -c egde --dry-run
  => 3 `edge`
  => 0 mk8s apply -f clusters -c edge --dry-run

mk8s validate clusters -c egde
  => 3 `edge`
  => 0 mk8s validate clusters -c edge

mk8s aws setup aws-ecr
  => 2 -c NAME
  => 0 mk8s addon show aws-ecr -c prod

mk8s cluster wait --for addon=logs
  => 2 -c NAME
  => 0 mk8s cluster wait -c edge --for addon=logs --timeout 1s

",
    );
}

#[test]
fn add_ons_and_their_settings() {
    let (mut env, _sandbox) = place();
    env.write("settings.yaml", "nope: 1\n");
    provoke(
        "addons",
        &mut env,
        r"
mk8s addon enable aws-erc -c edge
  => 2 `aws-ecr`
  => 0 mk8s addon explain aws-ecr

mk8s addon enable ecr -c edge
  => 2 `aws-ecr`
  => 0 mk8s addon explain aws-ecr

mk8s addon enable nothing -c edge
  => 2 `mk8s addon list`
  => 0 mk8s addon list

mk8s addon disable nothing -c edge
  => 2 `mk8s addon list`
  => 0 mk8s addon list

mk8s addon enable
  => 2 `mk8s addon list`
  => 0 mk8s addon list

mk8s schema metrcs
  => 2 `metrics`
  => 0 mk8s schema metrics

mk8s addon explain metrics kubestate
  => 2 `kubeState`
  => 0 mk8s addon explain metrics kubeState

mk8s addon explain metrics nothing
  => 2 `mk8s addon explain metrics`
  => 0 mk8s addon explain metrics

mk8s addon enable metrics -c edge --set kubestat=true
  => 2 `kubeState`
  => 0 mk8s addon enable metrics -c edge --set kubeState=true --dry-run

mk8s addon enable metrics -c edge --set kubeState=maybe
  => 2 `true` or `false`
  => 0 mk8s addon enable metrics -c edge --set kubeState=true --dry-run

mk8s addon enable metrics -c edge --set scrapeAnnotated.intervalSeconds=x
  => 2 whole number
  => 0 mk8s addon enable metrics -c edge --set scrapeAnnotated.intervalSeconds=30 --dry-run

mk8s addon enable metrics -c edge --set x
  => 2 scrapeAnnotated.intervalSeconds=60
  => 0 mk8s addon enable metrics -c edge --set scrapeAnnotated.intervalSeconds=60 --dry-run

mk8s addon enable metrics -c edge --set-json 'kubeState={'
  => 2 JSON
  => 0 mk8s addon enable metrics -c edge --set-json kubeState=true --dry-run

mk8s addon enable metrics -c edge --unset nothing
  => 6 `mk8s addon explain metrics`
  => 0 mk8s addon explain metrics

mk8s addon enable metrics -c edge --settings settings.yaml
  => 2
  => 0 mk8s addon explain metrics

mk8s addon enable metrics -c edge --settings settigns.yaml
  => 3 `settings.yaml`
  => 0 mk8s addon enable metrics -c edge --settings settings.yaml --unknown --dry-run

mk8s addon enable metrics -c edge --replace-settings
  => 2 --settings <FILE>
  => 0 mk8s addon enable metrics -c edge --settings settings.yaml --replace-settings --unknown --dry-run

mk8s addon enable metrics -c edge --expect kubeState=true
  => 5 mk8s addon show metrics -c edge
  => 0 mk8s addon show metrics -c edge

mk8s addon enable metrics -c edge --role-arn x
  => 2 `mk8s addon explain metrics`
  => 0 mk8s addon explain metrics

mk8s addon enable No-pe --unknown -c edge
  => 2 letters and digits
  => 0 mk8s addon enable nope --unknown -c edge --dry-run

mk8s addon enable nope --unknown -c edge
  => 6 not allowed
  => 0 mk8s addon show logs -c edge

",
    );
}

#[test]
fn rules_and_questions() {
    let (mut env, _sandbox) = place();
    provoke(
        "rules",
        &mut env,
        r"
mk8s addon enable aws-ecr -c edge
  => 6 --role-arn ARN --with-prerequisites
  => 0 mk8s addon enable aws-ecr -c edge --role-arn $ROLE --with-prerequisites --dry-run

mk8s addon enable aws-ecr -c edge --with-prerequisites
  => 6 --role-arn ARN
  => 0 mk8s addon enable aws-ecr -c edge --role-arn $ROLE --with-prerequisites --dry-run

mk8s addon enable aws-efs -c prod
  => 6 --role-arn ARN
  => 0 mk8s addon enable aws-efs -c prod --role-arn $ROLE --dry-run

mk8s addon enable aws-ecr -f clusters/edge.yaml
  => 6 --role-arn ARN
  => 0 mk8s addon enable aws-ecr -f clusters/edge.yaml --role-arn $ROLE --with-prerequisites --dry-run

mk8s addon disable aws-workload-identity -c prod
  => 6 --with-dependants
  => 0 mk8s addon disable aws-workload-identity -c prod --with-dependants --dry-run

mk8s addon disable aws-workload-identity -f clusters
  => 6 --with-dependants
  => 0 mk8s addon disable aws-workload-identity -f clusters --with-dependants --dry-run

mk8s addon disable logs -c edge </dev/null
  => 2 --yes
  => 0 mk8s addon disable logs -c edge --yes --dry-run

mk8s addon enable headlamp -c edge -c prod </dev/null
  => 2 --yes
  => 0 mk8s addon enable headlamp -c edge -c prod --yes --dry-run

mk8s addon trust-policy -c edge
  => 6 --role-arn ARN
  => 0 mk8s addon enable aws-ecr -c edge --role-arn $ROLE --with-prerequisites --dry-run

mk8s addon trust-policy metrics -c edge
  => 2 aws-ecr
  => 0 mk8s addon trust-policy aws-ecr -c prod --wait=20s

mk8s addon oidc-url -c edge
  => 6 mk8s addon enable aws-workload-identity -c edge
  => 0 mk8s addon enable aws-workload-identity -c edge --dry-run

mk8s addon enable aws-ecr -c prod --no-role-arn
  => 6
  => 0 mk8s addon show aws-ecr -c prod

mk8s addon enable metrics -f clusters/edge.yaml --wait
  => 2 --apply
  => 0 mk8s addon enable metrics -f clusters/edge.yaml --wait --apply --dry-run

mk8s addon enable metrics -f clusters --canary 1
  => 2 --apply
  => 0 mk8s addon enable metrics -f clusters --canary 1 --apply --dry-run

mk8s addon enable metrics -c edge --dry-run -o patch
  => 2 -f
  => 0 mk8s addon enable metrics -f clusters/edge.yaml --dry-run -o patch

mk8s addon enable metrics -f clusters -o patch
  => 2 --dry-run -o patch
  => 0 mk8s addon enable metrics -f clusters --dry-run -o patch

",
    );
}

#[test]
fn files_that_cannot_be_used() {
    let (mut env, _sandbox) = place();
    env.write("broken.yaml", "kind: mk8s\nname: [\n");
    env.write("broken.json", "{\"kind\": \"mk8s\", \"name\": [}\n");
    env.write("tab.yaml", "kind: mk8s\nname: edge\nspec:\n\taddOns: {}\n");
    env.write("twice.yaml", hetzner("edge", &["logs: {}", "logs: {}"]));
    env.write(
        "alias.yaml",
        hetzner("edge", &["metrics: &m {}", "logs: *m"]),
    );
    env.write("other.yaml", "kind: gvc\nname: x\n");
    env.write("empty.yaml", "");
    env.write("bytes.yaml", b"kind: mk8s\nname: \xff\n");
    env.write(
        "nameless.yaml",
        hetzner("edge", &[]).replace("name: edge ", ""),
    );
    env.write("two/a.yaml", hetzner("edge", &[]));
    env.write("two/b.yaml", hetzner("edge", &[]));
    env.write(
        "lower.yaml",
        hetzner("edge", &["logs: {}"]).replace("addOns", "addons"),
    );
    env.write(
        "merge.yaml",
        "kind: mk8s\n<<<<<<< HEAD\nname: edge\n=======\nname: prod\n>>>>>>> x\n",
    );
    env.write("template.yaml", "kind: mk8s\nname: {{ .Values.name }}\n");
    env.write(
        "open.yaml",
        hetzner(
            "edge",
            &["awsWorkloadIdentity: {}", "awsECR: {roleArn: \"${ROLE}\"}"],
        ),
    );
    provoke(
        "files",
        &mut env,
        r"
mk8s apply -f clusters/edg.yaml
  => 3 `clusters/edge.yaml`
  => 0 mk8s apply -f clusters/edge.yaml

mk8s diff -f cluster
  => 3 `clusters`
  => 0 mk8s diff -f clusters

mk8s check -f 'clusters/*.yml'
  => 3 pattern
  => 0 mk8s validate 'clusters/*.yaml'

mk8s addon enable metrics -f broken.yaml
  => 6 broken.yaml:2:7
  => 0 sed -i 's/\[/edge\nspec: {}/' broken.yaml && mk8s addon enable metrics -f broken.yaml --dry-run

mk8s apply -f tab.yaml
  => 6 tab.yaml:4
  => 0 mk8s validate clusters/edge.yaml

mk8s apply -f broken.json
  => 6 broken.json:1
  => 0 mk8s validate clusters/edge.yaml

mk8s addon enable metrics -f twice.yaml
  => 6 delete the one
  => 0 sed -i '0,/^    logs: {}$/{//d}' twice.yaml && mk8s addon enable metrics -f twice.yaml --dry-run

mk8s addon enable metrics -f other.yaml
  => 3
  => 0 mk8s addon enable metrics -f clusters/edge.yaml --dry-run

mk8s addon enable metrics -f empty.yaml
  => 3
  => 0 mk8s addon enable metrics -f clusters/edge.yaml --dry-run

mk8s apply -f bytes.yaml
  => 6 UTF-8
  => 0 mk8s validate clusters/edge.yaml

mk8s apply -f nameless.yaml
  => 6 name
  => 0 mk8s validate clusters/edge.yaml

mk8s apply -f two
  => 6 two/a.yaml
  => 0 mk8s apply -f two/a.yaml --dry-run

mk8s addon enable metrics -f lower.yaml
  => 6 addOns
  => 0 sed -i 's/addons/addOns/' lower.yaml && mk8s addon enable metrics -f lower.yaml --dry-run

mk8s apply -f merge.yaml
  => 6 merge
  => 0 mk8s validate clusters/edge.yaml

mk8s apply -f template.yaml
  => 6 cpln helm template
  => 0 mk8s validate clusters/edge.yaml

mk8s apply -f open.yaml
  => 6 envsubst < open.yaml | mk8s apply -f -
  => 0 mk8s validate open.yaml

mk8s addon enable metrics -f - -o json < clusters/edge.yaml
  => 2 stdout
  => 0 mk8s addon enable metrics -f - < clusters/edge.yaml

mk8s addon set /dev/null -c edge
  => 6 `-`
  => 0 echo 'logs: {}' | mk8s addon set - -c edge --dry-run

mk8s addon pull -c edge
  => 2 --file <FILE>
  => 0 mk8s addon pull -c edge --file new.yaml

mk8s addon pull -f x.yaml
  => 2 -c NAME
  => 0 mk8s addon pull -f x.yaml -c edge --dry-run

mk8s validate
  => 2 <FILE>
  => 0 mk8s validate clusters

",
    );
}

/// Manifests that the platform would refuse: the finding names the place and what is right.
#[test]
fn manifests_that_are_refused() {
    let (mut env, _sandbox) = place();
    let edge = hetzner("edge", &["logs: {}"]);
    env.write(
        "version.yaml",
        edge.replace("version: ", "version: 9.9.9 # "),
    );
    env.write("kind.yaml", edge.replace("kind: mk8s", "kind: Mk8s"));
    env.write(
        "arn.yaml",
        hetzner(
            "edge",
            &[
                "awsWorkloadIdentity: {}",
                "awsECR: {roleArn: arn:aws:iam::1:role/x}",
            ],
        ),
    );
    let fresh = hetzner("fresh", &[]);
    env.write(
        "required.yaml",
        fresh.replace("tokenSecretLink: //secret/h, ", ""),
    );
    env.write(
        "value.yaml",
        hetzner("edge", &["metrics: {kubeState: \"yes\"}"]),
    );
    provoke(
        "refused",
        &mut env,
        r"
mk8s apply -f required.yaml
  => 6 `mk8s validate required.yaml`
  => 11 mk8s validate required.yaml

mk8s apply -f value.yaml
  => 6 `mk8s validate value.yaml`
  => 11 mk8s validate value.yaml

mk8s apply -f arn.yaml
  => 6 `mk8s validate arn.yaml`
  => 11 mk8s validate arn.yaml

mk8s apply -f kind.yaml
  => 3 write `kind: mk8s` in line 1
  => 0 sed -i 's/Mk8s/mk8s/' kind.yaml && mk8s apply -f kind.yaml --dry-run

mk8s check -f clusters --only nothing
  => 2 `mk8s check --list`
  => 0 mk8s check --list

mk8s check -f clusters --only manifst
  => 2 `manifest
  => 0 mk8s check -f clusters --only manifest

mk8s check -f clusters --fail-on nothing
  => 2 warning
  => 0 mk8s check -f clusters --fail-on warning

mk8s check --list -o junit
  => 2 junit
  => 0 mk8s check --list

mk8s apply -f clusters -o junit
  => 2 `mk8s check`
  => 0 mk8s check -f clusters -o junit

MK8S_REPORT=gitlab mk8s check -f clusters
  => 2 github
  => 0 MK8S_REPORT=github mk8s check -f clusters

mk8s check -f clusters --report-file clusters/edge.yaml
  => 2 name a file that is not there
  => 0 mk8s check -f clusters --report-file report.md

",
    );
}

#[test]
fn many_clusters() {
    let (mut env, _sandbox) = place();
    provoke(
        "fleets",
        &mut env,
        r"
mk8s addon list -l tag.team=
  => 2 the form is
  => 0 mk8s addon list -l provider=hetzner

mk8s addon list -l colour=blue
  => 2 the form is
  => 0 mk8s addon list -l provider=hetzner

mk8s addon list -l addon.aws-erc
  => 2 `addon.aws-ecr`
  => 0 mk8s addon list -l addon.aws-ecr

mk8s addon list -l 'kubernetes>>1'
  => 2 the form is
  => 0 mk8s addon list -l 'kubernetes>=1.20'

mk8s addon list -l provider=hetzer
  => 3 hetzner
  => 0 mk8s addon list -l provider=hetzner

mk8s addon list --all --exclude '*'
  => 3 --exclude
  => 0 mk8s addon list --all

mk8s addon list --all -c edge
  => 2
  => 0 mk8s addon list --all

mk8s apply -f clusters --canary 0
  => 2 canary
  => 0 mk8s apply -f clusters --canary 1

mk8s apply -f clusters --canary egde --dry-run
  => 2 `edge`
  => 0 mk8s apply -f clusters --canary edge --dry-run

mk8s apply -f clusters --batch x
  => 2 10%
  => 0 mk8s apply -f clusters --batch 10%

mk8s apply -f clusters --max-failures x
  => 2 10%
  => 0 mk8s apply -f clusters --max-failures 10%

mk8s apply -f clusters --rate 1/h
  => 2 30/m
  => 0 mk8s apply -f clusters --rate 30/m

mk8s apply -f clusters --parallel 0
  => 2
  => 0 mk8s apply -f clusters --parallel 1

mk8s apply -f clusters --resume nothing
  => 3 mk8s history
  => 0 mk8s history

mk8s addon list -c edge --off nothing
  => 2 `mk8s addon list`
  => 0 mk8s addon list

",
    );
}

#[test]
fn journals_and_the_way_back() {
    let (mut env, _sandbox) = place();
    env.write("no.jsonl", "{}\n");
    provoke(
        "journals",
        &mut env,
        r"
mk8s undo
  => 3 --history
  => 0 mk8s history

mk8s undo 20260101-000000-abcd
  => 3 mk8s history
  => 0 mk8s history

mk8s journal
  => 2 <FILE|ID>
  => 0 mk8s journal --help

mk8s journal nothing
  => 3 mk8s history
  => 0 mk8s history

mk8s journal no.jsonl
  => 2
  => 0 mk8s history

mk8s history nothing
  => 2 -c nothing
  => 0 mk8s history -c nothing

mk8s addon enable metrics -c edge -q && mk8s undo </dev/null
  => 2 --yes
  => 0 mk8s undo --yes

mk8s addon enable metrics -c edge -q && mk8s addon enable metrics --set kubeState=true -c edge -q && mk8s undo --yes -q && mk8s undo --frobnicate
  => 2 --help
  => 0 mk8s undo --help

",
    );
}

#[test]
fn sets_of_add_ons() {
    let (mut env, _sandbox) = place();
    env.write("set.yaml", "logs: {}\n");
    env.write("nothing.yaml", "{}\n");
    env.write("stray.yaml", "metrcs: {}\n");
    env.write("list.yaml", "- logs\n");
    env.write("scalar.yaml", "logs: true\n");
    provoke(
        "sets",
        &mut env,
        r"
mk8s addon set sett.yaml -c edge
  => 3 `set.yaml`
  => 0 mk8s addon set set.yaml -c edge

mk8s addon set nothing.yaml -c edge --prune
  => 2 --allow-empty
  => 0 mk8s addon set nothing.yaml -c edge --prune --allow-empty --dry-run

mk8s addon set stray.yaml -c edge
  => 2 `metrics`
  => 0 sed -i s/metrcs/metrics/ stray.yaml && mk8s addon set stray.yaml -c edge --dry-run

mk8s addon set list.yaml -c edge
  => 2 object
  => 0 mk8s addon set set.yaml -c edge

mk8s addon set scalar.yaml -c edge
  => 2 object
  => 0 mk8s addon set set.yaml -c edge

mk8s addon set set.yaml
  => 2 -c NAME
  => 0 mk8s addon set set.yaml -c edge

mk8s addon set set.yaml -c edge --wait
  => 2 cluster wait
  => 0 mk8s cluster wait -c prod --for addon=aws-ecr --timeout 20s

mk8s addon set set.yaml -c edge --expect logs.x=1
  => 5 `mk8s addon list -c edge`
  => 0 mk8s addon list -c edge

mk8s addon set - -f - < set.yaml
  => 2 stdin
  => 0 mk8s addon set - -f clusters/edge.yaml --dry-run < set.yaml

mk8s addon set set.yaml -c edge --allow-empty
  => 2 --prune
  => 0 mk8s addon set set.yaml -c edge --allow-empty --prune --dry-run

",
    );
}

#[test]
fn the_rest() {
    let (mut env, _sandbox) = place();
    env.set("MK8S_NO_INPUT", "1");
    provoke(
        "rest",
        &mut env,
        r"
mk8s completion tcsh
  => 2 bash
  => 0 mk8s completion bash

mk8s completion
  => 2 <SHELL>
  => 0 mk8s completion fish

mk8s schema --of Chek
  => 2 CheckReport
  => 0 mk8s schema --of CheckReport

mk8s man /dev/null/x
  => 1 /dev/null/x
  => 0 mk8s man man1

mk8s sandbox run
  => 2 <COMMAND>
  => 0 mk8s sandbox run -- mk8s cluster list

mk8s sandbox run mk8s cluster list
  => 2 `mk8s sandbox run -- mk8s cluster list`
  => 0 mk8s sandbox run -- mk8s cluster list

mk8s sandbox run -- nothing
  => 3 no such program
  => 0 mk8s sandbox run -- true

mk8s sandbox run --seed clustrs -- true
  => 3 `clusters`
  => 0 mk8s sandbox run --seed clusters -- true

mk8s sandbox run --fault nothing -- true
  => 2 throttle
  => 0 mk8s sandbox run --fault throttle -- true

mk8s sandbox token
  => 2
  => 0 mk8s sandbox token --help

mk8s aws setup metrics -c edge
  => 2 aws-ecr
  => 0 mk8s addon explain aws-ecr

mk8s aws emit aws-ecr
  => 2 --format <FORM>
  => 0 mk8s aws emit aws-ecr --format terraform -c prod

mk8s aws emit aws-ecr --format nothing -c prod
  => 2 terraform
  => 0 mk8s aws emit aws-ecr --format terraform -c prod

mk8s aws workload
  => 2 --image <IMAGE>
  => 0 mk8s aws workload --image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1

mk8s aws workload --image shop
  => 2
  => 0 mk8s aws workload --image 999999999999.dkr.ecr.eu-central-1.amazonaws.com/shop:1

mk8s aws permissions --for nothing
  => 2 setup
  => 0 mk8s aws permissions --for setup

",
    );
}

/// What is wrong on the side of AWS.
#[test]
fn the_side_of_aws() {
    let mut bed = Bed::edge();
    provoke(
        "aws",
        &mut bed.env,
        r"
env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN mk8s aws status aws-ecr -c edge
  => 4 AWS_ACCESS_KEY_ID
  => 0 mk8s aws status aws-ecr -c edge

mk8s aws status aws-ecr -c edge --aws-profile nope
  => 4 aws configure --profile nope
  => 0 mk8s aws status aws-ecr -c edge

AWS_ENDPOINT_URL=http://127.0.0.1:1 mk8s aws status aws-ecr -c edge
  => 8 AWS_ENDPOINT_URL
  => 0 mk8s aws status aws-ecr -c edge

mk8s aws status aws-ecr -c edge --aws-endpoint-url nothing
  => 2 --aws-endpoint-url
  => 0 mk8s aws status aws-ecr -c edge

mk8s aws status aws-ecr -c edge --aws-region 'no where'
  => 2 region
  => 0 mk8s aws status aws-ecr -c edge

mk8s aws setup aws-ecr -c edge --role-name 'a b'
  => 2 not allowed
  => 0 mk8s aws setup aws-ecr -c edge --role-name a-b --dry-run

mk8s aws setup aws-ecr -c edge --permissions-boundary x
  => 2 arn:
  => 0 mk8s aws setup aws-ecr -c edge --dry-run

mk8s aws setup aws-ecr -c edge </dev/null
  => 2 --yes
  => 0 mk8s aws setup aws-ecr -c edge --yes --dry-run

mk8s addon enable aws-ecr -c edge --role-arn arn:aws:iam::99999999999:role/x
  => 2 12
  => 0 mk8s addon explain aws-ecr roleArn

mk8s addon enable aws-ecr -c edge --role-arn mk8s-ecr
  => 2 arn:
  => 0 mk8s addon explain aws-ecr roleArn

mk8s addon enable aws-ecr -c edge --role-arn arn:aws:iam::999999999999:user/x
  => 2 role/NAME
  => 0 mk8s addon explain aws-ecr roleArn

mk8s addon trust-policy -c edge --account 12
  => 2 12
  => 0 mk8s addon enable aws-ecr -c edge --dry-run --with-prerequisites --role-arn arn:aws:iam::999999999999:role/x

mk8s aws teardown
  => 2
  => 0 mk8s aws teardown --help

mk8s aws repository-policy aws-ecr -c edge
  => 2 --image
  => 0 mk8s aws repository-policy --help

mk8s addon enable aws-ecr -c edge --role-name x
  => 2 --create-role
  => 0 mk8s addon enable aws-ecr -c edge --role-name x --create-role --dry-run

",
    );
}
